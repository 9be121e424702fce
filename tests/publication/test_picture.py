"""What a selection is said to be: by measures that mean something, in words that need no explanation."""

from collections.abc import Sequence
from pathlib import Path

import pytest

import cuvee
from cuvee.planting.files import write
from cuvee.publication.picture import judge, skewed
from cuvee.result.measures import LengthBin, MeasureRow, side


def measure(name: str, chosen: float | None, draws: Sequence[float], *, higher: bool) -> MeasureRow:
    low, high = (min(draws), max(draws)) if draws else (None, None)
    mean = sum(draws) / len(draws) if draws else None
    return {
        "name": name, "what": "", "unit": "", "higher_is_better": higher, "pool": None, "selection": chosen,
        "random_mean": mean, "random_low": low, "random_high": high,
    }  # fmt: skip


def measures(distance: float, coverage: float, tasks: float) -> list[MeasureRow]:
    return [
        measure("covering radius", 0.1, (0.9, 1.0), higher=False),  # outliers decide it, so it decides nothing
        measure("mean distance", distance, (0.64, 0.66), higher=False),
        measure("cluster coverage", coverage, (0.97, 0.99), higher=True),
        measure("task entropy", tasks, (3.4, 3.6), higher=True),
    ]


@pytest.mark.parametrize(
    ("figures", "says", "worse"),
    [
        ((0.588, 1.0, 3.5), "better than 1,000 rows drawn at random", []),
        ((0.65, 0.98, 3.5), "about as well as 1,000 rows", []),
        ((0.814, 0.86, 2.4), "worse than 1,000 rows", ["mean distance", "cluster coverage", "task entropy"]),
        ((0.588, 0.86, 3.5), "in part better, in part worse than", ["cluster coverage"]),
        ((0.65, 1.0, 2.4), "worse than 1,000 rows", ["task entropy"]),
    ],
)
def test_the_headline_says_which_is_the_better_picture(
    figures: tuple[float, float, float], says: str, worse: list[str]
) -> None:
    found = judge(1_000, measures(*figures))
    assert f"1,000 of 66,963 clean rows, which show what is in the pool {says}" in found.sentence(66_963)
    assert list(found.worse) == worse and found.is_worse == (says.startswith("worse"))
    assert "k-center" not in found.sentence(9) and "radius" not in found.sentence(9)


def test_the_figures_are_told_in_words() -> None:
    text = judge(1_000, measures(0.52, 1.0, 3.9)).beside
    assert (
        "On average a row of the pool is 20% closer to its nearest chosen row than to its nearest random one." in text
    )
    assert "100% of its groups of similar rows have a chosen one (random: 98%)." in text
    assert text.endswith("Tasks are more evenly spread than at random.")
    assert (
        "25% farther from its nearest chosen row than from its nearest random one"
        in judge(9, measures(0.8125, 1, 3.5)).beside
    )


def test_without_random_rows_nothing_is_said_of_them() -> None:
    bare = [measure("mean distance", 0.5, (), higher=False)]
    assert judge(10, bare).sentence(1_000) == "10 of 1,000 clean rows."
    assert judge(10, bare).beside == "" and side(bare[0]) == ""


def test_much_shorter_rows_are_told() -> None:
    pool = [0, 10, 80, 10]
    bins: list[LengthBin] = [
        {"from": 10.0 * 2**at, "to": 20.0 * 2**at, "pool": pool[at], "selection": [90, 10, 0, 0][at]} for at in range(4)
    ]
    assert (
        skewed(bins) == "the chosen rows are much shorter than the pool's: about 16 tokens in the middle, the pool's 60"
    )
    assert skewed([{**one, "selection": one["pool"]} for one in bins]) == ""
    assert skewed([{**one, "selection": one["selection"] // 10} for one in bins]) == ""  # too few to tell
    assert skewed([]) == ""


def test_a_run_that_is_worse_says_so_and_what_to_type(tmp_path: Path) -> None:
    """The first rows by a score that most share: they are of one kind."""
    pool = write(tmp_path, 400, seed=2).pool
    out = tmp_path / "far"
    told = cuvee.select([str(pool)], budget="30", method="long-tail", embedder="lexical", draws=4, out=out).summary
    assert "worse than 30 rows drawn at random" in told["sentence"]
    (note,) = [warning for warning in told["warnings"] if warning.startswith("worse than random rows by")]
    command = note.partition("`")[2].partition("`")[0]
    assert command.endswith(f"--out {tmp_path / 'far-facility-location'}") and "--method" not in command
    assert [row["name"] for row in told["measures"]][:3] == ["mean distance", "cluster coverage", "task entropy"]


def test_a_mixed_pool_is_written_as_messages_and_a_pure_one_stays_as_it_is(tmp_path: Path) -> None:
    pool = write(tmp_path, 300, seed=3).pool
    mixed = cuvee.select([str(pool)], budget="10", embedder="lexical", draws=1, out=tmp_path / "mixed")
    assert mixed.selected().columns[:2] == ["id", "messages"]
    assert any("written as messages" in note for note in mixed.summary["warnings"])
    assert (mixed.folder / "dataset_info.json").is_file()
    raw = set((pool / "chat.jsonl").read_bytes().splitlines())
    pure = cuvee.select([str(pool / "chat.jsonl")], budget="10", embedder="lexical", draws=1, out=tmp_path / "pure")
    assert set((pure.folder / "selected.jsonl").read_bytes().splitlines()) <= raw
    assert not any("written as" in note for note in pure.summary["warnings"])
    kept = cuvee.select([str(pool)], budget="10", embedder="lexical", draws=1, format="same", out=tmp_path / "same")
    assert not (kept.folder / "dataset_info.json").exists()
