"""Distill a static embedder from a sentence embedder: ``python -m cuvee.models.distill TEACHER_FOLDER NEW_FOLDER``.

Every token of the vocabulary goes through the teacher alone; the means are reduced to 256 dimensions by PCA and weighted
by how rare the token is (Model2Vec, Tulkens and van Dongen, 2024).
"""

import sys
from pathlib import Path

from cuvee import disk

DIMENSIONS = 256


def static_embedder(teacher: str, folder: str) -> None:
    """Write the static embedder of the model folder ``teacher`` into ``folder``. Needs torch, transformers, skeletoken."""
    from model2vec.distill import distill

    with disk.library(Path(folder)):
        distill(model_name=teacher, pca_dims=DIMENSIONS, device="cpu", trust_remote_code=False).save_pretrained(folder)


if __name__ == "__main__":
    static_embedder(*sys.argv[1:])
