"""Families that work on a text: sentiment, summary, extraction, grammar."""

import numpy as np

from cuvee.planting.numbers import NAMES
from cuvee.planting.task import Task, pick, several, whole

PRODUCTS = (
    "kettle", "backpack", "desk lamp", "rain jacket", "headset", "blender", "tent", "office chair", "phone case",
    "coffee grinder", "bicycle pump", "novel", "board game", "pair of boots", "alarm clock", "frying pan",
)  # fmt: skip
GOOD = (
    "It does exactly what the box says", "My whole family is happy with it", "The finish looks better than I hoped",
    "It arrived early and well packed", "After daily use it still feels new", "The price is more than fair",
    "I have already told two friends to get one", "Support answered within minutes and was kind",
    "It is quiet, light and simple to clean", "The instructions were clear even for a beginner",
)  # fmt: skip
BAD = (
    "It stopped working on the third day", "The handle came off in my hand", "I asked for a refund and heard nothing",
    "The colour is nothing like the picture", "It smells of cheap plastic and still does", "Parts were missing",
    "It is far too loud for a small flat", "The seams split after one trip", "I regret spending money on this",
    "The manual is useless and so is the help line",
)  # fmt: skip
CONTEXT = (
    "I bought it for my {who}", "This was a gift for my {who}", "My {who} picked this one",
)  # fmt: skip
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
    remarks = several(rng, GOOD if positive else BAD, 3)
    context = pick(rng, CONTEXT).format(who=pick(rng, WHO))
    parts = [f"{context} {pick(rng, WHEN)}, a {pick(rng, PRODUCTS)} in size {whole(rng, 1, 60)}", *remarks]
    order = [parts[at] for at in rng.permutation(4).tolist()]
    return Task(pick(rng, ASK_SENTIMENT), ". ".join(order) + ".", "Positive" if positive else "Negative")


TOWNS = (
    "Altmere", "Brookhaven", "Castelro", "Dunfirth", "Eskdale", "Fernhill", "Grantow", "Hollin", "Ivelle", "Juniper Bay",
    "Kestrel", "Lowmoor", "Marrick", "Norwell", "Oakham", "Pellworth", "Quarrington", "Redcliff", "Stonegate", "Thornby",
)  # fmt: skip
PROJECTS = (  # what, why, who gains
    ("a covered bicycle path along the river", "the old road is narrow and dark", "pupils and commuters"),
    ("a repair workshop in the former fire station", "broken tools are thrown away too soon", "every household"),
    ("a night bus from the station to the hospital", "nurses have no way home after ten", "shift workers"),
    ("a public garden on the roof of the library", "the centre has hardly any shade", "readers and bees"),
    ("a school kitchen that cooks with local food", "meals came frozen from far away", "children and farmers"),
    ("a solar roof over the market square", "power costs have doubled in three years", "the stall holders"),
    ("a flood wall beside the lower quarter", "water reached the cellars twice", "two thousand residents"),
    ("a small theatre in the empty mill", "amateur groups had nowhere to play", "young actors"),
    ("a free swimming course for all ages", "many children cannot swim", "families near the lake"),
    ("a digital desk in the town hall", "queues for papers took a whole morning", "people with little time"),
)  # fmt: skip
DETAILS = (
    "The council voted for it after a debate of {a} hours.", "Work begins in {month} and takes about {a} months.",
    "Critics warned that the cost of {a} million may grow.", "A survey of {b} residents showed broad support.",
    "{name}, who leads the planning office, called it a quick decision.", "The county pays {a} per cent of the bill.",
    "Volunteers gave {b} hours to prepare the site.", "An earlier plan failed in {year} for lack of money.",
    "Neighbours also asked for {a} large trees around the place.", "A small exhibition in {month} shows the drawings.",
)  # fmt: skip
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
ASK_SUMMARY = (
    "Summarise the paragraph in one sentence.",
    "What is the main point of this text? Use one sentence.",
    "Give a one-sentence summary of the news item below.",
    "Shorten the following report to a single sentence.",
)


def summary(rng: np.random.Generator) -> Task:
    """Return a news paragraph of six sentences; the summary names place, plan, reason and who gains."""
    town, (plan, reason, gains) = pick(rng, TOWNS), pick(rng, PROJECTS)
    fill = {"a": whole(rng, 2, 60), "b": whole(rng, 61, 900), "year": whole(rng, 1990, 2020)}
    names = {"month": pick(rng, MONTHS), "name": pick(rng, NAMES)}
    details = [text.format(**fill, **names) for text in several(rng, DETAILS, 4)]
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
    date = f"{whole(rng, 1, 28)} {pick(rng, MONTHS)} {whole(rng, 1995, 2026)}"
    fill = {"name": pick(rng, NAMES), "town": pick(rng, TOWNS), "date": date, "thing": pick(rng, PRODUCTS)}
    fill["n"] = str(whole(rng, 40, 9999))
    wanted = several(rng, FIELDS, whole(rng, 1, 2))
    ask = pick(rng, ("Extract {} from the text.", "Which is {} in this message?", "Find {} and write nothing else."))
    question = ask.format(" and ".join(words for _, words in wanted))
    return Task(question, pick(rng, MESSAGES).format(**fill), "; ".join(fill[key] for key, _ in wanted))


SUBJECTS = (  # singular, plural
    ("The old dog", "The old dogs"), ("My teacher", "My teachers"), ("The red car", "The red cars"),
    ("That small child", "Those small children"), ("The nurse", "The nurses"), ("Her brother", "Her brothers"),
    ("The tall builder", "The tall builders"), ("This farmer", "These farmers"), ("The young singer", "The young singers"),
)  # fmt: skip
VERBS = (
    ("walks", "walk"),
    ("waits", "wait"),
    ("works", "work"),
    ("sleeps", "sleep"),
    ("sings", "sing"),
    ("rests", "rest"),
)
WHERE = (
    "near the bridge", "in the garden", "behind the school", "at the station", "on the hill", "by the lake",
    "next to the mill", "under the bridge",
)  # fmt: skip
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
    subject, verb = pick(rng, SUBJECTS)[many], pick(rng, VERBS)
    tail = f"{pick(rng, WHERE)} with {pick(rng, NAMES)} {pick(rng, OFTEN)}."
    return Task(pick(rng, ASK_GRAMMAR), f"{subject} {verb[1 - many]} {tail}", f"{subject} {verb[many]} {tail}")
