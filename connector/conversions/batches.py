"""Batches through a compiled mapping, and what to do about one that DuckDB cannot map."""

from collections.abc import Callable

import duckdb
import pyarrow as pa

from connector.conversions.compiler import Compiled

MAX_GIVEN_UP = 100


class BatchError(Exception):
    """A batch could not be mapped; the text holds no value of a row."""


class Rows:
    """The table `source`: DuckDB asks for its rows anew each time a statement runs."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, schema: pa.Schema) -> None:
        self.schema = schema
        self.table = schema.empty_table()
        connection.register("source", self)

    def __arrow_c_schema__(self) -> object:
        """The schema, as Arrow's protocol for C has it."""
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows, as Arrow's protocol for C has them."""
        return self.table.__arrow_c_stream__(requested_schema)


def batches(
    connection: duckdb.DuckDBPyConnection, rows: Rows, compiled: Compiled
) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    """What maps a batch; it raises BatchError."""
    # Prepared, a statement is planned once and not again for each batch.
    connection.execute(f"prepare mapping as {compiled.statement}")
    if compiled.given_up is not None:
        connection.execute(f"prepare given_up as {compiled.given_up}")

    def run(batch: pa.RecordBatch, name: str = "mapping") -> pa.Table:
        rows.table = pa.Table.from_batches([batch])
        return connection.sql(f"execute {name}").to_arrow_table()

    def map_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
        if not batch.schema.equals(rows.schema):
            raise BatchError("a batch has other columns than its source")
        try:
            return _one(run(batch))
        except (duckdb.Error, pa.ArrowException) as error:
            # DuckDB's own words may hold values of the row.
            reason = f"DuckDB could not map a batch ({type(error).__name__})"
        if compiled.given_up is None:
            raise BatchError(reason)
        return _one(_piecewise(batch, run, reason))

    return map_batch


def _piecewise(batch: pa.RecordBatch, run: Callable[..., pa.Table], reason: str) -> pa.Table:
    """A batch in parts, since `TRY` does not catch every failure: the rows that fail are given up.

    Raises:
        BatchError: they are many, or fail even without the expressions of the mapping.
    """
    waiting, done, failed = [batch], [], 0
    while waiting:
        part = waiting.pop()
        half = part.num_rows // 2
        try:
            done.append(run(part))
        except (duckdb.Error, pa.ArrowException):
            if half:
                waiting += [part.slice(half), part.slice(0, half)]
                continue
            failed += 1
            if failed > MAX_GIVEN_UP:
                raise BatchError(f"{reason}: an expression fails on many rows") from None
            done.append(_given_up(part, run, reason))
    return pa.concat_tables(done)


def _given_up(row: pa.RecordBatch, run: Callable[..., pa.Table], reason: str) -> pa.Table:
    try:
        return run(row, "given_up")
    except (duckdb.Error, pa.ArrowException):
        raise BatchError(reason) from None


def _one(table: pa.Table) -> pa.RecordBatch:
    found = table.combine_chunks().to_batches()
    if len(found) > 1:
        raise BatchError("the rows of a batch are too large to be mapped at once")
    return found[0] if found else pa.RecordBatch.from_pylist([], schema=table.schema)
