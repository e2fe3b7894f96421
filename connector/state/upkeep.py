"""Keeping the state small and safe: prune, export, backup."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from connector.state.database import Database, Transaction, backup

__all__ = ["EXPORTED", "Pruned", "backup", "mappings_sent", "prune", "rows_of"]

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
    "writes": "select key, target, account_id, entity, what, token, state, entity_ids, reason,"
    " sendings, who, planned_at, sent_at, settled_at, told_at from writes order by planned_at, key",
}  # fmt: skip
_ROWS_AT_ONCE = 50_000
_KEYS_AT_ONCE = 20_000
_BATCHES_AT_ONCE = 5_000
_WRITES_AT_ONCE = 5_000
_PAUSE_SECONDS = 0.05  # between transactions, so that a sync gets its turn


@dataclass(frozen=True, kw_only=True)
class Pruned:
    """How many of each were forgotten."""

    conversions: int
    rejects: int
    runs: int
    writes: int = 0
    uploads: int = 0


def mappings_sent(database: Database) -> list[str]:
    """The mappings that the ledger holds requests of."""
    return [name for (name,) in database.read("select distinct mapping from batches order by 1")]


# What is accepted or refused goes; what is held or in doubt waits for a decision. No batch becomes
# old while a prune runs: it was settled before, or is settled now.
_OLD = "state in ('accepted', 'refused') and settled_at < :before"
_RANGE = "destination = :destination and conversion_id > :after"
_FORGET = f"exists (select 1 from batches where id = conversions.batch and {_OLD})"

# A write that made something is how the same key, the same file and the same tweets are known
# again, and how somebody hears of it who has not yet: it stays until a later one takes its place.
_MADE = "substr(w.what, 1, 5) = 'POST ' and w.state <> 'refused'"
_NEEDED = "w.told_at is null or w.intent <> w.digest or w.entity = 'promoted_tweet'"
_REPLACED = (
    "exists (select 1 from writes later where later.target = w.target"
    " and later.account_id = w.account_id and later.intent = w.intent"
    " and later.state in ('done', 'adopted') and later.planned_at > w.planned_at)"
)
_OLD_WRITES = (
    "select w.key from writes w where w.state in ('done', 'adopted', 'refused')"
    f" and w.settled_at < :before and (not ({_MADE}) or not ({_NEEDED}) or {_REPLACED})"
    " limit :rows"
)


def prune(database: Database, *, before: int, pause: Callable[[float], None]) -> Pruned:
    """Forget what was settled before a time (milliseconds), in many short transactions.

    Syncs may run meanwhile: what they have claimed stays, and the batch it came from with it.
    """
    forgotten, origins = 0, set[int]()
    for (destination,) in database.read("select id from destinations"):
        for portion in _portions(database, destination):
            with database.write() as connection:
                count, kept = _forget_conversions(connection, {**portion, "before": before})
            forgotten += count
            origins |= kept
            pause(_PAUSE_SECONDS)
    _forget_batches(database, before=before, origins=origins, pause=pause)
    with database.write() as connection:
        rejects, runs = _forget_runs(connection, before)
        uploads = _forget_uploads(connection, before)
    writes = _forget_writes(database, before=before, pause=pause)
    return Pruned(conversions=forgotten, rejects=rejects, runs=runs, writes=writes, uploads=uploads)


def _portions(database: Database, destination: int) -> Iterator[dict[str, object]]:
    """Ranges of a destination's conversions, `until` None for the last one."""
    after: str | None = ""
    while after is not None:
        values = {"destination": destination, "after": after}
        rows = database.read(
            f"select conversion_id from conversions where {_RANGE}"
            " order by conversion_id limit 1 offset :rows",
            **values,
            rows=_KEYS_AT_ONCE - 1,
        )
        until = rows[0][0] if rows else None
        yield {**values, "until": until}
        after = until


def _forget_conversions(
    connection: Transaction, portion: dict[str, object]
) -> tuple[int, set[int]]:
    """How many of a range went, and the batches that claims in it would go back to.

    Both at one moment: a claim that is taken back later goes to a batch that is seen here, and one
    that is made later comes from no old batch.
    """
    span = _RANGE if portion["until"] is None else f"{_RANGE} and conversion_id <= :until"
    count = connection.execute(f"delete from conversions where {span} and {_FORGET}", portion)
    origins = connection.execute(
        f"select distinct previous from conversions where {span} and previous is not null", portion
    ).fetchall()
    return count.rowcount, {batch for (batch,) in origins}


def _forget_batches(
    database: Database, *, before: int, origins: set[int], pause: Callable[[float], None]
) -> None:
    old = database.read(f"select id from batches where {_OLD}", before=before)
    numbers = [str(batch) for (batch,) in old if batch not in origins]
    for start in range(0, len(numbers), _BATCHES_AT_ONCE):
        values = {"ids": json.dumps(numbers[start : start + _BATCHES_AT_ONCE])}
        ids = "(select cast(value as bigint) from listed(:ids))"
        with database.write() as connection:
            connection.execute(f"delete from amounts where batch in {ids}", values)
            connection.execute(f"delete from batches where id in {ids}", values)
        pause(_PAUSE_SECONDS)


def _forget_runs(connection: Transaction, before: int) -> tuple[int, int]:
    """How many rejected rows and how many runs went; a run goes with the last that names it."""
    ended = "select id from runs where finished_at < ?"
    rejects = connection.execute(f"delete from rejects where run in ({ended})", (before,))
    kept = "select run from batches union select run from rejects"
    runs = connection.execute(
        f"delete from runs where id in ({ended}) and id not in ({kept})", (before,)
    )
    return rejects.rowcount, runs.rowcount


def _forget_uploads(connection: Transaction, before: int) -> int:
    """How many files went that X has forgotten, too; those that arrived are known for ever."""
    return connection.execute(
        "delete from uploads where state <> 'ready' and expires_at < :before"
        " and changed_at < :before",
        {"before": before},
    ).rowcount


def _forget_writes(database: Database, *, before: int, pause: Callable[[float], None]) -> int:
    """How many writes went."""
    values = {"before": before, "rows": _WRITES_AT_ONCE}
    forgotten, count = 0, _WRITES_AT_ONCE
    while count == _WRITES_AT_ONCE:
        with database.write() as connection:
            count = connection.execute(
                f"delete from writes where key in ({_OLD_WRITES})", values
            ).rowcount
        forgotten += count
        if count == _WRITES_AT_ONCE:
            pause(_PAUSE_SECONDS)
    return forgotten


def rows_of(
    database: Database, table: str
) -> Iterator[tuple[Sequence[str], list[tuple[Any, ...]]]]:
    """The columns and rows of an exported table, in portions."""
    yield from database.portions(EXPORTED[table], rows=_ROWS_AT_ONCE)
