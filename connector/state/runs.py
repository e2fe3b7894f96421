"""Runs, and what is remembered of a mapping between them: its start, its rules, its cursor."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connector.errors import OvertakenError
from connector.state.database import Database, Transaction
from connector.state.dialect import Bulk

REJECTS_KEPT = timedelta(days=90)


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What the state knows of a mapping at a target.

    `cursor` is the text of `connector.conversions.cursor`; `begun_before` (milliseconds) is the
    time before which conversions were sent by something else; `finished_at` of the last run.
    """

    keys_digest: str
    rules_digest: str
    cursor: str | None
    begun_before: int | None
    finished_at: int | None


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """One run of a mapping, as `status` and `runs` show it."""

    run_id: str
    mapping: str
    target: str
    started_at: int
    finished_at: int | None
    status: str
    summary: Mapping[str, Any] | None


def remembered(database: Database, *, target: str, mapping: str) -> Remembered | None:
    """What is known of a mapping at a target, None before its first run."""
    rows = database.read(
        "select keys_digest, rules_digest, cursor, begun_before, finished_at from mappings"
        " where target = :target and mapping = :mapping",
        target=target,
        mapping=mapping,
    )
    if not rows:
        return None
    keys, rules, cursor, before, finished = rows[0]
    return Remembered(
        keys_digest=keys, rules_digest=rules, cursor=cursor, begun_before=before,
        finished_at=finished,
    )  # fmt: skip


def last_finished(database: Database) -> Mapping[tuple[str, str], int]:
    """When each (mapping, target) last finished a run, in milliseconds."""
    rows = database.read(
        "select mapping, target, finished_at from mappings where finished_at is not null"
    )
    return {(mapping, target): finished for mapping, target, finished in rows}


def begin_mapping(
    connection: Transaction, *, target: str, mapping: str, keys_digest: str, now: int,
    before: int | None,
) -> None:  # fmt: skip
    """Let a mapping send to a target from now on, with the keys it has now.

    What is from before `before` was sent by something else; None takes such a word back.
    """
    connection.execute(
        "insert into mappings"
        " (target, mapping, keys_digest, rules_digest, begun_before, begun_at)"
        " values (?, ?, ?, '', ?, ?)"
        " on conflict (target, mapping) do update set keys_digest = excluded.keys_digest,"
        "  begun_before = excluded.begun_before, rules_digest = ''",
        (target, mapping, keys_digest, before, now),
    )


def first_sending(
    connection: Transaction, *, target: str, mapping: str, keys_digest: str, now: int
) -> None:
    """Remember the keys of a mapping that sends for the first time, unless a person just did."""
    connection.execute(
        "insert into mappings (target, mapping, keys_digest, rules_digest, begun_at)"
        " values (?, ?, ?, '', ?) on conflict (target, mapping) do nothing",
        (target, mapping, keys_digest, now),
    )


def begin_run(connection: Transaction, *, run_id: str, mapping: str, target: str, now: int) -> int:
    """A new run; its number. Runs of this mapping and target left open are ended as failed."""
    end_left_open(connection, mapping=mapping, target=target, now=now)
    row = connection.execute(
        "insert into runs (run_id, mapping, target, started_at, status)"
        " values (?, ?, ?, ?, 'running') returning id",
        (run_id, mapping, target, now),
    ).fetchone()
    return int(row[0])


def end_left_open(connection: Transaction, *, mapping: str, target: str, now: int) -> None:
    """End the runs of a mapping and target that nobody ended; they can change nothing any more."""
    connection.execute(
        "update runs set status = 'failed', finished_at = ?"
        " where mapping = ? and target = ? and finished_at is null",
        (now, mapping, target),
    )


def require_open(connection: Transaction, run: int) -> None:
    """Let a run go on that no other one has ended.

    Raises:
        OvertakenError: another one has.
    """
    is_open = "select 1 from runs where id = ? and finished_at is null"
    if connection.execute(is_open, (run,)).fetchone() is None:
        raise OvertakenError("another run has taken this one for dead; it changes nothing more")


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run ends; `cursor` None leaves the mapping's cursor where it is."""

    status: str
    summary: Mapping[str, Any]
    rules_digest: str
    cursor: str | None
    now: int


def end_run(connection: Transaction, run: int, ending: Ending) -> None:
    """The run's end, its counts and the mapping's cursor, in the caller's transaction.

    Raises:
        OvertakenError: another run has ended this one.
    """
    ended = connection.execute(
        "update runs set finished_at = ?, status = ?, summary = ?"
        " where id = ? and finished_at is null",
        (ending.now, ending.status, json.dumps(ending.summary), run),
    ).rowcount
    if ended != 1:
        raise OvertakenError("another run has taken this one for dead; its cursor stays")
    where = "(target, mapping) = (select target, mapping from runs where id = :run)"
    values = {"run": run, "now": ending.now, "rules": ending.rules_digest, "cursor": ending.cursor}
    connection.execute(f"update mappings set finished_at = :now where {where}", values)
    if ending.cursor is not None:
        connection.execute(
            f"update mappings set cursor = :cursor, rules_digest = :rules where {where}", values
        )


