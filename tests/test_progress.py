"""A long work says how far it is, also where no terminal shows a bar."""

import logging
import time

import pytest

from cuvee import progress


def test_without_a_terminal_a_line_says_how_far_the_work_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = iter([0.0, 30.0, 90.0, 100.0, 160.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO, "cuvee"), progress.bar("training", 100, unit="steps") as advance:
        for _ in range(4):
            advance(10)
    first, second = [record.getMessage() for record in caplog.records]
    assert first == "training: 20/100 steps, 0.222 steps/s, about 6 min left"
    assert second.startswith("training: 40/100 steps")


def test_what_was_done_before_tells_nothing_of_the_rate(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock = iter([0.0, 100.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with caplog.at_level(logging.INFO, "cuvee"), progress.bar("training", 100, unit="steps", done=75) as advance:
        advance(5)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "training: 80/100 steps, 0.05 steps/s, about 7 min left"


def test_bytes_are_told_as_people_count_them(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    clock = iter([0.0, 100.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    total = 3_000_000_000
    with caplog.at_level(logging.INFO, "cuvee"), progress.bar("reading", total, progress.BYTES) as advance:
        advance(500_000_000)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line == "reading: 500 MB of 3 GB, 5 MB/s, about 8 min left"


def test_quiet_work_says_nothing(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(progress, "SILENCE", 0.0)
    with caplog.at_level(logging.INFO, "cuvee"), progress.quiet(), progress.bar("reading", 9) as advance:
        advance(3)
    assert not caplog.records
