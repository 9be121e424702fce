"""One question to an OpenAI-compatible server: sent, sent again where that may help, and what came back."""

import asyncio
import email.utils
import itertools
import time
from typing import TYPE_CHECKING

import orjson

from cuvee.errors import ServiceError
from cuvee.models import bounded
from cuvee.models.server import Reply, ReplySampling, Server
from cuvee.models.spending import Pace, Purse, Talk, Usage, prompt_at_most

if TYPE_CHECKING:
    from openai import APIStatusError
    from tenacity import RetryCallState

LONGEST_WAIT = 120.0  # seconds between two tries, unless the server asks for more
PATIENCE = 600.0  # seconds of Retry-After beyond which a question is given up


class RefusedError(Exception):
    """The server will not answer this question (too long, or not allowed): asking again would not help."""


class UnansweredError(Exception):
    """No reply came, after all tries."""


class _AgainError(Exception):
    """A failure that may pass. after: seconds the server asked to wait, None where it did not say."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


class Line:
    """An open connection. purse, pace and usage belong to the session; use it in an ``async with`` block."""

    def __init__(self, server: Server, sampling: ReplySampling, purse: Purse, pace: Pace, usage: Usage) -> None:
        self.server, self.sampling = server, sampling
        self.purse, self.pace, self.usage = purse, pace, usage

    async def __aenter__(self) -> "Line":
        import httpx2
        from openai import AsyncOpenAI

        limits = httpx2.Timeout(self.server.timeout, connect=min(10.0, self.server.timeout))
        # retries are ours: each counts against the cap and the pace. The library insists on some key.
        self.clients = [
            AsyncOpenAI(
                base_url=url,
                api_key=self.server.key or "none",
                max_retries=0,
                timeout=limits,
                http_client=bounded.client(limits),
            )
            for url in self.server.urls
        ]
        self._turns = itertools.count()
        return self

    async def __aexit__(self, *_: object) -> None:
        for client in self.clients:
            await client.close()

    async def send(self, talk: Talk) -> Reply:
        """Return the reply. Raises RefusedError, UnansweredError, and ServiceError where no question would be answered."""
        import tenacity

        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(self.server.tries),
            wait=self._wait,
            retry=tenacity.retry_if_exception_type(_AgainError),
            reraise=True,
        )
        try:
            reply: Reply = await retrying(self._once, talk)
        except _AgainError as last:
            raise UnansweredError(f"{last} ({self.server.tries} tries)") from None
        return reply

    def _wait(self, state: "RetryCallState") -> float:
        import tenacity

        failed = state.outcome.exception() if state.outcome else None
        if isinstance(failed, _AgainError) and failed.after is not None:
            return failed.after
        doubling = tenacity.wait_exponential(multiplier=self.server.backoff, max=LONGEST_WAIT)
        return doubling(state) + tenacity.wait_random(0, self.server.backoff)(state)

    async def _once(self, talk: Talk) -> Reply:
        prompt = prompt_at_most(talk)
        worst, used = prompt + self.sampling.max_tokens, 0
        await self.purse.reserve(worst)
        try:
            await self.pace.turn()
            self.usage.requests += 1
            used = worst  # until the server is known not to have worked
            raw = await self._post(talk)
            if isinstance(raw, Exception):
                used = 0
                raise raw
            reply = _read(raw, self.server)
            known_in = prompt if reply.tokens_in is None else reply.tokens_in
            known_out = self.sampling.max_tokens if reply.tokens_out is None else reply.tokens_out
            used = known_in + known_out
            self.usage.replies += 1
            self.usage.tokens_in += known_in
            self.usage.tokens_out += known_out
        except BaseException:
            self.usage.tokens_lost += used
            raise
        finally:
            await self.purse.settle(worst, used)
        return reply

    async def _post(self, talk: Talk) -> bytes | Exception:
        """Return the body of a reply, or the error where the server did not work on the question."""
        import httpx2
        import openai

        body: dict[str, object] = {
            "model": self.server.model,
            "messages": [dict(turn) for turn in talk],
            "temperature": self.sampling.temperature,
            self.sampling.limit: self.sampling.max_tokens,
            **self.sampling.more,
        }
        at = next(self._turns) % len(self.clients)  # another try goes to another one, where there are several
        url = self.server.urls[at]
        try:
            async with asyncio.timeout(self.server.timeout):
                raw = await self.clients[at].post("/chat/completions", cast_to=httpx2.Response, body=body)
                return bytes(raw.content)
        except openai.APIStatusError as wrong:
            return self._sorted(wrong, url)
        except (TimeoutError, openai.APITimeoutError):
            raise _AgainError(f"no reply within {self.server.timeout:g} s") from None
        except bounded.TooLongError as wrong:
            raise _AgainError(str(wrong)) from None
        except openai.APIConnectionError as wrong:
            if isinstance(wrong.__cause__, bounded.TooLongError):
                raise _AgainError(str(wrong.__cause__)) from None
            again = _AgainError(f"no connection to {url}: {self.server.clean(str(wrong.__cause__ or wrong))}")
            if isinstance(wrong.__cause__, httpx2.ConnectError):
                return again
            raise again from None

    def _sorted(self, wrong: "APIStatusError", url: str) -> Exception:
        """Return what a status code means for us: for this question, for every question, or for a while."""
        code, text = wrong.status_code, self._said(wrong)
        if code < 400:
            return ServiceError(f"{url} answers {text}, which is no reply", "name the server itself")
        if code in (400, 413, 422):
            return RefusedError(text)
        if code in (401, 403):
            have = "refuses the key in" if self.server.key else "asks for a key, and there is none in"
            return ServiceError(f"{url} {have} {self.server.key_variable}: {text}", "set the variable")
        if wrong.code == "insufficient_quota" or (400 <= code < 500 and code not in (408, 409, 425, 429)):
            return ServiceError(f"{url} answers {text}", "check --base-url and --judge-model")
        after = _seconds(wrong.response.headers.get("retry-after"))
        if after is not None and after > PATIENCE:
            return ServiceError(f"{url} asks to wait {after:,.0f} s: {text}", "call again then")
        if after is not None and code in (429, 503):
            self.pace.hold(after)
        return _AgainError(text, after)

    def _said(self, wrong: "APIStatusError") -> str:
        body = wrong.body if isinstance(wrong.body, dict) else {}
        text = str(body.get("message") or wrong.message or "")
        return f"{wrong.status_code} {' '.join(self.server.clean(text).split())[:200]}"


def _read(raw: bytes, server: Server) -> Reply:
    """Return the reply in a chat completion. Raises _AgainError where there is none: the server, or a proxy, is confused."""
    try:
        whole = orjson.loads(raw)
        choice = whole["choices"][0]
        text = choice["message"].get("content")
        usage = whole.get("usage")
        counts = [_tokens(usage.get(key) if isinstance(usage, dict) else None) for key in _COUNTS]
    except (orjson.JSONDecodeError, KeyError, IndexError, TypeError, AttributeError):
        start = " ".join(server.clean(raw[:80].decode("utf-8", "replace")).split())
        raise _AgainError(f"the reply is no chat completion: {start!r}") from None
    if text is not None and not isinstance(text, str):
        text = orjson.dumps(text).decode()
    return Reply(server.clean(text or ""), str(choice.get("finish_reason") or ""), *counts)


_COUNTS = ("prompt_tokens", "completion_tokens")


def _tokens(count: object) -> int | None:
    """Return a server's count of tokens, None where it cannot be one: then the worst case counts against the cap."""
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _seconds(header: str | None) -> float | None:
    """Return a Retry-After header, seconds or a date, as seconds from now; None where it cannot be read."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return None
