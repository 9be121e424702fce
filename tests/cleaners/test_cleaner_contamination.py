import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cuvee.cleaners.contamination import contamination, contamination_vectors
from cuvee.cleaners.tokens import tokens

Rows = list[tuple[str, str]]
OPTIONS = "\nOptions:\n- Yes\n- No\nAnswer with one of the options above and nothing else."


@pytest.fixture(scope="module")
def questions(real_pool: Path) -> list[str]:
    path = real_pool.parent / "eval/gsm8k_test.jsonl"
    return [json.loads(line)["question"] for line in path.read_text().splitlines()]


def one_in_ten_changed(text: str, rng: random.Random) -> str:
    words = text.split()
    for at in rng.sample(range(len(words)), len(words) // 10):
        words[at] = f"other{at}"
    return " ".join(words)


@pytest.mark.parametrize("change", ["verbatim", "case", "around", "one in ten"])
def test_planted_copies_are_found(questions: list[str], rows_of: dict[str, Rows], change: str) -> None:
    rng = random.Random(0)
    changes: dict[str, Callable[[str], str]] = {
        "verbatim": lambda text: text,
        "case": lambda text: text.upper().replace(",", " ;").replace(" ", "\n"),
        "around": lambda text: (
            f"Please solve this riddle for me.\n{text}\nThink step by step, then answer in one line."
        ),
        "one in ten": lambda text: one_in_ten_changed(text, rng),
    }
    made = changes[change]
    planted = rng.sample(range(len(questions)), 300)
    pool = [answer for _, answer in rows_of["alpaca_random_9k"][:2_000]] + [made(questions[at]) for at in planted]
    found = contamination(tokens(pool), questions)
    assert (found.item[2_000:] == planted).mean() >= (0.98 if change == "one in ten" else 1.0)
    assert (found.item[:2_000] == -1).all()
    assert (found.share[found.item >= 0] >= 0.5).all()


def test_gsm8k_train_hardly_holds_gsm8k_test(questions: list[str], rows_of: dict[str, Rows]) -> None:
    """4 of 7,473 rows: the same question with other numbers (trains for planes, backpacks for sneakers)."""
    found = contamination(tokens([f"{asked}\n{answer}" for asked, answer in rows_of["gsm8k_train"]]), questions)
    assert (found.item >= 0).sum() <= 6


def test_the_share_by_hand() -> None:
    """12 different words, 10 trigrams in one item each; a row that holds the first 8 words holds 6 of them."""
    item = "one two three four five six seven eight nine ten eleven twelve"
    found = contamination(tokens([" ".join(item.split()[:8]), item, "nothing of it"]), [item])
    np.testing.assert_allclose(found.share, [0.6, 1.0, 0.0])
    assert found.item.tolist() == [0, 0, -1]


def test_template_text_does_not_convict() -> None:
    names = ["Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ida", "Jo", "Kim", "Lou", "Max"]
    items = [f"Does {name} like swimming in {place}?{OPTIONS}" for name in names for place in ("rivers", "lakes")]
    pool = [f"Is the sky blue?{OPTIONS}", items[5]]
    found = contamination(tokens(pool), items)
    assert found.item.tolist() == [-1, 5]
    assert found.share[0] < 0.2


def test_short_items() -> None:
    items = ["Yes or no?", "What is the capital of France?", "5 - 6 * 7 - 5 + 6 * 7 - 5 + 6 + 7 + 5 + 6", "Why?"]
    pool = [
        "Tell me: what is the capital of France",
        "What is the capital of Spain? It is near France.",
        "yes or no",
        "5 6 7 5 6 7 is no more than some of its numbers",
        "5 - 6 * 7 - 5 + 6 * 7 - 5 + 6 + 7 + 5 + 6 = ?",
        "why",
    ]
    found = contamination(tokens(pool), items)
    assert found.item.tolist() == [1, -1, -1, -1, 2, -1]
    assert found.ignored.tolist() == [0, 3]


def test_nothing_to_compare() -> None:
    assert contamination(tokens([]), ["a b c d e f"]).item.tolist() == []
    assert contamination(tokens(["a b c d e f"]), []).item.tolist() == [-1]


def test_vectors() -> None:
    X = np.array([[1, 0], [0.6, 0.8], [-1, 0]], dtype=np.float32)
    E = np.array([[0, 1], [1, 0]], dtype=np.float32)
    found = contamination_vectors(X, E, threshold=0.8)
    assert found.item.tolist() == [1, 0, -1]
    np.testing.assert_allclose(found.share, [1.0, 0.8, 0.0])
    assert contamination_vectors(X, E[:0], threshold=0.8).item.tolist() == [-1, -1, -1]
