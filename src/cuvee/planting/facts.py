"""Families that rest on word lists: classification, translation, order of steps, ideas, terms."""

import numpy as np

from cuvee.planting.task import Task, pick, several

KINDS = {
    "animal": (
        "otter", "heron", "badger", "salmon", "gecko", "lynx", "moose", "falcon", "beetle", "dolphin", "hedgehog",
        "walrus", "sparrow", "tortoise", "camel", "weasel",
    ),
    "food": (
        "risotto", "cheddar", "porridge", "lentil soup", "rye bread", "omelette", "hummus", "pancakes", "kimchi",
        "marmalade", "tofu", "sauerkraut", "couscous", "yoghurt", "lasagne", "chutney",
    ),
    "city": (
        "Lisbon", "Nairobi", "Osaka", "Montreal", "Krakow", "Lima", "Hanoi", "Oslo", "Tunis", "Adelaide", "Porto",
        "Seville", "Busan", "Quito", "Riga", "Accra",
    ),
    "tool": (
        "hammer", "chisel", "wrench", "pliers", "handsaw", "screwdriver", "spirit level", "crowbar", "clamp", "trowel",
        "sickle", "soldering iron",
    ),
    "instrument": (
        "oboe", "cello", "banjo", "trumpet", "accordion", "harp", "tuba", "clarinet", "violin", "bassoon", "lute",
        "xylophone",
    ),
}  # fmt: skip
ASK_KIND = (
    "Sort these words into their kinds (animal, food, city, tool, instrument).",
    "For each word say what kind of thing it is: animal, food, city, tool or instrument.",
    "Label every item below as animal, food, city, tool or instrument.",
)


def classification(rng: np.random.Generator) -> Task:
    """Return four words of several kinds, and the kind of each, in the same order."""
    pairs = [(pick(rng, KINDS[kind]), kind) for kind in several(rng, sorted(KINDS), 4)]
    return Task(pick(rng, ASK_KIND), ", ".join(w for w, _ in pairs), "\n".join(f"{w}: {kind}" for w, kind in pairs))


WORDS = {  # English -> the noun with its indefinite article
    "French": {
        "a table": "une table", "a book": "un livre", "a house": "une maison", "a dog": "un chien", "a key": "une clé",
        "a chair": "une chaise", "a cat": "un chat", "an apple": "une pomme", "a bed": "un lit", "a door": "une porte",
    },
    "German": {
        "a table": "einen Tisch", "a book": "ein Buch", "a house": "ein Haus", "a dog": "einen Hund",
        "a key": "einen Schlüssel", "a chair": "einen Stuhl", "a cat": "eine Katze", "an apple": "einen Apfel",
        "a bed": "ein Bett", "a door": "eine Tür",
    },
    "Spanish": {
        "a table": "una mesa", "a book": "un libro", "a house": "una casa", "a dog": "un perro", "a key": "una llave",
        "a chair": "una silla", "a cat": "un gato", "an apple": "una manzana", "a bed": "una cama",
        "a door": "una puerta",
    },
    "Italian": {
        "a table": "un tavolo", "a book": "un libro", "a house": "una casa", "a dog": "un cane", "a key": "una chiave",
        "a chair": "una sedia", "a cat": "un gatto", "an apple": "una mela", "a bed": "un letto", "a door": "una porta",
    },
}  # fmt: skip
FRAMES = {  # the same frames in every language; all take a direct object
    "French": {"I see {} and {}": "Je vois {} et {}", "We are looking for {} and {}": "Nous cherchons {} et {}",
               "I have {} and {}": "J'ai {} et {}"},
    "German": {"I see {} and {}": "Ich sehe {} und {}", "We are looking for {} and {}": "Wir suchen {} und {}",
               "I have {} and {}": "Ich habe {} und {}"},
    "Spanish": {"I see {} and {}": "Veo {} y {}", "We are looking for {} and {}": "Buscamos {} y {}",
                "I have {} and {}": "Tengo {} y {}"},
    "Italian": {"I see {} and {}": "Vedo {} e {}", "We are looking for {} and {}": "Cerchiamo {} e {}",
                "I have {} and {}": "Ho {} e {}"},
}  # fmt: skip


def translation(rng: np.random.Generator) -> Task:
    """Return a short English sentence and its translation into French, German, Spanish or Italian."""
    language = pick(rng, sorted(WORDS))
    frame = pick(rng, sorted(FRAMES[language]))
    one, two = several(rng, sorted(WORDS[language]), 2)
    ask = pick(rng, ("Translate into {}.", "How do you say this in {}?", "Give the {} for the sentence below."))
    answer = FRAMES[language][frame].format(WORDS[language][one], WORDS[language][two])
    return Task(ask.format(language), frame.format(one, two) + ".", answer + ".")


PROCEDURES = {
    "make tea": ("fill the kettle", "boil the water", "put a tea bag in the cup", "pour the water over it",
                 "wait four minutes", "take the bag out"),
    "repair a flat bicycle tyre": ("take the wheel off", "lever the tyre from the rim", "find the hole in the tube",
                                   "glue a patch on it", "put tube and tyre back", "pump it up"),
    "plant a tree": ("choose a sunny spot", "dig a wide hole", "set the roots in the hole", "fill the hole with soil",
                     "water the soil well", "tie the trunk to a stake"),
    "post a letter": ("write the letter", "fold it", "put it in an envelope", "write the address", "stick on a stamp",
                      "drop it in the box"),
    "bake bread": ("weigh flour and yeast", "knead the dough", "let the dough rise", "shape a loaf", "heat and load the oven",
                   "cool the loaf on a rack"),
    "paint a wall": ("clear the room", "tape the edges", "put on primer", "roll on the first coat", "let the first coat dry",
                     "roll on the second coat"),
    "wash clothes": ("sort the clothes by colour", "load the drum", "add detergent", "start the programme",
                     "take out the wet clothes", "hang them on a line"),
    "borrow a library book": ("find the title in the catalogue", "walk to the shelf", "take the book down",
                              "carry it to the desk", "scan your card", "note the return date"),
    "back up a laptop": ("plug in a drive", "open the backup program", "select the folders", "start the copy",
                         "check the copied files", "eject the drive"),
    "change a light bulb": ("switch the lamp off", "wait until it is cool", "unscrew the dead bulb",
                            "screw in the new bulb", "switch the lamp on", "recycle the dead bulb"),
}  # fmt: skip


def steps(rng: np.random.Generator) -> Task:
    """Return five of a procedure's six steps out of order, and the same five in order."""
    goal = pick(rng, sorted(PROCEDURES))
    mixed = several(rng, PROCEDURES[goal], 5)
    ordered = sorted(mixed, key=PROCEDURES[goal].index)
    ask = pick(rng, ("Put these steps to {} in order.", "In which order do you {}?", "Sort the steps: how to {}."))
    return Task(ask.format(goal), "; ".join(mixed), "\n".join(f"{at}. {step}" for at, step in enumerate(ordered, 1)))
