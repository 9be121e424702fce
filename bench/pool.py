"""The main job on the real pool, in one command: time per step, peak memory, the second run, 100 rows more."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[2] / "shared/data/pool"
CUVEE = str(Path(sys.executable).parent / "cuvee")
STEPS = {"read": "reading", "clean": "cleaning", "embed": "embedding", "score": "scoring", "select": "selecting"}
STEPS |= {"measure": "measuring", "map": "drawing the map", "publish": "writing and reporting"}


def run(pool: Path, out: Path, home: Path) -> tuple[float, dict[str, Any]]:
    """Run the command; return its seconds (whole process) and its manifest."""
    command = [CUVEE, "select", str(pool), "--budget", "1000", "--embedder", "static", "--out", str(out)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=os.environ | {"CUVEE_HOME": str(home)})
    return time.perf_counter() - start, json.loads((out / "manifest.json").read_text())


def by_step(manifest: dict[str, Any], reused: bool = False) -> dict[str, tuple[float, float]]:
    """Return step -> (seconds, peak MB) of the steps that were made."""
    costs: dict[str, tuple[float, float]] = {}
    for step in manifest["steps"]:
        if step["reused"] == reused:
            seconds, peak = costs.get(step["name"], (0.0, 0.0))
            costs[step["name"]] = seconds + step["seconds"], max(peak, step["peak_mb"])
    return costs


def main() -> None:
    if not DATA.exists():
        print(f"not run: no real data at {DATA}")
        return
    machine_home = Path(os.environ.get("CUVEE_HOME", Path.home() / ".cache/cuvee"))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "home").mkdir()
        (place / "home/models").symlink_to(machine_home / "models")  # the model is there, the store is empty
        shutil.copytree(DATA, place / "pool")
        first, manifest = run(place / "pool", place / "run", place / "home")
        second, _ = run(place / "pool", place / "run", place / "home")
        rows = [
            {"instruction": f"Explain entry {n} of list {n * n}.", "output": f"Entry {n * 31} is old."}
            for n in range(100)
        ]
        (place / "pool/zz_new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        third, added = run(place / "pool", place / "run", place / "home")
    report(first, second, third, manifest, added)


def report(first: float, second: float, third: float, manifest: dict[str, Any], added: dict[str, Any]) -> None:
    """Print the tables."""
    costs, again = by_step(manifest), by_step(added)
    total = sum(seconds for seconds, _ in costs.values())
    print("`cuvee select ../shared/data/pool --budget 1000 --embedder static`\n")
    print("| step | seconds | share | peak MB | seconds with 100 rows more |\n| --- | ---: | ---: | ---: | ---: |")
    for name, label in STEPS.items():
        seconds, peak = costs.get(name, (0.0, 0.0))
        print(
            f"| {label} | {seconds:.1f} | {seconds / total:.0%} | {peak:,.0f} | {again.get(name, (0.0, 0.0))[0]:.1f} |"
        )
    other = total - costs["embed"][0]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    counts = manifest["rows"]
    named = ", ".join(f"{counts[name]:,} {name}" for name in ("input", "kept", "dropped", "quarantined"))
    print(f"\nRows: {named}.")
    print(f"\n- everything but embedding: {other:.1f} s (target: under 60 s); whole process {first:.1f} s")
    print(f"- peak memory of the process: {peak:,.0f} MB (target: under 3,000 MB)")
    print(f"- second run, same settings: {second:.1f} s (target: under 3 s)")
    computed = added["embedder"]["computed"]
    print(f"- 100 rows added: {third:.1f} s, {computed:,} rows embedded, {again['read'][0]:.2f} s reading")


if __name__ == "__main__":
    main()
