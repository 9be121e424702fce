"""The client of chat models against real servers: good ones, broken ones, slow ones, and ones that cost money."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from tests.chat_server import ChatServer, completion, error

from cuvee.errors import ConfigError, ServiceError
from cuvee.models.chat import Chat, Reply, ReplySampling, Server, Talk
from cuvee.models.spending import prompt_at_most
from cuvee.store import Store

KEY = "sk-very-secret-0123456789"


def talks(n: int) -> list[Talk]:
    return [[{"role": "user", "content": f"question {number}"}] for number in range(n)]


def chat(server: ChatServer | str, folder: Path, cap: int | None = None, **more: Any) -> Chat:
    url = server if isinstance(server, str) else server.url
    settings: dict[str, Any] = {"backoff": 0.01, "timeout": 5.0, "concurrency": 4, **more}
    return Chat(Server(url, "some/model", **settings), Store(folder), sampling=ReplySampling(max_tokens=20), cap=cap)


def after(seconds: float, text: str) -> str:
    time.sleep(seconds)
    return text


def number_of(body: dict[str, Any]) -> int:
    return int(body["messages"][-1]["content"].split()[-1])


def test_replies_come_in_order_and_are_paid_for_once(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.answer = lambda body, number: f"reply to {number_of(body)}"
    with chat(chat_server, tmp_path) as client:
        replies = client.ask([*talks(9), talks(9)[3]])
        assert [reply and reply.text for reply in replies] == [f"reply to {at}" for at in (*range(9), 3)]
        assert client.usage.replies == len(chat_server.asked) == 9
        assert client.usage.tokens_in + client.usage.tokens_out == chat_server.billed
    with chat(chat_server, tmp_path) as client:
        assert client.ask(talks(9)) == replies[:9]
        assert client.usage.requests == 0
    body = chat_server.asked[0]
    assert body["model"] == "some/model" and body["max_tokens"] == 20 and body["temperature"] == 0.0
    assert replies[0] == Reply("reply to 0", "stop", 2, 2)


def test_several_servers_share_the_questions_and_stand_in_for_one_another(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    other, gone = ChatServer(), ChatServer()
    gone.close()
    try:
        for server in (chat_server, other):
            server.answer = lambda body, number: f"reply to {number_of(body)}"
        with chat(f"{chat_server.url}/, {other.url},{gone.url}", tmp_path) as client:
            replies = client.ask(talks(12))
        assert [reply and reply.text for reply in replies] == [f"reply to {at}" for at in range(12)]
        assert len(chat_server.asked) + len(other.asked) == 12
        assert min(len(chat_server.asked), len(other.asked)) > 0
    finally:
        other.close()
    with pytest.raises(ConfigError, match="not one of a server"):
        chat(f"{other.url},nowhere", tmp_path)


def test_another_model_or_sampling_is_another_question(chat_server: ChatServer, tmp_path: Path) -> None:
    for model, sampling in [
        ("a", ReplySampling()),
        ("b", ReplySampling()),
        ("a", ReplySampling(0.5)),
        ("a", ReplySampling(more={"seed": 1})),
    ]:
        with Chat(Server(chat_server.url, model), Store(tmp_path), sampling=sampling) as client:
            client.ask(talks(1))
    assert len(chat_server.asked) == 4 and chat_server.asked[-1]["seed"] == 1


def test_errors_that_may_pass_are_tried_again(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.answer = lambda body, number: error(500) if number < 2 else "fine"
    with chat(chat_server, tmp_path, concurrency=1) as client:
        assert [reply and reply.text for reply in client.ask(talks(1))] == ["fine"]
    assert len(chat_server.asked) == 3


def test_what_got_no_reply_is_none_and_is_asked_again_by_the_next_session_only(
    chat_server: ChatServer, tmp_path: Path
) -> None:
    chat_server.answer = lambda body, number: error(503, "too busy") if number_of(body) == 3 else "fine"
    with chat(chat_server, tmp_path, tries=2) as client:
        assert [reply is None for reply in client.ask(talks(6))] == [at == 3 for at in range(6)]
        assert [reply is None for reply in client.ask(talks(6))] == [at == 3 for at in range(6)]
        assert list(client.failed.values()) == ["503 too busy (2 tries)"]
    assert len(chat_server.asked) == 7
    chat_server.answer = lambda body, number: "now it works"
    with chat(chat_server, tmp_path) as client:
        assert client.ask(talks(6))[3] == Reply("now it works", "stop", 2, 3)
    assert len(chat_server.asked) == 8


def test_a_question_that_is_refused_is_not_repeated(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.answer = lambda body, number: error(400, "too long") if number_of(body) == 1 else "fine"
    with chat(chat_server, tmp_path) as client:
        assert client.ask(talks(3))[1] is None
        assert list(client.failed.values()) == ["400 too long"]
    assert len(chat_server.asked) == 3


def test_a_stalling_server_is_left_and_asked_again(chat_server: ChatServer, tmp_path: Path) -> None:
    def answer(body: dict[str, Any], number: int) -> str:
        time.sleep(1.5 if number == 0 else 0)
        return "late or not"

    chat_server.answer = answer
    with chat(chat_server, tmp_path, timeout=0.4) as client:
        start = time.monotonic()
        assert client.ask(talks(1))[0] is not None
        assert time.monotonic() - start < 1.4
        assert client.usage.tokens_lost == prompt_at_most(talks(1)[0]) + 20  # it may have been billed


@pytest.mark.parametrize("date", [False, True])
def test_a_rate_limit_is_waited_for_by_everyone(chat_server: ChatServer, tmp_path: Path, date: bool) -> None:
    def answer(body: dict[str, Any], number: int) -> Any:
        if number == 0:
            return error(429, Retry_After=formatdate(time.time() + 2, usegmt=True) if date else "1")
        return "fine"

    chat_server.answer = answer
    with chat(chat_server, tmp_path, concurrency=1) as client:
        assert all(client.ask(talks(3)))
    waits = [later - chat_server.times[0] for later in chat_server.times[1:]]
    assert len(waits) == 3 and min(waits) >= 0.95


def test_requests_keep_the_pace_and_the_concurrency(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.answer = lambda body, number: after(0.05, "fine")
    with chat(chat_server, tmp_path, concurrency=3) as client:
        client.ask(talks(12))
    assert chat_server.peak == 3
    chat_server.times.clear()
    with chat(chat_server, tmp_path / "paced", per_minute=600) as client:
        client.ask(talks(6))
    assert chat_server.times[-1] - chat_server.times[0] >= 0.45  # six requests, 0.1 s apart


JUNK = [
    b"<html>bad gateway</html>", b"", b'{"choices": []}', b'{"choices": [{"mess', b"[1]", b"null",
    b'{"choices": [{"message": null}]}', b'{"error": {"message": "no"}}', b"\xff\xfe",
]  # fmt: skip


@pytest.mark.parametrize("junk", JUNK)
def test_junk_is_no_reply(chat_server: ChatServer, tmp_path: Path, junk: bytes) -> None:
    def answer(body: dict[str, Any], number: int) -> Any:
        return (200, {}, junk) if number_of(body) == 0 else "fine"

    chat_server.answer = answer
    with chat(chat_server, tmp_path, tries=2) as client:
        replies = client.ask(talks(2))
        assert replies[0] is None and replies[1] is not None
        assert "no chat completion" in next(iter(client.failed.values()))


def test_an_empty_reply_is_a_reply(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.answer = lambda body, number: (200, {}, completion(None))
    with chat(chat_server, tmp_path) as client:
        assert client.ask(talks(1)) == [Reply("", "stop", 1, 1)]


def test_a_server_that_refuses_us_or_is_gone_stops_the_run(chat_server: ChatServer, tmp_path: Path) -> None:
    for status, text in ((401, "asks for a key"), (404, "check --base-url"), (429, "asks to wait 9,999 s")):
        refusal = error(status, "no", Retry_After="9999")
        chat_server.answer = lambda body, number, refusal=refusal: refusal  # type: ignore[misc]
        before = len(chat_server.asked)
        with chat(chat_server, tmp_path) as client, pytest.raises(ServiceError, match=text):
            client.ask(talks(50))
        assert len(chat_server.asked) - before <= 4
    with chat("http://127.0.0.1:9/v1", tmp_path, tries=2) as client:
        with pytest.raises(ServiceError, match=r"no connection to http://127\.0\.0\.1:9/v1"):
            client.ask(talks(50))
        assert client.usage.tokens_lost == 0


@pytest.mark.parametrize("concurrency", [1, 5])
def test_the_cap_is_never_exceeded_and_what_is_done_is_kept(
    chat_server: ChatServer, tmp_path: Path, concurrency: int
) -> None:
    chat_server.answer = lambda body, number: after(0.01, "x" * 80)  # 20 tokens: all it may
    one = prompt_at_most(talks(1)[0]) + 20
    with chat(chat_server, tmp_path, cap=3 * one, concurrency=concurrency) as client:
        with pytest.raises(ServiceError, match=r"tokens; .* of 3") as stopped:
            client.ask(talks(60))
        assert "--max-tokens-spent" in str(stopped.value)
    done = len(chat_server.asked)
    # what is under way counts at its worst, but is booked at its cost when it ends: the cap is used up to one question
    assert 3 * one - one - 2 < chat_server.billed <= 3 * one
    with chat(chat_server, tmp_path, concurrency=concurrency) as client:
        assert all(client.ask(talks(60)))
    assert done + client.usage.requests == len(chat_server.asked) == 60


def test_a_server_that_counts_nothing_is_counted_at_its_worst(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.answer = lambda body, number: (200, {}, b'{"choices": [{"message": {"content": "hi"}}]}')
    with chat(chat_server, tmp_path) as client:
        assert client.ask(talks(1)) == [Reply("hi", "", None, None)]
        assert client.usage.tokens_in == prompt_at_most(talks(1)[0]) and client.usage.tokens_out == 20


def test_the_estimate_leaves_out_what_is_stored(chat_server: ChatServer, tmp_path: Path) -> None:
    with chat(chat_server, tmp_path) as client:
        client.ask(talks(2))
        estimate = client.estimate(talks(5))
        assert (estimate.questions, estimate.stored, estimate.tokens_out) == (5, 2, 60)
        assert estimate.tokens_in == 3 * (len("question 0") // 4)
        assert "5 questions, 2 of them answered" in str(estimate + client.estimate([]))


PROGRAM = """
import sys
from pathlib import Path
from cuvee.models.chat import Chat, Server, ReplySampling
from cuvee.store import Store
talks = [[{"role": "user", "content": f"question {number}"}] for number in range(40)]
server, store = Server(sys.argv[1], "some/model", concurrency=4), Store(Path(sys.argv[2]))
with Chat(server, store, sampling=ReplySampling(max_tokens=20)) as c:
    c.ask(talks)
