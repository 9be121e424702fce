"""Families whose answer is computed: word problems, unit conversion, small Python functions."""

import numpy as np

from cuvee.planting.tables import TABLES
from cuvee.planting.task import Task, pick, several, whole


def word_problem(rng: np.random.Generator) -> Task:
    """Return a word problem of two or three steps; the answer shows them and ends in ``Answer: n``."""
    return pick(rng, (_shopping, _sharing, _trip, _savings, _rows_of_seats, _work_week))(rng)


def _solved(question: str, steps: list[str], answer: int) -> Task:
    numbered = "\n".join(f"Step {at}: {step}" for at, step in enumerate(steps, 1))
    return Task(question, "", f"{numbered}\nAnswer: {answer}")


def _shopping(rng: np.random.Generator) -> Task:
    name, goods, place = pick(rng, TABLES.names), pick(rng, TABLES.goods), pick(rng, TABLES.places)
    count, price, extra = whole(rng, 3, 40), whole(rng, 2, 25), whole(rng, 1, 30)
    paid = count * price + extra + whole(rng, 0, 50)
    opening = pick(rng, (f"At the {place}, {name} bought", f"{name} went to the {place} and bought"))
    question = (
        f"{opening} {count} {goods} at {price} dollars each and a bag for {extra} dollars. "
        f"{name} handed over {paid} dollars. How much change is due?"
    )
    goods_cost, total = count * price, count * price + extra
    steps = [f"the {goods} cost {count} x {price} = {goods_cost} dollars."]
    steps += [f"with the bag it is {goods_cost} + {extra} = {total} dollars."]
    return _solved(question, [*steps, f"the change is {paid} - {total} = {paid - total} dollars."], paid - total)


def _sharing(rng: np.random.Generator) -> Task:
    (name, friend), goods = several(rng, TABLES.names, 2), pick(rng, TABLES.goods)
    people, each, left = whole(rng, 3, 15), whole(rng, 2, 30), whole(rng, 0, 2)
    boxes = pick(rng, (2, 3, 4, 5))
    total = people * each + left
    first = total // boxes
    question = (
        f"{name} has {first * boxes} {goods} in {boxes} equal boxes and {total - first * boxes} loose ones. "
        f"{friend} helps to share all of them among {people} children. How many are left over?"
    )
    steps = [f"there are {first * boxes} + {total - first * boxes} = {total} {goods}."]
    steps += [f"{total} = {people} x {each} + {left}, so each child gets {each}."]
    return _solved(question, [*steps, f"{left} of the {goods} are left over."], left)


def _trip(rng: np.random.Generator) -> Task:
    name, place, vehicle = (
        pick(rng, TABLES.names),
        pick(rng, TABLES.places),
        pick(rng, ("cyclist", "tram", "van", "bus", "ferry")),
    )
    slow, fast, before, after = whole(rng, 8, 30), whole(rng, 31, 90), whole(rng, 1, 6), whole(rng, 1, 6)
    question = (
        f"A {vehicle} with {name} on board leaves the {place} and travels {before} hours at {slow} km per hour, "
        f"then {after} hours at {fast} km per hour. How many kilometres is that in all?"
    )
    one, two = slow * before, fast * after
    steps = [f"the first part is {before} x {slow} = {one} km.", f"the second part is {after} x {fast} = {two} km."]
    return _solved(question, [*steps, f"together {one} + {two} = {one + two} km."], one + two)


