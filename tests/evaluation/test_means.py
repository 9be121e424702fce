import numpy as np
import pyarrow as pa

from cuvee.evaluation.means import QUESTIONS, TASKS, as_table, means
from cuvee.evaluation.table import TABLE


def told(task: list[str], loss: list[float | None], tokens: list[int | None]) -> pa.Table:
    rows = [{"task": t, "loss": x, "tokens": n} for t, x, n in zip(task, loss, tokens, strict=True)]
    return pa.Table.from_pylist(rows, TABLE)


def test_means_per_task_over_questions_and_over_tasks() -> None:
    table = told(["a", "a", "a", "b", "b"], [1.0, 3.0, None, 5.0, 5.0], [1, 3, None, 2, 2])
    found = {(row["task"], row["measure"]): row for row in means(table, seed=0)}
    assert found["a", "loss"]["mean"] == 2 and found["a", "loss"]["n"] == 2
    assert found["a", "token_loss"]["mean"] == 2.5
    assert found["b", "loss"]["se"] == 0
    assert found[QUESTIONS, "loss"]["mean"] == 3.5 and found[TASKS, "loss"]["mean"] == 3.5
    assert found[QUESTIONS, "token_loss"]["mean"] == 30 / 8
    assert not found["a", "loss"]["higher_is_better"] and ("a", "accuracy") not in found
    assert as_table(list(found.values())).num_rows == 8


def test_the_standard_error_is_that_of_the_mean_and_of_the_mean_of_tasks() -> None:
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=400), 5 + 2 * rng.normal(size=100)
    table = told(["a"] * 400 + ["b"] * 100, [*one, *two], [1] * 500)
    found = {(row["task"], row["measure"]): row["se"] for row in means(table, seed=0)}
    errors = one.std() / 20, two.std() / 10
    assert abs(found["a", "loss"] / errors[0] - 1) < 0.1
    assert abs(found[TASKS, "loss"] / (np.hypot(*errors) / 2) - 1) < 0.1
    assert means(table, seed=0) == means(table, seed=0)


def test_one_question_has_no_standard_error() -> None:
    (row, _) = means(told(["a"], [1.0], [2]), seed=0)
    assert row["se"] is None and row["mean"] == 1
