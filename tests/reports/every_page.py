"""One page of each kind, made of made data: what the tests look at, and what a person can look at by hand.

``python -m tests.reports.every_page FOLDER`` writes them all.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
from tests.reports import conftest as made

from cuvee.reports import comparison, distiller, evaluation, frame, inspection, page, sweep, training
from cuvee.result.measures import MeasureRow
from cuvee.result.summary import PageSummary

COSTS: list[frame.StepCost] = [
    {"step": "read", "seconds": 1.25, "peak_mb": 310.0, "times": 3},
    {"step": "embed", "seconds": 12.5, "peak_mb": 910.0, "times": 1},
]
AGAIN: dict[str, Any] = {
    "settings": {"data": "a/rather/long/path/to/a/pool/of/instruction/rows.jsonl.zst", "epochs": 3, "max_length": 2048},
    "versions": {"python": "3.11.7", "machine": "Linux x86_64"},
    "warnings": ["3 rows were longer than 512 tokens and lost their end", made.HOSTILE[0]],
}
FILE = {
    "file": "demo/pool/a-file-of-a-long-name.jsonl", "rows": 2_005, "samples": 2_000, "quarantined": 5,
    "dialects": {"alpaca": 1},
}  # fmt: skip


def _run(path: Path) -> None:
    run = made.Made(made.make_summary(3_000, 120), made.make_points(3_000, 120, hostile=False))
    page.write(cast(PageSummary, run.summary), run.points, path, read=made.read_of(run.points), costs=COSTS)


def _hostile(path: Path) -> None:
    run = made.Made(made.make_summary(1_200, 60), made.make_points(1_200, 60, hostile=True))
    told: PageSummary = made.poison(run.summary)
    page.write(told, run.points, path, read=made.read_of(run.points), costs=COSTS)


def _training(path: Path) -> None:
    loss = [[step + 1, 2 + 4 / (step + 1), 1e-3] for step in range(300)]
    told: Any = {
        "title": "smollm2-135m on 1,000 rows",
        "sentence": "Loss 6.123 at the start, 2.012 at the end, per answer token of the rows it learns from.",
        "command": "cuvee train runs/select/selected.jsonl --model smollm2-135m --out runs/train",
        "training": {"rows": 1_000, "rows cut": 3, "steps": 300, "tokens": 412_345, "last loss": 2.0123},
        "loss": loss,
        **AGAIN,
    }
    training.write(told, path, COSTS)


def _distiller(path: Path) -> None:
    means = {"replies": 12, "compliant": 0.75, "format": 0.9, "alignment": 0.41, "quality": 0.5, "total": 0.55}
    shown = [{"kind": "qa", "prompt": "Merge these rows. " * 40, "reply": made.HOSTILE[0]}]
    stage = {"over all": means, "by kind": {"qa": means}, "shown": shown}
    points = [
        {"step": at, "reward": 0.3 + at / 100, "reward/qa": 0.3, "kl": 0.01 * at, "loss": 3.0 - at / 20}
        for at in range(40)
    ]
    told: Any = {
        "title": "smollm2-135m as a distiller",
        "sentence": "On 12 held-out clusters 0% of the replies keep the form before training, 75% after the cold start.",
        "command": "cuvee distill train runs/corpus --model smollm2-135m --out runs/distiller",
        "training": {"examples": 800, "held out": 12, "judged": 12, "too long": 3},
        "stages": {"untrained": stage, "cold start": stage, "GRPO": stage},
        "curves": {"cold start": points, "GRPO": points},
        "weights": {"qa": {"quality": 0.5, "alignment": 0.4, "format": 0.1}},
        "trust": {"qa": 0.58, "para": None},
        **AGAIN,
    }
    distiller.write(told, path, COSTS)


def _sweep(path: Path) -> None:
    proofs: list[Any] = []
    for rows, gain in ((100, 0.02), (500, 0.05), (2_000, -0.01)):
        proof = made.make_proof()
        arms = [
            arm | {"difference": gain, "low": gain - 0.04, "high": gain + 0.04} if "low" in arm else arm
            for arm in proof["arms"]
        ]
        proofs.append({**proof, "arms": arms, "run": f"runs/proof-{rows}", "rows": rows, "said": "made"})
    told: Any = {
        "title": "3 proofs", "sentence": "3 proofs against random, by budget and by setting", "reference": "random",
        "unit": "nats", "proofs": proofs, "reproduce": ["cuvee report runs/proof-100 runs/proof-500 runs/proof-2000"],
    }  # fmt: skip
    sweep.write(told, path)


def _inspection(path: Path) -> None:
    profile = {
        "rows": 2_005, "samples": 2_000, "quarantined": 5, "dialects": {"alpaca": 1_500, "tulu": 500},
        "files": [FILE],
        "sources": {"alpaca": 1_500, made.HOSTILE[6]: 500}, "tasks": dict.fromkeys(made.TASKS, 100), "licenses": {},
        "tokens": {"0%": 1, "5%": 7, "25%": 30, "50%": 90, "75%": 210, "95%": 900, "100%": 12_345},
        "tokens in all": 412_345, "turns": {"0%": 2, "50%": 2, "100%": 14}, "system turns": 12, "tools": 3,
        "falls": {"near duplicate": 80, "empty answer": 40}, "flags": {"answer is cut off": 60},
        "reasons": {"not JSON": 3, "no dialect has these keys": 2}, "notes": {"rows with a byte order mark": 2},
        "trainer": {"model": "smollm2-135m", "max length": 2_048, "tokens": 400_000, "learned": "250,000 (62.5%)"},
        "trainer's faults": {"the answer is cut by --max-length": 12, "no end mark after the answer": 2_000},
    }  # fmt: skip
    broken: Any = [{"file": "a.jsonl", "line": 7, "reason": "not JSON", "raw": '{"instruction": "Say' + "x" * 300}]
    inspection.write(
        inspection.Inspected(profile, broken, "cuvee inspect demo/pool", AGAIN["settings"], AGAIN["versions"]),
        path,
        COSTS,
    )


def _evaluation(path: Path) -> None:
    def mean(task: str, measure: str, value: float, *, higher: bool) -> Any:
        return {"task": task, "measure": measure, "n": 200, "mean": value, "se": 0.03, "higher_is_better": higher}

    tasks = (
        "(all questions)",
        "(all tasks)",
        "gsm8k",
        "a_task_of_a_rather_long_name_in_bigbench_hard",
        made.HOSTILE[0],
    )
    means = [mean(task, "number_match", 0.2 + at / 10, higher=True) for at, task in enumerate(tasks)]
    means += [mean(task, "loss", 1.2 + at / 10, higher=False) for at, task in enumerate(tasks)]
    told: Any = {
        "model": "smollm2-135m", "questions": 400, "means": means, "overall": means[:2],
        "against": {"run": "runs/other", "n": 40, "unread": 1, "wtr": 0.55, "rs": 1.02},
        "notes": ["12 answers were stopped at 256 tokens: --max-new-tokens allows more"],
    }  # fmt: skip
    said: Any = [
        {
            "task": "gsm8k",
            "id": f"q{at}",
            "question": f"What is {at} + 2?",
            "answer": text,
            "right": f"{at + 2}",
            "verdict": word,
        }
        for at, (text, word) in enumerate((("4 " * 200, "wrong"), (made.HOSTILE[1], "right"), ("w" * 200, "")))
    ]
    evaluation.write(
        evaluation.Evaluated(
            told=told, said=said, measures={"loss": "nats per token"}, overall=tasks[:2],
            command="cuvee evaluate smollm2-135m --on eval", typed=AGAIN["settings"], versions=AGAIN["versions"],
        ),
        path,
        COSTS,
    )  # fmt: skip


def _comparison(path: Path) -> None:
    points = made.make_points(2_000, 80, hostile=True)
    rank = points["rank"].fill_null(0).to_numpy()
    other = pa.array([*[0 if value % 2 else value for value in rank.tolist()][1:], 7])
    columns = {"id": points["id"], "task": points["task"], "source": points["source"], "rank_a": rank, "rank_b": other}
    places = {
        f"{axis}_{letter}": points[axis].fill_null(float("nan")).cast(pa.float64()) for axis in "xy" for letter in "ab"
    }
    measures: list[MeasureRow] = made.make_summary(2_000, 80)["measures"]
    told: comparison.RunPair = {
        "title": "runs/a and runs/b",
        "sentence": "B chose 40 rows that A did not, and left out 79 that A chose; 1 is in both.",
        "warnings": ["the runs are not of the same rows: 3 were read by A only, 2 by B only"],
        "names": ["runs/a", "runs/a-rather-long-name-of-a-run-folder"],
        "counts": {"in both": 1, "only in A": 79, "only in B": 40},
        "measures": [measures, measures[:3]],
        "tasks": [{"label": task, "pool": 10 + at, "selection": 12 - at} for at, task in enumerate(made.TASKS)],
        "sources": [],
        "asked": [["--method", "facility-location", "k-center"], ["--budget", "80", "41"]],
        "reproduce": ["cuvee report runs/a runs/b --out runs/report.html"],
        "versions": AGAIN["versions"],
    }
    comparison.write(told, comparison.Both(pa.table({**columns, **places}), made.read_of(points)), path)


PAGES: dict[str, Callable[[Path], None]] = {
    "run": _run,
    "hostile": _hostile,
    "training": _training,
    "distiller": _distiller,
    "sweep": _sweep,
    "inspection": _inspection,
    "evaluation": _evaluation,
    "comparison": _comparison,
}

if __name__ == "__main__":
    for name, write in PAGES.items():
        write(Path(sys.argv[1]) / f"{name}.html")
