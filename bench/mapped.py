"""All results of training that the map's page tells: python -m bench.mapped [RECIPE ...] [--collect].

Runs the recipes (long; stopped and called again they go on) and gathers what came out in docs/evidence.json, from which
`make docs` writes the tables and the picture of docs/when.md. --collect gathers only what is there; what another machine has
run stays in the file until it is run here. The base is grown first where it is missing, which takes about 35 minutes of a core.
"""

import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from cuvee.models import catalog

ROOT = Path(__file__).parents[1]
EVIDENCE = ROOT / "docs/evidence.json"
RECIPES = ("map-claims", "map-hour", "map", "auto")
POOL = "../shared/data/pool"
OTHERS = ("alpaca_random_9k", "dolly_3k", "codealpaca_4k", "gpteacher_roleplay", "gpteacher_toolformer")
GROW = ["models", "grow", *(f"{POOL}/{name}.json" for name in OTHERS), f"{POOL}/gsm8k_train.jsonl"]
BASE = [*GROW, "--size", "1M", "--tokens", "6M", "--name", "grown-1m"]


def runs(recipe: str) -> list[dict[str, Any]]:
    """Return the settings of every map of a recipe."""
    steps = yaml.safe_load((ROOT / f"recipes/{recipe}.yaml").read_text())["steps"]
    return [step["regimes"] for step in steps]


def cuvee(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "cuvee", *words], cwd=ROOT, check=True)


def gathered(recipe: str, asked: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a map showed and how it was asked, None where it is not done."""
    folder = ROOT / asked["out"]
    if not (folder / "map.json").is_file() or not (folder / "manifest.json").is_file():
        return None
    manifest = json.loads((folder / "manifest.json").read_text())
    plan = ROOT / asked["plan"] if "plan" in asked else None
    told = {"recipe": f"recipes/{recipe}.yaml", "settings": manifest["settings"], "base": manifest["base"]}
    if plan:
        told["plan"] = {"file": asked["plan"], "sha256": hashlib.sha256(plan.read_bytes()).hexdigest()}
    return {**told, **json.loads((folder / "map.json").read_text())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=RECIPES)
    parser.add_argument("--collect", action="store_true")
    asked = parser.parse_args()
    found: dict[str, Any] = json.loads(EVIDENCE.read_text()) if EVIDENCE.exists() else {}
    if (
        not asked.collect
        and catalog.path_of("grown-1m") is None
        and not (catalog.models_folder() / "grown-1m").exists()
    ):
        cuvee(*BASE)
    for recipe in asked.recipes:
        if not asked.collect:
            cuvee("run", f"recipes/{recipe}.yaml")
        for one in runs(recipe):
            told = gathered(recipe, one)
            found |= {one["out"].removeprefix("runs/"): told} if told else {}
    EVIDENCE.write_text(json.dumps(dict(sorted(found.items())), indent=1) + "\n")
    print(f"{len(found)} maps in {EVIDENCE}: {', '.join(found)}")


if __name__ == "__main__":
    main()
