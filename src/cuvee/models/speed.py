"""How long a model's work takes on this machine, before it is loaded: floating-point operations over what the machine does."""

import struct
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from cuvee.models import place

EFFICIENCY = 0.5  # what training and reading reach of the machine's matrix product (about half on a CPU)
WRITING = 0.1  # what writing reaches of it: token by token, the weights are read again for each
START = 1.5  # seconds that loading a model and saving it take
TRAIN, READ = 6, 2  # operations per parameter and token: forward and backward, forward alone


@dataclass(frozen=True, kw_only=True)
class ModelWork:
    """What a model is asked to do, in tokens. loads: how often it is loaded or saved."""

    trained: float = 0
    read: float = 0
    written: float = 0
    loads: int = 1

    def seconds(self, model: Path | int) -> float:
        """Return about how long a model, by its folder or its parameters, takes for it, to a factor of about two."""
        size = model if isinstance(model, int) else parameters(model)
        quick = size * (TRAIN * self.trained + READ * self.read) / EFFICIENCY
        slow = size * READ * self.written / WRITING
        return (quick + slow) / speed() + START * self.loads

    @property
    def tokens(self) -> int:
        """All tokens that pass through the model."""
        return round(self.trained + self.read + self.written)


def parameters(folder: Path) -> int:
    """Return the number of parameters of a model folder, read from the heads of its safetensors files."""
    total = 0
    for path in folder.glob("*.safetensors"):
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            head = orjson.loads(file.read(length))
        total += sum(int(np.prod(tensor["shape"])) for name, tensor in head.items() if name != "__metadata__")
    return total


def speed() -> float:
    """Return the floating-point operations per second of this machine's matrix product, measured in a moment."""
    import torch

    device = place.asked().device or ("cuda" if torch.cuda.is_available() else "cpu")
    n, kind = 1_024, torch.float32
    if device.startswith("cuda"):
        n, kind = 8_192, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    A = torch.ones((n, n), dtype=kind, device=device)
    best = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        float((A @ A)[0, 0])
        best = min(best, time.perf_counter() - start)
    return 2 * n**3 / best
