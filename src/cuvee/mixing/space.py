"""A row as the model's embedding layer sees it: the mean of its token embeddings, in which a blend is an exact linear mix."""

from collections.abc import Sequence

import numpy as np

from cuvee.arrays import F32
from cuvee.models.causal import Causal
from cuvee.models.forward import width
from cuvee.progress import bar
from cuvee.render import Encoded

TOKENS = 16_384  # tokens of a block: 16,384 x 576 float32 is 38 MB


def token_means(causal: Causal, rows: Sequence[Encoded]) -> F32:
    """Return (n, d) float32 means over all tokens of a row of what the input embedding layer gives; 0 for no tokens.

    As the layer gives them: where a model scales its embeddings inside it, they are scaled.
    """
    import torch

    layer, found = causal.model.get_input_embeddings(), np.zeros((len(rows), width(causal)), dtype=np.float32)
    with torch.inference_mode(), bar("embedding", len(rows)) as advance:
        for part in _parts(rows):
            ids = np.concatenate([rows[row].ids for row in part]).astype(np.int64)
            vectors = layer(torch.from_numpy(ids).to(causal.device)).float().cpu().numpy()
            lengths = np.array([len(rows[row]) for row in part])
            sums = np.add.reduceat(vectors, np.cumsum(lengths) - lengths, axis=0)
            found[part] = sums / lengths[:, None]
            advance(len(part))
    return found


def _parts(rows: Sequence[Encoded]) -> list[list[int]]:
    """Return numbers of rows that have tokens, in groups of a bounded number of tokens."""
    parts: list[list[int]] = []
    size = TOKENS
    for row, one in enumerate(rows):
        if not len(one):
            continue
        if size + len(one) > TOKENS:
            parts.append([])
            size = 0
        parts[-1].append(row)
        size += len(one)
    return parts
