"""The parts of the verbs as functions, held against brute force and against the verbs themselves."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import cuvee
from cuvee.arrays import F64
from cuvee.errors import ConfigError, InputError, SelectionError
from cuvee.planting.files import write


def vectors(n: int = 80, d: int = 6) -> F64:
    return np.random.default_rng(3).normal(size=(n, d))


def farthest(X: F64, k: int, taken: list[int]) -> list[int]:
    """Greedy k-center by the definition."""
    chosen = list(taken)
    while len(chosen) < k + len(taken):
        gap = np.linalg.norm(X[:, None] - X[chosen][None], axis=2).min(axis=1)
        gap[chosen] = -1
        chosen.append(int(gap.argmax()))
    return chosen[len(taken) :]


def test_kcenter_is_greedy_by_the_definition() -> None:
    X = vectors()
    first = int(np.linalg.norm(X - X.mean(axis=0), axis=1).argmin())
    assert cuvee.kcenter(X, 9).tolist() == [first, *farthest(X, 8, [first])]
    assert cuvee.kcenter(X, 5, taken=[4, 2]).tolist() == farthest(X, 5, [2, 4])


@pytest.mark.parametrize("method", ["uniform", "k-means", "density"])
def test_every_method_over_vectors_gives_different_rows(method: str) -> None:
    rows = cuvee.choose(vectors(), 10, method, seed=1)
    assert len(set(rows.tolist())) == 10
    assert np.array_equal(rows, cuvee.choose(vectors(), 10, method, seed=1))
    with pytest.raises(ConfigError, match="no setting"):
        cuvee.choose(vectors(), 10, method, colour="red")


def test_what_is_no_matrix_or_needs_more_is_one_line() -> None:
    with pytest.raises(InputError, match="1 dimensions"):
        cuvee.kmeans(np.arange(5.0), 2)
    with pytest.raises(SelectionError):
        cuvee.choose(vectors(), 3, "stratified")


def test_read_embed_and_choose_are_the_verb(tmp_path: Path) -> None:
    pool = write(tmp_path, 200, seed=2).pool
    run = cuvee.select(pool, budget=8, method="k-center", embedder="lexical", draws=1, out=tmp_path / "run")
    ledger = run.ledger()
    clean = ledger.filter((ledger["status"] == "kept") | (ledger["stage"] == "select"))["id"].to_list()
    samples = cuvee.read(pool)
    assert samples.height == ledger.filter(ledger["status"] != "quarantined").height
    samples = samples.filter(samples["id"].is_in(clean))
    chosen = [samples["id"][int(row)] for row in cuvee.kcenter(cuvee.embed(samples, "lexical"), 8)]
    assert chosen == ledger.filter(ledger["status"] == "kept").sort("rank")["id"].to_list()


def test_a_pool_is_what_a_choice_by_more_than_vectors_takes() -> None:
    rows = [{"instruction": f"Say {n}", "output": f"{n} " * (n + 1), "task": "ab"[n % 2]} for n in range(12)]
    pool = cuvee.pool(rows, "lexical", scores={"mine": np.arange(12.0)})
    assert isinstance(pool, cuvee.Pool) and len(pool) == 12
    assert cuvee.choose(pool, 3, "top", score="mine").tolist() == [11, 10, 9]
    assert sorted(row % 2 for row in cuvee.choose(pool, 4, "stratified", by="task").tolist()) == [0, 0, 1, 1]
    assert cuvee.kcenter(pool, 4).tolist() == cuvee.kcenter(pool.vectors, 4).tolist()
    with pytest.raises(InputError, match="mine is no score"):
        cuvee.pool(rows, "lexical", scores={"mine": np.arange(9.0)})


def test_a_proof_of_results_from_elsewhere() -> None:
    rng = np.random.default_rng(0)
    results = {"random": 3 + 0.1 * rng.normal(size=(5, 40)), "mine": 2.8 + 0.1 * rng.normal(size=(5, 40))}
    (verdict,) = cuvee.prove_from(results).verdicts
    assert verdict.word == "beats" and verdict.difference == pytest.approx(
        results["random"].mean() - results["mine"].mean()
    )
    assert cuvee.prove_from(results, better="higher").verdicts[0].word == "loses"
    with pytest.raises(InputError, match="different numbers of questions"):
        cuvee.prove_from({"random": results["random"], "mine": results["mine"][:, :9]})
    with pytest.raises(ConfigError, match="unknown arm"):
        cuvee.prove_from(results, reference="full")


def test_the_package_shows_what_a_user_needs_and_imports_nothing_heavy() -> None:
    assert {"select", "prove", "kcenter", "prove_from", "read", "run", "Result"} < set(dir(cuvee))
    assert all(not name.startswith("_") or name == "__version__" for name in dir(cuvee))
    assert all(callable(getattr(cuvee, name)) for name in {*dir(cuvee)} - {"__version__", "models"})
    assert "smollm2-135m" in cuvee.models.known()
    with pytest.raises(ConfigError, match="unknown model"):
        cuvee.models.fetch("smolm2")
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = cuvee.nothing_like_it
    code = "import cuvee, sys; sys.exit(any(name in sys.modules for name in ('numpy', 'pyarrow', 'torch')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
