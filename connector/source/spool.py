"""A whole result in a file without a name, so that its types are found over all of its rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from operator import or_
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from connector.source.bounds import bounded
from connector.source.objects import Held, deduced, held, text
from connector.source.selection import Selection
from connector.source.texts import Column

ROWS_AT_ONCE = 10_000


class Partitioned(Protocol):
    """A result that gives its rows a number at a time."""

    def partitions(self, size: int) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows, at most `size` at once."""
        ...


@dataclass(frozen=True, kw_only=True)
class Spool:
    """All rows of a result as texts in a file, and the types that were found for them."""

    file: IO[bytes]
    columns: tuple[Column, ...]

    def batches(self, selection: Selection, *, rows: int) -> Iterator[pa.RecordBatch]:
        """The rows that the selection's cursor and limit leave, at most `rows` at once."""
        left = selection.limit
        for batch in self._typed():
            chosen = _from_bound(batch, selection)[: left if left is not None else len(batch)]
            for start in range(0, chosen.num_rows, rows):
                yield chosen.slice(start, rows)
            if left is not None:
                left -= chosen.num_rows
                if not left:
                    return

    def _typed(self) -> Iterator[pa.RecordBatch]:
        schema = pa.schema([column.field for column in self.columns])
        stored = pa.ipc.open_file(pa.PythonFile(self.file, mode="r"))
        for number in range(stored.num_record_batches):
            values = zip(self.columns, stored.get_batch(number).columns, strict=True)
            arrays = [column.array(texts.to_pylist()) for column, texts in values]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def spooled(names: Sequence[str], result: Partitioned, until: ExitStack) -> Spool:
    """The result, read to its end; the file is gone when `until` is."""
    file = until.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - `until` closes it
    schema = pa.schema([(name, pa.string()) for name in names])
    found = [Held() for _ in names]
    with pa.ipc.new_file(pa.PythonFile(file, mode="w"), schema) as stored:
        for rows in result.partitions(ROWS_AT_ONCE):
            columns = list(zip(*rows, strict=True))
            texts = [list(map(text, values)) for values in columns]
            found = list(map(or_, found, map(held, columns, texts)))
            arrays = [pa.array(of_one, pa.string()) for of_one in texts]
            stored.write(pa.RecordBatch.from_arrays(arrays, schema=schema))
    return Spool(file=file, columns=tuple(map(deduced, names, found)))


def _from_bound(batch: pa.RecordBatch, selection: Selection) -> pa.RecordBatch:
    if selection.since is None:
        return batch
    name, since = bounded(selection, list(batch.schema))
    if since is None:
        return batch
    column = batch[name]
    late = pc.greater_equal(column, pa.scalar(since, column.type))
    return batch.filter(pc.or_kleene(late, pc.is_null(column)))
