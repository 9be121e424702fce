"""Rows of JSON as Parquet columns: one type per column, and JSON text where there is none."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from cuvee.loose_json import dumps
from cuvee.samples.raw import Row

Rows = Sequence[Row]
NESTED = 20  # levels of a type; Parquet's readers stop at a hundred of their own, of which a list takes three
TURNS = ("messages", "conversations", "prompt", "completion")


def plain_turns(row: Row) -> dict[str, object]:
    """Return a rendered row whose nested values fit one Arrow type across rows.

    ``tools``, the arguments of tool calls and every other nested value of a turn become JSON text: one struct for all
    rows would fill each row's arguments and schemas with the nulls of the others' keys.
    """
    new = {key: _turns(value) if key in TURNS else value for key, value in row.items()}
    if "tools" in new:
        new["tools"] = _scalar(new["tools"])
    return new


def _turns(value: object) -> object:
    return [{k: _turn_value(k, v) for k, v in turn.items()} for turn in value] if isinstance(value, list) else value


def _turn_value(key: str, value: object) -> object:
    if key == "tool_calls" and isinstance(value, list) and all(isinstance(call, dict) for call in value):
        return [{k: _called(v) if k == "function" else _scalar(v) for k, v in call.items()} for call in value]
    return _called(value) if key == "function_call" else _scalar(value)


def _called(function: object) -> object:
    return {k: _scalar(v) for k, v in function.items()} if isinstance(function, dict) else _scalar(function)


def _scalar(value: object) -> object:
    return dumps(value) if isinstance(value, dict | list) else value


def merge(one: pa.DataType | None, two: pa.DataType | None, *, fill: bool) -> pa.DataType | None:
    """Return the type that holds values of both, None where there is none (or where either is None).

    null fits every type, int64 fits double. fill: may structs have different keys (the missing ones become null)?
    """
    if one is None or two is None or one == two:
        return one if one == two else None
    if pa.types.is_null(one) or pa.types.is_null(two):
        return two if pa.types.is_null(one) else one
    if {one, two} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if pa.types.is_list(one) and pa.types.is_list(two):
        inner = merge(one.value_type, two.value_type, fill=fill)
        return None if inner is None else pa.list_(inner)
    if pa.types.is_struct(one) and pa.types.is_struct(two):
        return _merge_structs(one, two, fill=fill)
    return None


def _merge_structs(one: pa.StructType, two: pa.StructType, *, fill: bool) -> pa.DataType | None:
    left, right = ({field.name: field.type for field in struct} for struct in (one, two))
    if not fill and set(left) != set(right):
        return None
    both = {key: merge(left.get(key, pa.null()), right.get(key, pa.null()), fill=fill) for key in {**left, **right}}
    return None if None in both.values() else pa.struct(list(both.items()))


def infer(batches: Iterable[Rows], *, fill: bool) -> tuple[pa.Schema, list[str]]:
    """Return the schema that holds all rows, and the names of its columns that must hold JSON text.

    A column of nothing but nulls is text. fill: see ``merge``; a row that lacks a column has null there in any case.
    What ``unfit`` finds must be added.
    """
    types: dict[str, pa.DataType | None] = {}
    for rows in batches:
        for name in {key: None for row in rows for key in row}:
            values = [row.get(name) for row in rows]
            found = _infer(values) if fill else _infer_each(values)
            types[name] = merge(types.get(name, pa.null()), found, fill=fill)
    texts = [name for name, type in types.items() if type is None or _cannot_be_held(type)]
    fields = [(name, pa.string() if name in texts else _no_nulls(type)) for name, type in types.items()]
    return pa.schema(fields), texts


def _infer(values: Sequence[object]) -> pa.DataType | None:
    try:
        return pa.infer_type(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return None


def _infer_each(values: Sequence[object]) -> pa.DataType | None:
    whole: pa.DataType | None = pa.null()
    for value in values:
        whole = merge(whole, pa.string() if isinstance(value, str) else _infer([value]), fill=False)
    return whole


def unfit(batches: Iterable[Rows], schema: pa.Schema, texts: Sequence[str]) -> list[str]:
    """Return the columns whose values the schema cannot hold after all: Arrow tells types by looking at some of them."""
    found: dict[str, None] = {}
    for rows in batches:
        for field in schema:
            if field.name not in texts and field.name not in found:
                try:
                    pa.array([row.get(field.name) for row in rows], field.type)
                except (pa.ArrowException, TypeError, ValueError, OverflowError):
                    found[field.name] = None
    return list(found)


def as_text(schema: pa.Schema, texts: Sequence[str]) -> pa.Schema:
    """Return the schema with these columns as text."""
    return pa.schema([pa.field(field.name, pa.string()) if field.name in texts else field for field in schema])


def _cannot_be_held(type: pa.DataType, level: int = 0) -> bool:
    """Tell whether a struct without keys is somewhere in the type, or too many levels: Parquet cannot hold it."""
    if level > NESTED:
        return True
    if pa.types.is_list(type):
        return _cannot_be_held(type.value_type, level + 1)
    return pa.types.is_struct(type) and (
        type.num_fields == 0 or any(_cannot_be_held(field.type, level + 1) for field in type)
    )


def _no_nulls(type: pa.DataType) -> pa.DataType:
    if pa.types.is_list(type):
        return pa.list_(_no_nulls(type.value_type))
    if pa.types.is_struct(type):
        return pa.struct([(field.name, _no_nulls(field.type)) for field in type])
    return pa.string() if pa.types.is_null(type) else type


def batch(rows: Rows, schema: pa.Schema, texts: Sequence[str]) -> pa.RecordBatch:
    """Return the rows as columns of ``schema``; those in ``texts`` as JSON text, null where the value is null."""
    arrays = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if field.name in texts:
            values = [None if value is None else dumps(value) for value in values]
        arrays.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
