"""The ledger: what became of each conversion, kept so that nothing is accepted twice or lost.

Each function that changes something is one durable transaction. Those of a run carry its number
and fail with `OvertakenError` when another run has taken its batches for a dead one's.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from connector.errors import OvertakenError
from connector.state.database import Database


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger knows of a conversion id at a destination.

    `doubt_since` is when it was first sent without a clear answer (milliseconds), None without
    doubt; `reason` is why its batch was refused or held.
    """

    batch: int
    state: str
    mapping: str
    rules_digest: str
    digest: str
    doubt_since: int | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Conversions of one destination that are about to be sent in one request.

    `seen` is the batch each was in when the ledger was asked, None where it was unknown.
    """

    destination: int
    conversion_ids: Sequence[str]
    digests: Sequence[str]
    seen: Sequence[int | None]


class ClaimLostError(Exception):
    """Another mapping claimed one of the conversions since the ledger was asked; ask again."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is kept of an answer: `reason` of a refusal or doubt, X's `debug_id`.

    `unclear` says that the request may or may not have been processed.
    """

    reason: str | None = None
    debug_id: str | None = None
    unclear: bool = False


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Accepted conversions of one day (UTC) and currency (empty without a value)."""

    day: str
    currency: str
    conversions: int
    amount: str


