"""The rows of an optimiser step as forward passes: sorted by length, within a budget of padded tokens."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from cuvee.arrays import I64
from cuvee.errors import ConfigError
from cuvee.render import Encoded
from cuvee.training.feeds import Feed
from cuvee.training.material import Material, Tensors

IGNORED = -100  # the label of a token that the loss does not count


def passes(lengths: I64, budget: int) -> list[I64]:
    """Return groups of positions in ``lengths``, longest first, each of at most ``budget`` padded tokens or one row."""
    groups: list[list[int]] = []
    for at in np.argsort(-lengths, kind="stable").tolist():
        if groups and lengths[groups[-1][0]] * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(at)
        else:
            groups.append([at])
    return [np.array(group, dtype=np.int64) for group in groups]


def spread(lengths: I64, budget: int, count: int) -> list[I64]:
    """Return exactly ``count`` such groups: the widest are halved until there are enough, or else some are empty.

    count: at least what ``passes`` needs.
    """
    groups = passes(lengths, budget)
    while len(groups) < count and max(map(len, groups)) > 1:
        widest = max(range(len(groups)), key=lambda at: (len(groups[at]) > 1, len(groups[at]) * lengths[groups[at][0]]))
        half = (len(groups[widest]) + 1) // 2
        groups[widest : widest + 1] = [groups[widest][:half], groups[widest][half:]]
    return groups + [np.empty(0, dtype=np.int64)] * (count - len(groups))


def most_passes(lengths: I64, batch: int, budget: int) -> int:
    """Return the passes that the ``batch`` longest rows need."""
    longest = np.sort(lengths)[::-1][:batch]
    longest = np.pad(longest, (0, batch - len(longest)), mode="edge")  # a feed may take a row twice
    return len(passes(longest, budget))


def packs(lengths: I64, count: int) -> list[I64]:
    """Return ``count`` groups of positions in ``lengths``, with sums as even as longest-first makes them; some are empty.

    The longest sum is at most 4/3 of the least that is possible (Graham 1969).
    """
    groups: list[list[int]] = [[] for _ in range(count)]
    sums = [(0, at) for at in range(count)]
    for at in np.argsort(-lengths, kind="stable").tolist():
        total, least = heapq.heappop(sums)
        groups[least].append(at)
        heapq.heappush(sums, (total + int(lengths[at]), least))
    return [np.array(group, dtype=np.int64) for group in groups]


def most_packs(lengths: I64, batch: int, budget: int) -> int:
    """Return the passes that the ``batch`` longest rows fill, laid end to end."""
    longest = np.sort(lengths)[::-1][:batch]
    return max(1, -(-int(longest.sum() + longest[-1] * (batch - len(longest))) // budget))


class Later(Mapping[str, torch.Tensor]):
    """Tensors that are made when they are first read.

    accelerate's loader looks one batch ahead; a feed must not be asked before the step before is done.
    """

    def __init__(self, made: Tensors | Callable[[], Tensors]) -> None:
        self._made = made

    def _tensors(self) -> Tensors:
        if callable(self._made):
            self._made = self._made()
        return self._made

    def __getitem__(self, name: str) -> torch.Tensor:
        return self._tensors()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors())

    def __len__(self) -> int:
        return len(self._tensors())

    def to(self, *_: object, **__: object) -> "Later":
        """Stay: the loader moves what it looks ahead to, the trainer moves what it reads."""
        return self


class Passes(Dataset[Later]):  # type: ignore[misc]
    """All forward passes of a training: number p belongs to step p // (count * processes).

    material: what rows, or units in their place, are. count: passes per step and process, the same for every step (a
    trainer accumulates a fixed number), enough for the longest rows. Passes of one step go to the processes in turn. packing:
    whether a pass lays its rows end to end; ``material`` must make such passes.
    """

    def __init__(self, feed: Feed, material: Material, *, budget: int, processes: int, packing: bool = False) -> None:
        self.feed, self.material, self.lengths, self.budget = feed, material, material.lengths, budget
        self.packing = packing
        recorded = getattr(feed, "passes", 0)  # a replay adds up in the same order, to the same bits
        most = most_packs if packing else most_passes
        self.count = -(-(recorded or most(self.lengths, feed.batch, budget)) // processes)
        self.per_step = self.count * processes
        self._step: tuple[int, I64, list[I64]] | None = None

    def __getitem__(self, number: int) -> Later:
        step, place = divmod(number, self.per_step)
        return Later(lambda: self.material.make(self.groups(step)[place]))

    def groups(self, step: int) -> list[I64]:
        """Return the row numbers of every pass of a step; the feed is asked once per step."""
        if self._step is None or self._step[0] != step:
            rows = self.feed.next(step)
            lengths = self.lengths[rows]
            parts = packs(lengths, self.per_step) if self.packing else spread(lengths, self.budget, self.per_step)
            self._step = step, rows, [rows[at] for at in parts]
        return self._step[2]

    def tokens(self, step: int) -> int:
        """Return the tokens of a step, without padding, over all processes."""
        return int(sum(self.lengths[rows].sum() for rows in self.groups(step)))

    def answers(self, step: int) -> float:
        """Return the answer tokens of a step, over all processes."""
        return float(sum(self.material.answers[rows].sum() for rows in self.groups(step)))


class FromStep(Sampler[int]):  # type: ignore[misc]
    """The numbers of the passes that are left, from a step on; its length is that of the whole training."""

    def __init__(self, start: int, steps: int, per_step: int) -> None:
        self.start, self.end = start * per_step, steps * per_step

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.end))

    def __len__(self) -> int:
        return self.end


def collate(rows: Sequence[Encoded], pad: int) -> Tensors:
    """Return a batch padded on the right: input_ids, attention_mask, and labels that are IGNORED outside answers.

    pad: any token id; it may be the end mark, since nothing is told from it. No rows: one token without a label, a pass
    that adds nothing.
    """
    shape = (max(1, len(rows)), max((len(row) for row in rows), default=1))
    ids, labels, mask = np.full(shape, pad, np.int64), np.full(shape, IGNORED, np.int64), np.zeros(shape, np.int64)
    mask[:, 0] = 1
    for at, row in enumerate(rows):
        ids[at, : len(row)], mask[at, : len(row)] = row.ids, 1
        labels[at, : len(row)] = np.where(row.answer, row.ids, IGNORED)
    parts = {"input_ids": ids, "attention_mask": mask, "labels": labels}
    return {name: torch.from_numpy(part) for name, part in parts.items()}


def collate_packed(rows: Sequence[Encoded], pad: int) -> Tensors:
    """Return rows laid end to end in one sequence: input_ids, labels and position_ids, which start again with each row.

    By the positions a model of ``transformers`` sees where a row begins, and lets none look into another (``packs_apart``). The
    first token of a row is never predicted. No rows: one token without a label.
    """
    parts = [np.full(1, pad, np.int64)] if not rows else [row.ids.astype(np.int64) for row in rows]
    labels = [np.where(row.answer, row.ids, IGNORED) for row in rows] or [np.full(1, IGNORED)]
    for part in labels:
        part[0] = IGNORED
    positions = [np.arange(len(part)) for part in parts]
    made = {"input_ids": parts, "labels": labels, "position_ids": positions}
    return {name: torch.from_numpy(np.concatenate(cells).astype(np.int64)[None]) for name, cells in made.items()}


def check_packs_apart(model: torch.nn.Module, ids: I64) -> None:
    """Raise ConfigError where packed rows see each other: where a row's logits change with the row before it.

    ids: (m,) a few different tokens of the model, m at least 4. The model must not keep a cache, as in training.
    """
    short = ids.astype(np.int32)
    half = len(ids) // 2
    told = [
        Encoded(np.asarray(part, dtype=np.int32), np.ones(len(part), dtype=bool))
        for part in (short[:half], short[half:])
    ]
    device = next(model.parameters()).device
    was = model.training
    with torch.no_grad():
        model.eval()
        packed, alone = (
            model(**{name: part.to(device) for name, part in collate_packed(rows, 0).items()}).logits[
                0, half - len(ids) :
            ]
            for rows in (told, told[1:])
        )
        model.train(was)
    if not torch.allclose(packed, alone, atol=1e-2, rtol=1e-2):
        raise ConfigError("this model lets packed rows see each other", "train it without --packing")
