"""The ledger: what became of each conversion, kept so that nothing is accepted twice or lost.

Each method that changes something is one durable transaction, or part of `Ledger.together`. It
fails with `OvertakenError` when another run has taken this one for dead, and with
`UnreachableError` when the state is out of reach.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain

from connector.errors import OvertakenError
from connector.state.asking import known_of, past_of
from connector.state.claiming import TAKE, TAKE_ACCEPTED_TOO, take, take_new
from connector.state.database import Database, Transaction
from connector.state.facts import Amount, Claim, ClaimLostError, Fresh, Kept, Known, Past
from connector.state.recovery import RESTORE, expire, recover
from connector.state.steps import unheard

__all__ = ["Amount", "Claim", "ClaimLostError", "Kept", "Known", "Ledger", "expire", "recover"]


class Ledger:
    """The conversions and batches of one state database, for one run.

    `reached` is told each step once it is on disk. Only with `double_count` can what was accepted
    be claimed.
    """

    def __init__(
        self, database: Database, *, run: int, mapping: str, rules_digest: str,
        reached: Callable[[str], None] = unheard, double_count: bool = False,
    ) -> None:  # fmt: skip
        self._database = database
        self._run = run
        self._mapping = mapping
        self._rules_digest = rules_digest
        self._reached = reached
        self._waiting: list[Callable[[], object]] | None = None
        self._claiming = TAKE_ACCEPTED_TOO if double_count else TAKE

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make the changes of a block one durable transaction."""
        self._waiting = []
        try:
            with self._database.write():
                yield
            done = self._waiting
        finally:
            self._waiting = None
        for each in done:
            each()

    def afterwards(self, call: Callable[[], object]) -> None:
        """Call once the changes of the block are durable, and never if they fail."""
        if self._waiting is None:
            call()
        else:
            self._waiting.append(call)

    def find_destination(self, *, target: str, pixel_id: str, event_id: str) -> int | None:
        """The number of a pixel's event at a target, None when nothing was ever sent there."""
        rows = self._database.read(
            "select id from destinations"
            " where target = :target and pixel_id = :pixel and event_id = :event",
            target=target, pixel=pixel_id, event=event_id,
        )  # fmt: skip
        return int(rows[0][0]) if rows else None

    def make_destination(self, *, target: str, pixel_id: str, event_id: str) -> int:
        """The number of a pixel's event at a target; a new one when there is none."""
        found = self.find_destination(target=target, pixel_id=pixel_id, event_id=event_id)
        while found is None:
            with self._write("reached") as connection:
                self._require_open(connection)
                connection.execute(
                    "insert into destinations (target, pixel_id, event_id) values (?, ?, ?)"
                    " on conflict do nothing",
                    (target, pixel_id, event_id),
                )
            found = self.find_destination(target=target, pixel_id=pixel_id, event_id=event_id)
        return found

    def known(self, destination: int, conversion_ids: Sequence[str]) -> Mapping[int, Known]:
        """What is known, by position in `conversion_ids`."""
        return known_of(self._database, destination, conversion_ids)

    def past(self, destination: int, conversion_ids: str) -> Past:
        """What is known of a JSON list of conversions."""
        return past_of(self._database, destination, conversion_ids, mapping=self._mapping)

    def claim(self, claims: Iterable[Claim], *, now: int) -> list[int]:
        """One batch for each claim, before anything of it is sent; their numbers.

        Raises:
            ClaimLostError: nothing was claimed.
        """
        with self._write("claimed") as connection:
            return self._take(connection, list(claims), now)

    def claim_new(self, fresh: Fresh, *, now: int) -> list[int]:
        """One batch for each request, before anything of it is sent; their numbers.

        Raises:
            ClaimLostError: the ledger knows one of the conversions; nothing was claimed.
        """
        with self._write("claimed") as connection:
            requests = -(-fresh.rows // fresh.largest)
            batches = self._new_batches(connection, fresh.destination, requests, now)
            take_new(connection, fresh, batches)
            return batches

    def hold(self, claim: Claim, *, reason: str, now: int) -> None:
        """Keep conversions that no batch of this run has from being sent: a person decides.

        Raises:
            ClaimLostError: nothing was held.
        """
        with self._write("held") as connection:
            [batch] = self._take(connection, [claim], now)
            self._hold(connection, batch, reason, now)

    def hold_back(self, batch: int, part: Claim | None, *, reason: str, now: int) -> None:
        """Hold some conversions of a claimed batch, or all of it (None)."""
        with self._write("held_back") as connection:
            self._require(connection, batch, "claimed")
            held = batch
            if part is not None:
                held = self._new_batch(connection, part.destination, now)
                _put(connection, part, held, parent=batch)
            self._hold(connection, held, reason, now)

    def split(self, batch: int, parts: Sequence[Claim], *, now: int) -> list[int]:
        """Put the conversions of a request that was refused as a whole into smaller batches."""
        with self._write("split") as connection:
            self._require(connection, batch, "sent")
            numbers = [self._new_batch(connection, part.destination, now) for part in parts]
            for number, part in zip(numbers, parts, strict=True):
                _put(connection, part, number, parent=batch)
            connection.execute("delete from batches where id = ?", (batch,))
            return numbers

    def mark_sent(self, batches: Sequence[int], *, now: int) -> None:
        """Say that the requests of batches are about to leave."""
        with self._write("sent") as connection:
            sent = connection.execute(
                "update batches set state = 'sent', sent_at = ? where run = ? and state = 'claimed'"
                f" and {_OPEN} and id in ({_places(batches)})",
                (now, self._run, *batches),
            ).rowcount
            if sent != len(batches):
                raise self._overtaken()

    def mark_not_sent(self, batch: int) -> None:
        """Say that the platform did not process the request; it may be sent again."""
        self._take_back("not_sent", batch, "sent_at = null")

    def mark_in_doubt(self, batch: int) -> None:
        """Say that no clear answer came, and that this run means to send the batch again."""
        self._take_back("doubted", batch, "doubt_since = coalesce(doubt_since, sent_at)")

    def settle(
        self, batch: int, state: str, *, now: int, kept: Kept, amounts: Iterable[Amount] = ()
    ) -> None:
        """Commit what the answer to a request that was sent means for its conversions."""
        doubt = ", doubt_since = coalesce(doubt_since, sent_at)" if kept.unclear else ""
        also = _SETTLED + doubt
        with self._write(state) as connection:
            self._change(connection, batch, ("sent", state), also, _values(kept, now))
            rows = [(batch, a.day, a.currency, a.conversions, a.amount) for a in amounts]
            if rows:
                values = ", ".join(f"({_places(row)})" for row in rows)
                connection.execute(f"insert into amounts values {values}", list(chain(*rows)))

    def refuse(self, batch: int, claim: Claim, *, now: int, kept: Kept) -> None:
        """Commit that conversions are refused; what had been accepted before is so again."""
        with self._write("refused") as connection:
            self._change(connection, batch, ("sent", "refused"), _SETTLED, _values(kept, now))
            accepted = "select 1 from batches where id = previous and state = 'accepted'"
            connection.execute(
                f"{RESTORE} and {_OF_BATCH} and exists ({accepted})", _keys(claim, batch)
            )

    def release(self, batch: int, claim: Claim, *, reason: str, now: int) -> None:
        """Take a claim, or a refusal, back: the conversions are what they were before it.

        A batch that got in doubt in this run stays so.
        """
        with self._write("released") as connection:
            self._require(connection, batch, "claimed", "refused")
            doubtful = connection.execute(
                "update batches set state = 'in_doubt', settled_at = ?, reason = ?"
                " where id = ? and doubt_since is not null",
                (now, reason, batch),
            ).rowcount
            if doubtful:
                return
            keys = _keys(claim, batch)
            connection.execute(f"{RESTORE} and {_OF_BATCH}", keys)
            connection.execute(f"delete from conversions where {_OF_BATCH}", keys)
            # What another mapping claimed from a refusal goes back to it.
            connection.execute("delete from batches where id = ? and state = 'claimed'", (batch,))

    @contextmanager
    def _write(self, step: str) -> Iterator[Transaction]:
        with self._database.write() as connection:
            yield connection
        self.afterwards(partial(self._reached, step))

    def _require_open(self, connection: Transaction) -> None:
        running = "select 1 from runs where id = ? and finished_at is null"
        if connection.execute(running, (self._run,)).fetchone() is None:
            raise self._overtaken()

    def _take(self, connection: Transaction, claims: Sequence[Claim], now: int) -> list[int]:
        batches = [self._new_batch(connection, claim.destination, now) for claim in claims]
        take(connection, claims, batches, known=self._claiming)
        return batches

    def _new_batch(self, connection: Transaction, destination: int, now: int) -> int:
        return self._new_batches(connection, destination, 1, now)[0]

    def _new_batches(
        self, connection: Transaction, destination: int, number: int, now: int
    ) -> list[int]:
        self._require_open(connection)
        rows = connection.execute(
            "insert into batches (run, mapping, destination, state, rules_digest, claimed_at)"
            " select :run, :mapping, :destination, 'claimed', :rules, :now from listed(:each)"
            " returning id",
            {
                "run": self._run, "mapping": self._mapping, "destination": destination,
                "rules": self._rules_digest, "now": now, "each": json.dumps([""] * number),
            },
        ).fetchall()  # fmt: skip
        return sorted(int(row[0]) for row in rows)

    def _hold(self, connection: Transaction, batch: int, reason: str, now: int) -> None:
        values = {"now": now, "reason": reason}
        also = "settled_at = :now, reason = :reason"
        self._change(connection, batch, ("claimed", "held"), also, values)

    def _require(self, connection: Transaction, batch: int, *states: str) -> None:
        row = connection.execute(
            f"select state from batches where id = ? and run = ? and {_OPEN}", (batch, self._run)
        ).fetchone()
        if row is None or row[0] not in states:
            raise self._overtaken()

    def _take_back(self, step: str, batch: int, also: str) -> None:
        with self._write(step) as connection:
            self._change(connection, batch, ("sent", "claimed"), also, {})

    def _change(
        self, connection: Transaction, batch: int, states: tuple[str, str], also: str,
        values: Mapping[str, object],
    ) -> None:  # fmt: skip
        before, after = states
        changed = connection.execute(
            f"update batches set state = :after, {also}"
            f" where id = :batch and run = :run and state = :before and {_OPEN}",
            {"after": after, "before": before, "batch": batch, "run": self._run, **values},
        ).rowcount
        if changed != 1:
            raise self._overtaken()

    def _overtaken(self) -> OvertakenError:
        return OvertakenError(
            f"{self._mapping}: another run has settled what this one was sending; it stops here"
        )


# Of a batch: nobody has taken its run for dead.
_OPEN = "exists (select 1 from runs where id = run and finished_at is null)"
_SETTLED = "settled_at = :now, reason = :reason, debug_id = :debug_id"


def _places(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _values(kept: Kept, now: int) -> dict[str, object]:
    return {"now": now, "reason": kept.reason, "debug_id": kept.debug_id}


_OF_BATCH = (
    "batch = :batch and destination = :destination"
    " and conversion_id in (select value from listed(:keys))"
)


def _keys(claim: Claim, batch: int) -> dict[str, object]:
    keys = json.dumps(list(claim.conversion_ids))
    return {"batch": batch, "destination": claim.destination, "keys": keys}


def _put(connection: Transaction, part: Claim, batch: int, *, parent: int) -> None:
    """Move conversions from one batch of a run to another, with the parent's doubt."""
    connection.execute(
        "update batches set doubt_since = (select doubt_since from batches where id = ?)"
        " where id = ?",
        (parent, batch),
    )
    moved = _keys(part, parent) | {"new": batch}
    connection.execute(f"update conversions set batch = :new where {_OF_BATCH}", moved)
