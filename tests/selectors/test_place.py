"""Where a pool stands: imbalance, repeats, forms and noise are found again in pools that were made so; auto follows."""

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from cuvee.rng import stream
from cuvee.samples.pool import BarePool
from cuvee.samples.schema import TURN
from cuvee.selectors import choose
from cuvee.selectors.auto import choice
from cuvee.selectors.place import MapPlace, place_of

FORMS = (
    "Is this review of {} good or bad? {}",
    "Translate to French, word by word: {} {}",
    "How many are {} and {}? Count them",
)
WORDS = ("pear", "north", "silver", "glass", "tree", "cold", "seven", "stone", "river", "paper")


def pool(sizes: tuple[int, ...], *, named: bool, swapped: float = 0.0) -> BarePool:
    chance, rows = stream(1, "place"), []
    for form, size in enumerate(sizes):
        answers = (("good", "bad"), ("un mot long de plusieurs lettres ici",), ("17", "4", "23"))[form]
        for at in range(size):
            text = FORMS[form].format(WORDS[at % 10] + str(at // 10), WORDS[at // 10 % 10])
            rows.append((f"task {form}", text, answers[at % len(answers)]))
    wrong = chance.permutation(len(rows))[: round(swapped * len(rows))]
    given = [answer for *_, answer in rows]
    for row, other in zip(wrong, np.roll(wrong, 1), strict=True):
        given[row] = rows[other][2]
    talks = [
        [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]
        for (_, text, _), answer in zip(rows, given, strict=True)
    ]
    prints = [xxhash.xxh3_128_digest(str(talk).encode()) for talk in talks]
    return BarePool(
        pa.table(
            {
                "task": pa.array([name if named else None for name, *_ in rows], pa.string()),
                "messages": pa.array(talks, pa.list_(TURN)),
                "fingerprint": pa.array(prints, pa.binary(16)),
            }
        )
    )


def test_imbalance_is_the_slope_of_sizes_over_ranks() -> None:
    zipf = MapPlace(100, "task", np.array([60, 30, 20, 15, 12]), 0.0, None, 1.0)
    assert zipf.imbalance == pytest.approx(1.0, abs=0.01)
    assert MapPlace(100, "task", np.array([20, 20, 20]), 0.0, None, 1.0).imbalance == pytest.approx(0.0)
    assert MapPlace(9, "", np.array([9]), 0.0, None, 0.0).imbalance == 0.0 and zipf.per_mode(10) == 2.0


def test_tasks_are_modes_where_they_are_named_and_forms_where_not() -> None:
    named, unnamed = (place_of(pool((60, 30, 20), named=one)) for one in (True, False))
    assert named.by == "task" and named.sizes.tolist() == [60, 30, 20]
    assert unnamed.by == "form" and unnamed.repeating > 0.9
    assert choice(named)[:2] == ("stratified", {"by": "task", "temperature": 1000.0})
    assert choice(unnamed)[1]["by"] == "form"


def test_noise_rises_with_swapped_answers() -> None:
    found = [place_of(pool((40, 40, 40), named=True, swapped=share)).noise for share in (0.0, 0.15, 0.3)]
    assert all(noise is not None for noise in found)
    assert found[0] < found[1] < found[2]  # type: ignore[operator]


def test_repeats_are_counted() -> None:
    one = pool((30, 20, 10), named=True)
    twice = BarePool(pa.concat_tables([one.table, one.table.slice(0, 20)]))
    assert place_of(twice).duplicates == pytest.approx(20 / 80)


def test_auto_gives_every_task_its_share_and_repeats_come_last() -> None:
    one = pool((60, 30, 20), named=True)
    twice = BarePool(pa.concat_tables([one.table, one.table]))
    found = choose(twice, 115, "auto", rng=stream(0, "auto"))
    tasks = [twice.table["task"][int(row)].as_py() for row in found.rows[:30]]
    assert [tasks.count(f"task {form}") for form in range(3)] == [10, 10, 10]
    assert len({twice.keys[row] for row in found.rows[:110]}) == 110
    assert "an equal share of each" in found.reason(0) and "repeats another" in found.reason(112)
    assert "repeats another" not in found.reason(109)


def test_where_nothing_repeats_random_rows_are_chosen() -> None:
    place = MapPlace(50, "", np.array([50]), 0.0, None, 0.1)
    assert choice(place)[0] == "uniform"
