"""The lower layers of a model, frozen: what they make of a row is computed once, and what is above them is trained.

A decoder is a chain of layers, so the states that leave layer L of a frozen chain are a function of the row alone. A model that
is cut there reads these states in place of embeddings; its upper layers, norm and head do exactly what they do in the whole
model. A head that is tied to the embeddings is untied: it is trained, the embeddings below the cut are not. Imports torch;
import it late.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from cuvee.errors import ConfigError
from cuvee.models import causal as models
from cuvee.models.causal import Causal
from cuvee.progress import say
from cuvee.runs import digest

MOST = 4 << 30  # bytes of states that are kept; rows beyond are read anew each time
PROBE = 12  # tokens on which the parts are compared with the whole
AS_WHOLE = 1e-3  # the largest difference of logits, in their own spread


class Trunk:
    """The frozen part of a base model. layers: how many; of: as many as the whole model has."""

    def __init__(self, base: Causal, layers: int) -> None:
        body = _body(base.model)
        self.of = len(body.layers)
        if not 0 < layers < self.of:
            raise ConfigError(f"--trunk is {layers} and {base.name} has {self.of} layers", f"give 1 to {self.of - 1}")
        self.layers, self.name, self.device = layers, base.name, base.device
        self.types = getattr(base.model.config, "layer_types", None)
        self.half = models.fast_bf16(base.device)
        body.layers, body.norm = body.layers[:layers], nn.Identity()
        _sized(base.model.config, layers, self.types and self.types[:layers])
        self.body = body.requires_grad_(False).eval()
        self.reads = deepcopy(self.body).to(torch.bfloat16) if self.half else self.body
        self.kept: dict[bytes, Tensor] = {}
        self.bytes = 0

    def states(self, ids: Tensor, lengths: Tensor) -> Tensor:
        """Return (b, m, d) float32 what leaves the frozen layers; 0 behind the end of a row, where nobody looks.

        ids: (b, m), padded on the right. lengths: (b,) tokens of each row.
        """
        sizes = lengths.tolist()
        rows = [ids[at, :size] for at, size in enumerate(sizes)]
        keys = [row.cpu().numpy().tobytes() for row in rows]
        new = [at for at, key in enumerate(keys) if key not in self.kept]
        read = dict(zip(new, self._read([rows[at] for at in new]), strict=True)) if new else {}
        width = next(iter(read.values())).shape[1] if read else self.kept[keys[0]].shape[1]
        found = torch.zeros(len(rows), ids.shape[1], width, device=ids.device)
        for at, (key, size) in enumerate(zip(keys, sizes, strict=True)):
            found[at, :size] = read[at] if at in read else self.kept[key]
        for at, part in read.items():
            self._keep(keys[at], part)
        return found

    def _read(self, rows: list[Tensor]) -> list[Tensor]:
        """Return the states of rows, read in one batch."""
        batch = nn.utils.rnn.pad_sequence(rows, batch_first=True)
        with torch.inference_mode(False), torch.no_grad():  # they are learnt from, too
            hidden = self.reads(input_ids=batch, use_cache=False).last_hidden_state
        return [hidden[at, : len(row)].clone() for at, row in enumerate(rows)]

    def _keep(self, key: bytes, states: Tensor) -> None:
        size = states.numel() * states.element_size()
        if self.bytes + size <= MOST and key not in self.kept:
            self.kept[key] = states
            self.bytes += size

    def cut(self, causal: Causal) -> Causal:
        """Return a whole model of this base's shape without its frozen layers, changed in place: it reads states.

        Raises ConfigError where the parts do not do what the whole does.
        """
        model, body = causal.model, _body(causal.model)
        head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
        if head.weight is embeddings.weight:
            head.weight = nn.Parameter(head.weight.detach().clone())
        model.config.tie_word_embeddings = False
        embeddings.requires_grad_(False)
        body.layers = body.layers[self.layers :]
        _sized(model.config, len(body.layers), self.types and self.types[self.layers :])
        self._hook(model)
        version = digest([causal.version, "trunk", self.layers, self.half])
        return replace(causal, trunk=self, version=version)

    def copy(self, causal: Causal) -> Causal:
        """Return a copy of a model that was cut, with weights of its own but for the embeddings, which it does not read."""
        embeddings = causal.model.get_input_embeddings()
        _unhook(causal.model)
        copied: PreTrainedModel = deepcopy(causal.model, {id(embeddings): embeddings})
        for model in (causal.model, copied):
            self._hook(model)
        return replace(causal, model=copied)

    @contextmanager
    def whole(self, model: PreTrainedModel) -> Iterator[None]:
        """Hold a model that was cut as a whole one meanwhile, to be saved or to write."""
        base = _base(model)
        body, upper = _body(base), _body(base).layers
        _unhook(base)
        body.layers = nn.ModuleList([*self.body.layers, *upper])
        _sized(base.config, self.of, self.types, caches=True)
        _renumber(model, self.layers)
        try:
            yield
        finally:
            _renumber(model, -self.layers)
            body.layers = upper
            _sized(base.config, len(upper), self.types and self.types[self.layers :])
            self._hook(base)

    def _hook(self, model: PreTrainedModel) -> None:
        _body(model).register_forward_pre_hook(_reading(self), with_kwargs=True)


Named = dict[str, Tensor | None]
Hook = Callable[[nn.Module, tuple[object, ...], Named], tuple[tuple[object, ...], Named]]


def _reading(trunk: Trunk) -> Hook:
    """Return a hook that puts a row's states in the place of its ids.

    The row's length is told by a mask, or by ``lengths`` where a reader needs no mask; without either a row has no padding.
    """

    def states(module: nn.Module, args: tuple[object, ...], named: Named) -> tuple[tuple[object, ...], Named]:
        named = dict(named)
        ids, lengths, mask = named.pop("input_ids", None), named.pop("lengths", None), named.get("attention_mask")
        if ids is None:
            raise ConfigError(
                f"{trunk.name} is frozen up to layer {trunk.layers}, so inputs cannot be mixed below it",
                "leave out --trunk",
            )
        if lengths is None:
            lengths = torch.full((len(ids),), ids.shape[1]) if mask is None else mask.sum(dim=1)
        upper = next(iter(module.layers.parameters()))  # 16 bits on a GPU, 32 while it is trained
        return args, {**named, "inputs_embeds": trunk.states(ids, lengths).to(upper.dtype)}

    return states


def _unhook(model: PreTrainedModel) -> None:
    _body(model)._forward_pre_hooks.clear()
    _body(model)._forward_pre_hooks_with_kwargs.clear()


def _base(model: PreTrainedModel) -> PreTrainedModel:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _body(model: PreTrainedModel) -> nn.Module:
    body: nn.Module = getattr(_base(model), "get_decoder", lambda: None)()
    if body is None or not isinstance(getattr(body, "layers", None), nn.ModuleList) or not hasattr(body, "norm"):
        raise ConfigError(
            f"{type(model).__name__} cannot be cut into layers", "leave out --trunk, or take another model"
        )
    return body


def _renumber(model: PreTrainedModel, by: int) -> None:
    """Let the settings of adapters name the layers by their numbers in the whole model, or in the cut one again."""
    for adapter in getattr(model, "peft_config", {}).values():
        names = adapter.target_modules
        if isinstance(names, set | list):
            moved = (re.sub(r"(?<=layers\.)\d+", lambda at: str(int(at[0]) + by), name) for name in names)
            adapter.target_modules = type(names)(moved)


def _sized(config: PretrainedConfig, layers: int, types: list[str] | None, *, caches: bool = False) -> None:
    """Tell the settings of a model how many layers it has; a cut one keeps no cache, whose places count in the whole."""
    config.num_hidden_layers, config.use_cache = layers, caches
    if types:
        config.layer_types = list(types)


@lru_cache(maxsize=1)
def _cut_once(base: Path, version: str, layers: int) -> tuple[Trunk, Causal]:
    """Return the trunk of a base and its upper part, as every training starts from it; checked against the whole."""
    whole = models.load(base)
    ids = torch.arange(2, 2 + PROBE, device=whole.device)[None] % whole.model.get_input_embeddings().weight.shape[0]
    with torch.no_grad():
        wanted = whole.model(input_ids=ids, use_cache=False).logits.float()
    trunk = Trunk(models.load(base), layers)
    upper = trunk.cut(whole)
    with torch.no_grad():
        found = upper.model(input_ids=ids, use_cache=False).logits.float()
    far = float((found - wanted).abs().max()) / max(float(wanted.std()), 1e-6)
    if far > (0.5 if trunk.half else AS_WHOLE):
        raise ConfigError(f"{whole.name} does otherwise in parts than as a whole", "leave out --trunk")
    say(f"trunk     {layers} of {trunk.of} layers of {base} are frozen{' and read in bfloat16' if trunk.half else ''}")
    return trunk, upper


def fresh(base: Path, layers: int) -> Causal:
    """Return the upper part of a base model, ready to be trained; the frozen part and its states are shared.

    Raises ConfigError for a model that cannot be cut, or not there.
    """
    trunk, upper = _cut_once(base, models.version_of(base), layers)
    return trunk.copy(upper)


def cut(causal: Causal, base: Path, layers: int) -> Causal:
    """Return a whole model that a training of this base left, cut as that one was (changed in place)."""
    trunk, _ = _cut_once(base, models.version_of(base), layers)
    return trunk.cut(causal)
