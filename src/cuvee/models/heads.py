"""A causal model in two parts, body and vocabulary head, so that the head is paid only where it counts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from cuvee.models.causal import Causal
from cuvee.progress import say

if TYPE_CHECKING:
    import torch
    from transformers import PretrainedConfig, PreTrainedModel

Project = Callable[["torch.Tensor"], "torch.Tensor"]  # (m,) places in the flattened batch -> (m, vocabulary) logits
# (b, m) ids padded on the right, (b,) lengths of their rows -> (b, m, d) last hidden states, and the logits of places
Read = Callable[["torch.Tensor", "torch.Tensor"], tuple["torch.Tensor", Project]]

PROBE = 6  # tokens on which the two parts are compared with the whole
TOLERANCE = {"float32": 1e-3, "bfloat16": 0.25, "float16": 0.05}  # relative to 1 + the mean logit
PADDED = 0.02  # relative to the mean logit, where padding changes the shapes of the products


def reader(causal: Causal) -> Read:
    """Return the function that reads a batch of right-padded ids.

    The model is read in two parts where that is found to give its own logits, on a few tokens and without a mask for the
    padding; else as a whole, which costs more.
    """
    model = causal.model.get_base_model() if hasattr(causal.model, "get_base_model") else causal.model
    body, head = getattr(model, "get_decoder", lambda: None)(), model.get_output_embeddings()
    if body is None or body is model or head is None or not _agrees(model, body, head):
        say(f"{causal.name}: body and vocabulary head cannot be told apart, so every position pays for the head")
        return lambda ids, lengths: _whole(model, ids)
    cut = causal.trunk is not None  # it looks rows up by their ids, and so must know where they end
    return lambda ids, lengths: _parts(model, body, head, ids, **({"lengths": lengths} if cut else {}))


def _parts(
    model: "PreTrainedModel",
    body: "torch.nn.Module",
    head: "torch.nn.Module",
    ids: "torch.Tensor",
    **known: "torch.Tensor",
) -> tuple["torch.Tensor", Project]:
    hidden = body(input_ids=ids, use_cache=False, **known).last_hidden_state
    flat = hidden.reshape(-1, hidden.shape[-1])
    return hidden, lambda places: scaled(head(flat[places]), model.config)


def _whole(model: "PreTrainedModel", ids: "torch.Tensor") -> tuple["torch.Tensor", Project]:
    found = model(input_ids=ids, use_cache=False, output_hidden_states=True)
    flat = found.logits.reshape(-1, found.logits.shape[-1])
    return found.hidden_states[-1], lambda places: flat[places]


def scaled(logits: "torch.Tensor", config: "PretrainedConfig") -> "torch.Tensor":
    """Return the logits as the model's own forward pass changes them after the head (Cohere, Granite, Gemma 2)."""
    config = config.get_text_config()
    if getattr(config, "logit_scale", None):
        logits = logits * config.logit_scale
    if getattr(config, "logits_scaling", None):
        logits = logits / config.logits_scaling
    if cap := getattr(config, "final_logit_softcapping", None):
        logits = (logits / cap).tanh() * cap
    return logits


def _agrees(model: "PreTrainedModel", body: "torch.nn.Module", head: "torch.nn.Module") -> bool:
    """Return whether the parts give the whole's logits, and padding behind a row leaves them alone.

    With padding the products have other shapes, whose rounding a trained model can blow up; what looks ahead differs by more.
    """
    import torch

    weight = head.weight
    ids = torch.arange(2, 2 + PROBE, device=weight.device)[None] % weight.shape[0]
    places = torch.arange(PROBE, device=weight.device)
    whole = model(input_ids=ids, use_cache=False).logits[0]
    tolerance = TOLERANCE.get(str(weight.dtype).removeprefix("torch."), 1e-3)
    padded = torch.nn.functional.pad(ids, (0, 3))
    alone, before_padding = (_parts(model, body, head, one)[1](places) for one in (ids, padded))
    size = whole.abs().mean(dim=1)
    return _near(alone, whole, tolerance * (1 + size)) and _near(before_padding, whole, max(tolerance, PADDED) * size)


def _near(parts: "torch.Tensor", whole: "torch.Tensor", tolerance: "torch.Tensor") -> bool:
    """Compare position by position over the whole vocabulary: single logits of rare tokens differ more by rounding alone."""
    return bool(((parts - whole).abs().mean(dim=1) <= tolerance).all())
