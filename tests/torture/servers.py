"""Judge servers that fail in every way, by seed: no score is lost, doubled or invented, and the cap is kept.

``python -m tests.torture.servers [--scenarios 1000] [--seed 0]``. A scenario is a server with a few of the faults of
``bad_server.FAULTS``, some questions, a cap or none, and three sessions: one that meets the faults, one more of the same, and
one with a healthy server. What the client says is compared with what the server did.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.torture.bad_server import FAULTS, REPLY_TOKENS, STOPPING, WAITING, BadServer

from cuvee.errors import ServiceError
from cuvee.models.chat import Chat, ReplySampling, Server, Talk
from cuvee.models.server import Reply
from cuvee.models.spending import prompt_at_most
from cuvee.scorers.judge import KINDS
from cuvee.scorers.prompting import ratings
from cuvee.store import Store

LONGEST = 30.0  # seconds of a scenario
PATIENCE = 2.0  # seconds that the client waits for a server that may be slow


@dataclass(frozen=True)
class Scenario:
    """What one server does. cap: tokens of each session, None for none."""

    seed: int
    faults: list[str]
    questions: int
    concurrency: int
    tries: int
    cap: int | None

    @staticmethod
    def drawn(seed: int) -> "Scenario":
        """Return the scenario of a seed. A third of them have faults after which nobody asks on."""
        random = Random(seed)
        among = [name for name in FAULTS if name not in STOPPING] if random.random() < 0.67 else list(FAULTS)
        faults = random.sample(among, random.randint(1, 6)) + ["fine"] * random.randint(0, 8)
        questions = random.randint(1, 12)
        cap = random.randint(1, questions * 2) * _worst(0) if random.random() < 0.5 else None
        return Scenario(seed, faults, questions, random.randint(1, 6), random.randint(1, 4), cap)


def _talk(number: int) -> Talk:
    return [{"role": "user", "content": f"How good is answer {number}"}]


def _worst(number: int) -> int:
    return prompt_at_most(_talk(number)) + REPLY_TOKENS


def _rating(question: int) -> int:
    return question % 6 + 1


def wrongs(scenario: Scenario) -> list[str]:
    """Play a scenario; return what was wrong in it."""
    server = BadServer(Random(scenario.seed), scenario.faults, _rating)
    start, found = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        before: list[Reply | None] = [None] * scenario.questions
        for session in range(3):
            if session == 2:
                server.faults, cap = ["fine"], None
            else:
                cap = scenario.cap
            deeds = len(server.deeds)
            replies, spent, told = _session(scenario, server.url, Path(folder), cap)
            found += [f"session {session}: {one}" for one in _compare(server, deeds, before, replies, spent, cap, told)]
            before = replies
        found += [f"question {at} has no reply from a healthy server" for at, one in enumerate(before) if one is None]
    server.close()
    if time.monotonic() - start > LONGEST:
        found.append(f"it took {time.monotonic() - start:.0f} s")
    return found


def _session(scenario: Scenario, url: str, folder: Path, cap: int | None) -> tuple[list[Reply | None], int, str]:
    """Ask every question; return the replies that there are, the tokens booked, and why it stopped, if it did."""
    patience = PATIENCE if set(scenario.faults) & set(WAITING) else LONGEST  # a busy machine is not a slow server
    settings = {"concurrency": scenario.concurrency, "tries": scenario.tries, "timeout": patience, "backoff": 0.001}
    talks, told = [_talk(number) for number in range(scenario.questions)], ""
    sampling = ReplySampling(max_tokens=REPLY_TOKENS)
    with Chat(Server(url, "judge", **settings), Store(folder), sampling=sampling, cap=cap) as chat:  # type: ignore[arg-type]
        try:
            chat.ask(talks)
        except ServiceError as stopped:
            told = str(stopped)
        usage = chat.usage
    with Chat(Server("http://127.0.0.1:9/v1", "judge", tries=1), Store(folder), sampling=sampling) as chat:
        chat.failed = {chat.key(talk): "not asked" for talk in talks}  # only what is in the store
        return chat.ask(talks), usage.tokens_in + usage.tokens_out + usage.tokens_lost, told


def _compare(
    server: BadServer,
    first: int,
    before: list[Reply | None],
    replies: list[Reply | None],
    spent: int,
    cap: int | None,
    told: str,
) -> list[str]:
    """Return what a session's replies have against what the server did in it, from its ``first`` deed on."""
    deeds, found = server.deeds[first:], []
    for question, (old, new) in enumerate(zip(before, replies, strict=True)):
        mine = [deed for deed in deeds if deed.question == question]
        said = [deed.said for deed in mine if deed.said is not None]
        if old is not None and (new != old or mine):
            found.append(
                f"question {question} was answered before, and asked or changed: {[deed.name for deed in mine]}"
            )
        if old is None and new is not None and new.text not in said:
            found.append(f"question {question} has a reply that nobody gave: {new.text!r}")
        if old is None and new is None and said:
            found.append(f"question {question} was answered, and the reply is lost: {[deed.name for deed in mine]}")
        if len(said) > 1:
            found.append(f"question {question} was answered {len(said)} times")
        if new is not None and ratings(KINDS["quality"], new.text) != [_rating(question)]:
            found.append(f"question {question} has another score: {new.text!r}")
    billed = sum(deed.billed for deed in deeds)
    if cap is not None and max(billed, spent) > cap:
        found.append(f"{billed} tokens billed, {spent} booked, of {cap}")
    if billed > spent:
        found.append(f"{billed} tokens billed and {spent} booked")
    if "Traceback" in told:
        found.append(told)
    return found


def torture(minutes: float, seed: int, *, scenarios: int | None = None) -> bool:
    """Play scenarios until the time is over, or so many; print what was wrong, and N of N."""
    wrongs(Scenario(0, ["fine"], 3, 1, 5, None))  # the libraries are imported here, and not within a request's time
    end, played, bad = time.monotonic() + 60 * minutes, 0, 0
    met: Counter[str] = Counter()
    while played < (scenarios or sys.maxsize) and (scenarios or time.monotonic() < end):
        scenario = Scenario.drawn(seed * 1_000_000 + played)
        try:
            found = wrongs(scenario)
        except Exception as wrong:  # noqa: BLE001 (a traceback is what is looked for)
            found = [f"{type(wrong).__name__}: {wrong}"]
        played += 1
        bad += bool(found)
        met.update(set(scenario.faults))
        for one in found:
            print(f"  {scenario}: {one}", flush=True)
    told = f"{played - bad} of {played} scenarios without a lost, doubled or invented score and within the cap"
    print(f"servers: {told}; {len(met)} of {len(FAULTS)} kinds of answer met, seed {seed}", flush=True)
    return not bad


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture.servers")
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    sys.exit(not torture(0, asked.seed, scenarios=asked.scenarios))


if __name__ == "__main__":
    main()
