"""The journal of writes: what was meant to change at X, and what became of it.

A row is durable before its request leaves, and each change of it is one transaction, so that a
process may die anywhere: the next one sees whether a request may have reached X.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Literal

from connector.errors import OvertakenError
from connector.state.database import Database
from connector.state.steps import unheard

State = Literal["planned", "sent", "unclear", "done", "adopted", "refused"]
OPEN: frozenset[State] = frozenset({"planned", "sent", "unclear"})

STEPS: dict[str, str] = {
    "planned": "a write is recorded, nothing of it has left",
    "taken": "what another process began is this one's to finish",
    "sent": "a request is recorded as sent and leaves next",
    "answered": "an answer is read, not yet recorded",
    "unclear": "a request is recorded as one without a clear answer",
    "not_sent": "a request is recorded as not processed, and may leave again",
    "looked": "X was asked whether it is there",
    "done": "a write is recorded as done",
    "adopted": "what was found at X is recorded as what was to be made",
    "refused": "a write is recorded as refused",
    "told": "a write is recorded as one whose end was told",
}
"""After each of them a process may die, and the same command finishes what it began."""


@dataclass(frozen=True, kw_only=True)
class Meant:
    """What is meant: a kind of thing, method and path, and digests.

    Attributes:
        intent: the same for the same command.
        digest: of the parameters.
    """

    entity: str
    what: str
    intent: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A row of the journal, beside what `Meant` tells; times in milliseconds since 1970 (UTC).

    Attributes:
        key: what the request carries as `Idempotency-Key`.
        token: the word at the end of the name.
        is_doubtful: an earlier sending of it may have reached X.
        entity_ids: what it made or changed.
        seen: ids that were there before it was sent first, None where nobody looked.
        reason: why it was refused or is unclear, a code of X's where there is one.
        run: whoever works on it.
        who: the account and host that meant it.
    """

    key: str
    target: str
    account_id: str
    entity: str
    what: str
    intent: str
    digest: str
    token: str | None = None
    state: State = "planned"
    is_doubtful: bool = False
    entity_ids: tuple[str, ...] = ()
    seen: tuple[str, ...] | None = None
    reason: str | None = None
    sendings: int = 0
    run: str
    who: str
    planned_at: int
    sent_at: int | None = None
    settled_at: int | None = None
    told_at: int | None = None


_COLUMNS = tuple(one.name for one in fields(Entry))
_LISTS = ("entity_ids", "seen")
_SELECT = f"select {', '.join(_COLUMNS)} from writes"
_IS_OPEN = "case when state in ('planned', 'sent', 'unclear') then 1 else 0 end"
_INSERT = (
    f"insert into writes ({', '.join(_COLUMNS)}) values ({', '.join(f':{c}' for c in _COLUMNS)})"
)