def abandon_run(connection: Transaction, run: int, *, status: str, now: int) -> None:
    """Say that a run ended before its rows were counted."""
    connection.execute(
        "update runs set finished_at = ?, status = ? where id = ? and finished_at is null",
        (now, status, run),
    )


def forget_unused(connection: Transaction, *, target: str, mapping: str) -> None:
    """Take back the beginning of a mapping that nothing was ever sent of: its keys may be wrong."""
    connection.execute(
        "delete from mappings where target = :target and mapping = :mapping and not exists"
        " (select 1 from batches b join destinations d on d.id = b.destination"
        "  where b.mapping = :mapping and d.target = :target)",
        {"target": target, "mapping": mapping},
    )


def rejected_before(
    database: Database, *, target: str, mapping: str, row_keys: Sequence[str]
) -> frozenset[str]:
    """Which of these rows were rejected in an earlier run."""
    rows = database.read(
        "select k.value from listed(:keys) k cross join rejects r where r.target = :target"
        " and r.mapping = :mapping and r.row_key = k.value",
        keys=json.dumps(list(row_keys)),
        target=target,
        mapping=mapping,
    )
    return frozenset(key for (key,) in rows)


def keep_rejects(
    connection: Transaction, *, target: str, mapping: str, run: int,
    rejects: Iterable[tuple[str, str]],
) -> None:  # fmt: skip
    """Remember rejected rows (row key, reasons with blanks between), written where they changed."""
    rows = [(target, mapping, key, reasons, run) for key, reasons in rejects]
    connection.for_each(_KEEP_REJECTS, rows)


_KEEP = """
insert into rejects (target, mapping, row_key, reasons, run) {rows}
on conflict (target, mapping, row_key) do update set reasons = excluded.reasons, run = excluded.run
where rejects.reasons <> excluded.reasons
"""
_KEEP_REJECTS = Bulk(
    sqlite=_KEEP.format(rows="values (?, ?, ?, ?, ?)"),
    postgresql=_KEEP.format(
        rows="select * from unnest(?::text[], ?::text[], ?::text[], ?::text[], ?::bigint[])"
    ),
)


def forget_rejects(connection: Transaction, *, target: str, mapping: str, now: int) -> None:
    """Drop the rejects that are over, before those of the run that ends now are kept.

    Over is what a later run than the one that rejected it has claimed, and what was found more than
    `REJECTS_KEPT` ago; a row that this run rejected all the same is then kept anew.
    """
    values = {"target": target, "mapping": mapping}
    connection.execute(
        "delete from rejects where target = :target and mapping = :mapping and exists"
        " (select 1 from destinations d"
        "  join conversions c on c.destination = d.id and c.conversion_id = rejects.row_key"
        "  join batches b on b.id = c.batch"
        "  where d.target = :target and b.mapping = :mapping and b.run > rejects.run)",
        values,
    )
    connection.execute(
        "delete from rejects where target = :target and mapping = :mapping"
        " and run in (select id from runs where started_at < :before)",
        {**values, "before": now - REJECTS_KEPT // timedelta(milliseconds=1)},
    )


def latest(database: Database) -> list[RunRow]:
    """The last run of each mapping and target, newest first."""
    return _rows(database, "id in (select max(id) from runs group by mapping, target)", {})


def recent(database: Database, *, mapping: str | None, limit: int) -> list[RunRow]:
    """The last runs of a mapping, or of all, newest first."""
    values = {"mapping": mapping, "limit": limit}
    where = "id in (select id from runs where cast(:mapping as text) is null or mapping = :mapping"
    return _rows(database, f"{where} order by id desc limit :limit)", values)


def summaries(
    database: Database, *, target: str, mapping: str, since: int, limit: int
) -> list[tuple[int, Mapping[str, Any]]]:
    """When each run of a mapping began, from a time on, and its summary; the oldest first."""
    rows = database.read(
        "select started_at, summary from runs where mapping = :mapping and target = :target"
        " and summary is not null and started_at >= :since order by id desc limit :limit",
        mapping=mapping,
        target=target,
        since=since,
        limit=limit,
    )
    return [(started, json.loads(summary)) for started, summary in reversed(rows)]


def _rows(database: Database, where: str, values: Mapping[str, object]) -> list[RunRow]:
    rows = database.read(
        "select run_id, mapping, target, started_at, finished_at, status, summary from runs"
        f" where {where} order by id desc",
        **values,
    )
    return [
        RunRow(
            run_id=run_id, mapping=name, target=target, started_at=started, finished_at=finished,
            status=status, summary=json.loads(summary) if summary else None,
        )
        for run_id, name, target, started, finished, status, summary in rows
    ]  # fmt: skip


def standing(database: Database) -> list[tuple[str, str, str, int]]:
    """(mapping, target, state, conversions) of everything the ledger holds."""
    return [
        (mapping, target, state, count)
        for mapping, target, state, count in database.read(
            "select b.mapping, d.target, b.state, count(*) from conversions c"
            " join batches b on b.id = c.batch join destinations d on d.id = b.destination"
            " group by 1, 2, 3 order by 1, 2, 3"
        )
    ]
