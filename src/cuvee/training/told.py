"""Rows whose loss pays for the vocabulary head only where an answer is told: half of a cut model's work is its head."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cuvee.arrays import I64
from cuvee.render import Encoded
from cuvee.training.material import Material, Tensors
from cuvee.training.rows import RowUnits

if TYPE_CHECKING:
    import torch


class ToldRows:
    """Rows as what a step draws from; see ``material.Units``. The loss is the same mean over answer tokens."""

    def over(self, rows: Sequence[Encoded], pad: int) -> Material:
        """Return the material over these rows."""
        from cuvee.training.batches import IGNORED

        plain = RowUnits(list(rows)).over(rows, pad)

        def make(numbers: I64) -> Tensors:
            batch = plain.make(numbers)
            return {**batch, "items": (batch["labels"][:, 1:] != IGNORED).sum().double()}

        return Material(plain.lengths, plain.answers, plain.usable, make, told_loss)

    def print(self) -> str:
        """Return a hash that stands for the units, beside the rows."""
        return "told"


def told_loss(model: "torch.nn.Module", batch: Tensors, items: "torch.Tensor") -> "torch.Tensor":
    """Return the batch's part of a step's loss in nats: the sum over its answer tokens over the items of the step."""
    import torch

    from cuvee.models.heads import scaled
    from cuvee.training.batches import IGNORED

    whole = getattr(model, "module", model)
    base = whole.get_base_model() if hasattr(whole, "get_base_model") else whole  # under LoRA
    body, head = base.get_decoder(), base.get_output_embeddings()
    hidden = body(
        input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False
    ).last_hidden_state
    labels = batch["labels"][:, 1:]
    told = labels != IGNORED
    if not told.any():
        return 0 * hidden.sum() / items
    logits = scaled(head(hidden[:, :-1][told]), base.config).float()
    return torch.nn.functional.cross_entropy(logits, labels[told], reduction="sum") / items
