"""A chat server on a real socket that does to each request what a scenario says: answers, lies, stalls, breaks off."""

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

import orjson
from tests.chat_server import completion

REPLY_TOKENS = 20  # of a reply at most
BOMB = gzip.compress(bytes(20 << 20), 1)
SLOW = 3.0  # seconds: longer than the client waits


class Deed:
    """What was done to one request. question: its number. said: the reply's text where one was sent whole and in time.

    billed: tokens that the server counts as its work. fatal: an answer after which nobody asks again.
    """

    def __init__(self, question: int, name: str) -> None:
        self.question, self.name = question, name
        self.said: str | None = None
        self.billed = 0


class BadServer:
    """faults: names of ``FAULTS`` to draw from, repeats are weights, "fine" is one of them. rating: question -> its score."""

    def __init__(self, random: Random, faults: list[str], rating: Callable[[int], int]) -> None:
        self.random, self.faults, self.rating = random, faults, rating
        self.deeds: list[Deed] = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}/v1"

    def close(self) -> None:
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                body = _request(connection)
                if body is None:
                    return
                with self.lock:
                    name = self.random.choice(self.faults)
                    deed = Deed(int(body["messages"][-1]["content"].split()[-1]), name)
                    self.deeds.append(deed)
                    number = len(self.deeds)
                asked = sum(len(turn["content"]) for turn in body["messages"]) // 4
                text = f"Rating: {self.rating(deed.question)}\nfor {deed.question}, {number}"
                _DOING[name](Doing(connection, deed, text, asked, self.random.random()))
            except OSError:
                pass  # the client has given up


class Doing:
    """One request that is being answered: the means to answer it."""

    def __init__(self, connection: socket.socket, deed: Deed, text: str, tokens: int, chance: float) -> None:
        self.connection, self.deed, self.text, self.tokens, self.chance = connection, deed, text, tokens, chance

    def work(self) -> bytes:
        """Return the reply that it would give, and bill it."""
        out = REPLY_TOKENS if self.chance < 0.3 else 5
        self.deed.billed = self.tokens + out
        return completion(self.text, self.tokens, out)

    def send(self, content: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> None:
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", "Connection: close", *headers]
        lines.append(f"Content-Length: {len(content) if length is None else length}")
        self.connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)

    def fine(self, change: Callable[[dict[str, Any]], None] | None = None) -> None:
        """Send the whole reply, its JSON changed where it should be."""
        whole = orjson.loads(self.work())
        if change:
            change(whole)
        self.deed.said = self.text
        self.send(orjson.dumps(whole))


def _request(connection: socket.socket) -> dict[str, Any] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    size = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
    while len(body) < size:
        body += connection.recv(65_536)
    found: dict[str, Any] = orjson.loads(body)
    return found


def _usage(value: object) -> Callable[[Doing], None]:
    def fault(one: Doing) -> None:
        one.fine(lambda whole: whole["usage"].update(prompt_tokens=value, completion_tokens=value))

    return fault


def _status(status: str, *headers: str, code: str | None = None) -> Callable[[Doing], None]:
    body = orjson.dumps({"error": {"message": "no", "code": code}})
    return lambda one: one.send(body, status, *headers)


def _junk(content: bytes, *headers: str) -> Callable[[Doing], None]:
    def fault(one: Doing) -> None:
        one.work()
        one.send(content, "200 OK", *headers)

    return fault


def _slow(one: Doing) -> None:
    content = one.work()
    time.sleep(SLOW)
    one.send(content)


def _drip(one: Doing) -> None:
    content = one.work()
    one.send(b"", length=len(content))
    for byte in content:
        time.sleep(0.02)
        one.connection.sendall(bytes([byte]))


def _silent(one: Doing) -> None:
    one.work()


