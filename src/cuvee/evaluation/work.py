"""What the steps of an evaluation share: the run, what was asked, the questions, and the model."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cuvee.evaluation.asked import EvaluateAsk
from cuvee.evaluation.reading import Read
from cuvee.models import causal
from cuvee.models.causal import Causal
from cuvee.runs import Run, digest

BESIDE = (
    "chat_template.jinja",
    "tokenizer_config.json",
    "generation_config.json",
    "config.json",
)  # change what is said


@dataclass
class Work:
    """What the steps share: the run, what is ask, the questions, and the model, loaded when it is first needed."""

    run: Run
    ask: EvaluateAsk
    read: Read

    @cached_property
    def model(self) -> Causal:
        """The loaded model."""
        return causal.load(self.ask.model, device=self.ask.device, dtype=self.ask.precision)

    @cached_property
    def depends(self) -> dict[str, Any]:
        """What every result depends on: the model's files, where and how precisely it runs, and the questions."""
        ask = self.ask
        folder = causal.folder_of(ask.model)
        beside = [(folder / name).read_bytes().hex() for name in BESIDE if (folder / name).is_file()]
        return {
            "model": [causal.version_of(folder), digest(beside), ask.device, ask.precision],
            "questions": [[file["sha256"], file["file"]] for file in self.read.files],
            "reading": [ask.limit, ask.columns, ask.dialect, ask.seed],
            "batch": ask.settings.batch_tokens,
        }
