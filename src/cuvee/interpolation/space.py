"""A row as the model's embedding layer sees it: the mean of its token embeddings, in which a blend is an exact linear mix."""

from collections.abc import Sequence

import numpy as np

from cuvee.arrays import F32, I64
from cuvee.geometry.distances import blocks
from cuvee.models.causal import Causal
from cuvee.models.forward import width
from cuvee.render import Encoded

TOKENS = 8_192  # different tokens that are looked up at once
ROWS = 4_096


def token_means(causal: Causal, rows: Sequence[Encoded]) -> F32:
    """Return (n, d) float32 means over all tokens of a row of what the input embedding layer gives; 0 for no tokens.

    As the layer gives them: where a model scales its embeddings inside it, they are scaled. Each token that occurs is looked
    up once, and a block of rows is one product with a sparse matrix of shares.
    """
    from scipy.sparse import csr_matrix

    found = np.zeros((len(rows), width(causal)), dtype=np.float32)
    if not any(map(len, rows)):
        return found
    seen = np.zeros(max(int(row.ids.max(initial=0)) for row in rows) + 1, dtype=bool)
    for row in rows:
        seen[row.ids] = True
    used = np.flatnonzero(seen).astype(np.int64)
    table = _looked_up(causal, used)
    for block in blocks(len(rows), ROWS):
        part = rows[block]
        lengths = np.array([len(row) for row in part], dtype=np.int64)
        columns = np.searchsorted(used, np.concatenate([row.ids for row in part]))
        shares = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
        starts = np.concatenate([[0], np.cumsum(lengths)])
        found[block] = csr_matrix((shares, columns, starts), shape=(len(part), len(used))) @ table
    return found


def _looked_up(causal: Causal, ids: I64) -> F32:
    """Return (u, d) float32 what the layer gives for each id."""
    import torch

    layer = causal.model.get_input_embeddings()
    with torch.inference_mode():
        parts = [
            layer(torch.from_numpy(ids[block]).to(causal.device)).float().cpu().numpy()
            for block in blocks(len(ids), TOKENS)
        ]
    return np.concatenate(parts)