def _reset(one: Doing) -> None:
    one.work()
    one.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _half(one: Doing) -> None:
    content = one.work()
    one.send(content[: len(content) // 2], length=len(content))


def _raw(data: bytes) -> Callable[[Doing], None]:
    def fault(one: Doing) -> None:
        one.work()
        one.connection.sendall(data)

    return fault


def _endless(one: Doing) -> None:
    one.work()
    one.connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        one.connection.sendall(bytes(1 << 20))


def _zipped(one: Doing) -> None:
    content = one.work()
    one.deed.said = one.text
    one.send(gzip.compress(content), "200 OK", "Content-Encoding: gzip")


def _chunked(one: Doing) -> None:
    content = one.work()
    one.deed.said = one.text
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    one.connection.sendall(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content))


def _choice(**change: object) -> Callable[[Doing], None]:
    return lambda one: one.fine(lambda whole: whole["choices"][0].update(change))


_DOING: dict[str, Callable[[Doing], None]] = {
    "fine": lambda one: one.fine(),
    "zipped": _zipped,
    "chunked": _chunked,
    "no usage": lambda one: one.fine(lambda whole: whole.pop("usage")),
    "usage null": _usage(None),
    "usage negative": _usage(-1_000),
    "usage true": _usage(True),
    "usage text": _usage("7"),
    "usage fraction": _usage(1.5),
    "usage list": _usage([1]),
    "usage is a list": lambda one: one.fine(lambda whole: whole.update(usage=[1, 2])),
    "no end": _choice(finish_reason=None),
    "another end": _choice(finish_reason={"a": 1}),
    "500": _status("500 Internal Server Error"),
    "502": _status("502 Bad Gateway"),
    "503": _status("503 Service Unavailable", "Retry-After: 0"),
    "503 without a date": _status("503 Service Unavailable", "Retry-After: soon"),
    "503 with a past date": _status("503 Service Unavailable", "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT"),
    "429": _status("429 Too Many Requests", "Retry-After: 0.01"),
    "429 negative": _status("429 Too Many Requests", "Retry-After: -5"),
    "429 not a number": _status("429 Too Many Requests", "Retry-After: nan"),
    "408": _status("408 Request Timeout"),
    "409": _status("409 Conflict"),
    "599": _status("599 Own"),
    "400": _status("400 Bad Request"),
    "413": _status("413 Too Large"),
    "422": _status("422 Unprocessable"),
    "401": _status("401 Unauthorized"),
    "403": _status("403 Forbidden"),
    "404": _status("404 Not Found"),
    "429 quota": _status("429 Too Many Requests", code="insufficient_quota"),
    "429 tomorrow": _status("429 Too Many Requests", "Retry-After: 99999"),
    "429 never": _status("429 Too Many Requests", "Retry-After: inf"),
    "redirected to itself": _status("307 Temporary Redirect", "Location: /v1/chat/completions"),
    "redirected away": _status("302 Found", "Location: http://127.0.0.1:9/"),
    "redirected nowhere": _status("308 Permanent Redirect", "Location: http://[::bad"),
    "no content": _status("204 No Content"),
    "not modified": _status("304 Not Modified"),
    "empty": _junk(b""),
    "page": _junk(b"<html>gateway</html>"),
    "null": _junk(b"null"),
    "cut": _junk(b'{"choices": [{"message": {"content": "Rating: 5'),
    "no choices": _junk(b'{"choices": []}'),
    "choices are text": _junk(b'{"choices": "Rating: 5"}'),
    "no message": _junk(b'{"choices": [{"text": "Rating: 5"}]}'),
    "a bomb": _junk(BOMB, "Content-Encoding: gzip"),
    "another bomb": _junk(gzip.compress(BOMB), "Content-Encoding: gzip, gzip"),
    "endless": _endless,
    "deep": _junk(b"[" * 100_000),
    "digits": _junk(b'{"choices": [' + b"9" * 10_000 + b"]}"),
    "not UTF-8": _junk(b'{"choices": [{"message": {"content": "Rating: \xff5"}}]}'),
    "half a character": _junk(b'{"choices": [{"message": {"content": "Rating: 5\\ud83d"}}]}'),
    "not zipped": _junk(b"Rating: 5", "Content-Encoding: gzip"),
    "unknown encoding": _junk(b"\x00\x01", "Content-Encoding: br"),
    "unknown text": _junk(b"\xff\xfeR", "Content-Type: text/plain; charset=nonsense"),
    "slow": _slow,
    "drip": _drip,
    "silent": _silent,
    "reset": _reset,
    "half": _half,
    "no HTTP": _raw(b"Rating: 5\r\n\r\n"),
    "half a head": _raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "a long head": _raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n"),
    "a bad length": _raw(b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n{}"),
    "two lengths": _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 30\r\n\r\n{}"),
    "a bad chunk": _raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
    "only a promise": _raw(b"HTTP/1.1 100 Continue\r\n\r\n"),
}
FAULTS = tuple(_DOING)
WAITING = ("slow", "drip", "only a promise")  # in these the client's time runs out
STOPPING = (
    "redirected to itself",
    "redirected away",
    "redirected nowhere",
    "not modified",
    "401",
    "403",
    "404",
    "429 quota",
    "429 tomorrow",
    "429 never",
)  # after these nobody asks on
