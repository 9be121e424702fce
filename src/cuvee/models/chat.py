"""A chat model behind an OpenAI-compatible server; every reply is remembered, so that no question is paid for twice."""

import asyncio
import re
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from types import TracebackType
from typing import Self

import orjson

from cuvee import render
from cuvee.errors import ServiceError
from cuvee.models.requesting import Line, RefusedError, UnansweredError
from cuvee.models.server import Reply, ReplySampling, Server, check, require
from cuvee.models.spending import Estimate, Pace, Purse, Talk, Usage
from cuvee.progress import Advance, bar
from cuvee.runs import canonical
from cuvee.store import Store, content_key

__all__ = ["Chat", "Reply", "ReplySampling", "Server", "Talk"]

GIVE_UP = 16  # questions in a row without an answer after which the server counts as gone


class Chat:
    """A session with one model. Use it in a ``with`` block.

    A reply is found in the store by model, sampling and messages, not by the server's address: the same model served
    elsewhere is asked nothing again. Raises ConfigError for a server that cannot be, MissingExtraError without ``api``.

    cap: tokens, in and out, that this session may spend; None for no cap.
    usage: what was used. failed: content key -> why there is no reply; such a question is not asked again in this
    session, but in the next one.
    """

    def __init__(
        self, server: Server, store: Store, *, sampling: ReplySampling | None = None, cap: int | None = None
    ) -> None:
        require("asking a chat model")
        check(server)
        self.server = server
        self.sampling = sampling or ReplySampling()
        self.usage = Usage()
        self.failed: dict[bytes, str] = {}
        self._purse, self._pace = Purse(cap), Pace(server.per_minute)
        self._replies = store.texts(f"replies-{re.sub(r'[^A-Za-z0-9.-]+', '-', server.model)[:80]}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, wrong: BaseException | None, at: TracebackType | None) -> None:
        self._replies.close()

    def key(self, talk: Talk) -> bytes:
        """Return the content key of a question: 16 bytes."""
        asked = {"model": self.server.model, "sampling": asdict(self.sampling), "messages": [dict(t) for t in talk]}
        return content_key(canonical(asked).decode())

    def estimate(self, talks: Sequence[Talk]) -> Estimate:
        """Return what asking these would cost now."""
        keyed = {self.key(talk): talk for talk in talks}
        stored = self._replies.get(list(keyed))
        new = [talk for talk, text in zip(keyed.values(), stored, strict=True) if text is None]
        tokens = sum(render.token_counter(None)(["".join(turn["content"] for turn in talk) for talk in new]))
        return Estimate(len(keyed), len(keyed) - len(new), tokens, len(new) * self.sampling.max_tokens)

    def ask(self, talks: Sequence[Talk], *, label: str = "asking") -> list[Reply | None]:
        """Return the replies, in order; None where none came (``failed`` says why).

        Raises ServiceError where the cap is reached, the server refuses us, or it answers nothing any more. What was
        answered until then is in the store.
        """
        keys = [self.key(talk) for talk in talks]
        keyed = dict(zip(keys, talks, strict=True))
        stored = dict(zip(keyed, self._replies.get(list(keyed)), strict=True))
        missing = {key: keyed[key] for key, text in stored.items() if text is None and key not in self.failed}
        if missing:
            _finish(self._ask(missing, label))
        return [None if text is None else Reply(**orjson.loads(text)) for text in self._replies.get(keys)]

    async def _ask(self, missing: dict[bytes, Talk], label: str) -> None:
        self._purse.open()
        work = iter(missing.items())
        with bar(label, len(missing), "replies") as advance:
            async with Line(self.server, self.sampling, self._purse, self._pace, self.usage) as line:
                told = _Told(advance)
                workers = [self._work(line, work, told) for _ in range(min(self.server.at_once, len(missing)))]
                await asyncio.gather(*workers)
        if told.stop:
            raise told.stop
        if not self.usage.replies and told.row:
            raise self._gone()

    async def _work(self, line: Line, work: Iterator[tuple[bytes, Talk]], told: "_Told") -> None:
        """Ask one question after the other. Where one worker must stop, the others end what they are at."""
        for key, talk in work:
            try:
                reply = await line.send(talk)
                self._replies.put(key, orjson.dumps(asdict(reply)).decode())
                told.row = 0
            except (RefusedError, UnansweredError) as why:
                self.failed[key] = str(why)
                told.row += 1
                if told.row >= GIVE_UP + self.server.at_once:
                    told.stop = told.stop or self._gone()
            except ServiceError as wrong:
                told.stop = told.stop or wrong
            told.advance(1)
            if told.stop:
                return

    def _gone(self) -> ServiceError:
        why = next(reversed(self.failed.values()))
        return ServiceError(
            f"{self.server.model} at {self.server.url} answers nothing: {why}",
            "replies so far are kept: call again to go on",
        )


class _Told:
    """What the workers of one pass tell each other. row: questions without an answer since the last reply."""

    def __init__(self, advance: Advance) -> None:
        self.advance = advance
        self.row = 0
        self.stop: ServiceError | None = None


def _finish(work: Coroutine[object, object, None]) -> None:
    """Run a coroutine to its end, also where an event loop is running already (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as other:
        other.submit(asyncio.run, work).result()
