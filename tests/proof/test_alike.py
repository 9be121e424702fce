"""What all arms of a proof have alike, walked over every arm there is: adapters, tools, and questions that no arm saw."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from tests.manifests import check_manifest

import cuvee
from cuvee import render
from cuvee.evaluation import heldout
from cuvee.models import causal
from cuvee.planting import plant
from cuvee.proof.arms import ARMS
from cuvee.render import Encoded
from cuvee.training import sft

LONGEST = 120
LORA = 4
CHEAP = {  # settings of arms that would take long
    "evolve": "rounds=2:epochs=1",
    "mdit": "clusters=4",
    "within-task": "clusters=4",
    "adapt": "goal={goal}:episodes=1:steps=2:subset=50%:probes=4:goal_rows=4",
    "less": "goal={goal}:warmup=2:dim=64",
    "rds+": "goal={goal}:goal_rows=4",
}
SELECTORS = ["k-center", "cuvee.selectors.uniform:uniform"]  # one of ours, one by its path as a user's own would be
TOOLS = [{"type": "function", "function": {"name": "convert", "description": "units", "parameters": {}}}]


@dataclass
class Seen:
    """What the trainings and the judge of one proof saw. scales: arm -> of its adapters. taught, asked: ids of rows."""

    folder: Path
    scales: dict[str, set[float]] = field(default_factory=lambda: defaultdict(set))
    taught: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    asked: set[bytes] = field(default_factory=set)


def test_every_arm_has_the_same_adapters(seen: Seen) -> None:
    assert seen.scales == {arm: {2.0} for arm in [*ARMS, *SELECTORS] if arm != "base"}


def test_every_arm_sees_the_tools_of_its_rows_and_no_arm_sees_a_question(seen: Seen, pool: Path, model: Path) -> None:
    talks, tools = rows_of(pool)
    tokenizer = causal.tokenizer_of(model)
    right = ids(render.encode_all(talks, tokenizer, max_length=LONGEST, tools=tools))
    left = ids(render.encode_all(talks, tokenizer, max_length=LONGEST, tools=tools, side="left"))
    assert set(seen.taught) == set(seen.scales) and all(taught <= right for taught in seen.taught.values())
    assert seen.asked and seen.asked <= left
    assert not seen.asked & {row for taught in seen.taught.values() for row in taught}


def test_the_manifest_holds_every_file_and_the_adapters(seen: Seen) -> None:
    check_manifest(seen.folder)
    manifest = orjson.loads((seen.folder / "manifest.json").read_bytes())
    assert manifest["adapters"] == {"rank": LORA, "alpha": 2 * LORA} and manifest["training"]["lora"] == LORA
    assert {trial["arm"].split(":")[0] for trial in manifest["trials"]} >= set(ARMS)
    assert manifest["settings"]["lora"] == LORA and manifest["settings"]["seeds"] == 1


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a pool and a goal whose rows all bring tools."""
    folder = tmp_path_factory.mktemp("tools")
    rows = [talk(row.row, row.family) for row in plant(200, seed=3) if row.fault is None][:72]
    (folder / "goal.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows[:8]))
    (folder / "pool.jsonl").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows[8:]))
    return folder / "pool.jsonl"


@pytest.fixture(scope="module")
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model whose chat template writes tools."""
    folder = copytree(tiny_model, tmp_path_factory.mktemp("model") / "tools")
    head = "{% if tools %}{{ tools | map(attribute='function') | map(attribute='name') | join(' ') }}\n\n{% endif %}"
    (folder / "chat_template.jinja").write_text(head + render.DEFAULT_TEMPLATE)
    return folder


@pytest.fixture(scope="module")
def seen(pool: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Return what a proof of every arm there is saw."""
    home = tmp_path_factory.mktemp("alike")
    record = Seen(home / "run")
    train, losses = sft.train, heldout.losses

    def watched(causal: Any, rows: Sequence[Encoded], settings: Any, folder: Path | None, **named: Any) -> Any:
        arm = arm_of(folder)
        layers = causal.model.modules()
        record.scales[arm] |= {layer.scaling["default"] for layer in layers if hasattr(layer, "lora_alpha")}
        record.taught[arm] |= ids(rows)
        return train(causal, rows, settings, folder, **named)

    def judged(causal: Any, rows: Sequence[Encoded], **named: Any) -> Any:
        record.asked |= ids(rows)
        return losses(causal, rows, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUVEE_HOME", str(home))
        patch.setattr(sft, "train", watched)
        patch.setattr(heldout, "losses", judged)
        cuvee.prove(
            [str(pool)], arms=",".join([*map(cheap(pool), ARMS), *SELECTORS]), model=str(model), lora=LORA, budget="12",
            seeds=1, epochs=1, batch=4, held_out="12", max_length=LONGEST, embedder="lexical", near=0.0, out=record.folder,
        )  # fmt: skip
    return record


def cheap(pool: Path) -> Any:
    """Return name -> the arm as a user writes it, with settings that make it quick."""
    goal = pool.with_name("goal.jsonl")
    return lambda name: f"{name}:{CHEAP[name].format(goal=goal)}" if name in CHEAP else name


def arm_of(folder: Path | None) -> str:
    """Return the arm that a training belongs to; the warm-up of LESS keeps no folder."""
    if folder is None:
        return "less"
    (step,) = [part for part in folder.parts if part.startswith(".making-arm-")]
    names = {re.sub("[:+]", "_", name): name for name in [*ARMS, *SELECTORS]}
    return names[max((slug for slug in names if step.removeprefix(".making-arm-").startswith(slug)), key=len)]


def ids(rows: Sequence[Encoded]) -> set[bytes]:
    return {row.ids.tobytes() for row in rows}


def talk(row: dict[str, Any], family: str) -> dict[str, Any]:
    asked = f"{row['instruction']}\n{row['input']}".strip()
    turns = [{"role": "user", "content": asked}, {"role": "assistant", "content": row["output"]}]
    return {"id": row["id"], "task": family, "messages": turns, "tools": TOOLS}


def rows_of(pool: Path) -> tuple[list[Any], list[str]]:
    rows = [orjson.loads(line) for line in pool.read_bytes().splitlines()]
    return [row["messages"] for row in rows], [orjson.dumps(row["tools"]).decode() for row in rows]
