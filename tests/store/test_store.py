"""The store computes each value once, whatever asks for it."""

from pathlib import Path

import numpy as np
import pytest

from cuvee.arrays import F32, I64
from cuvee.store import Keys, Store, content_key, segments


def _keys(texts: list[str]) -> Keys:
    return np.array([content_key(text) for text in texts], dtype="S16")


def _fill(folder: Path, texts: list[str]) -> tuple[F32, list[str]]:
    asked: list[str] = []

    def compute(rows: I64) -> F32:
        asked.extend(texts[row] for row in rows)
        return np.array([[len(texts[row]), hash_of(texts[row])] for row in rows], dtype=np.float32)

    out = folder / "out.npy"
    count = Store(folder / "store").vectors("lengths", 2).fill(_keys(texts), compute, out=out, label="")
    assert count == len(asked)
    return np.load(out), asked


def hash_of(text: str) -> float:
    return float(sum(ord(letter) for letter in text))


def _expected(texts: list[str]) -> F32:
    return np.array([[len(text), hash_of(text)] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_every_value_is_computed_once_and_lands_at_its_row(tmp_path: Path) -> None:
    texts = [f"text {number % 700}" for number in range(1000)]
    values, asked = _fill(tmp_path, texts)
    assert np.array_equal(values, _expected(texts))
    assert sorted(asked) == sorted(set(texts))


def test_a_new_row_pays_for_itself_only(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(500)]
    _fill(tmp_path, texts)
    more = ["new one", *reversed(texts), "new two"]
    values, asked = _fill(tmp_path, more)
    assert asked == ["new one", "new two"]
    assert np.array_equal(values, _expected(more))


def test_a_run_that_was_stopped_keeps_its_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_ROWS", 100)
    texts = [f"text {number}" for number in range(450)]
    calls = 0

    def stops(rows: I64) -> F32:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return _expected([texts[row] for row in rows])

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path / "store").vectors("lengths", 2).fill(_keys(texts), stops, out=tmp_path / "o.npy", label="")
    values, asked = _fill(tmp_path, texts)
    assert len(asked) == 250
    assert np.array_equal(values, _expected(texts))


def test_no_rows(tmp_path: Path) -> None:
    values, asked = _fill(tmp_path, [])
    assert values.shape == (0, 2) and asked == []


def test_keys_that_end_in_zero_bytes_stay_apart(tmp_path: Path) -> None:
    keys = np.array([b"a" * 15 + b"\0", b"a" * 14 + b"\0\0", b"\0" * 16], dtype="S16")
    values = np.arange(6, dtype=np.float32).reshape(3, 2)
    out = tmp_path / "o.npy"
    Store(tmp_path / "s").vectors("c", 2).fill(keys, lambda rows: values[rows], out=out, label="")
    Store(tmp_path / "s").vectors("c", 2).fill(keys[::-1].copy(), lambda rows: values[rows] * 0, out=out, label="")
    assert np.array_equal(np.load(out), values[::-1])


def test_a_text_is_there_when_put_returns_and_after(tmp_path: Path) -> None:
    with Store(tmp_path).texts("replies") as texts:
        texts.put(content_key("a"), "first \ud800")
        with Store(tmp_path).texts("replies") as other:  # another process, at the same time
            assert other.get([content_key("a")]) == ["first ?"]
            other.put(content_key("b"), "second")
        assert texts.get([content_key("a"), content_key("c")]) == ["first ?", None]
    with Store(tmp_path).texts("replies") as texts:
        assert texts.get([content_key(name) for name in "bcab"]) == ["second", None, "first ?", "second"]
        assert texts.get([]) == []
    assert sorted(path.suffix for path in tmp_path.rglob("*") if path.is_file()) == [".arrow", ".arrow"]


def test_a_journal_is_read_up_to_where_it_breaks_off(tmp_path: Path) -> None:
    column = Store(tmp_path).texts("replies")
    for name in "abc":
        column.put(content_key(name), name * 100)
    journal = next(tmp_path.rglob("*.journal"))
    whole = journal.read_bytes()
    column.close()
    for left, count in [(len(whole), 3), (len(whole) - 1, 2), (len(whole) // 2, 1), (20, 0), (0, 0)]:
        folder = tmp_path / str(left) / "replies"
        folder.mkdir(parents=True)
        (folder / "dead.journal").write_bytes(whole[:left])
        for _ in range(2):
            with Store(tmp_path / str(left)).texts("replies") as texts:
                found = texts.get([content_key(name) for name in "abc"])
            assert [text for text in found if text] == ["a" * 100, "b" * 100, "c" * 100][:count]
        assert not (folder / "dead.journal").exists()


def test_many_texts_become_several_segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_ROWS", 10)
    names = [str(number) for number in range(35)]
    with Store(tmp_path).texts("replies") as texts:
        for name in names:
            texts.put(content_key(name), name)
            assert texts.get([content_key(name)]) == [name]
        assert texts.get([content_key(name) for name in names]) == names
    assert len(list(tmp_path.rglob("*.arrow"))) == 4


def _damaged(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def test_a_damaged_segment_is_told_set_aside_and_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "cuvee")
    texts = [f"text {number}" for number in range(50)]
    _fill(tmp_path, texts)
    (path,) = tmp_path.rglob("*.arrow")
    for number, at in enumerate((0, 9, 500, -20, -1), 1):  # magic, metadata, values, checksum
        _damaged(path, at)
        values, asked = _fill(tmp_path, texts)
        assert asked == texts and np.array_equal(values, _expected(texts))
        assert f"damaged   {path} " in caplog.text
        assert len(list(tmp_path.rglob(".damaged-*"))) == number
    assert _fill(tmp_path, texts)[1] == []


def test_a_segment_of_an_older_version_is_read_and_gets_its_checksum(tmp_path: Path) -> None:
    texts = ["a", "bc"]
    _fill(tmp_path, texts)
    (path,) = tmp_path.rglob("*.arrow")
    summed = path.read_bytes()
    path.write_bytes(summed[:-24])
    assert summed[:-24].endswith(b"ARROW1")
    assert _fill(tmp_path, texts)[1] == []
    assert path.read_bytes() == summed


def test_a_damaged_line_of_a_journal_is_told_and_the_others_stand(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "cuvee")
    column = Store(tmp_path).texts("replies")
    for name in "abc":
        column.put(content_key(name), name * 100)
    whole = next(tmp_path.rglob("*.journal")).read_bytes()
    column.close()
    second = whole.index(b"\n") + 1
    end = whole.index(b"\n", second)
    for at in (second, second + 17, second + 30, end - 40, end - 1):
        folder = tmp_path / str(at) / "replies"
        folder.mkdir(parents=True)
        (folder / "dead.journal").write_bytes(whole)
        _damaged(folder / "dead.journal", at)
        with Store(tmp_path / str(at)).texts("replies") as texts:
            assert texts.get([content_key(name) for name in "abc"]) == ["a" * 100, None, "c" * 100]
        assert f"damaged   {folder / 'dead.journal'}, line 2" in caplog.text
        assert [path.name for path in folder.glob(".damaged*")] == [".damaged-dead.journal"]
