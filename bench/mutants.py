"""Files of every kind that is read, and what damages them: bytes flipped, cut, doubled, exchanged, before packing or after."""

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import zstandard

from cuvee.samples.dialects import DIALECTS

Rng = np.random.Generator

TURNS = [{"role": "user", "content": "Wie spät? 😀"}, {"role": "assistant", "content": "Half past two."}]
PAIRS = [
    {"instruction": f"Say {n} in words, é.", "input": "", "output": f"{n} is a number, {n * n} its square."}
    for n in range(12)
]
MIXED = [example.example for example in DIALECTS.values()]
TABLE = pa.table(
    {
        "id": pa.array(range(12), pa.int32()),
        "instruction": [row["instruction"] for row in PAIRS],
        "output": [row["output"] for row in PAIRS],
        "task": pa.array(["sums", "words", None] * 4).dictionary_encode(),
        "day": pa.array(range(0, 12_000, 1_000), pa.int32()).cast(pa.date32()),
        "when": pa.array([n * 10**15 for n in range(12)], pa.timestamp("us")),
        "score": pa.array([n / 7 for n in range(12)]),
        "history": pa.array([[["a", "b"]]] * 12),
        "extra": pa.array([{"k": n, "s": "x"} for n in range(12)]),
    }
)
TOKENS = (
    """" \\ { } [ ] , : ' ; | "" # ``` null NaN -Infinity 1e999 \\ud800 {"a": "messages": "instruction":[ PAR1 ARROW1"""
)
INSERTS = [
    *TOKENS.encode().split(),
    *(b"\n", b"\r", b"\r\n", b"\t", b"\x00", b"\xff", b"\xe9", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xe2\x80\xa8"),
    *(b"9" * 5_000, b"[" * 400, b" " * 3_000, b"\n" * 3_000, b"\x1f\x8b"),
]


INSIDE = [*rb"\n \t \/ \\ \u00e9 '' , ; [ } #".split(), b"  ", b"\xc3\xa9", b"\xe2\x80\xa8"]
OWN = ("wrapped.json", "columns.json")  # one object: for us its rows, for other readers one row


@dataclass(frozen=True)
class Mutant:
    """A damaged file: its name, whose suffix says what it was, and its bytes."""

    name: str
    data: bytes


def lines(rows: list[object]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def csv(separator: str) -> bytes:
    head = separator.join(PAIRS[0])
    quoted = [separator.join('"' + cell.replace('"', '""') + '"' for cell in row.values()) for row in PAIRS]
    return "\n".join([head, *quoted, ""]).encode()


def arrow(kind: str) -> bytes:
    sink = io.BytesIO()
    if kind == "feather":
        feather.write_feather(TABLE, sink, compression="lz4")
    else:
        new = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
        with new(sink, TABLE.schema) as out:
            out.write_table(TABLE, max_chunksize=5)
    return sink.getvalue()


def parquet(compression: str, version: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink, compression=compression, data_page_version=version, row_group_size=5)
    return sink.getvalue()


def texts() -> dict[str, bytes]:
    """Return files of text: what is in them can be damaged before they are packed."""
    rows: list[object] = [*PAIRS]
    columns = {key: [row[key] for row in PAIRS] for key in PAIRS[0]}
    return {
        "pairs.jsonl": lines(rows),
        "mixed.jsonl": lines([row for row in MIXED if isinstance(row, dict)]),
        "turns.jsonl": lines([{"messages": TURNS}] * 9),
        "array.json": json.dumps(MIXED).encode(),
        "pretty.json": json.dumps(rows, indent=1, ensure_ascii=False).encode(),
        "wrapped.json": json.dumps({"version": 1, "data": rows, "end": None}).encode(),
        "columns.json": json.dumps(columns).encode(),
        "glued.json": b"".join(json.dumps(row).encode() for row in rows),
        "pairs.csv": csv(","),
        "pairs.tsv": csv("\t"),
    }


def tables() -> dict[str, bytes]:
    """Return files of tables."""
    made = {f"{kind}.arrow": arrow(kind) for kind in ("file", "stream")}
    made |= {"lz4.feather": arrow("feather")}
    return made | {
        f"{name}{at}.parquet": parquet(name, at) for name in ("none", "snappy", "zstd") for at in ("1.0", "2.0")
    }


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": zstandard.compress,
}


def damaged(data: bytes, rng: Rng, other: bytes = b"") -> bytes:
    """Return the bytes with one to four faults."""
    for _ in range(int(rng.integers(1, 5))):
        data = FAULTS[int(rng.integers(len(FAULTS)))](data or b"{}", rng, other or data)
    return data


def _at(data: bytes, rng: Rng) -> int:
    return int(rng.integers(len(data) + 1))


def _flip(data: bytes, rng: Rng, other: bytes) -> bytes:
    made = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        made[int(rng.integers(len(made)))] ^= 1 << int(rng.integers(8))
    return bytes(made)


def _set(data: bytes, rng: Rng, other: bytes) -> bytes:
    at = _at(data, rng)
    return data[:at] + rng.bytes(int(rng.integers(1, 9))) + data[at + int(rng.integers(1, 9)) :]


def _cut(data: bytes, rng: Rng, other: bytes) -> bytes:
    return data[: _at(data, rng)]


def _lose(data: bytes, rng: Rng, other: bytes) -> bytes:
    at = _at(data, rng)
    return data[:at] + data[at + int(rng.integers(1, 200)) :]


def _double(data: bytes, rng: Rng, other: bytes) -> bytes:
    at, size = _at(data, rng), int(rng.integers(1, 200))
    return data[:at] + data[at : at + size] * int(rng.integers(2, 5)) + data[at + size :]


def _insert(data: bytes, rng: Rng, other: bytes) -> bytes:
    at = _at(data, rng)
    return data[:at] + INSERTS[int(rng.integers(len(INSERTS)))] + data[at:]


def _splice(data: bytes, rng: Rng, other: bytes) -> bytes:
    return data[: _at(data, rng)] + other[_at(other, rng) :]


def _zero(data: bytes, rng: Rng, other: bytes) -> bytes:
    at, size = _at(data, rng), int(rng.integers(1, 64))
    return data[:at] + bytes([int(rng.choice([0, 255]))]) * len(data[at : at + size]) + data[at + size :]


def gently(data: bytes, rng: Rng) -> bytes:
    """Return the bytes with one small change, after which most readers still find rows."""
    return GENTLE[int(rng.integers(len(GENTLE)))](data, rng, data)


def _letter(data: bytes, rng: Rng, other: bytes) -> bytes:
    at = int(rng.integers(len(data)))
    return data[:at] + bytes([int(rng.integers(32, 127))]) + data[at + 1 :]


def _line(data: bytes, rng: Rng, other: bytes) -> bytes:
    """Lose, double or move a line; a file of one line loses a part between two commas."""
    mark = b"\n" if data.count(b"\n") > 2 else b", "
    parts = data.split(mark)
    one, two = (int(at) for at in rng.integers(len(parts), size=2))
    moved = parts.pop(one)
    for _ in range(int(rng.integers(3))):
        parts.insert(two, moved)
    return mark.join(parts)


def _cell(data: bytes, rng: Rng, other: bytes) -> bytes:
    """Put something into the middle of a text: behind a letter, before another one."""
    places = [at for at in range(1, len(data)) if data[at - 1 : at].isalpha() and data[at : at + 1].isalpha()]
    at = int(rng.choice(places)) if places else 0
    token = [
        b"\\n",
        b"\\u00e9",
        b"\xc3\xa9",
        b"  ",
        b"\\t",
        b"''",
        b",",
        b";",
        b"[",
        b"}",
        b"\xe2\x80\xa8",
        b"\\/",
        b"#",
        b"\\\\",
    ]
    return data[:at] + token[int(rng.integers(len(token)))] + data[at:]


GENTLE = (_letter, _letter, _line, _cell, _cell, _cell)
FAULTS = (_flip, _set, _cut, _lose, _double, _insert, _insert, _splice, _zero)


class Nursery:
    """Where mutants come from: number -> mutant, always the same one."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.texts, self.tables = texts(), tables()

    def mutant(self, number: int, *, tables: float = 0.3, packed: float = 0.2) -> Mutant:
        """Return the mutant of a number. tables, packed: the shares of tables, and of packed ones among the others."""
        rng = np.random.default_rng([self.seed, number])
        pool = self.tables if rng.random() < tables else self.texts
        name, other = (str(rng.choice(sorted(pool))) for _ in range(2))
        data = damaged(pool[name], rng, pool[other]) if rng.random() < 0.98 else pool[name]
        if pool is self.texts and rng.random() < packed:
            suffix = str(rng.choice(sorted(PACKERS)))
            data, name = PACKERS[suffix](data), name + suffix
            if rng.random() < 0.3:
                data = damaged(data, rng)
        return Mutant(name, data)

    def gentle(self, number: int) -> Mutant:
        """Return a mutant that is not packed and was changed a little; of tables, some bytes of one. None of ``OWN``."""
        rng = np.random.default_rng([self.seed, number])
        pool = self.tables if rng.random() < 0.15 else self.texts
        name = str(rng.choice(sorted(set(pool) - set(OWN))))
        return Mutant(name, _flip(pool[name], rng, b"") if pool is self.tables else gently(pool[name], rng))
