"""Rate budgets in the state database.

A row has what was taken in a thousandth of a window, another one what a platform said. A quota is
two rows: what is left until when, and the limit and the moment before which nothing leaves.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Protocol

from connector.budgets.budget import (
    LONGEST_RESET_SECONDS,
    Budget,
    Promise,
    excess,
    holds,
    is_scarce,
    renewed,
    room_at,
)
from connector.budgets.pacing import Decide, Found, Quota
from connector.state.database import Database, Result, Transaction
from connector.state.place import Server

# The rows of a full window: what is summed up for each request must stay short.
_PARTS = 1_000


class Asking(Protocol):
    """What a clock may be asked through: a transaction, or reads outside of one."""

    def execute(self, sql: str, values: Mapping[str, object] = ...) -> Result:
        """Run a statement."""


Clock = Callable[[Asking], int]

_KNOWN = """
select coalesce(sum(amount), 0), min(used_at), max(used_at),
  (select used_at from budgets where name = :told),
  (select amount from budgets where name = :told)
from budgets where name = :name"""
_FORGET = "delete from budgets where name = :name and used_at < :since"
# After a clock was set back, what lies ahead would stay for longer than a window.
_PULL_BACK = "update budgets set used_at = :now where name = :name and used_at > :now"
_USES = "select used_at, amount from budgets where name = :name order by used_at"
_ADD = "insert into budgets (name, used_at, amount) values (:name, :at, :amount)"
_ENLARGE = """
update budgets set used_at = :at, amount = amount + :amount
where name = :name and used_at between :begun and :at"""
_CLEAR = "delete from budgets where name = :name"
_USED = "select coalesce(sum(amount), 0) from budgets where name = :name"
_OF_NAMES = """
select name, used_at, amount from budgets where name in (select value from listed(:names))"""
_OF_GROUP = "select name, used_at, amount from budgets where substr(name, 1, :length) = :group"
_FORGET_GROUP = """
delete from budgets where substr(name, 1, :length) = :group and used_at < :before"""
_SET = "update budgets set used_at = :at, amount = :amount where name = :name"
_LEFT, _LIMIT = ", left", ", limit"
_DAY = 24 * 3_600_000
_SERVER_TIME = "select cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)"


def clock_of(database: Database, now: Callable[[], float]) -> Clock:
    """The clock that all who share a database have in common: its server's, else this host's.

    It is read within the transaction: before, others may still write later moments. `now` is
    epoch seconds.
    """
    return server_time if isinstance(database.place, Server) else lambda _: int(now() * 1000)


def server_time(asking: Asking) -> int:
    """PostgreSQL's clock."""
    return int(asking.execute(_SERVER_TIME).fetchone()[0])


@dataclass(frozen=True, kw_only=True)
class StateBudgets:
    """The `Budgets` of a state; the thread that uses its database uses them."""

    database: Database
    clock: Clock

    def take(self, budget: Budget, amount: int) -> float:
        """See `Budgets`."""
        with self.database.write() as transaction:
            now = self.clock(transaction)
            window = _Window(transaction=transaction, budget=budget, now=now)
            used, promise = window.known()
            moment = window.room_at(excess(budget, used=used, amount=amount))
            if promise is not None and amount > promise.left:
                moment = max(moment, promise.resets_at)
            if moment > now:
                return (moment - now) / 1000
            window.add(amount)
            if promise is not None:
                window.keep(replace(promise, left=promise.left - amount))
        return 0.0

    def told(self, budget: Budget, *, limit: int, remaining: int, resets_in: float) -> None:
        """See `Budgets`; nothing is written as long as there is plenty."""
        if not is_scarce(limit=limit, remaining=remaining):
            return
        with self.database.write() as transaction:
            now = self.clock(transaction)
            window = _Window(transaction=transaction, budget=budget, now=now)
            ahead = round(min(resets_in, LONGEST_RESET_SECONDS) * 1000)
            window.keep(renewed(window.known()[1], Promise(left=remaining, resets_at=now + ahead)))

    def used(self, budget: Budget) -> int:
        """See `Budgets`."""
        with self.database.write() as transaction:
            now = self.clock(transaction)
            return _Window(transaction=transaction, budget=budget, now=now).known()[0]

    def change(self, group: str, names: Sequence[str], decide: Decide) -> float:
        """See `Quotas`; who only waits, or hears nothing new, keeps nobody from writing."""
        keys = [f"{group}, {name}{part}" for name in names for part in (_LEFT, _LIMIT)]
        wanted = {"names": json.dumps(keys)}
        look = _Look(database=self.database)
        rows = look.execute(_OF_NAMES, wanted).fetchall()
        wait, changes = decide(_quotas(group, rows), self.clock(look))
        if not changes:
            return wait / 1000
        with self.database.write() as transaction:
            now = self.clock(transaction)
            found = _quotas(group, transaction.execute(_OF_NAMES, wanted).fetchall())
            wait, changes = decide(found, now)
            for name, quota in changes.items():
                _put(transaction, f"{group}, {name}", old=found.get(name), new=quota)
            if changes.keys() - found.keys():
                _forget(transaction, group, before=now - _DAY)
        return wait / 1000

    def known(self, group: str) -> Found:
        """See `Quotas`."""
        prefix = f"{group}, "
        return _quotas(group, self.database.read(_OF_GROUP, group=prefix, length=len(prefix)))


