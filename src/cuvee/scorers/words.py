"""What a word is, for every score that counts words."""

import polars as pl

# Han, kana and Thai are written without spaces, so there every character counts as a word.
_ALONE = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}"
WORD = rf"[{_ALONE}]|[\w--[{_ALONE}]]+(?:['’][\w--[{_ALONE}]]+)*"


def count(texts: list[str | None]) -> pl.Series:
    """Return the number of words of each text; null for None, 0 for an empty text."""
    return pl.Series(texts, dtype=pl.String).str.count_matches(WORD)


def split(texts: list[str | None]) -> pl.Series:
    """Return the lower-case words of each text as a list column; null for None."""
    return pl.Series(texts, dtype=pl.String).str.to_lowercase().str.extract_all(WORD)
