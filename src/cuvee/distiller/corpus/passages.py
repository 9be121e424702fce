"""Passages: what a strong model makes good texts of: whole paragraphs of text files, or the rows of instruction data."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from cuvee import embedders, render, rng
from cuvee.arrays import I64
from cuvee.distiller.corpus.asked import DistillCorpusAsk
from cuvee.distiller.strong import Passage
from cuvee.geometry.neighbours import neighbours
from cuvee.intake.embed import embed
from cuvee.intake.ground import prepare
from cuvee.runs import Run, digest

TEXTS = (".txt", ".md")
WORDS = 250  # of a passage, about: enough for one question and its answer
NEAR = 4  # neighbours among which one is looked for that a topic is merged with


def passages(run: Run, ask: DistillCorpusAsk) -> list[Passage]:
    """Return the passages of text files, or the rows of instruction data as passages, with the nearest of each."""
    texts = texts_of(ask.pool.read.data)
    if not texts:
        ground = prepare(run, ask.pool)
        ids = ground.pool.table["id"].to_pylist()
        texts = list(zip(ids, render.plain_column(ground.pool.table["messages"]), strict=True))
    if ask.limit and len(texts) > ask.limit:
        chosen = rng.stream(ask.recipe.seed, "passages").choice(len(texts), ask.limit, replace=False)
        texts = [texts[at] for at in np.sort(chosen)]
    return [
        Passage(name, text, tuple(int(at) for at in others if at >= 0))
        for (name, text), others in zip(texts, _near(run, ask, texts).tolist(), strict=True)
    ]


def _near(run: Run, ask: DistillCorpusAsk, texts: list[tuple[str, str]]) -> I64:
    embedder, _ = embedders.resolve(ask.pool.embedder)
    talks = pa.array([[{"role": "user", "content": text, "extra": None}] for _, text in texts])
    vectors = embed(run, talks, embedder, digest(texts)).X
    return neighbours(np.asarray(vectors), NEAR)[0]


def texts_of(data: Sequence[str]) -> list[tuple[str, str]]:
    """Return id and text of the passages of the text files among these; none where there is no text file."""
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
    parts: list[list[str]] = [[]]
    for paragraph in (part.strip() for part in re.split(r"\n\s*\n", text)):
        if len(" ".join(parts[-1]).split()) >= words:
            parts.append([])
        if paragraph:
            parts[-1].append(paragraph)
    return ["\n\n".join(part) for part in parts if part]
