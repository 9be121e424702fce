"""A command of every verb that writes, as small as it gets."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.chat_server import ChatServer
from tests.torture.world import Scenario, World

from cuvee.planting.files import write


def prepare(given: Path) -> None:
    """Write what the commands read: a sample pool, a model of 150,000 parameters, a corpus."""
    from tests.distiller import easy

    from cuvee.models import tiny

    write(given, 200, seed=2)
    tiny.make(given / "tiny")
    easy.write(given / "corpus", 24)
    easy.pool(given / "easy.jsonl", 30)


@cache
def server() -> ChatServer:
    """Return a server that rates."""
    server = ChatServer()
    server.http.handle_error = lambda request, client_address: None  # type: ignore[method-assign]  # a client that ends in mid-word is meant
    return server


def _over_pool(verb: str, *options: str) -> Scenario:
    def typed(world: World) -> list[str]:
        model = [] if verb in ("select", "inspect") else ["--model", str(world.given / "tiny")]
        return [verb, str(world.given / "pool"), *model, *options, "--out", str(world.run)]

    return typed


LEXICAL = ("--embedder", "lexical")
SMALL = (*LEXICAL, "--draws", "1")
TRAINED = ("--max-length", "64", "--lr", "0.001")


def _judged(world: World) -> list[str]:
    judge = ["--scores", "judge-quality", "--base-url", server().url, "--judge-model", "m", "--near", "0"]
    return ["select", str(world.given / "easy.jsonl"), "--budget", "5", *SMALL, *judge, "--out", str(world.run)]


def _adapt(world: World) -> list[str]:
    own = [
        "--goal",
        str(world.given / "eval"),
        "--probes",
        "2",
        "--episodes",
        "1",
        "--steps",
        "2",
        "--per-cluster",
        "2",
        "--goal-rows",
        "4",
    ]
    return [*_over_pool("adapt", *SMALL, *TRAINED, *own, "--subset", "40", "--save-every", "1")(world)]


def _evaluate(world: World) -> list[str]:
    asked = ["--on", str(world.given / "eval"), "--limit", "6", "--max-new-tokens", "4"]
    return ["evaluate", str(world.given / "tiny"), *asked, "--out", str(world.run)]


def _corpus(world: World) -> list[str]:
    return [
        "distill",
        "corpus",
        str(world.given / "pool"),
        "--offline",
        "--limit",
        "40",
        *LEXICAL,
        "--out",
        str(world.run),
    ]


def _distill_train(world: World) -> list[str]:
    how = [
        "--epochs",
        "0.3",
        "--grpo-steps",
        "1",
        "--prompts",
        "1",
        "--group",
        "2",
        "--batch",
        "4",
        "--max-length",
        "400",
    ]
    asked = ["--max-new-tokens", "4", "--held-out", "4", "--judged", "2", "--model", str(world.given / "tiny")]
    return ["distill", "train", str(world.given / "corpus"), *how, *asked, *LEXICAL, "--out", str(world.run)]


def _distill(world: World) -> list[str]:
    rated = ["--rating", "column", "--rating-column", "score", "--rating-scale", "10", "--at-most", "2"]
    own = ["--budget", "5", "--max-new-tokens", "4", "--near", "0", "--model", str(world.given / "tiny")]
    return ["distill", str(world.given / "easy.jsonl"), *rated, *own, *SMALL, "--out", str(world.run)]


def _grow(world: World) -> list[str]:
    how = ["--size", "150K", "--tokens", "2k", "--max-length", "64", "--batch", "8", "--name", "mine"]
    return ["models", "grow", str(world.given / "pool"), *how, "--out", str(world.run)]


SCENARIOS: Mapping[str, Scenario] = {
    "select": _over_pool("select", *SMALL, "--budget", "10"),
    "inspect": _over_pool("inspect"),
    "select, judged": _judged,
    "evaluate": _evaluate,
    "train": _over_pool("train", *TRAINED, "--steps", "3", "--save-every", "1", "--batch", "4"),
    "models grow": _grow,
    "interpolate": _over_pool("interpolate", *SMALL, "--budget", "20", "--clusters", "4", "--max-length", "64"),
    "evolve": _over_pool(
        "evolve",
        *SMALL,
        *TRAINED,
        "--init",
        "8",
        "--per-round",
        "4",
        "--rounds",
        "1",
        "--epochs",
        "1",
        "--held-out",
        "10",
    ),
    "prove": _over_pool(
        "prove",
        *LEXICAL,
        *TRAINED,
        "--arms",
        "random,base",
        "--seeds",
        "1",
        "--budget",
        "8",
        "--epochs",
        "1",
        "--held-out",
        "10",
    ),
    "adapt": _adapt,
    "distill corpus": _corpus,
    "distill train": _distill_train,
    "distill": _distill,
}
