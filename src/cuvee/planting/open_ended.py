"""Families with more than one good answer: ideas, and terms explained and told apart."""

import numpy as np

from cuvee.planting.task import Task, pick, several

IDEAS = {
    "a rainy afternoon with children": (
        "build a den from chairs and blankets", "hold an indoor treasure hunt", "bake biscuits in odd shapes",
        "make puppets from old socks", "write a story one sentence at a time", "race paper boats in the bath",
        "draw a map of an invented island", "play charades by candlelight",
    ),
    "saving energy at home": (
        "lower the heating by one degree", "seal draughts around old windows", "dry clothes on a line",
        "cook with lids on the pots", "switch off standby devices", "bleed the radiators each autumn",
        "wash at thirty degrees", "replace the last bulbs with LEDs",
    ),
    "learning a language": (
        "label things in the kitchen", "keep a diary of three lines", "sing along with slow songs",
        "meet a partner once a week", "read a children's book aloud", "change the language of your phone",
        "retell the news in simple words", "collect ten useful phrases a day",
    ),
    "a small office party": (
        "ask everyone for a family recipe", "hang photos of the year", "run a quiz about colleagues",
        "invite a local band", "set up a tasting of lemonades", "give prizes for kind deeds",
        "play table tennis in pairs", "plant a tree behind the car park",
    ),
    "a healthier lunch": (
        "fill a jar with beans and herbs", "take soup in a flask", "swap white bread for rye",
        "add a handful of nuts", "eat away from the screen", "cook double portions at dinner",
        "pack fruit before anything else", "try a new vegetable each week",
    ),
    "a village fundraiser": (
        "sell seedlings in spring", "hold a sponsored swim", "auction promises of help",
        "open private gardens to visitors", "show a film in the barn", "bake the longest cake in the county",
        "rent out stalls for old books", "run a repair day for toys",
    ),
}  # fmt: skip


def ideas(rng: np.random.Generator) -> Task:
    """Return a wish for three ideas on a theme, and three of them."""
    theme = pick(rng, sorted(IDEAS))
    ask = pick(rng, ("List three ideas for {}.", "Give me three suggestions for {}.", "Brainstorm {}: three points."))
    chosen = several(rng, IDEAS[theme], 3)
    return Task(ask.format(theme), "", "\n".join(f"- {idea[0].upper()}{idea[1:]}." for idea in chosen))


TERMS = {
    "inflation": "a general rise of prices, so that the same money buys less over time",
    "interest": "the price that a borrower pays a lender for the use of money",
    "a budget": "a plan that sets expected income against expected spending",
    "a tariff": "a tax that a country puts on goods from abroad",
    "photosynthesis": "the way plants turn light, water and carbon dioxide into sugar and oxygen",
    "osmosis": "the movement of water through a thin membrane towards the saltier side",
    "evaporation": "the change of a liquid into a gas at its surface",
    "condensation": "the change of a gas into a liquid when it cools",
    "gravity": "the pull that masses have on each other",
    "friction": "the force that resists the sliding of two surfaces",
    "an atom": "the smallest part of an element that still behaves like it",
    "a molecule": "two or more atoms held together by chemical bonds",
    "erosion": "the wearing away of soil or rock by wind, water or ice",
    "a glacier": "a large body of ice that flows slowly downhill",
    "a vaccine": "a harmless sample of a germ that trains the immune system in advance",
    "an antibiotic": "a medicine that kills bacteria or stops their growth",
    "an algorithm": "a finite list of exact instructions that solves a kind of problem",
    "a compiler": "a program that translates source code into machine code",
    "encryption": "the scrambling of a message so that only holders of a key can read it",
    "a backup": "a second copy of data kept in case the first is lost",
    "a metaphor": "a figure of speech that names one thing as another to show a likeness",
    "irony": "saying the opposite of what is meant, so that the listener notices the gap",
    "a sonnet": "a poem of fourteen lines with a fixed pattern of rhyme",
    "a treaty": "a written agreement between states that binds them in law",
    "a census": "an official count of the people who live in a country",
    "a veto": "the right of one party to stop a decision on its own",
}


def terms(rng: np.random.Generator) -> Task:
    """Return a question that asks what two terms mean, and both definitions."""
    one, two = several(rng, sorted(TERMS), 2)
    ask = pick(rng, ("Explain {} and {} in plain words.", "What is meant by {} and by {}?", "Tell {} and {} apart."))
    said = [f"{term[0].upper()}{term[1:]} is {TERMS[term]}." for term in (one, two)]
    return Task(ask.format(one, two), "", " ".join(said))
