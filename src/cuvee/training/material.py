"""What the steps of a training are made of: units and their tensors, the loss over them, and what a step is worth."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cuvee.arrays import I64
from cuvee.render import Encoded

if TYPE_CHECKING:
    import torch

Tensors = Mapping[str, "torch.Tensor"]  # what a model reads: input_ids, labels, ... by name
Collate = Callable[[I64], Tensors]  # row numbers, perhaps none -> what one forward pass reads
# (model, tensors of a pass, items of the step) -> the pass's part of the step's loss. The passes tell their items themselves.
Loss = Callable[["torch.nn.Module", Tensors, "torch.Tensor"], "torch.Tensor"]
Reward = Callable[["torch.nn.Module"], float]  # the model as it is after a step -> how good it is; higher is better


@dataclass(frozen=True)
class Material:
    """What steps are made of: m units, which are rows unless ``Units`` says otherwise.

    lengths: (m,) tokens of a unit in a pass. usable: numbers of the units that can be learnt from. make: numbers of units ->
    what a forward pass reads. loss: in place of the model's own. turns: versions of every unit, which take turns from one
    epoch to the next; version v of unit u is number u + v * m, lengths are (turns * m,), and usable names the first version.
    """

    lengths: I64
    usable: I64
    make: Collate
    loss: Loss | None = None
    turns: int = 1


class Units(Protocol):
    """What a step draws in place of rows, such as blends of two rows."""

    def over(self, rows: Sequence[Encoded], pad: int) -> Material:
        """Return the material over these rows, which are cut to length; pad: the id that fills up."""

    def print(self) -> str:
        """Return a hash that stands for the units."""
