"""One write from plan to end: recorded before it leaves, and looked for before it leaves again.

Whatever dies in between, the same command finishes what was begun: nothing is made twice.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from connector.campaigns import finding
from connector.campaigns.fields import Row, texts
from connector.campaigns.finding import Found, Question
from connector.campaigns.kinds import Value
from connector.campaigns.naming import new_token
from connector.campaigns.requests import (
    DONE,
    METHODS,
    Status,
    Written,
    carries_token,
    count_of,
    cut_remarks,
    digests_of,
    ids_of,
    params_of,
    path_of,
    told_request,
)
from connector.campaigns.writes import Write
from connector.errors import ConfigurationError, StoppedError, UnreachableError
from connector.state.journal import OPEN, Entry, Journal, Meant
from connector.x.management import Call, Reply

MOST_DOUBTS = 3
"""Unclear answers after which a run gives up; the next one goes on."""
PASSING_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
"""Waits after answers that something was not processed, where they name none."""
LONGEST_SECONDS = 15 * 60.0
WORTH_TELLING_SECONDS = 5.0
_NO_ROUTE = "ROUTE_NOT_FOUND"  # of an address that X does not have at all
_AGAIN = "run the same command again: it looks at X first, and makes nothing twice"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What a write touches; `began` is when it was asked for, in epoch seconds.

    Attributes:
        account_id: the ad account.
        who: means the write.
        take: waits until a write may leave, or raises.
        send: sends a call once; the other is asked right before its body leaves.
        ask: the rows of a list of what is written.
        stopping: whether the user wants an end.
    """

    journal: Journal
    account_id: str
    who: str
    take: Callable[[str], None]
    send: Callable[[Call, Callable[[], bool]], Reply]
    ask: Callable[[Question], Sequence[Row]]
    pause: Callable[[float], None]
    stopping: Callable[[], bool]
    warn: Callable[[str], None]
    reached: Callable[[str], None]
    began: float


def carried_out(write: Write, desk: Desk, *, tell: Callable[[Written], None] | None) -> Written:
    """Carry out a write, or finish what an earlier process began of it.

    `tell` is called before the journal notes that somebody knows of the end; until then the same
    command answers with what was made. Nobody else may write to the account meanwhile.

    Raises:
        ConfigurationError: X refuses it, or its key was used for something else.
        OvertakenError: another process took it over.
        UnreachableError: it is not clear, or not done; the same command goes on.
        ConnectorError: X, the state or the budget is not to be had.
    """
    digest, intent = digests_of(write)
    what = f"{METHODS[write.verb]} {path_of(write)}"
    meant = Meant(entity=write.entity, what=what, intent=intent, digest=digest)
    last = desk.journal.last(meant.intent)
    is_taken = last is not None and last.state != "refused"  # of which nothing was made
    if last is not None and is_taken and last.digest != meant.digest:
        raise ConfigurationError(
            "this idempotency key was used for something else; take another one"
        )
    work = _Work(write=write, desk=desk)
    written = _known(work, last)
    if written is None:
        written = _finished(work, last, meant, is_told=tell is None)
    if tell is not None:
        tell(written)
        if work.entry.told_at is None:
            desk.journal.tell(work.entry)
    return written


@dataclass(kw_only=True)
class _Work:
    """A write that is under way, and its row of the journal."""

    write: Write
    desk: Desk
    _entry: Entry | None = None

    @property
    def entry(self) -> Entry:
        """The row of the journal."""
        if self._entry is None:
            raise LookupError("a write that is not recorded")
        return self._entry

    @entry.setter
    def entry(self, entry: Entry) -> None:
        self._entry = entry

    def look(self) -> Found:
        """What of it is at X."""
        token = self.entry.token
        rows: list[Row] = []
        found = Found()
        for question in finding.questions(self.write, token):
            rows += self.desk.ask(question)
            found = finding.found(self.write, token, rows, seen=self.entry.seen)
            if found.is_whole:
                break
        self.desk.reached("looked")
        return found

    def look_well(self) -> Found:
        """Likewise, again after a while, since X's search may lag and a request may be slow."""
        found = self.look()
        for seconds in finding.WAITS:
            if found.is_whole or not finding.questions(self.write, self.entry.token):
                break
            self.wait(seconds)
            found = self.look()
        return found

    def wait(self, seconds: float) -> None:
        """Wait, unless the user wants an end."""
        self.desk.pause(seconds)
        if self.desk.stopping():
            raise StoppedError(f"{self.entry.what}: stopped; {_AGAIN}")

    def send(self, rest: Mapping[str, Value] | None, seen: Sequence[str] | None) -> Reply:
        """Send what is left of it, once it may leave."""
        write = self.write if rest is None else replace(self.write, params=rest)
        self.desk.take(f"X Ads {self.entry.what.partition('/')[0]}")
        self.entry = self.desk.journal.send(self.entry, seen=seen)
        call = Call(
            method=METHODS[write.verb], path=path_of(write), key=self.entry.key,
            params=texts(params_of(write, self.entry.token)),
        )  # fmt: skip
        reply = self.desk.send(call, lambda: self.desk.journal.is_mine(self.entry))
        self.desk.reached("answered")
        is_whole = reply.meaning != "done" or len(reply.rows) == count_of(write)
        return reply if is_whole else misfit()

    def written(self, status: Status, rows: Sequence[Row], *remarks: str) -> Written:
        """How it ended."""
        token, account_id = self.entry.token, self.desk.account_id
        return Written(
            status=status, ids=ids_of(rows) or ((self.write.id,) if self.write.id else ()),
            rows=tuple({**row, "account_id": account_id} for row in rows),
            request=told_request(self.write, token, account_id=account_id),
            remarks=(*remarks, *cut_remarks(self.write, token)),
        )  # fmt: skip


