"""Train on a mixture: the same loop, steps and checkpoints as for rows; only what a step holds and its loss are other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuvee.models.causal import Causal
from cuvee.render import Encoded
from cuvee.training import sft
from cuvee.training.material import Material
from cuvee.training.mixture import Mixture
from cuvee.training.settings import Training


@dataclass(frozen=True)
class MixedRows:
    """A mixture, and the rows that its numbers count in, as the model reads them."""

    entries: Mixture
    rows: Sequence[Encoded]


@dataclass(frozen=True)
class MixedUnits:
    """A mixture as what a step draws from; see ``material.Units``. entries: numbers count in the rows trained on."""

    entries: Mixture

    def over(self, rows: Sequence[Encoded], pad: int) -> Material:
        """Return the material over these rows; an entry without an answer token cannot be learnt from."""
        from cuvee.training.mixed_batches import collate_mixture, items_of, lengths_of
        from cuvee.training.mixed_loss import mixed_loss

        answers = items_of(self.entries, rows)
        return Material(
            lengths_of(self.entries, rows),
            answers,
            np.flatnonzero(answers > 0).astype(np.int64),
            lambda numbers: collate_mixture(self.entries[numbers], rows, pad),
            mixed_loss,
        )

    def print(self) -> str:
        """Return a hash that stands for the mixture."""
        return self.entries.print()


def train(causal: Causal, mixed: MixedRows, settings: Training, folder: Path | None, *, seed: int) -> sft.Trained:
    """Train a model in place on a mixture; everything else as ``sft.train`` says.

    Its ``rows`` and ``left_out`` count entries. Raises ConfigError for a model that cannot read embeddings.
    """
    from cuvee.models.needs import need
    from cuvee.training.mixed_loss import check_takes_embeddings

    need("accelerate", purpose="training")
    check_takes_embeddings(causal)
    return sft.train(causal, mixed.rows, settings, folder, seed=seed, units=MixedUnits(mixed.entries))
