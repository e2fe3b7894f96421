"""A person's word on conversions that are held or in doubt, in the caller's transaction."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Literal

Word = Literal["resend", "assume_accepted"]

# What is to be sent again is kept as refused with no content, which differs from any row's.
_STATES: dict[Word, tuple[str, str]] = {
    "resend": ("refused", "resolved"),
    "assume_accepted": ("accepted", "assumed"),
}
_UNDECIDED = (
    "c.destination = :destination and c.batch in (select id from batches"
    " where mapping = :mapping and destination = :destination and state in ('held', 'in_doubt'))"
    " and (:ids is null or c.conversion_id in (select value from json_each(:ids)))"
)


def undecided(connection: sqlite3.Connection, *, mapping: str, target: str) -> dict[str, int]:
    """How many conversions of a mapping at a target are held, and how many in doubt."""
    rows = connection.execute(
        "select b.state, count(*) from batches b join destinations d on d.id = b.destination"
        " join conversions c on c.destination = d.id and c.batch = b.id"
        " where b.mapping = ? and d.target = ? and b.state in ('held', 'in_doubt') group by 1",
        (mapping, target),
    ).fetchall()
    return dict(rows)


def resolve(
    connection: sqlite3.Connection, *, mapping: str, target: str, word: Word,
    conversion_ids: Sequence[str] | None, now: int,
) -> int:  # fmt: skip
    """Take a person's word; the number of conversions it is about.

    None for `conversion_ids` means all that are held or in doubt. What is to be sent again is read
    again, however far back its row is.
    """
    ids = None if conversion_ids is None else json.dumps(list(conversion_ids))
    destinations = connection.execute(
        "select id from destinations where target = ?", (target,)
    ).fetchall()
    resolved = 0
    for (destination,) in destinations:
        values = {"mapping": mapping, "destination": destination, "ids": ids}
        found = f"select c.conversion_id from conversions c where {_UNDECIDED}"
        keys = [key for (key,) in connection.execute(found, values)]
        if keys:
            _move(connection, mapping, destination, keys, word, now)
        resolved += len(keys)
    if resolved and word == "resend":
        connection.execute(
            "update mappings set cursor = null where target = ? and mapping = ?", (target, mapping)
        )
    return resolved


def _move(
    connection: sqlite3.Connection, mapping: str, destination: int, keys: Sequence[str],
    word: Word, now: int,
) -> None:  # fmt: skip
    state, reason = _STATES[word]
    (batch,) = connection.execute(
        "insert into batches (run, mapping, destination, state, rules_digest, claimed_at,"
        " settled_at, reason) values (0, ?, ?, ?, '', ?, ?, ?) returning id",
        (mapping, destination, state, now, now, reason),
    ).fetchone()
    forgotten = "digest = ''," if word == "resend" else ""
    connection.executemany(
        f"update conversions set batch = ?, {forgotten} doubt_since = null"
        " where destination = ? and conversion_id = ?",
        [(batch, destination, key) for key in keys],
    )
