"""Reading is counted in bytes, while other processes do it."""

from pathlib import Path

from cuvee.intake.watching import Watched, note, packed, watched


def test_bytes_are_counted_once_and_never_beyond_the_file(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    told: list[int] = []
    watch = Watched({one: 100, other: 50}, told.append)
    watch.look()
    assert told == []
    note(one, 30)
    watch.look()
    watch.look()
    assert told == [30]
    note(one, 130)  # a packed file is an estimate
    watch.look()
    watch.finished(one)
    watch.finished(other)
    assert told == [30, 70, 50]


def test_the_thread_ends_with_the_block(tmp_path: Path) -> None:
    told: list[int] = []
    with watched({tmp_path: 10}, told.append) as watch:
        watch.finished(tmp_path)
    assert told == [10]


def test_packed_files_hold_more_than_their_bytes() -> None:
    assert (packed("a.jsonl.gz"), packed("a.parquet"), packed("a.jsonl")) == (4, 4, 1)
