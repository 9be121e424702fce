from pathlib import Path

import orjson
import pytest

from cuvee.errors import InputError
from cuvee.evaluation.question import Question
from cuvee.evaluation.reading import read_questions

DATA = Path(__file__).parents[3] / "shared/data/eval"


def write(path: Path, *rows: object) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def only(path: Path) -> Question:
    (question,) = read_questions([path]).questions
    return question


def test_gsm8k_is_told_by_its_mark(tmp_path: Path) -> None:
    one = only(write(tmp_path / "g.jsonl", {"question": "3+4?", "answer": "3+4=<<3+4=7>>7\n#### 7"}))
    assert (one.kind, one.task, one.id, one.messages[0]["content"]) == ("number", "g", "g:1", "3+4?")
    mixed = write(tmp_path / "m.jsonl", {"question": "a?", "answer": "#### 7"}, {"question": "b?", "answer": "plain"})
    assert {one.kind for one in read_questions([mixed]).questions} == {"rows"}


@pytest.mark.parametrize(
    "row",
    [
        {"question": "Hot?", "choices": ["no", "yes"], "answer": 1},
        {"question": "Hot?", "choices": ["no", "yes"], "answer": "B"},
        {"question": "Hot?", "choices": ["no", "yes"], "answer": "yes"},
        {"question": "Hot?", "choices": {"text": ["no", "yes"], "label": ["1", "2"]}, "answerKey": "2"},
        {"question": "Hot?", "options": {"A": "no", "B": "yes"}, "answer": "B"},
        {
            "question": "Hot?",
            "choices": [{"label": "A", "text": "no"}, {"label": "B", "text": "yes"}],
            "answerKey": "B",
        },
        {"ctx": "Hot?", "endings": ["no", "yes"], "label": "1"},
    ],
)
def test_multiple_choice_in_the_shapes_that_benchmarks_have(row: dict[str, object], tmp_path: Path) -> None:
    one = only(write(tmp_path / "c.jsonl", row))
    assert (one.kind, one.options, one.gold, one.right) == ("choice", ("no", "yes"), 1, "yes")
    assert one.messages[0]["content"] == "Hot?"


def test_big_bench_hard_options_stand_in_the_input(tmp_path: Path) -> None:
    rows = [
        {"input": "Which?\nOptions:\n(A) one\n(B) two", "target": "(B)"},
        {"input": "Valid?\nOptions:\n- valid \n- invalid", "target": "invalid"},
        {"input": "not True is", "target": "False"},
        {"input": "Which?\nOptions:\n(A) one\n(B) two", "target": "three"},
    ]
    path = tmp_path / "b.json"
    path.write_bytes(orjson.dumps({"canary": "x", "examples": rows}))
    read = read_questions([path])
    assert [one.options for one in read.questions] == [("(A)", "(B)"), ("valid", "invalid"), ()]
    assert [(one.kind, one.gold) for one in read.questions] == [("choice", 1), ("choice", 1), ("match", None)]
    assert [(row.line, row.reason) for row in read.aside] == [(4, "its answer 'three' is none of its 2 options")]


def test_code_open_questions_and_instruction_rows(tmp_path: Path) -> None:
    task = {"task_id": "t/0", "prompt": "def f():\n", "entry_point": "f", "test": "def check(c):\n    assert c() == 1"}
    assert only(write(tmp_path / "h.jsonl", {**task, "canonical_solution": "    return 1\n"})).kind == "code"
    for number, row in enumerate(
        ({"question_id": 4, "text": "Why?"}, {"id": 4, "prompt": "Why?"}, {"idx": 4, "Instruction": "Why?"})
    ):
        one = only(write(tmp_path / f"v{number}.jsonl", row))
        assert (one.kind, one.id, one.messages[0]["content"], one.right) == ("open", "4", "Why?", None)
    one = only(write(tmp_path / "r.jsonl", {"instruction": "Add.", "input": "1 2", "output": "3", "task": "sums"}))
    assert (one.kind, one.task, one.right, len(one.messages)) == ("rows", "sums", "3", 2)
    named = write(tmp_path / "n.jsonl", {"q": "1?", "a": "2"})
    assert read_questions([named], columns={"instruction": "q", "output": "a"}).questions[0].right == "2"


def test_a_row_without_an_answer_is_put_aside_and_a_file_of_nothing_refused(tmp_path: Path) -> None:
    rows = [{"instruction": "Add.", "output": "3"}, {"instruction": "Add.", "output": ""}]
    read = read_questions([write(tmp_path / "r.jsonl", *rows)])
    assert len(read.questions) == 1 and [row.reason for row in read.aside] == ["it has no answer"]
    gsm = tmp_path / "g.jsonl"
    gsm.write_bytes(b'{"question": "a?", "answer": "#### 7"}\n{"question": "a\n[1]\n')
    assert [row.line for row in read_questions([gsm]).aside] == [2, 3]
    with pytest.raises(InputError):
        read_questions([write(tmp_path / "x.jsonl", {"weight": 3})])


def test_ids_are_unique_and_the_limit_does_not_depend_on_the_order(tmp_path: Path) -> None:
    rows = [{"id": "same", "question": f"{n}+1?", "answer": f"#### {n + 1}"} for n in range(40)]
    forward = read_questions([write(tmp_path / "a.jsonl", *rows)], limit=10, seed=3)
    backward = read_questions([write(tmp_path / "a.jsonl", *rows[::-1])], limit=10, seed=3)
    assert {one.prompt for one in forward.questions} == {one.prompt for one in backward.questions}
    assert len({one.id for one in forward.questions}) == 10 and forward.files[0]["of"] == 40
    other = read_questions([write(tmp_path / "a.jsonl", *rows)], limit=10, seed=4)
    assert {one.prompt for one in other.questions} != {one.prompt for one in forward.questions}


@pytest.mark.skipif(not DATA.exists(), reason=f"no evaluation files at {DATA}")
def test_the_real_files_are_what_they_are() -> None:
    read = read_questions([DATA])
    kinds: dict[str, set[str]] = {}
    for one in read.questions:
        kinds.setdefault(one.task, set()).add(one.kind)
    assert kinds["gsm8k_test"] == {"number"} and kinds["humaneval"] == {"code"}
    assert all(kinds[name] == {"open"} for name in ("vicuna", "koala", "wizardlm"))
    assert kinds["self_instruct_user_252"] == {"rows"}
    assert kinds["boolean_expressions"] == {"match"} and kinds["navigate"] == kinds["snarks"] == {"choice"}
    assert len(kinds) == 27 + 6
    assert sorted(Path(row.file).stem for row in read.aside) == ["movie_recommendation", "ruin_names", "ruin_names"]
    assert sum(one.kind == "number" for one in read.questions) == 1_319