def _known(work: _Work, last: Entry | None) -> Written | None:
    """What an earlier command did of this very write, None where it is another one."""
    write = work.write
    if last is None or last.state in OPEN or last.state == "refused":
        return None
    is_new = write.verb == "update" or (
        last.told_at is not None
        and not finding.looks_first(write)
        and (last.settled_at or 0) < work.desk.began * 1000
    )
    if write.key is None and is_new:
        return None
    rows = work.desk.ask(finding.by_ids(write, last.entity_ids)) if write.verb != "delete" else ()
    if write.verb != "delete" and set(ids_of(rows)) != set(last.entity_ids):
        return None  # somebody has deleted it since
    work.entry = last
    status: Status = "adopted" if write.verb == "create" else DONE[write.verb]
    return work.written(status, rows, "the same command did this before; nothing was sent again")


def _finished(work: _Work, last: Entry | None, meant: Meant, *, is_told: bool) -> Written:
    """Go on with what is open, else begin; until it is settled."""
    journal, write = work.desk.journal, work.write
    if last is not None and last.state in OPEN:
        work.entry = journal.take(last)
    else:
        token = new_token(secrets.token_bytes) if carries_token(write) else None
        work.entry = journal.plan(meant, key=secrets.token_hex(16), token=token, who=work.desk.who)
    found, reply = _sent(work)
    if reply is None or (reply.meaning == "refused" and found.is_whole):
        ids = ids_of(found.rows)
        work.entry = journal.settle(work.entry, "adopted", entity_ids=ids, is_told=is_told)
        return work.written("adopted", found.rows, "it was at X already")
    if reply.meaning == "refused" and not _is_gone(work, reply):
        journal.settle(work.entry, "refused", reason=reply.code, is_told=True)
        raise reply.error or UnreachableError(work.entry.what)
    rows = [*found.rows, *reply.rows]
    ids = ids_of(rows) or (write.id or "",)
    work.entry = journal.settle(work.entry, "done", entity_ids=ids, is_told=is_told)
    return work.written(DONE[write.verb], rows)


def _sent(work: _Work) -> tuple[Found, Reply | None]:
    """Look and send until there is a clear answer; no reply where looking was enough."""
    waits, doubts = iter(PASSING_SECONDS), 0
    reply: Reply | None = None
    while True:
        found = _looked(work)
        if found.is_whole:
            return found, None
        if reply is not None and doubts == MOST_DOUBTS:
            give_up(reply)
        reply = work.send(found.rest, found.seen)
        if reply.meaning == "done":
            return found, reply
        if reply.meaning == "refused":
            return (work.look_well() if work.entry.is_doubtful else found), reply
        if reply.meaning == "passing":
            _passed(work, reply, waits)
        else:
            doubts += 1
            _doubted(work, reply, doubts)


def _looked(work: _Work) -> Found:
    if work.entry.is_doubtful:
        return work.look_well()
    return work.look() if finding.looks_first(work.write) else Found()


def _doubted(work: _Work, reply: Reply, doubts: int) -> None:
    """After an unclear answer: what can't be looked for is sent again a little later."""
    work.entry = work.desk.journal.doubt(work.entry, reason=reply.code)
    if finding.questions(work.write, work.entry.token):
        work.desk.warn(f"{reply.error}; looking whether it was done all the same")
    else:
        work.wait(PASSING_SECONDS[doubts])


def _passed(work: _Work, reply: Reply, waits: Iterator[float]) -> None:
    """Wait after an answer that X did not process it."""
    work.entry = work.desk.journal.not_sent(work.entry)
    work.wait(waited_for(reply, next(waits, None), warn=work.desk.warn))


def waited_for(reply: Reply, usual: float | None, *, warn: Callable[[str], None]) -> float:
    """The seconds to wait after an answer that X did not process it: as it says, else as usual.

    Raises:
        UnreachableError: there is no more waiting, or it would take too long.
    """
    seconds = reply.seconds or usual
    if usual is None or seconds is None or seconds > LONGEST_SECONDS:
        give_up(reply)
    if seconds >= WORTH_TELLING_SECONDS:
        warn(f"{reply.error}; going on in {seconds:,.0f} s")
    return seconds


def misfit() -> Reply:
    """What an answer means that tells of more or less than was sent: nobody knows."""
    error = UnreachableError("X's answer does not fit the request")
    return Reply(meaning="unclear", code="unreadable", error=error)


def give_up(reply: Reply) -> NoReturn:
    """End where X has not said what became of a write; the journal knows that it left.

    Raises:
        UnreachableError: always.
    """
    raise UnreachableError(f"{reply.error or 'X does not answer'}; {_AGAIN}")


def _is_gone(work: _Work, reply: Reply) -> bool:
    """Whether a deletion was done by an earlier sending of it."""
    is_deletion = work.write.verb == "delete" and work.entry.is_doubtful
    is_missing = reply.code.endswith("NOT_FOUND") and reply.code != _NO_ROUTE
    return is_deletion and is_missing
