"""A program under two CPU processes and under one, for tests that training does not depend on how many there are.

Started by torchrun: ``accelerate launch --cpu --num_processes 2`` starts one process only, unless it is given MPI.
"""

import os
import subprocess
import sys
from pathlib import Path

LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
ROOT = Path(__file__).parents[1]


def run_in_two_and_one(program: str, model: Path, folder: Path) -> tuple[Path, Path]:
    """Run a program with the arguments model, folder for results, tokens of a pass; return both folders, two processes first.

    The one process has passes twice as wide. About 40 s, most of it three imports of transformers.
    """
    file = folder / "program.py"
    file.write_text(program)
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "OMP_NUM_THREADS": "1"}
    environment["ACCELERATE_USE_CPU"] = "true"
    for command, name, tokens in ((LAUNCH, "two", "192"), ([sys.executable], "one", "384")):
        arguments = [*command, str(file), str(model), str(folder / name), tokens]
        done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=400)
        assert done.returncode == 0, done.stderr
    return folder / "two", folder / "one"
