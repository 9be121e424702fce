"""The outcome of a proof in a sentence."""

from collections.abc import Mapping

from cuvee.proof.asked import JudgedBy
from cuvee.proof.confirming import Earlier
from cuvee.statistics import Proof, Verdict
from cuvee.statistics.verdicts import rounded

FORMS = {  # word of a verdict: of one arm, of several
    "beats": ("beats", "beat"),
    "loses": ("loses to", "lose to"),
    "open": ("cannot be told from",) * 2,
    "ahead": ("is ahead of", "are ahead of"),
    "behind": ("is behind", "are behind"),
}
FOUND, CONFIRMED, UNCONFIRMED = "found", "confirmed", "not confirmed"


def sentence(compared: Mapping[str, Proof], how: JudgedBy, earlier: Earlier | None) -> str:
    """Return the outcome by each metric: who beats the reference, who loses, who cannot be told from it.

    A win is called found until it is confirmed; a comparison that was written down beforehand stands first.
    """
    if earlier:
        return _confirmed(compared[how.metrics[0]], how, earlier)
    if how.primary:
        return _planned(compared[how.metrics[0]], how)
    parts = {metric: outcome(proof) for metric, proof in compared.items()}
    all_ = "; ".join(parts.values() if len(parts) == 1 else (f"by {name}: {part}" for name, part in parts.items()))
    claims = any(verdict.word in ("beats", "loses") for proof in compared.values() for verdict in proof.verdicts)
    wins = any(verdict.word == "beats" for proof in compared.values() for verdict in proof.verdicts)
    chance = f" ({_chance(how.level)})" if claims or not _once(compared) else ""
    return f"{all_.replace('exact_match', 'exact match')}{chance}{'; found, not confirmed' if wins else ''}"


def standing(verdict: Verdict, earlier: Earlier | None) -> str | None:
    """Return whether a win is found or confirmed; None where there is none and none was looked for."""
    if earlier:
        return CONFIRMED if verdict.word == "beats" else UNCONFIRMED
    return FOUND if verdict.word == "beats" else None


def _confirmed(proof: Proof, how: JudgedBy, earlier: Earlier) -> str:
    """Return which of the earlier wins hold, each beside what was found."""
    found = {arm["arm"]: arm for arm in earlier.wins}
    parts = []
    for verdict in proof.verdicts:
        size, half = rounded(found[verdict.arm]["difference"], found[verdict.arm]["half_width"])
        parts.append(f"{standing(verdict, earlier)}: {verdict.sentence} (found: {size} ± {half})")
    return f"{'; '.join(parts)}; on {proof.questions:,} questions and rows never used before ({_chance(how.level)})"


def _planned(proof: Proof, how: JudgedBy) -> str:
    """Return the planned comparison first; what else was seen is no claim."""
    first = next(verdict for verdict in proof.verdicts if how.primary and verdict.arm == how.primary.arm)
    state = "; found, not confirmed" if first.word == "beats" else ""
    others = [verdict for verdict in proof.verdicts if verdict is not first]
    beside = f"; beside it, not written beforehand: {_outcome(others, proof.reference)}" if others else ""
    return f"written beforehand: {first.sentence} ({_chance(how.level)}){state}{beside}"


def _chance(level: float) -> str:
    return f"chance of any false claim at most {1 - level:.0%}"


def _once(compared: Mapping[str, Proof]) -> bool:
    return any(verdict.once for proof in compared.values() for verdict in proof.verdicts)


def outcome(compared: Proof) -> str:
    """Return who beats the reference, who loses to it, and who cannot be told from it."""
    return _outcome(compared.verdicts, compared.reference)


def _outcome(verdicts: list[Verdict], reference: str) -> str:
    named = {word: [verdict.arm for verdict in verdicts if verdict.word == word] for word in FORMS}
    parts = [f"{_and(arms)} {FORMS[word][len(arms) > 1]} {reference}" for word, arms in named.items() if arms]
    if named["ahead"] or named["behind"]:
        parts.append("trained once each, so nothing is known of other seeds")
    return "; ".join(parts) or f"only {reference} was trained: nothing to compare"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
