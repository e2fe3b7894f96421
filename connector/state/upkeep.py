"""Keeping the state small and safe: prune, export, backup."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.state.database import Database, Transaction, backup

__all__ = ["EXPORTED", "Pruned", "backup", "prune", "rows_of"]

EXPORTED = {
    "conversions": "select d.target, d.pixel_id, d.event_id, c.conversion_id, b.mapping, b.state,"
    " c.batch, c.digest, coalesce(c.doubt_since, b.doubt_since) as doubt_since"
    " from conversions c join batches b on b.id = c.batch"
    " join destinations d on d.id = b.destination",
    "batches": "select b.id, r.run_id, b.mapping, d.target, d.pixel_id, d.event_id, b.state,"
    " b.claimed_at, b.sent_at, b.settled_at, b.doubt_since, b.debug_id, b.reason"
    " from batches b join destinations d on d.id = b.destination left join runs r on r.id = b.run",
    "amounts": "select batch, day, currency, conversions, amount from amounts",
    "runs": "select run_id, mapping, target, started_at, finished_at, status, summary from runs",
    "rejects": "select j.target, j.mapping, j.row_key, j.reasons, r.run_id"
    " from rejects j left join runs r on r.id = j.run",
}  # fmt: skip
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """How many of each were forgotten."""

    conversions: int
    rejects: int
    runs: int


def prune(connection: Transaction, *, before: int) -> Pruned:
    """Forget what was settled before a time (milliseconds), in the caller's transaction.

    Only what is accepted or refused goes; what is held or in doubt waits for a decision.
    """
    old = "select id from batches where state in ('accepted', 'refused') and settled_at < ?"
    forgotten = connection.execute(f"delete from conversions where batch in ({old})", (before,))
    connection.execute(f"delete from amounts where batch in ({old})", (before,))
    # A claim that is taken back goes to the batch it came from.
    origins = "select previous from conversions where previous is not null"
    connection.execute(
        f"delete from batches where id in ({old}) and id not in ({origins})", (before,)
    )
    ended = "select id from runs where finished_at < ?"
    rejects = connection.execute(f"delete from rejects where run in ({ended})", (before,))
    kept = "select run from batches union select run from rejects"
    runs = connection.execute(
        f"delete from runs where id in ({ended}) and id not in ({kept})", (before,)
    )
    return Pruned(conversions=forgotten.rowcount, rejects=rejects.rowcount, runs=runs.rowcount)


def rows_of(
    database: Database, table: str
) -> Iterator[tuple[Sequence[str], list[tuple[Any, ...]]]]:
    """The columns and rows of an exported table, in portions."""
    yield from database.portions(EXPORTED[table], rows=_ROWS_AT_ONCE)