class Ledger:
    """The conversions and batches of one state database, for one run."""

    def __init__(self, database: Database, *, run: int, mapping: str, rules_digest: str) -> None:
        self._database = database
        self._run = run
        self._mapping = mapping
        self._rules_digest = rules_digest

    def destination(self, *, target: str, pixel_id: str, event_id: str) -> int:
        """The number of a pixel's event at a target; made when it is new."""
        key = {"target": target, "pixel": pixel_id, "event": event_id}
        where = "target = :target and pixel_id = :pixel and event_id = :event"
        rows = self._database.read(f"select id from destinations where {where}", **key)
        if not rows:
            with self._database.write() as connection:
                connection.execute(
                    "insert into destinations (target, pixel_id, event_id)"
                    " values (:target, :pixel, :event) on conflict do nothing",
                    key,
                )
            return self.destination(target=target, pixel_id=pixel_id, event_id=event_id)
        return int(rows[0][0])

    def known(self, destination: int, conversion_ids: Sequence[str]) -> Mapping[int, Known]:
        """What is known, by position in `conversion_ids`."""
        # CROSS JOIN keeps SQLite from scanning the ledger for each id.
        rows = self._database.read(
            "select k.key, b.id, b.state, b.mapping, b.rules_digest, c.digest,"
            " coalesce(c.doubt_since, b.doubt_since), b.reason"
            " from json_each(:ids) k"
            " cross join conversions c"
            "  on c.destination = :destination and c.conversion_id = k.value"
            " join batches b on b.id = c.batch",
            ids=json.dumps(list(conversion_ids)),
            destination=destination,
        )
        return {
            position: Known(
                batch=batch, state=state, mapping=mapping, rules_digest=rules, digest=digest,
                doubt_since=doubt, reason=reason,
            )
            for position, batch, state, mapping, rules, digest, doubt, reason in rows
        }  # fmt: skip

    def claim(self, claims: Iterable[Claim], *, now: int) -> list[int]:
        """One batch for each claim, before anything of it is sent; their numbers.

        Raises:
            ClaimLostError: nothing was claimed.
        """
        with self._database.write() as connection:
            return [self._take(connection, claim, state="claimed", now=now) for claim in claims]

    def hold(self, claim: Claim, *, reason: str, now: int) -> None:
        """Keep conversions that no batch of this run has from being sent: a person decides.

        Raises:
            ClaimLostError: nothing was held.
        """
        with self._database.write() as connection:
            self._take(connection, claim, state="held", now=now, reason=reason)

    def hold_back(self, batch: int, part: Claim, *, reason: str, now: int) -> None:
        """Take conversions out of a claimed batch and hold them."""
        with self._database.write() as connection:
            self._require(connection, batch, "claimed")
            held = self._new_batch(connection, part.destination, "held", now, reason)
            _put(connection, part, held, parent=batch)

    def split(self, batch: int, parts: Sequence[Claim], *, now: int) -> list[int]:
        """Move the conversions of a request that was refused as a whole into smaller batches."""
        with self._database.write() as connection:
            self._change(connection, batch, "refused", "sent", "settled_at = :now", {"now": now})
            numbers = []
            for part in parts:
                number = self._new_batch(connection, part.destination, "claimed", now, None)
                _put(connection, part, number, parent=batch)
                numbers.append(number)
            return numbers

    def mark_sent(self, batch: int, *, now: int) -> None:
        """Say that the batch's request is about to leave."""
        self._move(batch, "sent", "claimed", "sent_at = :now", now=now)

    def mark_not_sent(self, batch: int) -> None:
        """Say that the platform did not process the request; it may be sent again."""
        self._move(batch, "claimed", "sent", "sent_at = null")

    def mark_in_doubt(self, batch: int) -> None:
        """Say that no clear answer came, and that this run means to send the batch again."""
        self._move(batch, "claimed", "sent", "doubt_since = coalesce(doubt_since, sent_at)")

    def settle(
        self, batch: int, state: str, *, now: int, answer: Answer, amounts: Iterable[Amount] = ()
    ) -> None:
        """Commit what the answer to a request that was sent means for its conversions."""
        doubt = ", doubt_since = coalesce(doubt_since, sent_at)" if answer.unclear else ""
        also = "settled_at = :now, reason = :reason, debug_id = :debug_id" + doubt
        values = {"now": now, "reason": answer.reason, "debug_id": answer.debug_id}
        with self._database.write() as connection:
            self._change(connection, batch, state, "sent", also, values)
            connection.executemany(
                "insert into amounts values (?, ?, ?, ?, ?)",
                [(batch, a.day, a.currency, a.conversions, a.amount) for a in amounts],
            )

    def give_up(self, batch: int, state: str, *, now: int, reason: str) -> None:
        """Leave a batch that is in doubt, and was not sent again, as in_doubt or held."""
        self._move(batch, state, "claimed", "settled_at = :now, reason = :reason",
                   now=now, reason=reason)  # fmt: skip

    def release(self, batch: int, claim: Claim) -> None:
        """Take a claim, or a refusal, back: the conversions are what they were before it."""
        with self._database.write() as connection:
            self._require(connection, batch, "claimed", "refused")
            keys = [(batch, claim.destination, key) for key in claim.conversion_ids]
            where = "batch = ? and destination = ? and conversion_id = ?"
            connection.executemany(f"{_RESTORE} and {where}", keys)
            connection.executemany(f"delete from conversions where {where}", keys)
            connection.execute("delete from batches where id = ?", (batch,))

    def _take(
        self,
        connection: sqlite3.Connection,
        claim: Claim,
        *,
        state: str,
        now: int,
        reason: str | None = None,
    ) -> int:
        batch = self._new_batch(connection, claim.destination, state, now, reason)
        # A doubt stays with the conversion when it moves on, whatever the next answer is.
        taken = connection.executemany(
            "insert into conversions (destination, conversion_id, batch, digest)"
            " values (?, ?, ?, ?)"
            " on conflict (destination, conversion_id) do update set"
            "  doubt_since = coalesce(conversions.doubt_since,"
            "   (select b.doubt_since from batches b where b.id = conversions.batch)),"
            "  previous = conversions.batch, batch = excluded.batch, digest = excluded.digest"
            " where conversions.batch = ?",
            [
                (claim.destination, key, batch, digest, seen)
                for key, digest, seen in zip(
                    claim.conversion_ids, claim.digests, claim.seen, strict=True
                )
            ],
        ).rowcount
        if taken != len(claim.conversion_ids):
            raise ClaimLostError
        return batch

    def _new_batch(
        self,
        connection: sqlite3.Connection,
        destination: int,
        state: str,
        now: int,
        reason: str | None,
    ) -> int:
        settled = now if state == "held" else None
        row = connection.execute(
            "insert into batches"
            " (run, mapping, destination, state, rules_digest, claimed_at, settled_at, reason)"
            " values (?, ?, ?, ?, ?, ?, ?, ?) returning id",
            (
                self._run,
                self._mapping,
                destination,
                state,
                self._rules_digest,
                now,
                settled,
                reason,
            ),
        ).fetchone()
        return int(row[0])

    def _require(self, connection: sqlite3.Connection, batch: int, *states: str) -> None:
        row = connection.execute(
            "select state from batches where id = ? and run = ?", (batch, self._run)
        ).fetchone()
        if row is None or row[0] not in states:
            raise self._overtaken()

    def _move(self, batch: int, state: str, before: str, also: str, **values: object) -> None:
        with self._database.write() as connection:
            self._change(connection, batch, state, before, also, values)

    def _change(
        self,
        connection: sqlite3.Connection,
        batch: int,
        state: str,
        before: str,
        also: str,
        values: Mapping[str, object],
    ) -> None:
        changed = connection.execute(
            f"update batches set state = :state, {also}"
            " where id = :batch and run = :run and state = :before",
            {"state": state, "batch": batch, "run": self._run, "before": before, **values},
        ).rowcount
        if changed != 1:
            raise self._overtaken()

    def _overtaken(self) -> OvertakenError:
        return OvertakenError(
            f"{self._mapping}: another run has settled what this one was sending; it stops here"
        )


