from pathlib import Path

from cuvee.evaluation.journal import Journal


def test_what_was_added_is_there_again_and_a_torn_line_is_not(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    journal = Journal(path)
    journal.add(0, [[1.5, None], [2.0, "a\nb"]])
    journal.add(7, [])
    assert Journal(path).done == {0: [[1.5, None], [2.0, "a\nb"]], 7: []}
    with path.open("ab") as file:
        file.write(b"[8, [1, 2")
    again = Journal(path)
    assert set(again.done) == {0, 7}
    again.add(8, [3])
    assert Journal(path).done[8] == [3]
    path.write_bytes(b"[1, [")
    assert Journal(path).done == {} and path.read_bytes() == b""
