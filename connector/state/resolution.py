"""A person's word on conversions that are held or in doubt, in the caller's transaction."""

import json
from collections.abc import Sequence
from typing import Literal

from connector.state.database import Transaction

Word = Literal["resend", "assume_accepted"]

# What is to be sent again is kept as refused with no content, which differs from any row's.
_STATES: dict[Word, tuple[str, str]] = {
    "resend": ("refused", "resolved"),
    "assume_accepted": ("accepted", "assumed"),
}
_CONTENT: dict[Word, str] = {"resend": ", digest = ''", "assume_accepted": ""}
_UNDECIDED = (
    "destination = :destination and batch in (select id from batches"
    " where mapping = :mapping and destination = :destination and state in ('held', 'in_doubt'))"
)
_NAMED = " and conversion_id in (select value from listed(:ids))"


def undecided(connection: Transaction, *, mapping: str, target: str) -> dict[str, int]:
    """How many conversions of a mapping at a target are held, and how many in doubt."""
    rows = connection.execute(
        "select b.state, count(*) from batches b join destinations d on d.id = b.destination"
        " join conversions c on c.destination = d.id and c.batch = b.id"
        " where b.mapping = ? and d.target = ? and b.state in ('held', 'in_doubt') group by 1",
        (mapping, target),
    ).fetchall()
    return dict(rows)


def resolve(
    connection: Transaction, *, mapping: str, target: str, word: Word,
    conversion_ids: Sequence[str] | None, now: int,
) -> int:  # fmt: skip
    """Take a person's word; the number of conversions it is about.

    None for `conversion_ids` means all that are held or in doubt. What is to be sent again is read
    again, however far back its row is.
    """
    destinations = connection.execute(
        "select id from destinations where target = ?", (target,)
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
        " settled_at, reason) values (0, :mapping, :destination, :state, '', :now, :now, :reason)"
        " returning id",
        {**values, "state": state, "reason": reason},
    ).fetchone()
    where = _UNDECIDED + (_NAMED if ids is not None else "")
    moved = connection.execute(
        f"update conversions set batch = :batch, doubt_since = null{_CONTENT[word]} where {where}",
        {**values, "batch": batch, "ids": json.dumps(list(ids or ()))},
    ).rowcount
    if not moved:
        connection.execute("delete from batches where id = ?", (batch,))
    return moved
