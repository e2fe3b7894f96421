"""What the state tells of the past: a conversion's way, and the rows that were rejected."""

from dataclasses import dataclass

from connector.state.database import Database


@dataclass(frozen=True, kw_only=True)
class Traced:
    """Where a conversion stands at one destination; times in milliseconds since 1970 (UTC).

    `doubt_since` is when it was first sent without a clear answer; `reason` is why it was refused
    or held; `debug_id` is what X calls the request.
    """

    target: str
    pixel_id: str
    event_id: str
    mapping: str
    state: str
    run_id: str | None
    claimed_at: int
    sent_at: int | None
    settled_at: int | None
    doubt_since: int | None
    reason: str | None
    debug_id: str | None


@dataclass(frozen=True, kw_only=True)
class Rejected:
    """A row that was rejected; `row_key` is its conversion id, or a digest for a row without."""

    mapping: str
    target: str
    row_key: str
    reasons: tuple[str, ...]
    run_id: str | None
    at: int | None


def trace(database: Database, conversion_id: str) -> list[Traced]:
    """Every destination that knows a conversion id."""
    rows = database.read(
        "select d.target, d.pixel_id, d.event_id, b.mapping, b.state, r.run_id, b.claimed_at,"
        " b.sent_at, b.settled_at, coalesce(c.doubt_since, b.doubt_since), b.reason, b.debug_id"
        " from destinations d"
        " join conversions c on c.destination = d.id and c.conversion_id = :id"
        " join batches b on b.id = c.batch left join runs r on r.id = b.run"
        " order by d.target, d.pixel_id, d.event_id",
        id=conversion_id,
    )
    names = list(Traced.__dataclass_fields__)
    return [Traced(**dict(zip(names, row, strict=True))) for row in rows]


def rejected(
    database: Database, *, run_id: str | None = None, row_key: str | None = None
) -> list[Rejected]:
    """Rows that are rejected as they are now; of a run those that it found new or changed."""
    rows = database.read(
        "select j.mapping, j.target, j.row_key, j.reasons, r.run_id, r.started_at"
        " from rejects j left join runs r on r.id = j.run"
        " where (cast(:run_id as text) is null or r.run_id = :run_id)"
        " and (cast(:row_key as text) is null or j.row_key = :row_key)"
        " order by j.mapping, j.target, j.row_key",
        run_id=run_id,
        row_key=row_key,
    )
    return [
        Rejected(
            mapping=mapping, target=target, row_key=key, reasons=tuple(reasons.split(" ")),
            run_id=run, at=at,
        )
        for mapping, target, key, reasons, run, at in rows
    ]  # fmt: skip


def is_run(database: Database, run_id: str) -> bool:
    """Whether there was such a run."""
    return bool(database.read("select 1 from runs where run_id = :run_id limit 1", run_id=run_id))
