"""The loss of rows and blends in one batch, from one forward pass of an unpatched model over mixed token embeddings.

MDIT (arXiv 2504.07288): H = lambda H_i + (1 - lambda) H_j and Y = lambda Y_i + (1 - lambda) Y_j. The cross entropy with the
soft target Y is exactly lambda CE(logits, y_i) + (1 - lambda) CE(logits, y_j), so the (length, vocabulary) target is never
built. Imports torch; import it late.
"""

import inspect

import torch
from torch import Tensor, nn

from cuvee.errors import ConfigError
from cuvee.models.causal import Causal
from cuvee.training.batches import IGNORED
from cuvee.training.material import Tensors

AS_GIVEN = 1e-3  # the largest difference of logits, in their own spread, between ids and their embeddings


def mixed_loss(model: nn.Module, batch: Tensors, items: Tensor) -> Tensor:
    """Return the batch's part of a step's loss, in nats; over all passes of a step it adds up to the mean.

    batch: see ``collate_mixture``. items: the answer tokens of the whole step, each counted by its share: the sum of lambda
    over left ones and of 1 - lambda over right ones. So one unit of target weighs the same in every entry however the step is
    cut into passes, and an entry with lambda 1 (0) has the loss and the gradients of the plain left (right) row. An entry's
    loss is multiplied by its ``factor``: blends beside their rows count otherwise than these, and not among the items.
    """
    hidden = mixed_embeddings(model, batch)
    union = batch["left_mask"] | batch["right_mask"]
    union[:, 0] = 1  # a pass without entries reads one token
    left, right = batch["left_labels"][:, 1:], batch["right_labels"][:, 1:]
    told = (left != IGNORED) | (right != IGNORED)
    columns = told.any(dim=0).nonzero()[:, 0]  # the vocabulary head is the dear part, and prompts need none
    only = {"logits_to_keep": columns} if _keeps(model) else {}
    logits = model(inputs_embeds=hidden, attention_mask=union, use_cache=False, **only).logits
    logits = logits if only else logits[:, columns]
    left, right, told = left[:, columns], right[:, columns], told[:, columns]
    picked = logits[told]
    picked = picked if picked.dtype == torch.float64 else picked.float()
    normaliser = torch.logsumexp(picked, dim=-1)
    share, factor = (batch[name].to(picked.dtype)[:, None].expand(told.shape)[told] for name in ("weight", "factor"))
    total = _side(picked, normaliser, left[told], factor * share)
    total = total + _side(picked, normaliser, right[told], factor * (1 - share))
    return (total + 0 * hidden.sum()) / items if not told.any() else total / items


def mixed_embeddings(model: nn.Module, batch: Tensors) -> Tensor:
    """Return (b, m, d) the mixes of both sides' token embeddings; where a side has no token it adds nothing.

    Past the shorter row only the longer one is left, times its own share.
    """
    layer = (
        model.get_input_embeddings() if hasattr(model, "get_input_embeddings") else model.module.get_input_embeddings()
    )
    left, right = layer(batch["left_ids"]), layer(batch["right_ids"])
    share = batch["weight"].to(left.dtype)[:, None, None]
    left_share = share * batch["left_mask"].to(left.dtype)[:, :, None]
    right_share = (1 - share) * batch["right_mask"].to(left.dtype)[:, :, None]
    return left_share * left + right_share * right


def _keeps(model: nn.Module) -> bool:
    """Return whether a model can be asked for the logits of some positions only."""
    whole = getattr(model, "module", model)  # under several processes
    base = whole.get_base_model() if hasattr(whole, "get_base_model") else whole  # under LoRA
    return "logits_to_keep" in inspect.signature(base.forward).parameters


def _side(logits: Tensor, normaliser: Tensor, labels: Tensor, share: Tensor) -> Tensor:
    """Return the sum over the labels that count of share * (log-sum-exp - logit of the label)."""
    counted = labels != IGNORED
    at = logits.gather(-1, labels.clamp(min=0)[:, None])[:, 0]
    return ((normaliser - at) * share * counted).sum()


def check_takes_embeddings(causal: Causal) -> None:
    """Raise ConfigError where a model reads token embeddings otherwise than the ids they come from.

    Such as one that scales its embeddings only where it looks them up itself: its blends would not be mixes of its rows.
    """
    model, size = causal.model, int(causal.model.get_input_embeddings().weight.shape[0])
    ids = torch.arange(min(size, 24), device=causal.device)[None]
    was = model.training
    model.eval()
    with torch.inference_mode():
        by_ids = model(input_ids=ids, use_cache=False).logits.float()
        embedded = model(inputs_embeds=model.get_input_embeddings()(ids), use_cache=False).logits.float()
    model.train(was)
    if float((by_ids - embedded).abs().max()) > AS_GIVEN * max(float(by_ids.std()), 1e-6):
        raise ConfigError(
            f"{causal.name} reads embeddings otherwise than its own tokens, so it cannot be trained on blends",
            "take another model, or select rows without blends (cuvee select --method k-means)",
        )
