"""From hidden states to numbers of answer tokens: the vocabulary head on the positions that count, a few at a time."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cuvee.arrays import F64, I64
from cuvee.models.heads import Project
from cuvee.render import Encoded

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Predicted:
    """The m answer tokens of a batch. places: (m,) of what stands before each, in the flattened batch. tokens: (m,) ids."""

    places: I64
    tokens: I64


def predicted(rows: list[Encoded], width: int) -> Predicted:
    """Return the answer tokens of rows in a batch of (rows, width) ids.

    A row's first token has nothing before it and is left out.
    """
    places = [np.flatnonzero(row.answer[1:]) for row in rows]
    tokens = [row.ids[1:][place] for row, place in zip(rows, places, strict=True)]
    flat = np.concatenate([place + at * width for at, place in enumerate(places)])
    return Predicted(flat.astype(np.int64), np.concatenate(tokens).astype(np.int64))


def everywhere(rows: list[Encoded], width: int) -> Predicted:
    """Return every place of rows in a batch of (rows, width) ids, prompt and end mark too; no token is asked for there."""
    places = np.concatenate([np.arange(len(row), dtype=np.int64) + at * width for at, row in enumerate(rows)])
    return Predicted(places, np.zeros(len(places), dtype=np.int64))


def told(project: Project, asked: Predicted, want: frozenset[str], step: int, device: str) -> dict[str, F64]:
    """Return (m,) numbers of m positions: loss, entropy (nats), max_logit, margin, as wanted.

    step: positions whose logits are in memory at once.
    """
    import torch

    parts: dict[str, list[F64]] = {name: [np.empty(0)] for name in want - {"hidden"}}
    for start in range(0, len(asked.places), step):
        logits = project(torch.from_numpy(asked.places[start : start + step]).to(device)).float()
        target = torch.from_numpy(asked.tokens[start : start + step]).to(device)
        for name, values in _numbers(logits, target, want).items():
            parts[name].append(values.double().cpu().numpy())
    return {name: np.concatenate(pieces) for name, pieces in parts.items()}


def _numbers(logits: "torch.Tensor", target: "torch.Tensor", want: frozenset[str]) -> dict[str, "torch.Tensor"]:
    """Return (m,) numbers of m positions from their (m, vocabulary) logits.

    By torch's own log-softmax: it is one fused pass, three times as fast on a CPU as exp and sum one after the other.
    """
    import torch

    told = {}
    if "margin" in want:
        best = torch.topk(logits, 2, dim=1).values
        told = {"margin": best[:, 0] - best[:, 1], "max_logit": best[:, 0]}
    elif "max_logit" in want:
        told = {"max_logit": logits.amax(1)}
    if "loss" in want or "entropy" in want:
        log = torch.log_softmax(logits, 1)
        told["loss"] = -log.gather(1, target[:, None])[:, 0]
        if "entropy" in want:
            told["entropy"] = -torch.softmax(logits, 1).mul_(log).nan_to_num_(nan=0.0).sum(1)  # 0 log 0 is 0
    return {name: values for name, values in told.items() if name in want}
