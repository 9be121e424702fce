"""Servers that fail in every way: see tests/torture, whose scenarios these are the first of."""

import gzip
import time
from pathlib import Path

import pytest
from tests.chat_server import ChatServer, completion
from tests.torture.bad_server import FAULTS, WAITING
from tests.torture.servers import Scenario, wrongs

from cuvee.errors import ServiceError
from cuvee.models import bounded
from cuvee.models.chat import Chat, ReplySampling, Server
from cuvee.store import Store

QUICK = [name for name in FAULTS if name not in WAITING]


def test_no_kind_of_answer_loses_doubles_or_invents_a_score() -> None:
    """Every kind that is quick, four at a time, without a cap or with one."""
    for start in range(0, len(QUICK), 4):
        cap = 400 if start % 8 else None
        scenario = Scenario(start, [*QUICK[start : start + 4], "fine"], 4, 4, 2, cap)
        assert wrongs(scenario) == [], scenario


@pytest.mark.parametrize("seed", [3, 6, pytest.param(range(100, 200), marks=pytest.mark.slow)])
def test_scenarios_by_seed(seed: int | range) -> None:
    for one in [seed] if isinstance(seed, int) else seed:
        scenario = Scenario.drawn(one)
        assert wrongs(scenario) == [], scenario


def ask(server: ChatServer, folder: Path, tries: int = 2) -> tuple[Chat, str | None]:
    with Chat(Server(server.url, "m", tries=tries, backoff=0.001), Store(folder), sampling=ReplySampling()) as chat:
        (reply,) = chat.ask([[{"role": "user", "content": "Hello"}]])
    return chat, None if reply is None else reply.text


def test_a_redirect_takes_neither_key_nor_question_elsewhere(
    chat_server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
    other = ChatServer()
    for status in (301, 302, 303, 307, 308):
        to = f"{other.url}/chat/completions"
        chat_server.answer = lambda body, number, status=status, to=to: (status, {"Location": to}, b"")  # type: ignore[misc]
        with pytest.raises(ServiceError, match=f"answers {status}"):
            ask(chat_server, tmp_path)
    assert not other.asked
    other.close()


def test_a_response_longer_than_any_reply_is_not_read(chat_server: ChatServer, tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(20 << 20), 1)
    for headers, content in (
        ({"Content-Encoding": "gzip"}, bomb),
        ({}, bytes(bounded.MOST + 1)),
        ({"Content-Encoding": "zstd"}, b"x"),
    ):
        chat_server.answer = lambda body, number, headers=headers, content=content: (200, headers, content)  # type: ignore[misc]
        start = time.monotonic()
        with pytest.raises(ServiceError, match="the response is"):
            ask(chat_server, tmp_path, tries=1)
        assert time.monotonic() - start < 10
    chat_server.answer = lambda body, number: (200, {"Content-Encoding": "gzip"}, gzip.compress(completion("4")))
    assert ask(chat_server, tmp_path)[1] == "4"


@pytest.mark.parametrize("usage", [[1, 2], "many", 7, True])
def test_a_reply_whose_usage_is_none_is_a_reply(chat_server: ChatServer, tmp_path: Path, usage: object) -> None:
    import orjson

    whole = orjson.loads(completion("Rating: 3")) | {"usage": usage}
    chat_server.answer = lambda body, number: (200, {}, orjson.dumps(whole))
    chat, text = ask(chat_server, tmp_path)
    assert text == "Rating: 3" and chat.usage.requests == 1
