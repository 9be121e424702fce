"""``cuvee distill corpus``: passages or good rows -> the corpus that a distiller learns from."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from cuvee import embedders, render, rng
from cuvee.arrays import I64
from cuvee.commands import listed, pairs, paths
from cuvee.distiller import examples, kinds, offline, strong
from cuvee.distiller.examples import Example, Rated
from cuvee.distiller.offline import Recipe
from cuvee.distiller.strong import Passage
from cuvee.errors import ConfigError, InputError
from cuvee.geometry.neighbours import neighbours
from cuvee.intake import judge as judging
from cuvee.intake.asked import ground_settings
from cuvee.intake.embed import embed
from cuvee.intake.ground import prepare
from cuvee.models.catalog import home
from cuvee.progress import say
from cuvee.result import Result
from cuvee.runs import Run, digest, open_run, sha256, write_json
from cuvee.samples import inputs
from cuvee.store import Store

TEXTS = (".txt", ".md")
WORDS = 250  # of a passage, about
NEAR = 4
ASIDE = "aside.jsonl"


@dataclass(frozen=True)
class CorpusAsk:
    """A checked ``cuvee distill corpus``. judging: the strong model, None where the corpus is made by rule."""

    recipe: Recipe
    judging: judging.Judging | None
    typed: dict[str, Any]


def run_distill_corpus(*, out: Path, dry_run: bool, **typed: Any) -> Result:
    """Do what ``cuvee.verbs.distill.distill_corpus`` says."""
    wanted = bind(typed)
    if dry_run:
        return _plan(wanted, Path(out))
    with open_run(Path(out)) as run:
        made = _offline(run, wanted) if wanted.judging is None else _strong(run, wanted)
        return _publish(run, wanted, *made)


def bind(typed: dict[str, Any]) -> CorpusAsk:
    """Check everything that can be checked without reading the data."""
    if typed["offline"] == bool(typed["base_url"]):
        raise ConfigError(
            "a corpus is made by a strong model or by rule", "--base-url URL --judge-model NAME, or --offline"
        )
    chosen = tuple(kinds.find(name).name for name in listed(typed["kinds"]))
    found = re.fullmatch(r"(\d+)-(\d+)", str(typed["variants"]))
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise ConfigError(f"variants {typed['variants']!r} cannot be read", "write fewest and most: 2-20")
    for name in ("merged", "noisy"):
        if not 0 <= typed[name] <= 1:
            raise ConfigError(f"{name} is {typed[name]}", "give a share from 0 to 1")
    recipe = Recipe(chosen, (int(found[1]), int(found[2])), typed["merged"], typed["noisy"], typed["seed"])
    server = None if typed["offline"] else judging.server_of(typed, pairs(typed["judge_settings"], "judge-settings"))
    return CorpusAsk(recipe, server, typed)


Corpus = tuple[list[Example], list[Rated], list[dict[str, Any]], dict[str, Any]]  # and what is aside, and counts


def _offline(run: Run, wanted: CorpusAsk) -> Corpus:
    """Make the corpus from the rows of a pool that stand after cleaning."""
    ground = prepare(run, ground_settings(**{**wanted.typed, "method": "uniform", "drop_truncated": True}))
    talks = ground.pool.table["messages"].to_pylist()
    turns = [(render.prompt(talk), render.response(talk) or "") for talk in talks]
    usable = np.array([at for at, row in enumerate(turns) if offline.usable(*row)], dtype=np.int64)
    if not len(usable):
        raise InputError("no row of the pool has an answer of a length that can be made weak", "give other data")
    if wanted.typed["limit"]:
        drawn = np.argsort(rng.keyed(ground.pool.keys[usable], wanted.recipe.seed), kind="stable")
        usable = np.sort(usable[drawn[: wanted.typed["limit"]]])
    ids, tasks = ground.pool.table["id"].to_pylist(), ground.pool.table["task"].to_pylist()
    near, _ = neighbours(np.asarray(ground.pool.vectors[usable]), NEAR)
    subjects = [" ".join((tasks[at] or turns[at][0]).split()[:8]) for at in usable]
    topics = offline.topics([ids[at] for at in usable], [turns[at] for at in usable], subjects, near)
    every, rated = [], []
    for example, more in offline.corpus(topics, wanted.recipe):
        every.append(example)
        rated += more
    counts = {"rows read": ground.source.total, "rows that stand": len(talks), "rows used": len(topics)}
    return every, rated, [], counts


def _strong(run: Run, wanted: CorpusAsk) -> Corpus:
    """Make the corpus by a strong model; the price is told before anything is asked."""
    from cuvee.models.chat import Chat

    assert wanted.judging is not None
    passages = _passages(run, wanted)
    asked = wanted.judging
    with Chat(asked.server, Store(home() / "store"), sampling=asked.sampling, cap=asked.cap) as chat:
        for stage, estimate in strong.price(passages, wanted.recipe, chat).items():
            say(f"{stage:<10}{asked.server.model}: {estimate}; {asked.told()}")
        made = strong.build(passages, wanted.recipe, chat)
    counts = {"passages": len(passages), **made.counts, "usage": vars(chat.usage)}
    return made.examples, made.rated, made.aside, counts


def _passages(run: Run, wanted: CorpusAsk) -> list[Passage]:
    """Return the passages of text files, or the rows of instruction data as passages, with the nearest of each."""
    texts = _texts(paths(wanted.typed["data"]))
    if not texts:
        ground = prepare(run, ground_settings(**{**wanted.typed, "method": "uniform"}))
        ids = ground.pool.table["id"].to_pylist()
        texts = list(zip(ids, render.plain_column(ground.pool.table["messages"]), strict=True))
    if wanted.typed["limit"] and len(texts) > wanted.typed["limit"]:
        chosen = rng.stream(wanted.recipe.seed, "passages").choice(len(texts), wanted.typed["limit"], replace=False)
        texts = [texts[at] for at in np.sort(chosen)]
    embedder, _ = embedders.resolve(wanted.typed["embedder"])
    import pyarrow as pa

    talks = pa.array([[{"role": "user", "content": text, "extra": None}] for _, text in texts])
    vectors = embed(run, talks, embedder, digest(texts)).X
    near: I64 = neighbours(np.asarray(vectors), NEAR)[0]
    return [
        Passage(name, text, tuple(int(at) for at in others if at >= 0))
        for (name, text), others in zip(texts, near.tolist(), strict=True)
    ]


def _texts(data: Sequence[str]) -> list[tuple[str, str]]:
    """Return id and text of the passages of text files: whole paragraphs, about ``WORDS`` words each."""
    files = [Path(path) for path in data if Path(path).suffix in TEXTS]
    for folder in (Path(path) for path in data if Path(path).is_dir()):
        files += sorted(path for path in folder.rglob("*") if path.suffix in TEXTS)
    return [
        (f"{file.stem}-{number:04}", text)
        for file in files
        for number, text in enumerate(cut(file.read_text(encoding="utf-8", errors="replace")), start=1)
    ]


def cut(text: str, words: int = WORDS) -> list[str]:
    """Return a text in passages of whole paragraphs, each of at least ``words`` words but the last."""
    passages: list[list[str]] = [[]]
    for paragraph in (part.strip() for part in re.split(r"\n\s*\n", text)):
        if len(" ".join(passages[-1]).split()) >= words:
            passages.append([])
        if paragraph:
            passages[-1].append(paragraph)
    return ["\n\n".join(parts) for parts in passages if parts]


def _publish(
    run: Run,
    wanted: CorpusAsk,
    every: list[Example],
    rated: list[Rated],
    aside: list[dict[str, Any]],
    counts: dict[str, Any],
) -> Result:
    told = _told(wanted, every, rated, aside, counts)

    def make(folder: Path) -> None:
        examples.write(every, folder / examples.CORPUS)
        examples.write(rated, folder / examples.RATED)
        (folder / ASIDE).write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in aside))
        write_json(folder / "summary.json", told)

    depends = {
        "corpus": digest([vars(one) for one in every]),
        "rated": digest([vars(one) for one in rated]),
        "told": told,
        "aside": aside,
    }
    step = run.step("publish", depends, make)
    files = run.publish(step, [examples.CORPUS, examples.RATED, ASIDE, "summary.json"])
    outputs = [{"file": path.name, "sha256": sha256(path)} for path in files]
    plain = {name: str(value) if isinstance(value, Path) else value for name, value in wanted.typed.items()}
    run.finish(
        {"verb": "distill corpus", "settings": plain, "seed": wanted.recipe.seed, "outputs": outputs, "counts": counts}
    )
    return Result(run.path, {"profile": told}, files, next=f"cuvee distill train {run.path} --model smollm2-135m")


def _told(
    wanted: CorpusAsk, every: list[Example], rated: list[Rated], aside: list[dict[str, Any]], counts: dict[str, Any]
) -> dict[str, Any]:
    return {
        "examples": len(every),
        "of each kind": dict(sorted(Counter(example.kind for example in every).items())),
        "weak texts": sum(len(example.variants) for example in every),
        "two topics in one": sum(len(example.topics) > 1 for example in every),
        "misspelt": sum(example.noisy for example in every),
        "rated texts": len(rated),
        "of each class": {
            str(at): many for at, many in sorted(Counter(int(row.rating + 0.5) for row in rated).items())
        },
        "kept aside": len(aside),
        **{name: value for name, value in counts.items() if isinstance(value, int)},
        "made": "by rule, from a good pool" if wanted.judging is None else f"by {wanted.judging.server.model}",
    }


def _plan(wanted: CorpusAsk, out: Path) -> Result:
    data = paths(wanted.typed["data"])
    texts = _texts(data)
    files = [{"file": str(path)} for path in (data if texts else inputs.expand(data))]
    if wanted.judging is None:
        steps = ["read", "clean", "embed", "make every usable row weak by rule", f"publish to {out}"]
        return Result(out, {"plan": {"files": files, "steps": steps, "notes": []}})
    from cuvee.models.chat import Chat

    if not texts:
        raise ConfigError(
            "the price of instruction data is known once it is read", "run it with a small --limit, or name text files"
        )
    passages = [Passage(name, text) for name, text in texts]
    asked = wanted.judging
    with Chat(asked.server, Store(home() / "store"), sampling=asked.sampling, cap=asked.cap) as chat:
        prices = strong.price(passages[: wanted.typed["limit"] or None], wanted.recipe, chat)
    steps = [f"{stage}: {estimate}" for stage, estimate in prices.items()]
    return Result(out, {"plan": {"files": files, "steps": [*steps, f"publish to {out}"], "notes": [asked.told()]}})
