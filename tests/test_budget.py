"""A budget in its three units."""

import pytest

from cuvee.budget import Budget, parse
from cuvee.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("1000", "rows", 1000),
        ("1,000", "rows", 1000),
        ("2.5k", "rows", 2500),
        (7, "rows", 7),
        ("5%", "share", 0.05),
        ("0.5%", "share", 0.005),
        ("2Mtok", "tokens", 2_000_000),
        ("500ktok", "tokens", 500_000),
    ],
)
def test_reads(text: str | int, kind: str, amount: float) -> None:
    budget = parse(text)
    assert budget.kind == kind
    assert budget.amount == pytest.approx(amount)


@pytest.mark.parametrize("text", ["", "many", "-5", "0%", "101%", "5k%", "1.5", "10 apples", "0", "0tok", "9" * 400])
def test_refuses_what_it_cannot_read(text: str) -> None:
    with pytest.raises(ConfigError, match="budget"):
        parse(text)


def test_a_share_is_rounded_and_at_least_one_row() -> None:
    assert Budget("share", 0.05).rows(1000) == 50
    assert Budget("share", 0.001).rows(10) == 1


def test_tokens_are_no_number_of_rows() -> None:
    with pytest.raises(ConfigError, match="tokens"):
        parse("2Mtok").rows(100)
