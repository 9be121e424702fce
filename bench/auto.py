"""How often is `auto` better than random, and is it ever worse? python -m bench.auto [RUN], a run of recipes/auto.yaml.

A pool is counted as better or worse where the mean of auto's trainings lies so far from the mean of random's draws; one
training of either is uncertain by random's luck, which is told beside it.
"""

import sys
from pathlib import Path

import orjson

MARGIN = 0.01  # nats per answer token


def main() -> None:
    folder = Path(next(iter(sys.argv[1:]), "runs/auto"))
    if not (folder / "map.json").is_file():
        print(f"not run: no map in {folder}; first `cuvee run recipes/auto.yaml`")
        return
    regimes = orjson.loads((folder / "map.json").read_bytes())["regimes"]
    found = [(one, arm["known"]["difference"]) for one in regimes for arm in one["arms"] if arm["arm"] == "auto"]
    differences = [difference for _, difference in found]
    better, worse = sum(one > 0 for one in differences), [pair for pair in found if pair[1] < -MARGIN]
    luck = (sum(one["luck"] ** 2 for one in regimes if one["luck"]) / len(regimes)) ** 0.5
    print(f"{len(found)} pools: better than random in {better}, worse by more than {MARGIN} nats in {len(worse)}")
    print(
        f"mean difference {sum(differences) / len(found):+.3f}; random's luck (standard deviation of a draw) {luck:.3f}"
    )
    for one, difference in sorted(worse, key=lambda pair: pair[1])[:10]:
        print(f"  {difference:+.3f} {one['name']}, budget {one['budget']} (luck {one['luck']:.3f})")


if __name__ == "__main__":
    main()
