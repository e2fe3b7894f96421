"""What a new run does with what an earlier one left, in the caller's transaction."""

from connector.state.database import Transaction

# A claim that never left is undone: the conversion is what it was before.
RESTORE = (
    "update conversions set batch = previous, digest = previous_digest,"
    " previous = null, previous_digest = null where previous is not null"
)
# `state <> 'accepted'` lets SQLite use the index of the batches that wait.
_OF_MAPPING = (
    "mapping = :mapping and state <> 'accepted'"
    " and destination in (select id from destinations where target = :target)"
)


def last_departure(connection: Transaction, *, mapping: str, target: str) -> int | None:
    """When the newest request of a dead run may have left (milliseconds); None without one."""
    sql = f"select max(sent_at) from batches where {_OF_MAPPING} and state = 'sent'"
    sent_at: int | None = connection.execute(
        sql, {"mapping": mapping, "target": target}
    ).fetchone()[0]
    return sent_at


def recover(connection: Transaction, *, mapping: str, target: str, run: int) -> int:
    """Settle what a dead run of this mapping and target left; the number of batches in doubt.

    Claims that never left are released; requests that may have left are in doubt. Both get this
    run's number, so that a run that was stopped and wakes up can change nothing.
    """
    keys = {"mapping": mapping, "target": target, "run": run}
    in_doubt = connection.execute(
        "update batches set state = 'in_doubt', run = :run, reason = 'interrupted',"
        " doubt_since = coalesce(doubt_since, sent_at)"
        f" where {_OF_MAPPING}"
        " and (state = 'sent' or state = 'claimed' and doubt_since is not null)",
        keys,
    ).rowcount
    claimed = f"select id from batches where {_OF_MAPPING} and state = 'claimed'"
    # Conversions have no index by batch, so they are only looked through when there is a reason.
    if connection.execute(f"select exists ({claimed})", keys).fetchone()[0]:
        connection.execute(f"{RESTORE} and batch in ({claimed})", keys)
        connection.execute(f"delete from conversions where batch in ({claimed})", keys)
        connection.execute(f"delete from batches where id in ({claimed})", keys)
    return in_doubt


def expire(connection: Transaction, *, mapping: str, target: str, before: int) -> int:
    """Hold what has been in doubt since `before` or longer; the number of conversions newly held.

    `before` is in milliseconds.
    """
    keys = {"mapping": mapping, "target": target, "before": before}
    expired = (
        f"select id from batches where {_OF_MAPPING} and state = 'in_doubt'"
        " and doubt_since <= :before"
    )
    if not connection.execute(f"select exists ({expired})", keys).fetchone()[0]:
        return 0
    held = connection.execute(
        f"select count(*) from conversions where batch in ({expired})", keys
    ).fetchone()[0]
    connection.execute(
        f"update batches set state = 'held', reason = 'in_doubt' where id in ({expired})", keys
    )
    return int(held)
