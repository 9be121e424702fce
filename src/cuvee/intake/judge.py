"""A judge for a run: what the user said about it, what it would cost, and the session with it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields

from cuvee import render
from cuvee.commands import Scalar, pairs
from cuvee.errors import ConfigError
from cuvee.models.catalog import home
from cuvee.models.server import KEY_VARIABLE, ReplySampling, Server, check
from cuvee.progress import say
from cuvee.result.summary import JudgePlan
from cuvee.samples.pool import Pool
from cuvee.scorers import SCORERS
from cuvee.scorers.judge import KINDS, Judge
from cuvee.scorers.prompting import messages
from cuvee.store import Store

# The names of --judge-settings: of the server, of the sampling, and fields that go into the request as they are.
_SERVER = {"concurrency": int, "timeout": float, "tries": int, "per_minute": float}
_SAMPLING = {"temperature": float, "max_tokens": int, "limit": str}
_MORE = {"top_p": float, "seed": int, "reasoning_effort": str}
_TYPES: dict[str, type] = {"key": str, **_SERVER, **_SAMPLING, **_MORE}

KNOWN = {
    "key": "environment variable that holds the server's key; a server without keys needs none",
    "concurrency": "requests at a time",
    "timeout": "seconds for a whole request",
    "tries": "per question, with growing waits between, or as long as the server's Retry-After says",
    "per_minute": "requests a minute at most",
    "temperature": "of the reply; 0 is the most likely one",
    "max_tokens": "tokens of a reply at most",
    "limit": "the request's field for max_tokens; some models take only max_completion_tokens",
    "top_p": "sent as it is",
    "seed": "sent as it is",
    "reasoning_effort": "sent as it is",
}
"""What can be set about a judge, in words."""


@dataclass(frozen=True)
class Judging:
    """Whom to ask, how, and for how many tokens at most (None: no cap)."""

    server: Server
    sampling: ReplySampling
    cap: int | None

    def told(self) -> str:
        """Return the cap in words."""
        return "no cap on tokens" if self.cap is None else f"at most {self.cap:,} tokens"


@dataclass(frozen=True, kw_only=True)
class JudgeOptions:
    """A judge, as typed."""

    base_url: str
    judge_model: str
    judge_settings: str
    max_tokens_spent: int | None


def bind(options: JudgeOptions, scores: Sequence[str]) -> Judging | None:
    """Return whom to ask, or None where no score asks a chat model.

    Raises ConfigError for what is missing or cannot be.
    """
    asking = [name for name in scores if name in SCORERS and SCORERS[name].asks]
    if not asking:
        return None
    if not options.base_url or not options.judge_model:
        raise ConfigError(f"{asking[0]} asks a chat model, and none is named", "--base-url URL --judge-model NAME")
    return server_of(options)


def server_of(options: JudgeOptions) -> Judging:
    """Return whom to ask. Raises ConfigError for what is missing or cannot be."""
    if not options.base_url or not options.judge_model:
        raise ConfigError("a judge is a server and a model on it", "--base-url URL --judge-model NAME")
    from pydantic import TypeAdapter

    given = pairs(options.judge_settings, "judge-settings")
    values = {name: _typed(name, value) for name, value in given.items()}
    named: dict[str, Scalar] = {"url": options.base_url.rstrip("/"), "model": options.judge_model}
    named |= {"key_variable": values.get("key", KEY_VARIABLE)}
    server = TypeAdapter(Server).validate_python(named | _among(values, _SERVER))
    check(server)
    sampling = TypeAdapter(ReplySampling).validate_python({**_among(values, _SAMPLING), "more": _among(values, _MORE)})
    cap = options.max_tokens_spent
    if cap is not None and cap < 1:
        raise ConfigError(f"max-tokens-spent is {cap}", "give a number of tokens, or leave it out for no cap")
    return Judging(server, sampling, cap)


def _among(values: Mapping[str, Scalar], names: Mapping[str, type]) -> dict[str, Scalar]:
    return {name: value for name, value in values.items() if name in names}


def _typed(name: str, value: Scalar) -> Scalar:
    if name not in KNOWN:
        raise ConfigError(f"a judge has no setting {name!r}", f"its settings: {', '.join(KNOWN)}")
    kind = _TYPES[name]
    if kind is str:
        return str(value)
    lowest = 0 if name in ("temperature", "top_p", "seed") else 1 if kind is int else 1e-3
    if isinstance(value, bool) or not isinstance(value, int | float) or value < lowest or kind(value) != value:
        raise ConfigError(f"the judge's {name} is {value!r}", f"give a number from {lowest}")
    return int(value) if kind is int else float(value)


@contextmanager
def opened(asked: Judging | None) -> Iterator[Judge | None]:
    """Open the session; what was answered in it is kept, however it ends."""
    if asked is None:
        yield None
        return
    with session(asked) as judge:
        yield judge


@contextmanager
def session(asked: Judging) -> Iterator[Judge]:
    """Open the session with a judge that was asked for."""
    from cuvee.models.chat import Chat

    with Chat(asked.server, Store(home() / "store"), sampling=asked.sampling, cap=asked.cap) as chat:
        yield Judge(chat)


def announce(judge: Judge, pool: Pool, scores: Sequence[str], asked: Judging) -> None:
    """Say what the run is about to ask and to cost."""
    estimate = judge.estimate(pool, kinds(scores))
    say(f"asking    {asked.server.model} at {asked.server.url}: {estimate or 'nothing'}; {asked.told()}")


def kinds(scores: Sequence[str]) -> list[str]:
    """Return the kinds of question behind these scores: several scores may be read from one reply."""
    return list(dict.fromkeys(SCORERS[name].asks for name in scores if name in SCORERS and SCORERS[name].asks))


def plan(asked: Judging, scores: Sequence[str], rows: int, size: int) -> JudgePlan:
    """Return what asking about so many rows would cost, from their number and their bytes: an upper estimate."""
    wanted = kinds(scores)
    count = render.token_counter(None)
    empty = [messages(KINDS[name], question="", answer="") for name in wanted]
    prompts = sum(count(["".join(turn["content"] for turn in talk) for talk in empty]))
    return {
        "model": asked.server.model,
        "url": asked.server.url,
        "questions": rows * len(wanted),
        "tokens_in": rows * prompts + len(wanted) * size // 4,
        "tokens_out": rows * len(wanted) * asked.sampling.max_tokens,
        "cap": asked.told(),
    }


def used(judge: Judge, asked: Judging) -> dict[str, object]:
    """Return what the manifest says about a session: whom, how, what it used. No key is in it."""
    server = {f.name: getattr(asked.server, f.name) for f in fields(Server)}
    return {
        "server": server,
        "sampling": vars(asked.sampling),
        "cap": asked.cap,
        "usage": vars(judge.chat.usage),
        "counts": {name: vars(counts) for name, counts in judge.counts.items()},
    }
