"""Run every benchmark and write docs/benchmarks.md: python -m bench [PART ...] [--quick]; PARTS names the parts."""

import os
import platform
import subprocess
import sys
from pathlib import Path

PARTS = {
    "bounded": ("Bounded clusters", ["-m", "bench.bounded", "--full"]),
    "kcenter": ("k-center", ["bench/kcenter.py", "--full"]),
    "facility": ("Facility location", ["-m", "bench.facility", "--million"]),
    "clustering": ("k-means on planted clusters", ["-m", "bench.clustering"]),
    "herding": ("Herding", ["-m", "bench.clustering", "--herding"]),
    "agreement": ("How well each space knows the tasks", ["-m", "bench.agreement"]),
    "select": ("The main job on 89,189 real rows", ["bench/pool.py"]),
    "growth": ("Growth from 10,000 to 1,000,000 rows", ["bench/growth.py"]),
    "memory": ("Memory of reading and cleaning", ["-m", "bench.memory"]),
    "interpolation": ("Blends", ["bench/interpolation.py"]),
    "throughput": ("Reading with a language model", ["bench/throughput.py"]),
    "policy": ("A policy that picks batches", ["bench/policy.py"]),
    "help": ("Start-up", ["bench/startup.py"]),
}
PAGE = Path("docs/benchmarks.md")
HEAD = """# Benchmarks

`make bench` printed every figure here, on {machine}. Ratios were taken side by side in one run; absolute times are of
this machine only.
"""


def main() -> None:
    chosen = [name for name in sys.argv[1:] if name in PARTS] or list(PARTS)
    old = _sections(PAGE.read_text()) if PAGE.exists() else {}
    for name in chosen:
        title, command = PARTS[name]
        print(f"== {title}: python {' '.join(command)}", flush=True)
        done = subprocess.run([sys.executable, *command], stdout=subprocess.PIPE, text=True, check=True)
        print(done.stdout, flush=True)
        old[title] = f"`python {' '.join(command)}`\n\n{done.stdout.strip()}\n"
        _write(old)


def _sections(text: str) -> dict[str, str]:
    parts = text.split("\n## ")[1:]
    return {part.split("\n", 1)[0]: part.split("\n", 1)[1].strip() + "\n" for part in parts}


def _write(sections: dict[str, str]) -> None:
    cores = len(os.sched_getaffinity(0))
    machine = f"{platform.system()} {platform.machine()}, {cores} cores, Python {platform.python_version()}"
    titles = [title for title, _ in PARTS.values() if title in sections]
    body = "".join(f"\n## {title}\n\n{sections[title]}" for title in titles)
    PAGE.write_text(HEAD.format(machine=machine) + body)


if __name__ == "__main__":
    main()
