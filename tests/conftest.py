"""What every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import xxhash
from tests.chat_server import ChatServer

from cuvee.arrays import F32, F64
from cuvee.geometry import layout

hypothesis.settings.register_profile("quick", deadline=None, derandomize=True, max_examples=40)
hypothesis.settings.register_profile(
    "thorough", deadline=None, max_examples=300
)  # make test-slow: new examples each time
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

DATA = Path(__file__).parents[2] / "shared/data"


@pytest.fixture(scope="session")
def real_pool() -> Path:
    """Return the folder of real instruction data, or skip."""
    if not (DATA / "pool").exists():
        pytest.skip(f"no real data at {DATA / 'pool'}")
    return DATA / "pool"


@pytest.fixture(autouse=True)
def own_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Give every test an empty home of its own, unless it asks for the machine's (to use models that were fetched)."""
    if "machine_home" not in request.keywords:
        monkeypatch.setenv("CUVEE_HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session", autouse=True)
def maps_once() -> Iterator[None]:
    """Place the landmarks of a map once for all runs over the same rows: it is half of a small run's time, and pure."""
    place, known = layout._place, dict[tuple[bytes, int], F64]()

    def placed(centers: F32, seed: int) -> F64:
        key = (xxhash.xxh3_128_digest(centers.tobytes()), seed)
        if key not in known:
            known[key] = place(centers, seed)
        return known[key].copy()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "_place", placed)
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a real, untrained language model of 150,000 parameters."""
    pytest.importorskip("torch", reason="the base install has no torch")
    from cuvee.models import tiny

    return tiny.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    """Return a real server of chat completions on this machine; a test sets how it behaves."""
    server = ChatServer()
    yield server
    server.close()
