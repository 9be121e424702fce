"""A small OpenAI-compatible server on a real socket, whose behaviour a test sets. Fixture: ``chat_server``."""

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Raw = tuple[int, dict[str, str], bytes]  # status, headers, body
Answer = Callable[[dict[str, Any], int], str | Raw]


class ChatServer:
    """answer: (request's body, its number from 0) -> the reply's text, or the whole response. It may sleep.

    asked: bodies of all requests; times: when they came; keys: their Authorization headers; peak: most at once.
    The usage that it reports is ``len`` of the prompt's characters / 4 and of the reply's.
    """

    def __init__(self) -> None:
        self.answer: Answer = lambda body, number: "Rating: 4"
        self.asked: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.keys: list[str | None] = []
        self.billed = 0
        self.now = self.peak = 0
        self.lock = threading.Lock()
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def questions(self) -> list[str]:
        return [body["messages"][-1]["content"] for body in self.asked]

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def respond(self, body: dict[str, Any], key: str | None) -> Raw:
        with self.lock:
            number = len(self.asked)
            self.asked.append(body)
            self.times.append(time.monotonic())
            self.keys.append(key)
            self.now += 1
            self.peak = max(self.peak, self.now)
        try:
            said = self.answer(body, number)
        finally:
            with self.lock:
                self.now -= 1
        if not isinstance(said, str):
            return said
        tokens = sum(len(turn["content"]) for turn in body["messages"]) // 4, len(said) // 4
        with self.lock:
            self.billed += sum(tokens)
        return 200, {}, completion(said, *tokens)


def completion(text: str | None, tokens_in: int = 1, tokens_out: int = 1) -> bytes:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return orjson.dumps({"id": "x", "object": "chat.completion", "choices": [choice], "usage": usage})


def error(status: int, message: str = "no", **headers: str) -> Raw:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, names, orjson.dumps({"error": {"message": message, "type": "error", "code": None}})


def _handler(server: ChatServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            body = orjson.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, headers, content = server.respond(body, self.headers.get("Authorization"))
            try:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):  # the client has given up
                self.close_connection = True

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    return Handler