class Journal:
    """The writes of one ad account at a target, for one run; `now` is in epoch seconds.

    `reached` is told each step once it is on disk. Every change fails with `OvertakenError` when
    another run has taken the write over, and every use with `UnreachableError` when the state is
    out of reach.
    """

    def __init__(
        self, database: Database, *, target: str, account_id: str, run: str,
        now: Callable[[], float], reached: Callable[[str], None] = unheard,
    ) -> None:  # fmt: skip
        self._database = database
        self._target = target
        self._account_id = account_id
        self._run = run
        self._now = now
        self._reached = reached
        self._waiting: list[str] | None = None

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make changes in one transaction; its steps are told once they all are on disk."""
        told: list[str] = []
        self._waiting = told
        try:
            with self._database.write():
                yield
        finally:
            self._waiting = None
        for step in told:
            self._reached(step)

    def last(self, intent: str) -> Entry | None:
        """The last write that was meant so, None when there is none.

        One that is open comes first: hosts differ in what time it is.
        """
        rows = self._database.read(
            f"{_SELECT} where target = :target and account_id = :account_id and intent = :intent"
            f" order by {_IS_OPEN} desc, planned_at desc, key desc limit 1",
            target=self._target, account_id=self._account_id, intent=intent,
        )  # fmt: skip
        return _entry(rows[0]) if rows else None

    def entries(self) -> list[Entry]:
        """All writes to the account, oldest first, what is open last."""
        rows = self._database.read(
            f"{_SELECT} where target = :target and account_id = :account_id"
            f" order by {_IS_OPEN}, planned_at, key",
            target=self._target, account_id=self._account_id,
        )  # fmt: skip
        return [_entry(row) for row in rows]

    def plan(self, meant: Meant, *, key: str, token: str | None, who: str) -> Entry:
        """Record a write before anything of it leaves; `who` means it."""
        entry = Entry(
            key=key, target=self._target, account_id=self._account_id, entity=meant.entity,
            what=meant.what, intent=meant.intent, digest=meant.digest, token=token, run=self._run,
            who=who, planned_at=self._milliseconds(),
        )  # fmt: skip
        with self._database.write() as transaction:
            transaction.execute(_INSERT, _values(entry))
        self._tell("planned")
        return entry

    def take(self, entry: Entry) -> Entry:
        """Go on with what another run began; what it had sent may have reached X."""
        is_sent = entry.state == "sent"
        taken = replace(
            entry, run=self._run, is_doubtful=entry.is_doubtful or is_sent,
            state="unclear" if is_sent else entry.state,
            reason="interrupted" if is_sent else entry.reason,
        )  # fmt: skip
        return self._change(entry, taken, "taken")

    def send(self, entry: Entry, *, seen: Iterable[str] | None = None) -> Entry:
        """Say that its request is about to leave; `seen` of the first time is kept."""
        kept = entry.seen
        if kept is None and seen is not None:
            kept = tuple(seen)
        return self._change(
            entry,
            replace(
                entry, state="sent", sendings=entry.sendings + 1, sent_at=self._milliseconds(),
                seen=kept,
            ),
            "sent",
        )  # fmt: skip

    def not_sent(self, entry: Entry) -> Entry:
        """Say that X did not process the request; it is what it was before."""
        state: State = "unclear" if entry.is_doubtful else "planned"
        return self._change(entry, replace(entry, state=state), "not_sent")

    def doubt(self, entry: Entry, *, reason: str) -> Entry:
        """Say that no clear answer came."""
        doubted = replace(entry, state="unclear", is_doubtful=True, reason=reason)
        return self._change(entry, doubted, "unclear")

    def settle(
        self, entry: Entry, state: Literal["done", "adopted", "refused"], *,
        entity_ids: Iterable[str] = (), reason: str | None = None, is_told: bool = False,
    ) -> Entry:  # fmt: skip
        """Say how it ended; `is_told` when nobody waits to hear of it."""
        now = self._milliseconds()
        settled = replace(
            entry, state=state, entity_ids=tuple(entity_ids), reason=reason, settled_at=now,
            told_at=now if is_told else None,
        )  # fmt: skip
        return self._change(entry, settled, state)

    def tell(self, entry: Entry) -> Entry:
        """Say that whoever meant it knows how it ended: the same again is another write."""
        return self._change(entry, replace(entry, told_at=self._milliseconds()), "told")

    def is_mine(self, entry: Entry) -> bool:
        """Whether no other run has taken it over."""
        rows = self._database.read("select run from writes where key = :key", key=entry.key)
        return rows == [(self._run,)]

    def _change(self, before: Entry, after: Entry, step: str) -> Entry:
        """Write what is different, unless somebody else has done so since."""
        values, old = _values(after), _values(before)
        changed = [name for name, value in values.items() if value != old[name]] or ["run"]
        with self._database.write() as transaction:
            count = transaction.execute(
                f"update writes set {', '.join(f'{name} = :{name}' for name in changed)}"
                " where key = :key and state = :old_state and run = :old_run",
                {**values, "old_state": before.state, "old_run": before.run},
            ).rowcount
            if count != 1:
                raise OvertakenError(
                    f"{before.what}: another process goes on with this write; it stops here"
                )
        self._tell(step)
        return after

    def _tell(self, step: str) -> None:
        if self._waiting is None:
            self._reached(step)
        else:
            self._waiting.append(step)

    def _milliseconds(self) -> int:
        return int(self._now() * 1000)


def _values(entry: Entry) -> dict[str, object]:
    values: dict[str, object] = {name: getattr(entry, name) for name in _COLUMNS}
    for name in _LISTS:
        values[name] = None if values[name] is None else json.dumps(values[name])
    return {**values, "is_doubtful": int(entry.is_doubtful)}


def _entry(row: tuple[object, ...]) -> Entry:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _LISTS:
        text = values[name]
        values[name] = tuple(json.loads(text)) if isinstance(text, str) else None
    values["is_doubtful"] = bool(values["is_doubtful"])
    return Entry(**values)  # type: ignore[arg-type]