"""


def test_a_killed_run_loses_no_reply(chat_server: ChatServer, tmp_path: Path) -> None:
    chat_server.answer = lambda body, number: after(0.05, f"reply to {number_of(body)}")
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, chat_server.url, str(tmp_path)])
    while len(chat_server.asked) < 15:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.2)
    asked = len(chat_server.asked)
    assert 15 <= asked < 40 and list(tmp_path.rglob("*.journal"))
    with chat(chat_server, tmp_path) as client:
        assert [reply and reply.text for reply in client.ask(talks(40))] == [f"reply to {at}" for at in range(40)]
    assert not list(tmp_path.rglob("*.journal")) and len(list(tmp_path.rglob("*.arrow"))) == 2
    again = len(chat_server.asked) - 40
    assert 0 <= again <= 4  # at most what was under way when it was killed
    with chat(chat_server, tmp_path) as client:
        assert all(client.ask(talks(40))) and client.usage.requests == 0


def test_the_key_is_sent_and_found_nowhere_else(
    chat_server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    chat_server.answer = lambda body, number: f"your key is {chat_server.keys[number]}"
    with chat(chat_server, tmp_path, key_variable="MY_KEY") as client:
        reply = client.ask(talks(1))[0]
        assert reply and reply.text == "your key is Bearer [key]"
    assert chat_server.keys == [f"Bearer {KEY}"]
    chat_server.answer = lambda body, number: error(401, f"Incorrect API key provided: {KEY}")
    with chat(chat_server, tmp_path, key_variable="MY_KEY") as client:
        with pytest.raises(ServiceError) as refused:
            client.ask(talks(3))
        assert "[key]" in str(refused.value) and KEY not in str(refused.value) + str(client.failed)
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("url", "variable"),
    [
        ("localhost:8000", "OPENAI_API_KEY"),
        (f"http://me:{KEY}@localhost/v1", "OPENAI_API_KEY"),
        (f"http://localhost/v1?key={KEY}", "OPENAI_API_KEY"),
        ("http://localhost/v1", KEY),
    ],
)
def test_a_server_that_cannot_be_and_a_key_in_the_wrong_place(tmp_path: Path, url: str, variable: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        chat(url, tmp_path, key_variable=variable)
    assert KEY not in str(wrong.value)


def test_it_works_where_an_event_loop_runs(chat_server: ChatServer, tmp_path: Path) -> None:
    async def notebook() -> list[Reply | None]:
        with chat(chat_server, tmp_path) as client:
            return client.ask(talks(2))

    assert all(asyncio.run(notebook()))


def test_importing_the_client_does_not_load_the_library() -> None:
    program = "import sys, cuvee.models.chat; print([m for m in ('openai', 'httpx2', 'tenacity') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"
