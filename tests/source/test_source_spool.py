from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connector.source.selection import Selection
from connector.source.spool import ROWS_AT_ONCE, spooled

WHOLE = Selection(table="t")


@dataclass(frozen=True)
class Result:
    """Rows as a result of SQLAlchemy hands them out."""

    rows: Sequence[Sequence[Any]]

    def partitions(self, size: int) -> Iterator[Sequence[Sequence[Any]]]:
        for start in range(0, len(self.rows), size):
            yield self.rows[start : start + size]


def test_types_are_those_of_all_parts() -> None:
    late = [(1, None)] * ROWS_AT_ONCE + [(Decimal("2.125"), "x")]
    with ExitStack() as until:
        spool = spooled(["n", "s"], Result(late), until)
        batches = list(spool.batches(WHOLE, rows=ROWS_AT_ONCE))
    assert [column.field.type for column in spool.columns] == [pa.decimal128(4, 3), pa.string()]
    assert [batch.num_rows for batch in batches] == [ROWS_AT_ONCE, 1]
    assert batches[1].to_pylist() == [{"n": Decimal("2.125"), "s": "x"}]


@pytest.mark.parametrize(("limit", "rows"), [(None, 7), (0, 7), (5, 2), (10_003, 10_000)])
def test_batches_are_at_most_as_long_as_asked(limit: int | None, rows: int) -> None:
    with ExitStack() as until:
        spool = spooled(["n"], Result([(n,) for n in range(20_100)]), until)
        batches = list(spool.batches(Selection(table="t", limit=limit), rows=rows))
    values = [value for batch in batches for value in batch["n"].to_pylist()]
    assert values == list(range(20_100))[:limit]
    assert all(0 < batch.num_rows <= rows for batch in batches)


def test_no_row_gives_no_batch_but_columns() -> None:
    with ExitStack() as until:
        spool = spooled(["n"], Result([]), until)
        assert list(spool.batches(WHOLE, rows=10)) == []
    assert [column.field for column in spool.columns] == [pa.field("n", pa.null())]


def test_a_cursor_of_nothing_but_null_bounds_nothing() -> None:
    selection = Selection(table="t", cursor="c", since=date(2024, 1, 1))
    with ExitStack() as until:
        spool = spooled(["n", "c"], Result([(1, None), (2, None)]), until)
        [batch] = spool.batches(selection, rows=10)
    assert batch["n"].to_pylist() == [1, 2]


def test_the_file_has_no_name_and_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ExitStack() as until:
        spool = spooled(["n"], Result([("secret",)]), until)
        assert list(tmp_path.iterdir()) == []
    assert spool.file.closed
