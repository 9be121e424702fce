"""What asking a chat model costs: tokens used, a cap that is never exceeded, and a pace."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cuvee.errors import ServiceError

Talk = Sequence[Mapping[str, str]]  # turns with role and content

PER_TURN = 16  # tokens that a chat template may write around a turn
PER_TALK = 64  # and around a conversation


@dataclass
class Usage:
    """What a session has used. Tokens are the server's count; the worst case where it gave none.

    requests: sent, repeated ones too. replies: received.
    """

    requests: int = 0
    replies: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_lost: int = 0  # worst case of requests that timed out: the server may have worked on them


@dataclass(frozen=True)
class Estimate:
    """What asking would cost. questions: different ones; stored: of these, those whose reply is there.

    tokens_in: of those to ask, estimated as bytes / 4. tokens_out: at most.
    """

    questions: int
    stored: int
    tokens_in: int
    tokens_out: int

    def __add__(self, other: "Estimate") -> "Estimate":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Estimate(*(one + another for one, another in pairs))

    def __str__(self) -> str:
        return (
            f"{self.questions:,} questions, {self.stored:,} of them answered in the store; to ask: about "
            f"{self.tokens_in:,} tokens in and at most {self.tokens_out:,} tokens out"
        )


def prompt_at_most(talk: Talk) -> int:
    """Return a number of tokens that a conversation does not exceed: no tokenizer makes more tokens than bytes.

    A chat template that adds more than ``PER_TALK`` and ``PER_TURN`` tokens would break this.
    """
    return PER_TALK + sum(PER_TURN + len(turn["content"].encode("utf-8", "replace")) for turn in talk)


class Purse:
    """Tokens that may be spent, in and out together. What is under way counts at its worst case, so a cap holds."""

    def __init__(self, cap: int | None) -> None:
        self.cap = cap
        self.spent = 0
        self.reserved = 0
        self._changed = asyncio.Condition()

    def open(self) -> None:
        """Start in a new event loop."""
        self.reserved = 0
        self._changed = asyncio.Condition()

    async def reserve(self, worst: int) -> None:
        """Put ``worst`` tokens aside, waiting for requests under way where they may leave enough.

        Raises ServiceError where there is not enough even then.
        """
        async with self._changed:
            while self.cap is not None and self.spent + self.reserved + worst > self.cap:
                if not self.reserved:
                    raise ServiceError(
                        f"the next question may need {worst:,} tokens; {self.spent:,} of {self.cap:,} are spent",
                        "every reply so far is kept: call again with a larger --max-tokens-spent to go on",
                    )
                await self._changed.wait()
            self.reserved += worst

    async def settle(self, worst: int, used: int) -> None:
        """Give back what was put aside and book what was used."""
        async with self._changed:
            self.reserved -= worst
            self.spent += used
            self._changed.notify_all()


class Pace:
    """At most so many requests a minute, evenly spaced, and none while the server asked to wait."""

    def __init__(self, per_minute: float | None) -> None:
        self.gap = 60 / per_minute if per_minute else 0.0
        self.next = 0.0

    async def turn(self) -> None:
        """Wait until a request may start."""
        while (now := time.monotonic()) < self.next:
            await asyncio.sleep(self.next - now)
        self.next = now + self.gap

    def hold(self, seconds: float) -> None:
        """Let nothing start for so many seconds."""
        self.next = max(self.next, time.monotonic() + seconds)
