"""A long work says how far it is, also where no terminal shows a bar; and what is said is only text."""

import io
import json
import logging
import os
import re
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from rich.table import Table
from rich.text import Text

from cuvee import cli, progress


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


HOSTILE = "a\x1b]0;title\x07b\x1b[2Jc\x9b31md\re\x08f\u202eg\u2066h\ud83di\x00j\x7fk\u200bl"


def is_text(printed: str) -> bool:
    return all(one in "\n\t" or one.isprintable() for one in printed)


def test_what_a_terminal_would_obey_is_written_out() -> None:
    assert is_text(progress.shown(HOSTILE)) and "\\x1b]0;title\\x07b" in progress.shown(HOSTILE)
    kept = "Größe\t東京 🙂‍↕️ naïve עברית\n"
    assert progress.shown(kept) == kept


def test_every_control_character_and_every_mark_of_direction_is_one_of_them() -> None:
    for code in range(sys.maxunicode + 1):
        one = chr(code)
        kind = unicodedata.category(one)
        turned = unicodedata.bidirectional(one) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        if (kind in ("Cc", "Cs", "Zl", "Zp") or turned) and one not in "\t\n":
            assert progress.shown(one) != one, hex(code)


def test_a_line_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "cuvee"):
        progress.say(f"read {HOSTILE}\ncuvee: all is well")
    assert "\n" not in caplog.messages[0] and is_text(caplog.messages[0])


def test_nothing_in_a_table_or_a_bar_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    terminal = progress.console()
    terminal.file, terminal._force_terminal, terminal.width = io.StringIO(), True, 300
    table = Table(HOSTILE, title=HOSTILE)
    table.add_row(Text(HOSTILE, style="bold"))
    table.add_row(f"[link=http://x]{HOSTILE}[/link] [/no] :smile:")
    terminal.print(table)
    terminal.print(HOSTILE)
    terminal.print(Text.assemble("next: ", (HOSTILE, "bold")), soft_wrap=True)
    printed = re.sub(r"\x1b\[[\d;]*m", "", terminal.file.getvalue())  # without rich's own colours
    assert is_text(printed) and "[/link] [/no] :smile:" in printed


@pytest.mark.parametrize("arguments", [("select", HOSTILE), ("why", HOSTILE, HOSTILE), (HOSTILE,), ("select", f"--{HOSTILE}"),
                                       ("select", "x", "--method", HOSTILE), ("run", HOSTILE), ("report", HOSTILE),
                                       ("models", "fetch", HOSTILE), ("train", HOSTILE, "--model", HOSTILE)])  # fmt: skip
def test_errors_are_only_text(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    words = [word.replace("\x00", "") for word in arguments]
    with pytest.raises(SystemExit):
        cli.main(words)
    out, err = capsys.readouterr()
    assert err and is_text(out + err)


def test_tracebacks_and_warnings_are_only_text() -> None:
    program = "import warnings; from cuvee import progress; progress.guard()\nwarnings.warn('a\\x1b[2J')\nraise KeyError(Own())"
    program = f"class Own:\n def __repr__(self): return 'b\\x1b[2J'\n{program}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (
        done.returncode == 1 and "a\\x1b[2J" in done.stderr and "b\\x1b[2J" in done.stderr and "\x1b" not in done.stderr
    )


def test_what_the_verbs_say_of_hostile_rows_is_only_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wild = HOSTILE.replace("\ud83d", "").replace("\x00", "")  # no text, and no argument
    pool = tmp_path / f"p{wild}; $(touch x).jsonl"
    rows = [{"id": f"{n}{wild}", "task": wild, "prompt": f"{wild} {n}?", "response": f"{n} {wild}"} for n in range(8)]
    pool.write_text("".join(json.dumps(row) + "\n" for row in [*rows, rows[0]]) + "{" + wild + "\n")
    out = tmp_path / "run"
    arguments = ["--budget", "3", "--embedder", "lexical", "--draws", "2", "--out", str(out)]
    for words in (["inspect", str(pool), "--out", str(tmp_path / "seen")], ["select", str(pool), *arguments]):
        cli.main(words)
        said = "".join(capsys.readouterr())
        assert is_text(said) and "[2J" in said
    following = re.findall("next: (.*)", said)[-1]
    done = subprocess.run(["bash", "-c", f"printf '%s\\0' {following}"], capture_output=True, check=True)
    verb = [os.fsdecode(word) for word in done.stdout.split(b"\0")[:-1]]
    assert verb[:3] == ["cuvee", "why", str(out)]
    cli.main(verb[1:] if wild in verb[3] else ["why", str(out), rows[0]["id"]])
    assert is_text("".join(capsys.readouterr()))


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
