"""Requests that carry several writes, each with a row of its own in the journal.

X does all of a request or nothing. Whatever dies in between, nothing is made twice: what is new has
a token in its name, tweets and criteria are known by what they are, and the rest may be sent again.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connector.api import parts
from connector.api.parts import Part, Work
from connector.api.writing import (
    MOST_DOUBTS,
    PASSING_SECONDS,
    Desk,
    give_up,
    misfit,
    waited_for,
)
from connector.campaigns import finding
from connector.campaigns.fields import Row
from connector.campaigns.naming import new_token
from connector.campaigns.requests import METHODS, carries_token, digests_of, path_of
from connector.campaigns.writes import Write
from connector.errors import ConnectorError, StoppedError, UnreachableError
from connector.state.journal import OPEN, Entry, Meant
from connector.x.management import Reply

_AGAIN = "run the same command again: it goes on, and makes nothing twice"


def carried_out(many: Sequence[Part], desk: Desk) -> list[str]:
    """Carry out the writes of one request; the ids of what was made, changed or deleted.

    All are of one kind of thing and one verb, promoted tweets of one line item too. What an earlier
    run began of them has been looked for; nobody else may write to the account meanwhile.

    Raises:
        ConfigurationError: X refuses one of them, so that none is done.
        OvertakenError: another process took one over.
        UnreachableError: it is not clear, or not done; the same command goes on.
        ConnectorError: X, the state or the budget is not to be had.
    """
    group = _Group(desk=desk, works=_begun(many, desk))
    waits, doubts = iter(PASSING_SECONDS), 0
    while group.pending:
        reply = group.send()
        if reply.meaning == "done":
            group.settle_all(reply.rows)
        elif reply.meaning == "refused":
            group.refuse(reply)
        elif reply.meaning == "passing":
            group.not_sent(reply, next(waits, None))
        else:
            doubts += 1
            group.doubt(reply, doubts)
    return [str(one.id) for one in group.works]


def _begun(many: Sequence[Part], desk: Desk) -> list[Work]:
    """Record what is not, and take over what an earlier run left open."""
    journal = desk.journal
    known = [(part, *digests_of(part.write)) for part in many]
    last = {intent: journal.last(intent) for _, _, intent in known}
    works = []
    with journal.together():
        for part, digest, intent in known:
            before = last[intent]
            if before is not None and before.state in OPEN:
                taken = journal.take(before)
                if before.digest == digest:
                    works.append(Work(part=part, entry=taken))
                    continue
                # It was looked for and is not there, and now it is meant otherwise.
                journal.settle(taken, "refused", reason="superseded", is_told=True)
            works.append(Work(part=part, entry=_planned(part.write, digest, intent, desk)))
    return works


def _planned(write: Write, digest: str, intent: str, desk: Desk) -> Entry:
    meant = Meant(
        entity=write.entity, what=f"{METHODS[write.verb]} {path_of(write)}", intent=intent,
        digest=digest,
    )  # fmt: skip
    token = new_token(secrets.token_bytes) if carries_token(write) else None
    return desk.journal.plan(meant, key=secrets.token_hex(16), token=token, who=desk.who)


@dataclass(kw_only=True)
class _Group:
    """The parts of a request, until each of them is settled."""

    desk: Desk
    works: list[Work]

    @property
    def pending(self) -> list[Work]:
        """What is not settled."""
        return [one for one in self.works if not one.is_done]

    def send(self) -> Reply:
        """Send what is pending, once it may leave."""
        journal, pending = self.desk.journal, self.pending
        if self.desk.stopping():
            raise StoppedError(f"stopped; {_AGAIN}")
        self.desk.take(f"X Ads {METHODS[pending[0].write.verb]} {pending[0].write.of.path}")
        with journal.together():
            for one in pending:
                one.entry = journal.send(one.entry, seen=one.part.seen)
        reply = self.desk.send(
            parts.call_of(pending), lambda: all(journal.is_mine(one.entry) for one in pending)
        )
        self.desk.reached("answered")
        return reply

    def settle_all(self, rows: Sequence[Row]) -> None:
        """Everything that was sent is done."""
        pending = self.pending
        found = parts.answered(pending, rows)
        if found is None:
            self.doubt(misfit(), MOST_DOUBTS)
        else:
            self._settle(dict(zip(map(id, pending), found, strict=True)), "done")

    def refuse(self, reply: Reply) -> None:
        """X refuses it; what an earlier sending of it did is done all the same."""
        if any(one.entry.is_doubtful for one in self.pending):
            self._look_well()
        pending, journal = self.pending, self.desk.journal
        if not pending:
            return
        with journal.together():
            for one in pending:
                journal.settle(one.entry, "refused", reason=reply.code, is_told=True)
        raise _refusal(reply, pending)

    def not_sent(self, reply: Reply, usual: float | None) -> None:
        """X did not process it: wait as long as it says, else as usual."""
        journal = self.desk.journal
        with journal.together():
            for one in self.pending:
                one.entry = journal.not_sent(one.entry)
        self.wait(waited_for(reply, usual, warn=self.desk.warn))

    def doubt(self, reply: Reply, doubts: int) -> None:
        """After an unclear answer: look what of it was done, and let the rest leave again."""
        journal = self.desk.journal
        with journal.together():
            for one in self.pending:
                one.entry = journal.doubt(one.entry, reason=reply.code)
        self.desk.warn(f"{reply.error}; looking whether it was done all the same")
        self._look_well()
        if self.pending and doubts >= MOST_DOUBTS:
            give_up(reply)

    def wait(self, seconds: float) -> None:
        """Wait, unless the user wants an end."""
        self.desk.pause(seconds)
        if self.desk.stopping():
            raise StoppedError(f"stopped; {_AGAIN}")

    def _look_well(self) -> None:
        """Look what of it is done, again after a while: a request may be slow."""
        for seconds in (0.0, *finding.WAITS):
            if self.pending and seconds:
                self.wait(seconds)
            if self.pending:
                self._settle(self._look(), "adopted")

    def _look(self) -> dict[int, str]:
        """The ids of what of it is done at X."""
        known = {one.id for one in self.works if one.id is not None}
        found = parts.looked(self.pending, self.desk.ask, known=known)
        self.desk.reached("looked")
        return found

    def _settle(self, found: Mapping[int, str], how: Literal["done", "adopted"]) -> None:
        journal = self.desk.journal
        with journal.together():
            for one in self.pending:
                if id(one) in found:
                    one.id, one.is_done = found[id(one)], True
                    one.entry = journal.settle(
                        one.entry, how, entity_ids=(one.id,), is_told=True
                    )  # fmt: skip


def _refusal(reply: Reply, works: Sequence[Work]) -> ConnectorError:
    """X's error, with what people call the part that it is about."""
    error = reply.error or UnreachableError("X refuses it")
    number = reply.item or 1
    if len(works) == 1 or (reply.item is not None and number <= len(works)):
        return type(error)(f"{error}; it is the {works[number - 1].part.title}")
    return error
