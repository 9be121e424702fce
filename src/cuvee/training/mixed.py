"""Train on a mixture: the same loop, steps and checkpoints as for rows; only what a step holds and its loss are other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.training import sft
from cuvee.training.beside import BesideUnits
from cuvee.training.material import Material, Units
from cuvee.training.meeting import Spans, widths
from cuvee.training.mixture import Mixture
from cuvee.training.settings import Training


@dataclass(frozen=True)
class MixedRows:
    """A mixture, and the rows that its numbers count in, as the model reads them."""

    entries: Mixture
    rows: Sequence[Encoded]


@dataclass(frozen=True)
class MixedUnits:
    """A mixture as what a step draws from; see ``material.Units``. entries: numbers count in the rows trained on.

    longest: tokens that the model can read.
    """

    entries: Mixture
    longest: int

    def over(self, rows: Sequence[Encoded], pad: int) -> Material:
        """Return the material over these rows; an entry without an answer token cannot be learnt from."""
        from cuvee.training.mixed_batches import collate_mixture, items_of
        from cuvee.training.mixed_loss import mixed_loss

        spans = Spans.of(rows, self.longest)
        usable = np.flatnonzero(items_of(self.entries, rows) > 0).astype(np.int64)
        return Material(
            widths(self.entries, spans),
            usable,
            lambda numbers: collate_mixture(self.entries[numbers], rows, spans, pad),
            mixed_loss,
        )

    def print(self) -> str:
        """Return a hash that stands for the mixture."""
        return self.entries.print()


def units_of(entries: Mixture, longest: int) -> Units:
    """Return what a step over a mixture draws from: its entries, or its rows, each with the blends beside it."""
    return MixedUnits(entries, longest) if entries.reading.weight is None else BesideUnits(entries, longest)


def train(causal: Causal, mixed: MixedRows, settings: Training, folder: Path | None, *, seed: int) -> sft.Trained:
    """Train a model in place on a mixture; everything else as ``sft.train`` says.

    Its ``rows`` and ``left_out`` count entries; rows where blends stand beside them. Raises ConfigError for a model that cannot
    read embeddings.
    """
    from cuvee.models.needs import need
    from cuvee.training.mixed_loss import check_takes_embeddings

    need("accelerate", purpose="training")
    check_takes_embeddings(causal)
    units = units_of(mixed.entries, causal.max_length)
    return sft.train(causal, mixed.rows, settings, folder, seed=seed, units=units)
