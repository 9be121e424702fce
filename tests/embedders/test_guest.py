"""Functions, objects and classes as embedders."""

from collections.abc import Sequence

import numpy as np
import pytest

from cuvee import names
from cuvee.arrays import F32
from cuvee.embedders import resolve
from cuvee.errors import ConfigError


def lengths(texts: Sequence[str]) -> F32:
    return np.array([[len(text), 1] for text in texts], dtype=np.float32)


class Model:
    def encode(self, texts: Sequence[str]) -> F32:
        return 3 * lengths(texts)


@pytest.mark.parametrize("thing", [lengths, Model(), Model, lambda texts: lengths(texts).tolist()])
def test_what_gives_rows_of_numbers_is_an_embedder_of_unit_rows(thing: object) -> None:
    found, _ = resolve(names.called(thing))
    X = found.encode(["a", "three", ""])
    assert found.dim == 2 and not found.fitted
    np.testing.assert_allclose(X, lengths(["a", "three", ""]) / np.hypot([1, 5, 0], 1)[:, None], rtol=1e-6)


def test_other_code_has_another_version() -> None:
    versions = {resolve(names.called(thing))[0].version for thing in (lengths, Model(), lambda texts: lengths(texts))}
    assert len(versions) == 3


@pytest.mark.parametrize(
    "thing", [lambda texts: [1.0], lambda texts: np.ones((1, 2)), lambda texts: "no", lambda texts: np.ones((9, 0)), 7j]
)
def test_what_gives_anything_else_is_one_line(thing: object) -> None:
    with pytest.raises(ConfigError, match=r"gave|embedder"):
        resolve(names.called(thing))[0].encode(["a", "b", "c"])
