"""The proofs at paper scale, in pieces that a GPU does one after the other, each call as far as its minutes go.

python -m bench.evidence [run] [--minutes 8] [--toy] [--data DIR] [--model M] [--out runs/evidence]
python -m bench.evidence pack   [--into evidence/inputs]     pool files and weights, in parts that can be carried
python -m bench.evidence unpack [--into evidence/inputs]     where they were carried to: under evidence/data and evidence/model

All of Alpaca (9,000 rows) and of T0 (50,000), budgets of 1,000 rows, 8 seeds, bfloat16 on a GPU; RAISE with GSM8K as the goal,
of which 1,000 rows stand in the pool. A call that was stopped, by its minutes or by anything else, is called again and goes on,
inside a training too; the last one prints every verdict. --toy: the same proofs on the sample pool with the untrained tiny
model, on a CPU, in a minute or two.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from bench import carry

ROOT = Path(__file__).parents[1]
POOL = ROOT.parent / "shared/data/pool"
CARRIED = Path("evidence")
FILES = ("alpaca_random_9k.json", "t0_50k.jsonl.gz", "gsm8k_train.jsonl")
PARTS = {"goal.jsonl": 32, "questions.jsonl": 250, "math.jsonl": 1_000}  # rows of GSM8K: told, judged on, in the pool
GRACE = 30  # seconds that a proof is given to stop by itself


@dataclass(frozen=True)
class Scale:
    """How large the proofs are. mixed: Alpaca with rows like the goal's. on: what RAISE is judged on, "" for held-out rows.

    options: of every ``cuvee prove``.
    """

    alpaca: tuple[str, ...]
    t0: tuple[str, ...]
    mixed: tuple[str, ...]
    goal: str
    on: str
    model: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """One proof. arms: without random, which is in all of them. on: files to judge on, "" for held-out rows."""

    name: str
    data: tuple[str, ...]
    arms: tuple[str, ...]
    on: str = ""


def pieces(scale: Scale) -> list[Piece]:
    """Return the proofs, quickest first: what each method claims, and where it should not win."""
    goal = f"goal={scale.goal}"
    return [
        Piece("choosers-alpaca", scale.alpaca, ("facility-location", "k-center", "forms", "full")),
        Piece("choosers-t0", scale.t0, ("facility-location", "k-center", "forms", "stratified", "full")),
        Piece("mdit-t0", scale.t0, ("mdit", "mdit:as=regulariser", "mdit-rows", "within-task")),
        Piece("evolve-alpaca", scale.alpaca, ("evolve:rounds=4", "evolve:rounds=4:strategy=herding")),
        Piece(
            "raise-mixed",
            scale.mixed,
            (f"adapt:{goal}", f"less:{goal}:draw=0", f"rds+:{goal}:draw=0", "full"),
            scale.on,
        ),
    ]


def paper(data: Path, model: str) -> Scale:
    """Return the scale of the claims."""
    options = (
        "--budget 1000 --seeds 8 --epochs 3 --batch 16 --max-length 512 --held-out 500 --lr 1e-4 --embedder lexical"
    )
    alpaca, t0 = str(data / FILES[0]), str(data / FILES[1])
    goal, questions, math = (str(CARRIED / name) for name in PARTS)
    return Scale((alpaca,), (t0,), (alpaca, math), goal, questions, model, tuple(options.split()))


def toy(folder: Path) -> Scale:
    """Return the scale of a test: the sample pool, the untrained model."""
    from cuvee.planting.files import write

    sample = write(folder / "sample", 220, seed=1)
    options = "--budget 8 --seeds 1 --epochs 1 --batch 4 --max-length 64 --held-out 20 --lr 3e-3 --embedder lexical"
    pool = (str(sample.pool),)
    return Scale(pool, pool, pool, str(sample.questions), "", "tiny", tuple(options.split()))


def parted(data: Path) -> None:
    """Write the parts of GSM8K: rows of its training set in the order of the file, each in one part only."""
    lines = (data / FILES[2]).read_text(encoding="utf-8").splitlines()
    CARRIED.mkdir(parents=True, exist_ok=True)
    for name, count in PARTS.items():
        part, lines = lines[:count], lines[count:]
        (CARRIED / name).write_text("\n".join(part) + "\n", encoding="utf-8")


def cheap(piece: Piece) -> Piece:
    """Return a piece whose methods take what a toy has time for."""
    small = {"adapt": ":episodes=1:probes=4:goal_rows=4", "less": ":warmup=1:dim=32:goal_rows=4", "evolve": ""}
    arms = [arm.replace("rounds=4", "rounds=2") + small.get(arm.partition(":")[0], "") for arm in piece.arms]
    return replace(piece, arms=tuple(arms))


def command(piece: Piece, scale: Scale, out: Path) -> list[str]:
    """Return the command line of a piece."""
    arms = ",".join(["random", *piece.arms])
    own = ["--arms", arms, "--model", scale.model, "--out", str(out / piece.name)]
    judged = ["--on", piece.on] if piece.on else []
    return [sys.executable, "-m", "cuvee", "prove", *piece.data, *scale.options, *judged, *own]


def is_done(out: Path, piece: Piece) -> bool:
    """Tell whether a piece has its verdicts."""
    return (out / piece.name / "manifest.json").is_file()


def run(todo: list[Piece], scale: Scale, out: Path, minutes: float) -> bool:
    """Go through the pieces until the minutes are over; return whether all are done."""
    end = time.monotonic() + 60 * minutes
    for piece in todo:
        if is_done(out, piece):
            continue
        left = end - time.monotonic()
        if left <= 0 or not _within(command(piece, scale, out), left):
            return False
    return True


def _within(words: list[str], seconds: float) -> bool:
    """Run a command for so many seconds; return whether it came to its end. Raises CalledProcessError where it failed."""
    with subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}) as process:
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)  # it stops soon, and goes on when it is called again
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
            return False
    if code:
        raise subprocess.CalledProcessError(code, words)
    return True


def told(todo: list[Piece], out: Path) -> None:
    """Print every verdict there is."""
    for piece in todo:
        if is_done(out, piece):
            proof = json.loads((out / piece.name / "proof.json").read_text())
            for arm in proof["arms"]:
                cost = f"{arm['forward']:,} forward, {arm['backward']:,} backward tokens"
                said = arm.get("sentence", "reference")
                print(f"{piece.name}: {arm['arm']}: {arm['mean']:.4f}, {said} ({cost})", flush=True)


def weights(model: str) -> dict[str, Path]:
    """Return the files of a model, by the names they are carried under."""
    from cuvee.models import causal

    folder = causal.folder_of(model)
    files = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    return {f"model/{path.name}": path for path in files}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=("run", "pack", "unpack"), default="run")
    parser.add_argument("--toy", action="store_true")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--data", type=Path, default=CARRIED / "data" if (CARRIED / "data").is_dir() else POOL)
    parser.add_argument("--model", default=str(CARRIED / "model") if (CARRIED / "model").is_dir() else "smollm2-135m")
    parser.add_argument("--into", type=Path, default=CARRIED / "inputs")
    parser.add_argument("--out", type=Path, default=Path("runs/evidence"))
    given = parser.parse_args()
    if given.what == "pack":
        files = {f"data/{name}": given.data / name for name in FILES} | weights(given.model)
        for path in carry.pack(files, given.into):
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
        return
    if given.what == "unpack":
        for path in carry.unpack(given.into, CARRIED):
            print(path)
        return
    scale = toy(given.out) if given.toy else paper(given.data, given.model)
    if not given.toy:
        parted(given.data)
    todo = [cheap(piece) if given.toy else piece for piece in pieces(scale)]
    done = run(todo, scale, given.out, given.minutes)
    told(todo, given.out)
    left = [piece.name for piece in todo if not is_done(given.out, piece)]
    print("all pieces are done" if done else f"the minutes are over; call again for: {', '.join(left)}")


if __name__ == "__main__":
    main()