# The digest goes: what was claimed in between was never sent, so it counts as changed.
_RESTORE = (
    "update conversions set batch = previous, previous = null, digest = ''"
    " where previous is not null"
)


def _put(connection: sqlite3.Connection, part: Claim, batch: int, *, parent: int) -> None:
    """Move conversions from one batch of a run to another, with the parent's doubt."""
    connection.execute(
        "update batches set doubt_since = (select doubt_since from batches where id = ?)"
        " where id = ?",
        (parent, batch),
    )
    connection.executemany(
        "update conversions set batch = ?"
        " where destination = ? and conversion_id = ? and batch = ?",
        [(batch, part.destination, key, parent) for key in part.conversion_ids],
    )


def recover(connection: sqlite3.Connection, *, mapping: str, target: str, run: int) -> int:
    """Settle what a dead run of this mapping and target left; the number of batches in doubt.

    Claims that never left are released; requests that may have left are in doubt. Both get this
    run's number, so that a run that was stopped and wakes up can change nothing.
    """
    mine = (
        "mapping = :mapping and state = :state and destination in"
        " (select id from destinations where target = :target)"
    )
    keys = {"mapping": mapping, "target": target, "run": run}
    connection.execute(
        "update batches set state = 'in_doubt', run = :run,"
        f" doubt_since = coalesce(doubt_since, sent_at) where {mine}",
        {**keys, "state": "sent"},
    )
    in_doubt = connection.execute("select changes()").fetchone()[0]
    connection.execute(
        f"update batches set state = 'in_doubt', run = :run where {mine}"
        " and doubt_since is not null",
        {**keys, "state": "claimed"},
    )
    in_doubt += connection.execute("select changes()").fetchone()[0]
    claimed = f"(select id from batches where {mine})"
    parameters = {**keys, "state": "claimed"}
    if connection.execute(f"select exists {claimed}", parameters).fetchone()[0]:
        connection.execute(f"{_RESTORE} and batch in {claimed}", parameters)
        connection.execute(f"delete from conversions where batch in {claimed}", parameters)
        connection.execute(f"delete from batches where {mine}", parameters)
    return int(in_doubt)


def expire(connection: sqlite3.Connection, *, mapping: str, target: str, before: int) -> int:
    """Hold what has been in doubt since before a time; the number of conversions newly held."""
    expired = (
        "select b.id from batches b join destinations d on d.id = b.destination"
        " where b.mapping = :mapping and d.target = :target and b.state = 'in_doubt'"
        " and b.doubt_since < :before"
    )
    values = {"mapping": mapping, "target": target, "before": before}
    if not connection.execute(f"select exists ({expired})", values).fetchone()[0]:
        return 0
    held = connection.execute(
        f"select count(*) from conversions where batch in ({expired})", values
    ).fetchone()[0]
    connection.execute(
        f"update batches set state = 'held', reason = 'in_doubt' where id in ({expired})", values
    )
    return int(held)
