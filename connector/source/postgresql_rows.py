"""Whole rows of PostgreSQL as the text it prints for a record, to Arrow.

A client pays for each value it is handed. Here that is one for a row instead of one for a cell: a
record prints as a line of CSV in round brackets, in which backslashes are doubled, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import pyarrow as pa
import pyarrow.csv as pc

from connector.source.texts import Column


def row_item(columns: Sequence[Column]) -> str:
    """The one item of a select list that gives all columns."""
    # The brackets come to stand in columns of their own.
    return f"row(null, {', '.join(column.sql for column in columns)}, null)::pg_catalog.text"


def batch(lines: bytes, columns: Sequence[Column]) -> pa.RecordBatch:
    """The values of at least one row; `lines` are what `row_item` gives for each, in UTF-8.

    Raises:
        pa.ArrowInvalid: a text that is no value of its column's type; the message may hold it.
        ValueError: likewise.
    """
    arrays = map(_array, columns, _texts(lines, len(columns)))
    schema = pa.schema([column.field for column in columns])
    return pa.RecordBatch.from_arrays(list(arrays), schema=schema)


def _texts(lines: bytes, width: int) -> list[pa.StringArray]:
    names = [str(number) for number in range(width + 2)]
    table = pc.read_csv(
        pa.BufferReader(lines),
        pc.ReadOptions(column_names=names, use_threads=False, block_size=len(lines) + 1),
        pc.ParseOptions(
            newlines_in_values=True,
            escape_char="\\" if b"\\" in lines else False,  # looking for one takes time
        ),
        pc.ConvertOptions(
            include_columns=names[1:-1],
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,  # an empty text is printed with quotes
        ),
    )
    return [column.combine_chunks() for column in table.columns]


def _array(column: Column, texts: pa.StringArray) -> pa.Array:
    type_ = column.field.type
    if not pa.types.is_binary(type_) and not pa.types.is_nested(type_):
        with suppress(pa.ArrowInvalid):  # one of what `column.array` makes NULL of
            return texts.cast(type_)
    return column.array(texts.to_pylist())
