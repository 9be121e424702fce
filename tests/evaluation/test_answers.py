from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuvee.evaluation import answers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 + 4 = 7", "7"),
        ("That makes 1,234.50 dollars.", "1234.50"),
        ("$1,000,000", "1000000"),
        ("It weighs 72km in all, that is 72 kg.", "72"),
        ("so it is 12%.", "12"),
        ("The answer is -5", "-5"),
        ("= -3", "-3"),
        ("\u2212 7 is not it, \u22127 is", "-7"),
        ("-$5.25", "-5.25"),
        ("$-5", "-5"),
        ("10 - 3 = 7.", "7"),
        ("16-3", "3"),
        ("16 -3", "3"),
        ("from 3-5 days", "5"),
        ("- 5 apples", "5"),
        ("first 8, then 1, 2", "2"),
        ("1,2345", "2345"),
        ("0.5 or .25", ".25"),
        (r"\boxed{42}.", "42"),
        ("work: 9 * 2 = 18\n#### 72", "72"),
        ("#### $1,200 for 3 people", "1200"),
        ("#### 5 was wrong.\n#### -6", "-6"),
        ("\uff17\uff12", "72"),
    ],
)
def test_the_number_that_a_text_arrives_at(text: str, value: str) -> None:
    assert answers.number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "none at all", "GPT4 and x2", "####", "it was 3\n#### unknown"])
def test_no_number_is_none(text: str) -> None:
    assert answers.number(text) is None


@given(st.integers(-(10**12), 10**12), st.sampled_from(["so {} apples.", "#### {}", "= {}", "${}", "it is {}%"]))
def test_a_number_comes_back_with_or_without_commas(value: int, form: str) -> None:
    assert answers.number(form.format(value)) == value
    assert answers.number(form.format(f"{value:,}")) == value


def test_a_final_number_marks_gsm8k() -> None:
    assert answers.has_final_number("a\n#### 72") and answers.has_final_number("#### -1,000\n")
    assert not answers.has_final_number("#### A heading\n1. first 72") and not answers.has_final_number("72")


def test_exact_match_forgives_case_space_and_full_stops_only() -> None:
    assert answers.exact(" False. ", "False")
    assert answers.exact("Let me think. So the answer is **No**.", "no")
    assert answers.exact("Answer: abbe  adposition", "abbe adposition")
    assert not answers.exact("False, I think", "False")
    assert not answers.exact("", "False")


def test_the_strict_reading_wants_the_mark() -> None:
    right = "9 * 2 = 18\n#### 1,018"
    assert answers.exact_final("so\n#### 1018", right)
    assert answers.exact_final("#### $1,018.", right)
    assert not answers.exact_final("it is 1018", right)
    assert not answers.exact_final("#### 1018 dollars", right)


def test_code_is_the_first_block_or_all() -> None:
    assert answers.code("Here:\n```python\ndef f():\n    return 1\n```\nand\n```\nx\n```") == "def f():\n    return 1\n"
    assert answers.code("```python\ndef f(): ...") == "def f(): ..."
    assert answers.code("    return 1") == "    return 1"
