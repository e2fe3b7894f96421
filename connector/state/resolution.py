"""A person's word on conversions that are held or in doubt.

Whoever takes one holds the sync lock of the mapping and target: nothing else moves them meanwhile.
"""

import json
from collections.abc import Sequence
from typing import Literal

from connector.state import runs
from connector.state.database import Database, Transaction
from connector.state.facts import RESOLVED
from connector.state.recovery import recover

Word = Literal["resend", "assume_accepted"]

# What is to be sent again is kept as refused with no content, which differs from any row's.
_STATES: dict[Word, tuple[str, str]] = {
    "resend": ("refused", RESOLVED),
    "assume_accepted": ("accepted", "assumed"),
}
_CONTENT: dict[Word, str] = {"resend": ", digest = ''", "assume_accepted": ""}
_NO_RUN = 0
UNDECIDED = ("held", "in_doubt")
_UNDECIDED = (
    "destination = :destination and batch in (select id from batches"
    " where mapping = :mapping and destination = :destination and state in ('held', 'in_doubt'))"
)
_NAMED = " and conversion_id in (select value from listed(:ids))"


def settle_dead(connection: Transaction, *, mapping: str, target: str, now: int) -> int:
    """End what a dead run of a mapping left, as the next run would; the requests now in doubt.

    A run that was only stopped and wakes up can change nothing any more.
    """
    runs.end_left_open(connection, mapping=mapping, target=target, now=now)
    return recover(connection, mapping=mapping, target=target, run=_NO_RUN)


def waiting_targets(database: Database, *, mapping: str) -> list[str]:
    """The targets at which something of a mapping is held, in doubt, or left by a dead run."""
    rows = database.read(
        "select distinct d.target from batches b join destinations d on d.id = b.destination"
        " join conversions c on c.destination = d.id and c.batch = b.id"
        " where b.mapping = :mapping and b.state in ('claimed', 'sent', 'in_doubt', 'held')"
        " order by 1",
        mapping=mapping,
    )
    return [target for (target,) in rows]


def undecided(
    database: Database, *, mapping: str, target: str, conversion_ids: Sequence[str] | None = None
) -> dict[str, int]:
    """How many conversions (None: of all) are held and in doubt, by state."""
    named = "" if conversion_ids is None else f" where {_NAMED.removeprefix(' and ')}"
    rows = database.read(
        "select state, count(*) from (select c.conversion_id, b.state"
        "  from batches b join destinations d on d.id = b.destination"
        "  join conversions c on c.destination = d.id and c.batch = b.id"
        "  where b.mapping = :mapping and d.target = :target and b.state in ('held', 'in_doubt')"
        f" ) as waiting{named} group by 1",
        mapping=mapping, target=target, ids=json.dumps(list(conversion_ids or ())),
    )  # fmt: skip
    return dict.fromkeys(UNDECIDED, 0) | dict(rows)


def standing_of(
    database: Database, *, target: str, conversion_ids: Sequence[str]
) -> list[tuple[str, str, str]]:
    """(conversion id, mapping, state) wherever the ledger knows one of these ids at a target."""
    return [
        (one, mapping, state)
        for one, mapping, state in database.read(
            "select k.value, b.mapping, b.state from listed(:ids) k cross join destinations d"
            " join conversions c on c.destination = d.id and c.conversion_id = k.value"
            " join batches b on b.id = c.batch where d.target = :target",
            target=target, ids=json.dumps(list(conversion_ids)),
        )
    ]  # fmt: skip


def resolve(
    connection: Transaction, *, mapping: str, target: str, word: Word,
    conversion_ids: Sequence[str] | None, now: int,
) -> int:  # fmt: skip
    """Take a person's word, in the caller's transaction; the number of conversions it is about.

    None for `conversion_ids` means all that are held or in doubt. What is to be sent again is read
    again, however far back its row is.
    """
    destinations = connection.execute(
        "select distinct d.id from destinations d join batches b on b.destination = d.id"
        " where d.target = ? and b.mapping = ? and b.state in ('held', 'in_doubt')",
        (target, mapping),
    ).fetchall()
    resolved = 0
    for (destination,) in destinations:
        values = {"mapping": mapping, "destination": destination, "now": now}
        resolved += _move(connection, word, conversion_ids, values)
    if resolved and word == "resend":
        connection.execute(
            "update mappings set cursor = null where target = ? and mapping = ?", (target, mapping)
        )
    return resolved


def _move(
    connection: Transaction, word: Word, ids: Sequence[str] | None, values: dict[str, object]
) -> int:
    """Put what is undecided at a destination into a batch that is decided."""
    state, reason = _STATES[word]
    (batch,) = connection.execute(
        "insert into batches (run, mapping, destination, state, rules_digest, claimed_at,"
        " settled_at, reason) values (:run, :mapping, :destination, :state, '', :now, :now,"
        " :reason) returning id",
        {**values, "run": _NO_RUN, "state": state, "reason": reason},
    ).fetchone()
    where = _UNDECIDED + (_NAMED if ids is not None else "")
    moved = connection.execute(
        f"update conversions set batch = :batch, doubt_since = null{_CONTENT[word]} where {where}",
        {**values, "batch": batch, "ids": json.dumps(list(ids or ()))},
    ).rowcount
    if not moved:
        connection.execute("delete from batches where id = ?", (batch,))
    return moved
