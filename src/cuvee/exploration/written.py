"""The winner as a recipe: the verbs that make its training set from a pool, and the training on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from cuvee import commands
from cuvee.commands import Scalar
from cuvee.exploration.asked import SearchAsk
from cuvee.proof.arms import CHAIN, parse
from cuvee.proof.chain_arm import KEEP, OWN

Settings = Mapping[str, Scalar]
Step = dict[str, dict[str, object]]  # one verb over its options
RENAMED = {"rows": "real_share"}  # a setting of the arm mdit -> the option of `cuvee interpolate`
ROUNDS = 4  # of the arm evolve, unless it says


class RecipeFile(TypedDict):
    """What a recipe file holds."""

    steps: list[Step]


def settings_of(arm: str) -> tuple[str, Settings]:
    """Return the name of an arm and its settings, as they were written."""
    words = arm.split(":")
    given = commands.pairs(",".join(word for word in words if "=" in word), "settings")
    return ":".join(word for word in words if "=" not in word), given


@dataclass(frozen=True)
class Writer:
    """rows: of the budget. updates: of the training. folder: where the steps put what they make."""

    ask: SearchAsk
    rows: int
    updates: int
    folder: str

    def recipe(self, winner: str) -> RecipeFile:
        """Return the steps that make the winner's training set from the pool, and train on it."""
        data = commands.paths(self.ask.options.pool.read.data)
        name, given = settings_of(winner)
        if name != CHAIN:
            return {"steps": self._method(name, given, data, self.rows)}
        then = {key: value for key, value in given.items() if key not in OWN}
        first, own = settings_of(str(given["first"]))
        if parse(first).source:  # new rows of an earlier run for half of the budget
            chosen = self._chosen(str(given["then"]), then, data, self.rows - self.rows // 2, "set")
            return {"steps": [chosen, self._trained([first, f"{self.folder}/set"])]}
        kept = round(float(given.get("keep", KEEP)) * self.rows)
        narrowed = self._chosen(first, own, data, kept, "narrowed")
        left = [f"{self.folder}/narrowed/selected.jsonl"]
        return {"steps": [narrowed, *self._method(str(given["then"]), then, left, self.rows)]}

    def _method(self, name: str, given: Settings, data: list[str], rows: int) -> list[Step]:
        """Return the steps of one method on its own."""
        if name == "adapt":
            return [self._adapted(given, data)]
        if name == "mdit":
            options = {RENAMED.get(key, key): value for key, value in given.items()}
            made: Step = {"interpolate": self._on(data, "set", budget=str(rows), model=self._model, **options)}
        elif name == "evolve":
            made = self._evolved(given, data, rows)
        elif name in (str(self.ask.distilled), "random"):
            return [self._trained([name]) if name != "random" else self._chosen("uniform", {}, data, rows, "set")]
        else:
            made = self._chosen(name, given, data, rows, "set")
        return [made, self._trained([f"{self.folder}/set"])]

    @property
    def _model(self) -> str:
        return str(self.ask.options.model)

    def _on(self, data: list[str], into: str, **options: object) -> dict[str, object]:
        pool = self.ask.options.pool
        more = {"embedder": pool.embedder} if pool.embedder else {}
        return {"data": data, **options, **more, "seed": pool.seed, "out": f"{self.folder}/{into}"}

    def _chosen(self, name: str, given: Settings, data: list[str], rows: int, into: str) -> Step:
        own = ",".join(f"{key}={value}" for key, value in given.items() if key != "space")
        options = {"settings": own, "space": str(given.get("space", ""))}
        said = {key: value for key, value in options.items() if value}
        return {"select": self._on(data, into, budget=str(rows), method=name, **said)}

    def _evolved(self, given: Settings, data: list[str], rows: int) -> Step:
        rounds = int(given.get("rounds", ROUNDS))
        part = max(1, rows // rounds)
        own = {key: value for key, value in given.items() if key != "rounds"}
        sizes = {"init": rows - part * (rounds - 1), "per_round": part, "rounds": rounds - 1}
        return {"evolve": self._on(data, "set", model=self._model, **{**self._training, **own, **sizes})}

    def _adapted(self, given: Settings, data: list[str]) -> Step:
        asked = self.ask.options
        own = {key: value for key, value in given.items() if key != "goal"}
        training = {"lr": asked.lr, "max_length": asked.max_length, "lora": asked.lora}
        size = {"steps": max(2, self.updates), "per_cluster": min(asked.batch, self.rows)}
        goal = [str(given["goal"])]
        return {"adapt": self._on(data, "model", goal=goal, model=self._model, **size, **training, **own)}

    @property
    def _training(self) -> dict[str, object]:
        asked = self.ask.options
        return {name: getattr(asked, name) for name in ("epochs", "lr", "batch", "max_length", "lora")}

    def _trained(self, data: list[str]) -> Step:
        options = {name: value for name, value in self._training.items() if name != "epochs"}
        into = {"seed": self.ask.options.pool.seed, "out": f"{self.folder}/model"}
        return {"train": {"data": data, "model": self._model, "steps": self.updates, **options, **into}}
