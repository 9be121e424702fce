"""Who else is told of every step of a training: TensorBoard, trackio or Weights & Biases, by the trainer's own callbacks."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from cuvee import names
from cuvee.errors import MissingExtraError

NONE = "none"
KNOWN = {NONE: "nobody", "tensorboard": "files in the run folder", "trackio": "on this machine", "wandb": "a service"}
FOLDER, PROJECT = "tensorboard", "cuvee"


def check(to: str) -> None:
    """Raise ConfigError for a name that is not known, MissingExtraError where its library is not installed."""
    names.find(KNOWN, to, "--report-to")
    if to != NONE and find_spec(to) is None:
        raise MissingExtraError(to, "report", f"--report-to {to}")


@contextmanager
def told(run: Path) -> Iterator[None]:
    """Let the callbacks call a training by its run folder, and TensorBoard write there; a setting of one's own stands."""
    own = {"TENSORBOARD_LOGGING_DIR": str(run / FOLDER), "WANDB_PROJECT": PROJECT, "WANDB_NAME": run.name}
    new = {name: value for name, value in own.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]
