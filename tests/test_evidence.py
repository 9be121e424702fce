"""The proofs at paper scale: their arms are arms, their inputs can be carried in parts, and at toy size they run on a CPU."""

import subprocess
import sys
from pathlib import Path

import pytest
from bench import carry, evidence

from cuvee.proof.arms import parse


def test_every_arm_of_every_piece_is_an_arm() -> None:
    for scale in (evidence.paper(Path("data"), "smollm2-135m"),):
        for piece in evidence.pieces(scale):
            words = evidence.command(piece, scale, Path("runs/evidence"))
            assert [parse(arm).label for arm in piece.arms] == list(piece.arms) and "prove" in words
            assert [parse(arm).label for arm in evidence.cheap(piece).arms]
    assert ("--on" in words) and len(piece.data) == 2  # the last piece has a goal


def test_files_are_carried_in_parts_and_put_together_again(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(range(256)) * 10)
    (tmp_path / "b").write_bytes(b"")
    files = {"data/a": tmp_path / "a", "model/b": tmp_path / "b"}
    written = carry.pack(files, tmp_path / "inputs", part=1_000)
    assert len(written) == 1 + 3 and max(path.stat().st_size for path in written[1:]) <= 1_000
    made = carry.unpack(tmp_path / "inputs", tmp_path / "there")
    assert {path.read_bytes() for path in made} == {bytes(range(256)) * 10, b""}
    written[1].write_bytes(b"x" * 1_000)
    (tmp_path / "there/data/a").unlink()
    with pytest.raises(ValueError, match="not what was packed"):
        carry.unpack(tmp_path / "inputs", tmp_path / "there")


@pytest.mark.slow  # seventeen trainings; CI calls `make evidence-toy`
def test_at_toy_size_every_piece_comes_to_its_verdicts_though_it_is_stopped(tmp_path: Path) -> None:
    root = Path(evidence.__file__).parents[1]
    words = [sys.executable, "-m", "bench.evidence", "--toy", "--out", str(tmp_path / "out")]
    said = ""
    for minutes in ("0.2", "5"):
        said = subprocess.run(
            [*words, "--minutes", minutes], cwd=root, capture_output=True, text=True, check=True
        ).stdout
    assert "all pieces are done" in said and said.count("random: ") >= 5
