"""What the map carries: the chosen rows best first, a fair sample of the others, labels once."""

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from cuvee.reports import excerpts
from cuvee.reports.points import LEAST, POINTS, pack

Run = Callable[[int, int], Any]


def unpack(data: Any, key: str, dtype: str) -> Any:
    return np.frombuffer(base64.b64decode(data[key]), dtype)


def row(name: str, x: float | None, rank: int | None, **other: Any) -> dict[str, Any]:
    plain = {
        "status": "kept" if rank else "free",
        "task": None,
        "source": "a",
        "length": 7,
        "reason": None,
        "text": name,
    }
    return {"id": name, "x": x, "y": 0.5, "rank": rank, **plain, **other}


def table(rows: list[dict[str, Any]]) -> pa.Table:
    schema = pa.schema([("id", pa.string()), ("x", pa.float32()), ("y", pa.float32()), ("rank", pa.int32()),
                        ("status", pa.string()), ("task", pa.string()), ("source", pa.string()), ("length", pa.int32()),
                        ("reason", pa.string()), ("text", pa.string())])  # fmt: skip
    return pa.Table.from_pylist(rows, schema=schema)


def test_four_rows_by_hand() -> None:
    points = table(
        [
            row("second", 1.0, 2, task="maths"),
            row("nowhere", None, None),
            row("fallen", 0.25, None, status="dropped", reason="twin of second"),
            row("first", 0.0, 1, task="code"),
        ]
    )
    scatter = pack(points)
    data = scatter.data
    assert data["ids"] == ["first", "second", "fallen"]
    assert unpack(data, "x", "<u2").tolist() == [0, 65_535, round(0.25 * 65_535)]
    assert unpack(data, "rank", "<u4").tolist() == [1, 2, 0]
    assert unpack(data, "status", "u1").tolist() == [0, 0, 2]
    assert unpack(data, "task", "<u2").tolist() == [0, 1, 65_535]
    assert data["tasks"] == [["code", 1, 1], ["maths", 1, 1]]
    assert data["sources"] == [["a", 4, 2]]
    assert data["texts"] == [[["first", ""], ["second", ""]], [["fallen", ""]]]
    assert data["why"] == [["", ""], ["twin of second"]] and data["whole"] == 2
    assert data["reasons"] == [["twin of second", 1, 0]] and unpack(data, "reason", "<u2").tolist() == [
        65_535,
        65_535,
        0,
    ]
    assert (scatter.chosen, scatter.others, scatter.others_drawn, scatter.nowhere) == (2, 1, 1, 1)
    assert [one["task"] for one in scatter.first(5)] == ["code", "maths"]


def test_every_chosen_row_and_a_sample_of_the_others_whose_shares_are_those_of_the_pool(a_run: Run) -> None:
    points = a_run(60_000, 1_000).points
    scatter = pack(points)
    assert scatter.chosen_drawn == scatter.chosen > 990
    assert scatter.data["n"] == POINTS
    status = unpack(scatter.data, "status", "u1")[scatter.chosen :]
    whole = np.array(points["status"].to_pylist())
    others = whole[whole != "kept"]
    assert abs((status == 2).mean() - (others == "dropped").mean()) < 0.01  # 4 standard errors are 0.008


def test_many_chosen_rows_leave_room_for_others(a_run: Run) -> None:
    scatter = pack(a_run(40_000, 18_000).points)
    assert scatter.chosen_drawn == scatter.chosen
    assert scatter.others_drawn == LEAST


def test_the_sample_is_the_same_each_time(a_run: Run) -> None:
    points = a_run(30_000, 100).points
    assert pack(points).data == pack(points).data


def test_the_best_rows_are_whole_and_the_others_are_cut(a_run: Run) -> None:
    run = a_run(20_000, 1_500)
    scatter = pack(run.points, lambda rows: [("q" * 700, "a" * 300) for _ in rows])
    own, others = scatter.data["texts"]
    assert 0 < scatter.whole == scatter.data["whole"] < scatter.chosen  # as many as there is room for
    assert {tuple(map(len, pair)) for pair in own[: scatter.whole]} == {(700, 300)}
    assert {tuple(map(len, pair)) for pair in [*own[scatter.whole :], *others]} == {(excerpts.EXCERPT,) * 2}
    assert len(others) <= excerpts.OTHER_TEXTS


def test_a_score_is_what_it_was_but_for_rounding_and_null_stays_null() -> None:
    rows = [row("a", 0.1, 1), row("b", 0.2, None), row("c", 0.3, 2)]
    scored = table(rows).append_column("score:mine", pa.array([-1.0, 3.0, None], pa.float32()))
    (score,) = pack(scored).data["scores"]
    steps = np.frombuffer(base64.b64decode(score["values"]), "<u2").tolist()  # in the order of the page: a, c, b
    assert (score["name"], score["low"], score["high"], steps) == ("mine", -1.0, 3.0, [0, 65_535, 65_534])


def test_labels_beyond_the_limit_lose_their_names_only() -> None:
    points = table([row(str(i), 0.5, None, task=f"task {i}") for i in range(1_200)])
    codes = unpack(pack(points).data, "task", "<u2")
    assert (codes == 65_534).sum() == 200
    assert len(set(codes.tolist())) == 1_001
