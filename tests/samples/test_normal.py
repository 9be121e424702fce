"""What counts as the same text, and as the same conversation."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cuvee.samples.normal import fingerprint, normalise
from cuvee.samples.schema import Turn

SAME = [
    ("A  b\n\tc ", "a b c"),
    ("caf\u00e9", "cafe\u0301"),  # composed and not
    ("\ufeffze\u200bro\u00ad width\u2060", "zero width"),
    ("\uff21\uff22\uff11", "ab1"),  # full width
    ("\ufb01ne", "fine"),  # a ligature
    ("no\u00a0break\u3000space", "no break space"),
    ("bell\x07 and null\x00", "bell and null"),
    ("STRASSE", "strasse"),
    ("\u202eright to left\u202c", "right to left"),
    ("x\u2028y", "x y"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_same(one: str, two: str) -> None:
    assert normalise(one) == normalise(two)
    assert fingerprint([Turn("user", one)]) == fingerprint([Turn("user", two)])


@pytest.mark.parametrize(("one", "two"), [("a b", "ab"), ("2 + 2", "2 - 2"), ("日本", "日木"), ("a.", "a"), ("x", "")])
def test_not_the_same(one: str, two: str) -> None:
    assert normalise(one) != normalise(two)


@given(st.text())
@example("\u0130\u0307")
@example("\x1c\x85\u180e")
@example("A\u200b\u030a")
def test_idempotent_and_in_normal_form(text: str) -> None:
    form = normalise(text)
    assert normalise(form) == form == form.strip() and "  " not in form
    assert unicodedata.is_normalized("NFKC", form)


@given(st.text(st.characters(max_codepoint=127)))
def test_the_quick_way_of_ascii_is_the_same(text: str) -> None:
    assert normalise(text) == normalise(text + " \u200b")


def prints(*conversations: list[Turn]) -> int:
    return len({fingerprint(turns) for turns in conversations})


def test_a_fingerprint_is_of_roles_order_and_borders() -> None:
    user, other = Turn("user", "a"), Turn("assistant", "b")
    assert len(fingerprint([user])) == 16
    told = [
        [user, other],
        [other, user],
        [user],
        [Turn("assistant", "a"), other],
        [Turn("user", "a b")],
        [user, user],
        [],
    ]
    assert prints(*told) == len(told)
    assert prints([Turn("user", "a\x1eassistant\x1fb")], [user, other]) == 2  # controls cannot forge a border


def test_a_fingerprint_is_of_calls_and_images_too() -> None:
    call = [{"function": {"name": "f", "arguments": {"x": 1, "y": 2**70}}}]
    turned = [{"function": {"arguments": {"y": 2**70, "x": 1}, "name": "f"}}]
    other = [{"function": {"name": "f", "arguments": {"x": 2, "y": 2**70}}}]
    one, same, differ, none = (
        [Turn("assistant", None, {"tool_calls": c} if c else {})] for c in (call, turned, other, [])
    )
    assert fingerprint(one) == fingerprint(same)
    assert prints(one, differ, none) == 3
    image, text = {"type": "image_url", "image_url": "a"}, {"type": "text", "text": "x"}
    assert prints([Turn("user", "x", {"parts": [text]})], [Turn("user", "x", {"parts": [text, image]})]) == 2
    assert prints([Turn("user", "x")], [Turn("user", "x", {"images": ["a.png"]})]) == 2


def test_what_is_said_about_a_turn_does_not_count() -> None:
    assert prints([Turn("user", "x")], [Turn("user", "x", {"weight": 1, "name": "Ann", "parts": ["x"]})]) == 1
    assert prints([Turn("assistant", None)], [Turn("assistant", "")], [Turn("assistant", "\u200b ")]) == 1