def _savings(rng: np.random.Generator) -> Task:
    name, goods = pick(rng, TABLES.names), pick(rng, TABLES.goods)
    start, weekly, weeks, spent = whole(rng, 10, 90), whole(rng, 3, 25), whole(rng, 4, 20), whole(rng, 5, 22)
    chore = pick(rng, ("walking dogs", "washing cars", "tutoring", "babysitting", "delivering papers", "gardening"))
    question = (
        f"{name} starts with {start} dollars, earns {weekly} dollars a week by {chore} for {weeks} weeks, "
        f"and spends {spent} dollars on {goods}. How many dollars remain?"
    )
    earned, held = weekly * weeks, start + weekly * weeks
    steps = [f"{chore} brings {weeks} x {weekly} = {earned} dollars."]
    steps += [f"that makes {start} + {earned} = {held} dollars."]
    return _solved(question, [*steps, f"{held} - {spent} = {held - spent} dollars remain."], held - spent)


def _rows_of_seats(rng: np.random.Generator) -> Task:
    place, rows, seats = pick(rng, TABLES.places), whole(rng, 6, 30), whole(rng, 8, 40)
    broken, taken = whole(rng, 1, 12), whole(rng, 10, 35)
    question = (
        f"For a concert the {place} sets up {rows} rows of {seats} chairs. {broken} chairs are broken and {taken} are "
        f"already taken. How many people can still sit down?"
    )
    total = rows * seats
    steps = [f"there are {rows} x {seats} = {total} chairs.", f"{total} - {broken} = {total - broken} can be used."]
    free = total - broken - taken
    return _solved(question, [*steps, f"{total - broken} - {taken} = {free} are free."], free)


def _work_week(rng: np.random.Generator) -> Task:
    name, goods = pick(rng, TABLES.names), pick(rng, TABLES.goods)
    hourly, hours, days, faulty = whole(rng, 4, 30), whole(rng, 3, 9), whole(rng, 2, 6), whole(rng, 1, 20)
    question = (
        f"A machine that {name} looks after makes {hourly} {goods} an hour. It runs {hours} hours a day on {days} days, "
        f"and {faulty} pieces fail inspection. How many good pieces are there?"
    )
    daily, total = hourly * hours, hourly * hours * days
    steps = [f"one day gives {hourly} x {hours} = {daily}.", f"{days} days give {days} x {daily} = {total}."]
    return _solved(question, [*steps, f"{total} - {faulty} = {total - faulty} are good."], total - faulty)


ASK = (
    "Convert {n} {a} to {b}.",
    "How many {b} are in {n} {a}?",
    "Express {n} {a} in {b}.",
    "Write {n} {a} as a number of {b}.",
)


def conversion(rng: np.random.Generator) -> Task:
    """Return a question about units in either direction, always with a whole answer."""
    big, small, ratio = pick(rng, TABLES.units)
    count = whole(rng, 2, 400)
    if rng.random() < 0.5:
        question = pick(rng, ASK).format(n=count, a=big, b=small)
        why = f"{ratio} times as many {small} as {big}, and {count} x {ratio}"
        return Task(question, "", f"{count} {big} = {count * ratio} {small}. There are {why} = {count * ratio}.")
    question = pick(rng, ASK).format(n=count * ratio, a=small, b=big)
    why = f"{ratio} {small} make one of the {big}, and {count * ratio} / {ratio}"
    return Task(question, "", f"{count * ratio} {small} = {count} {big}. Here {why} = {count}.")


def code(rng: np.random.Generator) -> Task:
    """Return a request for a Python function over whole numbers, and the function."""
    short, words, test = pick(rng, TABLES.tests)
    part, result, change = pick(rng, TABLES.changes)
    verb, what, reduce = pick(rng, TABLES.reductions)
    above = whole(rng, 0, 9)
    name = f"{verb}_{part}_of_{short}" + (f"_not_{above}" if above else "")
    limit = f", leaving out the number {above}" if above else ""
    ask = pick(rng, ("Write a Python function", "In Python, write a function", "Please code a Python function called"))
    question = f"{ask} {name}(numbers) that returns {what} of the {result} of the {words} in a list{limit}."
    condition = test + (f" and n != {above}" if above else "")
    body = reduce.format(f"{change} for n in numbers if {condition}")
    return Task(question, "", f"def {name}(numbers):\n    return {body}")
