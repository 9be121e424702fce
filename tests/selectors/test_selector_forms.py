"""Forms: templates are told apart from what they are about, and every one gets its share."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from cuvee import rng, selectors
from cuvee.errors import ConfigError
from cuvee.samples.pool import Pool
from cuvee.samples.schema import TURN
from cuvee.selectors.form import forms, kind, masked

SUBJECTS = ["trains", "the moon", "bread", "Anna", "glaciers", "a violin", "taxes", "Peru", "bees", "steel"]
TEMPLATES = [
    ("Write a short poem about {}.", "Of {} we sing,\nof {} we dream,\nall day."),
    ("Is the following sentence about sport?\n\n{} won 3 : 1 on Sunday.", "yes"),
    ("Translate into French: I like {} very much.", "J'aime {} beaucoup."),
    ("How many letters has the word {}? Answer with a number.", "7"),
    ("{}\n\n===\n\nGive the passage above a title:", "All about {}"),
]


def pool_of(counts: list[int], seed: int = 0) -> tuple[Pool, np.ndarray]:
    """Return a pool of so many rows of each template, and the template of every row; vectors say what a row is about."""
    draw = np.random.default_rng(seed)
    made = np.repeat(np.arange(len(counts)), counts)
    about = draw.integers(len(SUBJECTS), size=len(made))
    texts = [tuple(part.replace("{}", SUBJECTS[s]) for part in TEMPLATES[t]) for t, s in zip(made, about, strict=True)]
    talks = [[{"role": "user", "content": q}, {"role": "assistant", "content": a}] for q, a in texts]
    prints = [xxhash.xxh3_128_digest(f"{row} {text}".encode()) for row, text in enumerate(texts)]
    columns = {
        "id": [f"id{row}" for row in range(len(made))],
        "source": ["s"] * len(made),
        "task": pa.nulls(len(made), pa.string()),
        "messages": pa.array(talks, pa.list_(TURN)),
        "fingerprint": pa.array(prints, pa.binary(16)),
    }
    X = np.eye(len(SUBJECTS))[about] + 0.01 * draw.normal(size=(len(made), len(SUBJECTS)))
    return Pool(pa.table(columns), (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)), made


def test_names_and_numbers_are_masked_and_words_are_not() -> None:
    assert masked("Did Anna Smith pay 3.50 at https://a.b/c?") == "did @ pay 0 at ~"
    assert masked("When Peru, Chile and others met on 12/03/1999") == "when @ and others met on 0"
    assert masked("The first word stays. So does This one") == "the first word stays. so does @ one"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [("yes", 0), (" 42\n", 0), ("two words", 1), ("a\nb", 2), ("long " * 40, 2), ("", 3), (None, 3)],
)
def test_an_answer_is_a_word_a_line_or_more(answer: str | None, expected: int) -> None:
    assert kind(answer) == expected


def test_rows_of_one_template_are_near_whatever_they_are_about() -> None:
    pool, made = pool_of([40, 40, 40, 40, 40])
    X = forms(pool)
    np.testing.assert_allclose(np.linalg.norm(X, axis=1), 1, atol=1e-5)
    cosine = X @ X.T
    same = made[:, None] == made[None]
    assert np.median(cosine[same]) > 0.6 and cosine[~same].max() < 0.5


def test_rare_forms_get_the_share_that_random_denies_them() -> None:
    pool, made = pool_of([200, 60, 12, 6, 5])

    def counts(method: str, **settings: Any) -> list[int]:
        rows = selectors.choose(pool, 20, method, rng=rng.stream(0, "t"), **settings).rows
        return [int((made[rows] == form).sum()) for form in range(5)]

    assert min(counts("forms", clusters=20)) >= 1
    assert min(counts("stratified", by="form", clusters=20, temperature=1e9)) >= 1
    assert counts("stratified", by="form", clusters=20)[0] >= 12 and min(counts("uniform")) == 0


@pytest.mark.parametrize("within", ["herding", "k-center"])
def test_within_a_form_contents_are_covered(within: str) -> None:
    pool, made = pool_of([100, 100], seed=1)
    rows = selectors.choose(pool, 20, "forms", rng=rng.stream(0, "t"), clusters=2, within=within).rows
    for form in (0, 1):
        about = pool.vectors[rows[made[rows] == form]].argmax(axis=1)
        assert sorted(about.tolist()) == list(range(10))  # ten rows, ten subjects


def test_what_cannot_be_is_said() -> None:
    pool, _ = pool_of([20, 20])
    with pytest.raises(ConfigError, match="within"):
        selectors.choose(pool, 4, "forms", rng=rng.stream(0, "t"), within="best")
    with pytest.raises(ConfigError, match="clusters"):
        selectors.choose(pool, 4, "forms", rng=rng.stream(0, "t"), clusters=0)
    with pytest.raises(ConfigError, match="task, source, cluster, form"):
        selectors.choose(pool, 4, "stratified", rng=rng.stream(0, "t"), by="colour")
