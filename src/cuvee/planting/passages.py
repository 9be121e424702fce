"""Families that work on a text: sentiment, summary, extraction, grammar."""

import numpy as np

from cuvee.planting.tables import TABLES
from cuvee.planting.task import Task, pick, several, whole

WHO = ("sister", "father", "neighbour", "grandmother", "flatmate", "son", "daughter", "aunt", "boss", "cousin")
WHEN = ("last month", "in spring", "two weeks ago", "before a long trip", "during the sale", "a year ago", "in May")
ASK_SENTIMENT = (
    "Is this review positive or negative?",
    "Name the sentiment of the review in one word.",
    "Read the customer's text and decide: positive or negative?",
    "Classify the opinion below.",
    "Does the writer like the product? Answer positive or negative.",
)


def sentiment(rng: np.random.Generator) -> Task:
    """Return a review of three remarks of one kind, and ``Positive`` or ``Negative``."""
    positive = rng.random() < 0.5
    remarks = several(rng, TABLES.praise if positive else TABLES.complaints, 3)
    context = pick(rng, TABLES.openings).format(who=pick(rng, WHO))
    parts = [f"{context} {pick(rng, WHEN)}, a {pick(rng, TABLES.products)} in size {whole(rng, 1, 60)}", *remarks]
    order = [parts[at] for at in rng.permutation(4).tolist()]
    return Task(pick(rng, ASK_SENTIMENT), ". ".join(order) + ".", "Positive" if positive else "Negative")


ASK_SUMMARY = (
    "Summarise the paragraph in one sentence.",
    "What is the main point of this text? Use one sentence.",
    "Give a one-sentence summary of the news item below.",
    "Shorten the following report to a single sentence.",
)


def summary(rng: np.random.Generator) -> Task:
    """Return a news paragraph of six sentences; the summary names place, plan, reason and who gains."""
    town, (plan, reason, gains) = pick(rng, TABLES.towns), pick(rng, TABLES.projects)
    fill = {"a": whole(rng, 2, 60), "b": whole(rng, 61, 900), "year": whole(rng, 1990, 2020)}
    names = {"month": pick(rng, TABLES.months), "name": pick(rng, TABLES.names)}
    details = [text.format(**fill, **names) for text in several(rng, TABLES.details, 4)]
    lead = pick(rng, (f"{town} will get {plan}.", f"The town of {town} is to have {plan}."))
    text = " ".join([lead, f"The reason is that {reason}.", *details])
    return Task(pick(rng, ASK_SUMMARY), text, f"{town} gets {plan} because {reason}, which helps {gains}.")


MESSAGES = (
    "Dear team, {name} will visit our {town} office on {date} to look at the {thing}. Please keep room {n} free.",
    "Hello, this is {name}. I ordered a {thing} on {date} under number {n}, to be sent to {town}. It has not come yet.",
    "Minutes: on {date} the board met in {town}. {name} reported that {n} people had asked about the {thing}.",
    "Reminder from {town}: return the {thing} by {date} or pay {n} dollars. Ask {name} if anything is unclear.",
    "{name} found a {thing} at platform {n} in {town} on the evening of {date} and left it with the guard.",
    "Your parcel {n} with the {thing} left {town} on {date}. {name} signed for it at the depot.",
)
FIELDS = (("date", "the date"), ("name", "the person's name"), ("town", "the place"), ("n", "the number"))


def extraction(rng: np.random.Generator) -> Task:
    """Return a short message and one or two fields to take from it."""
    date = f"{whole(rng, 1, 28)} {pick(rng, TABLES.months)} {whole(rng, 1995, 2026)}"
    fill = {
        "name": pick(rng, TABLES.names),
        "town": pick(rng, TABLES.towns),
        "date": date,
        "thing": pick(rng, TABLES.products),
    }
    fill["n"] = str(whole(rng, 40, 9999))
    wanted = several(rng, FIELDS, whole(rng, 1, 2))
    ask = pick(rng, ("Extract {} from the text.", "Which is {} in this message?", "Find {} and write nothing else."))
    question = ask.format(" and ".join(words for _, words in wanted))
    return Task(question, pick(rng, MESSAGES).format(**fill), "; ".join(fill[key] for key, _ in wanted))


VERBS = (
    ("walks", "walk"),
    ("waits", "wait"),
    ("works", "work"),
    ("sleeps", "sleep"),
    ("sings", "sing"),
    ("rests", "rest"),
)
OFTEN = ("every day", "before noon", "after dinner", "on Mondays", "in the rain", "all summer", "at night", "at dawn")
ASK_GRAMMAR = (
    "Correct the grammar of this sentence.",
    "Fix the mistake below.",
    "Rewrite the sentence so that the verb fits its subject.",
    "Find and repair the grammatical error.",
)


def grammar(rng: np.random.Generator) -> Task:
    """Return a sentence whose verb has the wrong number, and the sentence put right."""
    many = int(rng.integers(2))
    subject, verb = pick(rng, TABLES.subjects)[many], pick(rng, VERBS)
    tail = f"{pick(rng, TABLES.where)} with {pick(rng, TABLES.names)} {pick(rng, OFTEN)}."
    return Task(pick(rng, ASK_GRAMMAR), f"{subject} {verb[1 - many]} {tail}", f"{subject} {verb[many]} {tail}")
