"""The run folder: a step is made once, whole or not at all."""

import multiprocessing
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from cuvee.errors import ConfigError, InputError
from cuvee.runs import WORK, Claim, Step, manifest_of, open_run, output, outputs_of, sha256, write_json


def _writer(name: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        (folder / name).write_text("x")

    return make


def test_a_step_is_made_once_and_again_when_what_it_depends_on_changes(tmp_path: Path) -> None:
    made: list[int] = []

    def step(value: int) -> str:
        def make(folder: Path) -> None:
            made.append(value)
            (folder / "value").write_text(str(value))

        with open_run(tmp_path / "run") as run:
            return (run.step("count", {"value": value}, make).path / "value").read_text()

    assert [step(1), step(1), step(2), step(1)] == ["1", "1", "2", "1"]
    assert made == [1, 2]


def test_a_step_that_failed_leaves_nothing_that_counts(tmp_path: Path) -> None:
    def fails(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise RuntimeError("stop")

    with open_run(tmp_path / "run") as run:
        with pytest.raises(RuntimeError):
            run.step("s", {}, fails)
        step = run.step("s", {}, _writer("whole"))
    assert not step.reused
    assert sorted(path.name for path in step.path.iterdir()) == ["checksums.txt", "cost.json", "whole"]


def test_the_end_writes_the_manifest_and_forgets_old_steps(tmp_path: Path) -> None:
    for value in (1, 2):
        with open_run(tmp_path / "run") as run:
            step = run.step("s", {"value": value}, _writer("f"))
            run.publish(step, ["f"])
            run.conclude("test", {}, seed=0)
    manifest = orjson.loads((tmp_path / "run/manifest.json").read_bytes())
    assert manifest["steps"][0]["name"] == "s" and manifest["steps"][0]["peak_mb"] > 1
    assert {"cuvee", "versions", "code"} <= manifest.keys()
    assert len(list((tmp_path / "run" / WORK).glob("s-*"))) == 1
    assert (tmp_path / "run/f").read_text() == "x"


def test_the_manifest_names_every_file_and_a_new_run_leaves_none_of_the_old_one(tmp_path: Path) -> None:
    def makes(folder: Path) -> None:
        (folder / "f").write_text("x")
        (folder / "model").mkdir()
        (folder / "model/weights").write_text("w")

    with open_run(tmp_path / "run") as run:
        step = run.step("s", {}, makes)
        run.publish(step, ["f"])
        run.publish_folder(step, "model")
        run.conclude("test", {"a": 1}, seed=3, model={"name": "m"})
    manifest = orjson.loads((tmp_path / "run/manifest.json").read_bytes())
    assert manifest["settings"] == {"a": 1} and manifest["seed"] == 3 and manifest["model"] == {"name": "m"}
    for told in manifest["outputs"]:
        path = tmp_path / "run" / told["file"]
        assert (path.stat().st_size, sha256(path)) == (told["bytes"], told["sha256"])
    assert outputs_of(tmp_path / "run") == ["f", "model/weights"]
    (tmp_path / "run/notes.txt").write_text("mine")
    with open_run(tmp_path / "run") as run:
        run.publish_folder(run.step("s", {}, makes), "model")
        run.conclude("test", {}, seed=3)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["manifest.json", "model", "notes.txt", WORK]


def _made(path: Path, verb: str = "select", replace: bool = False, **settings: object) -> None:
    with open_run(path, Claim(verb, settings, replace)) as run:
        run.publish(run.step("s", settings, _writer("f")), ["f"])
        run.conclude(verb, settings, seed=0)


def test_a_finished_run_is_not_overwritten_without_a_word(tmp_path: Path) -> None:
    run = tmp_path / "run"
    _made(run, budget="5", data=["a"], model=None)
    _made(run, budget="5", data="a", model=None)  # the same: a single path is a list of one
    with pytest.raises(ConfigError, match="holds a run of `cuvee select`"):
        _made(run, "train", budget="5", replace=True)
    with pytest.raises(ConfigError, match=r"budget was '5' and is now '50', data was 'a' and is now \['a', 'b'\]"):
        _made(run, budget="50", data=["a", "b"], model=None)
    assert manifest_of(run)["settings"]["budget"] == "5"
    _made(run, budget="50", data=["a", "b"], replace=True)
    assert manifest_of(run)["settings"] == {"budget": "50", "data": ["a", "b"]}


def test_an_unfinished_run_goes_on_with_any_settings(tmp_path: Path) -> None:
    with open_run(tmp_path / "run", Claim("select", {"budget": "5"}, False)) as run:
        run.step("s", {}, _writer("f"))
    _made(tmp_path / "run", budget="7")
    assert manifest_of(tmp_path / "run")["settings"] == {"budget": "7"}


def test_what_was_changed_or_is_gone_is_told(tmp_path: Path) -> None:
    run = tmp_path / "run"
    _made(run, budget="5")
    assert output(run, "f") == run / "f" and output(run, "g") is None
    (run / "g").write_text("put here")
    assert output(run, "g") is None, "no file of the run"
    (run / "f").write_text("y")
    with pytest.raises(InputError, match="changed since"):
        output(run, "f")
    (run / "f").unlink()
    with pytest.raises(InputError, match="is gone"):
        output(run, "f")
    (run / "manifest.json").write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        output(run, "f")


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not a run folder"), open_run(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def _hold(path: Path, ready: object, done: object) -> None:
    with open_run(path):
        ready.set()  # type: ignore[attr-defined]
        done.wait(20)  # type: ignore[attr-defined]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "run", ready, done))
    other.start()
    assert ready.wait(20)
    with pytest.raises(ConfigError, match="another cuvee"), open_run(tmp_path / "run"):
        pass
    done.set()
    other.join(20)
    with open_run(tmp_path / "run") as run:
        assert run.path.exists()


def test_hashes_are_the_standard_ones(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"a": 1})
    assert sha256(tmp_path / "a.json") == __import__("hashlib").sha256(b'{\n  "a": 1\n}\n').hexdigest()


def test_a_resumable_step_finds_what_it_left(tmp_path: Path) -> None:
    def fails_once(folder: Path) -> None:
        found = folder / "checkpoint"
        if not found.exists():
            found.write_text("half")
            raise RuntimeError("stop")
        (folder / "whole").write_text(found.read_text())

    with open_run(tmp_path / "run") as run:
        with pytest.raises(RuntimeError):
            run.step("s", {}, fails_once, resumable=True)
        step = run.step("s", {}, fails_once, resumable=True)
    assert (step.path / "whole").read_text() == "half"


def test_publishing_again_leaves_nothing_behind(tmp_path: Path) -> None:
    with open_run(tmp_path / "run") as run:
        step = run.step("s", {}, _writer("f"))
        for _ in range(2):
            run.publish(step, ["f"])
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["f", WORK]


def _make_part(folder: Path) -> None:
    (folder / "part").mkdir()
    (folder / "part/f").write_bytes(bytes(range(256)))


def _parts(run: Path) -> Step:
    with open_run(run) as opened:
        return opened.step("s", {}, _make_part)


@pytest.mark.parametrize("name", ["part/f", "cost.json", "checksums.txt"])
def test_a_damaged_byte_of_a_step_is_found_set_aside_and_made_again(
    tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "cuvee")
    whole = (_parts(tmp_path / "run").path / "part/f").read_bytes()
    for at in (0, 7, -1):
        caplog.clear()
        path = _parts(tmp_path / "run").path / name
        content = bytearray(path.read_bytes())
        content[at] ^= 0x10
        path.write_bytes(content)
        step = _parts(tmp_path / "run")
        assert not step.reused and (step.path / "part/f").read_bytes() == whole
        assert f"damaged   {path} " in caplog.text and ".damaged-s-" in caplog.text
    assert len(list((tmp_path / "run/work").glob(".damaged-s-*"))) == 3
    assert _parts(tmp_path / "run").reused


def test_a_file_of_a_step_that_is_gone_or_shorter_is_damage(tmp_path: Path) -> None:
    (_parts(tmp_path / "run").path / "part/f").unlink()
    assert not _parts(tmp_path / "run").reused
    (_parts(tmp_path / "run").path / "part/f").write_bytes(bytes(range(255)))
    assert not _parts(tmp_path / "run").reused
    (_parts(tmp_path / "run").path / "checksums.txt").unlink()
    assert not _parts(tmp_path / "run").reused


def test_what_is_done_to_a_published_file_stays_outside_the_step(tmp_path: Path) -> None:
    for _ in range(2):  # called again, it is as it was
        with open_run(tmp_path / "run") as run:
            step = run.step("s", {}, _make_part)
            published = run.publish_folder(step, "part") / "f"
            run.conclude("test", {}, seed=0)
        assert published.read_bytes() == bytes(range(256)) and published.stat().st_nlink == 1
        published.write_bytes(b"edited in place")
    assert (step.path / "part/f").read_bytes() == bytes(range(256)) and step.reused


def test_what_is_published_already_is_not_written_again(tmp_path: Path) -> None:
    for _ in range(2):
        with open_run(tmp_path / "run") as run:
            step = run.step("s", {}, _writer("f"))
            (path,) = run.publish(step, ["f"])
            before = path.stat().st_ino, path.stat().st_mtime_ns
            run.publish(step, ["f"])
        assert (path.stat().st_ino, path.stat().st_mtime_ns) == before
