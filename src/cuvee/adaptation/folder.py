"""A policy as a folder: weights in safetensors, figures in JSON. It can be used on another pool, or to train another model.

Imports torch; import it late.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import orjson

from cuvee import disk
from cuvee.adaptation.networks import Acquisition, Critic
from cuvee.adaptation.state import COLUMNS, Basis, Stage
from cuvee.errors import ConfigError
from cuvee.runs import write_json

WEIGHTS, FIGURES = "policy.safetensors", "policy.json"
_NETWORKS = ("network", "critic")


class PolicyFacts(TypedDict):
    """What is known of a policy. episodes: learnt from. scale: of the rewards, 0 before the first episode.

    aux, aux_version: the model that reads the rows, by name and by hash.
    """

    episodes: int
    scale: float
    aux: str
    aux_version: str


@dataclass
class Policy:
    """Everything that is needed to score rows."""

    network: Acquisition
    critic: Critic
    basis: Basis
    stage: Stage
    facts: PolicyFacts

    @classmethod
    def fresh(cls, basis: Basis, *, seed: int, aux: str = "", aux_version: str = "") -> "Policy":
        """Return a policy that has learnt nothing: its picks are uniform."""
        facts: PolicyFacts = {"episodes": 0, "scale": 0.0, "aux": aux, "aux_version": aux_version}
        return cls(Acquisition(seed=seed), Critic(seed=seed), basis, Stage(), facts)


def write(policy: Policy, folder: Path) -> None:
    """Write a policy; the JSON last, which says that it is whole."""
    from safetensors.numpy import save

    parts = {f"basis.{name}": np.ascontiguousarray(value) for name, value in vars(policy.basis).items()}
    for name in _NETWORKS:
        weights = getattr(policy, name).state_dict()
        parts |= {f"{name}.{key}": value.detach().numpy().copy() for key, value in weights.items()}
    disk.write(disk.folder(folder) / WEIGHTS, save(parts))
    write_json(folder / FIGURES, {"columns": COLUMNS, "stage": asdict(policy.stage), "facts": policy.facts})


def read(folder: Path) -> Policy:
    """Return the policy of a folder, or of a run of ``cuvee adapt``. Raises ConfigError where there is none that fits."""
    import torch
    from safetensors.numpy import load_file

    place = folder / "policy" if (folder / "policy" / FIGURES).is_file() else folder
    if not (place / FIGURES).is_file():
        raise ConfigError(f"{folder} holds no policy", "name a run of `cuvee adapt`, or its policy/ folder")
    told, parts = orjson.loads((place / FIGURES).read_bytes()), load_file(place / WEIGHTS)
    if tuple(told["columns"]) != COLUMNS:
        raise ConfigError(f"the policy in {place} sees other columns than this cuvee", "learn it anew")
    basis = Basis(**{name: parts[f"basis.{name}"] for name in ("mean", "axes", "centre", "scale")})
    policy = Policy.fresh(basis, seed=0)
    for name in _NETWORKS:
        mine = {key.partition(".")[2]: torch.tensor(v) for key, v in parts.items() if key.startswith(f"{name}.")}
        getattr(policy, name).load_state_dict(mine)
    policy.stage, policy.facts = Stage(**told["stage"]), told["facts"]
    return policy
