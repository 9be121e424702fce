"""Rows of hashes in files read as they do in memory."""

from pathlib import Path

import numpy as np

from cuvee.cleaners.filed import Filed, Writing
from cuvee.cleaners.tokens import tokens


def test_rows_of_several_files_are_those_in_memory(tmp_path: Path) -> None:
    texts = ["one two three", "", "vier", "five six", "", "sieben acht neun zehn"]
    whole, cuts = tokens(texts), [0, 2, 2, 3, 6]
    stems = [tmp_path / str(number) for number in range(len(cuts) - 1)]
    for stem, start, stop in zip(stems, cuts[:-1], cuts[1:], strict=True):
        writing = Writing(stem)
        for text in texts[start:stop]:
            writing.add(tokens([text]))
        writing.close()
    filed = Filed(stems)
    assert len(filed) == len(whole)
    np.testing.assert_array_equal(filed.lengths, whole.lengths)
    for at in range(len(texts)):
        np.testing.assert_array_equal(filed.row(at), whole.row(at))
    for start in range(len(texts) + 1):
        for stop in range(start, len(texts) + 2):
            some, expected = filed.part(start, stop), whole.part(start, stop)
            np.testing.assert_array_equal(some.hashes, expected.hashes)
            np.testing.assert_array_equal(some.offsets, expected.offsets)
    assert len(Filed([])) == 0