@dataclass(frozen=True, kw_only=True)
class _Look:
    """Reads that no transaction holds together."""

    database: Database

    def execute(self, sql: str, values: Mapping[str, object] = MappingProxyType({})) -> Result:
        return _Read(self.database.read(sql, **values))


@dataclass
class _Read:
    rows: list[tuple[Any, ...]]
    rowcount: int = -1

    def fetchone(self) -> tuple[Any, ...] | None:
        return self.rows.pop(0) if self.rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.rows


def _quotas(group: str, rows: Iterable[tuple[str, int, int]]) -> dict[str, Quota]:
    parts = {key.removeprefix(f"{group}, "): (moment, amount) for key, moment, amount in rows}
    names = [key.removesuffix(_LEFT) for key in parts if key.endswith(_LEFT)]
    return {
        name: Quota(
            limit=parts[name + _LIMIT][1], left=parts[name + _LEFT][1],
            resets_at=parts[name + _LEFT][0], next_at=parts[name + _LIMIT][0],
        )
        for name in names
        if name + _LIMIT in parts
    }  # fmt: skip


def _rows(key: str, quota: Quota | None) -> dict[str, tuple[int, int]]:
    if quota is None:
        return {}
    return {key + _LEFT: (quota.resets_at, quota.left), key + _LIMIT: (quota.next_at, quota.limit)}


def _put(transaction: Transaction, key: str, *, old: Quota | None, new: Quota | None) -> None:
    """Write what is different."""
    before, after = _rows(key, old), _rows(key, new)
    for name in before.keys() - after.keys():
        transaction.execute(_CLEAR, {"name": name})
    for name, (moment, amount) in after.items():
        row = {"name": name, "at": moment, "amount": amount}
        if name not in before:
            transaction.execute(_CLEAR, {"name": name})
            transaction.execute(_ADD, row)
        elif before[name] != (moment, amount):
            transaction.execute(_SET, row)


def _forget(transaction: Transaction, group: str, *, before: int) -> None:
    """Tokens that are renewed or replaced leave their names behind."""
    prefix = f"{group}, "
    transaction.execute(_FORGET_GROUP, {"group": prefix, "length": len(prefix), "before": before})


@dataclass(frozen=True, kw_only=True)
class _Window:
    """What the state knows of a budget at a moment, within a transaction."""

    transaction: Transaction
    budget: Budget
    now: int

    def known(self) -> tuple[int, Promise | None]:
        """How much is in the window, and what was promised; what has left it is deleted."""
        name, since = self.budget.name, self.now - self.budget.span
        names = {"name": name, "told": self._promised}
        found = self.transaction.execute(_KNOWN, names).fetchone()
        used, oldest, newest, resets_at, left = found
        promise = None if resets_at is None else Promise(resets_at=resets_at, left=left)
        if promise is not None and not holds(promise, now=self.now):
            promise = None
        if oldest is not None and (oldest < since or newest > self.now):
            self.transaction.execute(_FORGET, {"name": name, "since": since})
            self.transaction.execute(_PULL_BACK, {"name": name, "now": self.now})
            used = self.transaction.execute(_USED, {"name": name}).fetchone()[0]
        return int(used), promise

    def add(self, amount: int) -> None:
        """Take an amount; what leaves in one small part of the window is one row."""
        row = {"name": self.budget.name, "at": self.now, "amount": amount}
        part = max(1, self.budget.span // _PARTS)
        begun = self.now - self.now % part
        if not self.transaction.execute(_ENLARGE, {**row, "begun": begun}).rowcount:
            self.transaction.execute(_ADD, row)

    def room_at(self, excess: int) -> int:
        if excess <= 0:
            return 0
        uses = self.transaction.execute(_USES, {"name": self.budget.name})
        return room_at(self.budget, iter(uses.fetchone, None), excess=excess)

    def keep(self, promise: Promise) -> None:
        row = {"name": self._promised, "at": promise.resets_at, "amount": promise.left}
        self.transaction.execute(_CLEAR, {"name": self._promised})
        self.transaction.execute(_ADD, row)

    @property
    def _promised(self) -> str:
        return f"{self.budget.name}, told"
