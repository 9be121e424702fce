"""What the system refuses is one line: the path, why, and what to do; nothing that was there is harmed."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.torture import scenarios
from tests.torture.world import World, command, outcome

CUVEE = [sys.executable, "-m", "cuvee"]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="the base install has no torch")
    folder = tmp_path_factory.mktemp("given")
    scenarios.prepare(folder)
    return folder


@pytest.fixture
def world(given: Path, tmp_path: Path) -> World:
    world = World(tmp_path / "world", given)
    world.clear()
    return world


def _a_file(world: World) -> Path:
    (world.root / "file").write_text("mine")
    return world.root / "file"


def _below_a_file(world: World) -> Path:
    return _a_file(world) / "run"


def _a_device(world: World) -> Path:
    return Path("/dev/null")


def _below_a_device(world: World) -> Path:
    return Path("/dev/null/run")


def _too_long(world: World) -> Path:
    return world.root / ("n" * 300)


def _too_deep(world: World) -> Path:
    return world.root / "/".join(["folder"] * 800)


def _a_pipe(world: World) -> Path:
    os.mkfifo(world.root / "pipe")
    return world.root / "pipe"


def _a_circle(world: World) -> Path:
    (world.root / "circle").symlink_to("circle")
    return world.root / "circle"


def _a_link_to_nothing(world: World) -> Path:
    (world.root / "link").symlink_to("nothing")
    return world.root / "link"


def _not_ours(world: World) -> Path:
    (world.root / "thesis").mkdir()
    (world.root / "thesis/page").write_text("mine")
    return world.root / "thesis"


def _no_place_for_files(world: World) -> Path:
    return Path("/proc/run")  # not even root may make a folder there


PLACES = [
    _a_file,
    _below_a_file,
    _a_device,
    _below_a_device,
    _too_long,
    _too_deep,
    _a_pipe,
    _a_circle,
    _a_link_to_nothing,
    _not_ours,
    _no_place_for_files,
]


EVERYWHERE = [(verb, place) for verb in ("inspect", "train") for place in PLACES]
OTHERS = [(verb, _below_a_file) for verb in scenarios.SCENARIOS if verb not in ("inspect", "train")]


@pytest.mark.parametrize(("verb", "place"), EVERYWHERE + OTHERS)
def test_a_place_that_cannot_be_is_a_line(verb: str, place: Callable[[World], Path], world: World) -> None:
    out = place(world)
    arguments = scenarios.SCENARIOS[verb](world)
    arguments[arguments.index(str(world.run))] = str(out)
    ended = command(world, arguments)
    assert ended.code == 1, ended
    lines = [line for line in ended.said.splitlines() if line.startswith("cuvee: ")]
    assert len(lines) == 1 and "Traceback" not in ended.said, ended.said
    assert str(out)[:60] in lines[0] and "  hint: " in ended.said


def _cuvee(*arguments: str, before: Callable[[], None] | None = None) -> str:
    done = subprocess.run(
        [*CUVEE, *arguments], capture_output=True, text=True, timeout=120, preexec_fn=before, check=False
    )
    assert done.returncode == 1, (done.returncode, done.stderr[-2000:])
    assert done.stderr.count("cuvee: ") == 1 and "Traceback" not in done.stderr, done.stderr[-2000:]
    return done.stderr


def test_a_limit_of_file_sizes_is_a_line_and_the_old_run_stays(world: World) -> None:
    """The real one of the system: what the seam cannot feign. Python ignores its signal."""
    for verb, limit in (("inspect", 20_000), ("train", 300_000)):  # within an Arrow file, and within the weights
        world.clear()
        arguments = scenarios.SCENARIOS[verb](world)
        assert command(world, arguments).code == 0
        whole = outcome(world)
        other = [str(world.root / "new") if one == str(world.run) else one for one in arguments]
        told = _cuvee(*other, before=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))  # type: ignore[misc]
        assert "File too large" in told and str(world.root / "new") in told and "ulimit -f" in told
        assert not (world.root / "new/manifest.json").exists()
        assert outcome(world) == whole


def test_a_full_standard_output_is_a_line(world: World) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*CUVEE, "models", "list"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.startswith("cuvee: ") and done.stderr.count("No space left") == 1


def _without_privileges() -> None:
    """Make root as others are: it may not read what its rights forbid (capabilities 1 and 2)."""
    import ctypes

    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="capabilities are of Linux")
def test_what_may_not_be_read_or_written_is_a_line(world: World) -> None:
    closed, row = world.root / "closed", (world.given / "easy.jsonl").read_bytes()
    closed.mkdir()
    (closed / "rows.jsonl").write_bytes(row)
    secret = world.root / "secret.jsonl"
    secret.write_bytes(row)
    secret.chmod(0)
    closed.chmod(0o555)
    for arguments, place in (
        (["inspect", str(secret), "--out", str(world.run)], secret),
        (["inspect", str(closed / "rows.jsonl"), "--out", str(closed / "run")], closed / "run"),
    ):
        told = _cuvee(*arguments, before=_without_privileges)
        assert told.startswith(f"cuvee: {place}: Permission denied") and "ls -ld" in told
    closed.chmod(0o755)
