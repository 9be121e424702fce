"""Made runs: planted clusters, planted duplicates, and hostile text in every field."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

HOSTILE = (
    "<script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script><!--",
    "</style></title><svg onload='window.hacked=1'>",
    "{{7*7}}{% raw %}${7*7}",
    "right \u202eto left\u202c, NUL \x00, bell \x07, line \u2028 and paragraph \u2029",
    "w" * 260,
    "&lt;b&gt; \\u003cscript\\u003e https://example.invalid/x.png",
)
TASKS = ("question answering", "summarisation", "maths", "code", "dialogue", "translation", "classification", "poetry")
SOURCES = ("alpaca", "dolly", "flan", "gsm8k", "code-alpaca")
VERBS = ["Explain", "Summarise", "Write", "Translate", "List", "Classify", "Describe", "Compare", "Rewrite", "Solve"]
THINGS = [
    "the water cycle",
    "a short story",
    "this paragraph",
    "the integral",
    "a function",
    "two cities",
    "a poem",
    "a map",
]


@dataclass(frozen=True)
class Made:
    """A made run."""

    summary: dict[str, Any]
    points: pa.Table


def make_proof() -> dict[str, Any]:
    """Return a proof of two arms beside the reference, one with a hostile name."""
    shared = {"by_task": [2.0, 2.2], "mean": 2.1, "runs": 3, "rows": 100, "updates": 20, "tokens": 9_000}
    arms = [{"arm": "random", "summary": "any rows", **shared}]
    for name, difference in (("k-center", 0.12), (HOSTILE[1], -0.02)):
        word, low, high = ("beats" if difference > 0.1 else "open"), difference - 0.05, difference + 0.05
        judged = {"difference": difference, "half_width": 0.05, "low": low, "high": high, "verdict": word}
        arms.append({"arm": name, "summary": "made", **shared, **judged, "sentence": f"{name} {word} random"})
    return {
        "reference": "random", "unit": "nats", "better": "lower", "level": 0.95, "questions": 40, "seeds": [0, 1, 2],
        "tasks": ["maths", HOSTILE[0]], "arms": arms,
    }  # fmt: skip


def make_adaptation() -> dict[str, Any]:
    """Return what a policy learnt in two episodes, with a task of a hostile name."""
    ppo = {"explained": None, "moved": 0.02, "entropy": 0.9, "clipped": 0.1}
    episodes = [
        {"episode": at, "gain": 0.1 * at, "end": 2.0 - 0.1 * at, "rows": 50, "picked": 20, "ppo": ppo} for at in (1, 2)
    ]
    means = {"prompt tokens": 20.5, "answer tokens": 31.0, "log P(y|x)": -1.5, "log P(y)": -2.5}
    return {
        "measure": "loss", "unit": "nats per answer token", "sign": -1.0,
        "start": {"validation": 2.0, "test": 2.1}, "end": {"validation": 1.8, "test": 1.95}, "validation rows": 32,
        "test rows": 40, "episodes": episodes, "performance": [-2.0, -1.9, -1.8], "every": 2,
        "importance": {"semantic (all 32)": 0.6, "semantic 1": 0.3, "progress": 0.0},
        "time": {"tasks": [HOSTILE[0]], "lines": [{"name": "pool", "rows": 9, "different": 9, **means, "tasks": [0.5]}]},
    }  # fmt: skip


def make_points(n: int, k: int, *, hostile: bool) -> pa.Table:
    """Return n rows in twelve planted clusters of unequal size, the last twelfth dropped, k of the others chosen."""
    draw = np.random.default_rng(7)
    centres = draw.uniform(0.12, 0.88, size=(12, 2))
    cluster = draw.choice(12, size=n, p=np.arange(1, 13) / 78)
    spread = (0.015 + 0.05 * draw.random(12))[cluster, None]
    place = np.clip(centres[cluster] + spread * draw.standard_normal((n, 2)), 0, 1).astype(np.float32)
    status = np.where(draw.random(n) < 1 / 12, "dropped", "free").astype(object)
    status[draw.random(n) < 0.004] = "merged"
    free = np.flatnonzero(status == "free")
    weight = 1 / np.bincount(cluster)[cluster[free]]
    rank = np.zeros(n, dtype=np.int32)
    rank[draw.choice(free, size=k, replace=False, p=weight / weight.sum())] = np.arange(1, k + 1)
    status[rank > 0] = "kept"
    task = [TASKS[c % 8] if c < 11 else None for c in cluster]
    texts = [
        f"{VERBS[a]} {THINGS[b]} for a reader of {c + 8}."
        for a, b, c in draw.integers((10, 8, 60), size=(n, 3)).tolist()
    ]
    ids = [f"row-{i:05d}" for i in range(n)]
    sources: list[str] = [SOURCES[c % 5] for c in cluster]
    reasons = [f"near duplicate: 0.9{i % 10} of row-{i // 2:05d}" if status[i] == "dropped" else None for i in range(n)]
    if hostile:
        first = [
            *np.argsort(np.where(rank > 0, rank, n + 1))[: len(HOSTILE)],
            *np.flatnonzero(rank == 0)[: len(HOSTILE)],
        ]
        for i, at in enumerate(first):
            ids[at], sources[at], texts[at], task[at], reasons[at] = (HOSTILE[(i + j) % len(HOSTILE)] for j in range(5))
    return pa.table(
        {
            "id": ids,
            "x": pa.array(place[:, 0], mask=draw.random(n) < 0.002),
            "y": place[:, 1],
            "status": pa.array(status.tolist(), pa.string()),
            "rank": pa.array(rank, mask=rank == 0),
            "task": pa.array(task, pa.string()),
            "source": sources,
            "length": pa.array(draw.lognormal(5.5, 1, n).astype(np.int32)),
            "reason": pa.array(reasons, pa.string()),
            "kind": pa.array([reason and reason.split(":")[0] for reason in reasons], pa.string()),
            "text": texts,
            "score:mine": pa.array(draw.normal(size=n).round(2), mask=draw.random(n) < 0.1),
        }
    )


def read_of(points: pa.Table) -> Callable[[Any], list[tuple[str, str]]]:
    """Return what tells question and answer of made rows: the text, and its words from the last to the first."""
    texts = points["text"].to_pylist()
    return lambda rows: [(texts[row], " ".join(reversed(texts[row].split(" ")))) for row in rows]


def make_summary(n: int, k: int) -> dict[str, Any]:
    """Return a summary with every field of the schema."""
    return {
        "title": f"{k:,} rows of {n:,}",
        "command": f"cuvee select data/pool --budget {k} --method k-center --seed 0 --out runs/first",
        "rows": {
            "input": n,
            "kept": k,
            "dropped": n - k - 41,
            "quarantined": 41,
            "merged": 0,
            "free": int(0.88 * n) - k,
        },
        "selection": {
            "method": "k-center",
            "budget": str(k),
            "k": k,
            "embedder": "static",
            "gain": "distance to the nearest row chosen before",
            "note": "",
        },
        "sentence": f"{k:,} of {n:,} rows cover the pool 34 % more tightly than random.",
        "beside": f"On average a row is 34 % closer to a chosen row than to a random one. {HOSTILE[0]}",
        "measures": _measures(k),
        "distributions": {
            "task": [
                {"label": label, "pool": int(n / (i + 2)), "selection": int(k / (abs(i - 3) + 2))}
                for i, label in enumerate((*TASKS, *(f"rare task {j}" for j in range(20))))
            ],
            "source": [
                {"label": label, "pool": int(n / (i + 2)), "selection": int(k / (5 - i))}
                for i, label in enumerate(SOURCES)
            ],
            "length": [
                {
                    "from": 2**i,
                    "to": 2 ** (i + 1),
                    "pool": int(n * np.exp(-((i - 6) ** 2) / 5)),
                    "selection": int(k * np.exp(-((i - 7) ** 2) / 7)),
                }
                for i in range(13)
            ],
        },
        "curve": _curve(k),
        "scores": [
            {
                "name": name,
                "what": "how good the answer is, 1 to 6",
                "higher_is_better": True,
                "nulls": 0.02,
                "distinct": 6,
                "tied": tied,
                "length": length,
                "cut": cut,
                "bins": [{"from": at, "to": at + 1, "pool": 900 - 90 * at, "selection": 5 * at} for at in range(6)],
            }
            for name, tied, length, cut in (("judge-quality", 0.51, 0.34, 0.01), ("mine", None, None, None))
        ],
        "drops": [
            {
                "stage": stage,
                "reason": reason,
                "rows": rows,
                "examples": [
                    {
                        "id": f"row-{rows}",
                        "text": "Write a poem about the sea in winter, and end it on a question.",
                        "detail": f"{reason}: 0.93 (pool.jsonl:{rows})",
                        "neighbour_id": "row-00012",
                        "neighbour_text": "Write a poem about the winter sea and end it on a question.",
                    }
                ],
            }
            for stage, reason, rows in (
                ("duplicates", "near duplicate", 5_210),
                ("duplicates", "exact duplicate", 3_984),
                ("contamination", "holds an evaluation item", 212),
                ("flags", "answer is cut off", 97),
            )
        ]
        + [{"stage": "read", "reason": "no assistant turn", "rows": 41, "examples": []}],
        "found": [
            {"planted": "exact copies", "what": "merged", "planted_count": 240, "found_count": 240, "false_count": 0},
            {
                "planted": "paraphrases",
                "what": "dropped",
                "planted_count": 120,
                "found_count": 113,
                "false_count": None,
            },
        ],
        "proof": make_proof(),
        "mixture": {"blends kept": 700, "tasks in it": 31, "mean smaller share of a blend": 0.24},
        "shares": [{"from": at / 10, "to": (at + 1) / 10, "blends": 70 + 5 * at} for at in range(10)],
        "blends": [
            {
                "rank": 3,
                "weight": 0.371,
                "left": {"id": "a-1", "task": "sums", "prompt": "2 + 2?", "answer": "4"},
                "right": {"id": "b-9", "task": "verse", "prompt": "Rhyme on tree.", "answer": "Free."},
                "nearest": [{"id": "c-4", "task": "sums", "prompt": "3 + 2?", "answer": "5", "distance": 0.31}],
            }
        ],
        "adaptation": make_adaptation(),
        "warnings": ["Distances are measured from a sample of 20,000 rows of the pool."],
        "settings": {"budget": str(k), "method": "k-center", "seed": 0, "embedder": "static", "near": 0.85},
        "reproduce": [f"cuvee select data/pool --budget {k} --method k-center --seed 0 --out runs/first"],
        "versions": {"cuvee": "0.1.0", "python": "3.11.9", "numpy": "2.3.1", "faiss-cpu": "1.12.0"},
    }


def _measures(k: int) -> list[dict[str, Any]]:
    told = [
        ("covering radius", "largest distance of a row to its nearest chosen row", False, None, 0.61, 0.92, 0.9, 0.95),
        ("mean distance", "mean distance of rows to their nearest chosen row", False, None, 0.402, 0.415, 0.41, 0.419),
        ("cluster coverage", "share of the pool's clusters with a chosen row", True, 1.0, 1.0, 0.84, 0.8, 0.88),
        ("vendi score", "effective number of different rows", True, 61.2, 118.4, 60.9, 58.7, 63.0),
        ("source entropy", "entropy of the sources, in nats", True, 1.21, 1.19, 1.2, 1.16, 1.24),
        ("duplicate rate", "share of rows with a twin among the chosen", False, 0.118, 0.0, 0.011, 0.006, 0.017),
        ("tokens", "tokens in all", True, 14_210_998.0, 1_701.0 * k / 10, 159.0 * k, 151.0 * k, 166.0 * k),
    ]  # fmt: skip
    keys = ("name", "what", "higher_is_better", "pool", "selection", "random_mean", "random_low", "random_high")
    return [
        dict(zip(keys, row, strict=True)) | {"unit": "higher is better" if row[2] else "lower is better"}
        for row in told
    ]


def _curve(k: int) -> dict[str, Any]:
    budgets = sorted({max(1, k >> shift) for shift in range(8)})
    falling = np.array(budgets) ** -0.25
    growing = np.log2(np.array(budgets) + 1) * 9
    measures = {
        name: {
            "selection": (better * line).tolist(),
            "random_mean": line.tolist(),
            "random_low": (0.96 * line).tolist(),
            "random_high": (1.03 * line).tolist(),
        }
        for name, line, better in (("covering radius", falling, 0.7), ("vendi score", growing, 1.4))
    }
    return {"x label": "rows chosen", "budgets": budgets, "measures": measures}


def poison(value: Any, at: int = 0) -> Any:
    """Return the value with a hostile text in place of every string, and in front of every key that is a name."""
    if isinstance(value, str):
        return HOSTILE[at % len(HOSTILE)]
    if isinstance(value, list):
        return [poison(inner, at + i) for i, inner in enumerate(value)]
    if isinstance(value, dict):
        return {key: poison(inner, at + i) for i, (key, inner) in enumerate(value.items())}
    return value


@pytest.fixture(scope="session")
def made() -> Made:
    """Return a run of 12,000 rows, 400 chosen, whose points hold hostile text among ordinary text."""
    return Made(make_summary(12_000, 400), make_points(12_000, 400, hostile=True))


@pytest.fixture(scope="session")
def poisoned(made: Made) -> Made:
    """Return the same run with nothing but hostile text in the summary; keys that are names are hostile too."""
    summary = poison(made.summary)
    summary["settings"] = dict.fromkeys(HOSTILE, HOSTILE[0])
    summary["versions"] = dict.fromkeys(HOSTILE, HOSTILE[1])
    series = next(iter(made.summary["curve"]["measures"].values()))
    summary["curve"] = made.summary["curve"] | {"x label": HOSTILE[0], "measures": dict.fromkeys(HOSTILE, series)}
    return Made(summary, made.points)


@pytest.fixture(scope="session")
def a_run() -> Callable[[int, int], Made]:
    """Return a function (rows, chosen) -> a made run without hostile text."""
    return lambda n, k: Made(make_summary(n, k), make_points(n, k, hostile=False))
