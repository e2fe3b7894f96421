"""Answers that a platform gives seldom, kept in the state so that all processes share one.

A row of `meta` is the answer and its moment. Nothing of a credential is in it: the name tells whose
answer it is by a mark alone.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from connector.budgets.reads import Waiting
from connector.errors import UnreachableError
from connector.state.database import Database
from connector.state.lock import named_lock

AGE_SECONDS = 15 * 60.0
_PAUSE_SECONDS = 0.2
_PREFIX = "answer "
_FIND = "select value from meta where key = :key"
_KEEP = """
insert into meta (key, value) values (:key, :value)
on conflict (key) do update set value = excluded.value"""
_EVERY = "select key, value from meta where substr(key, 1, :length) = :prefix"
_FORGET = "delete from meta where key = :key"

Rows = list[dict[str, str]]


@dataclass(frozen=True, kw_only=True)
class StateAnswers:
    """The answers of a platform at a target; the thread that uses the state uses them."""

    target: str
    database: Database
    waiting: Waiting

    def shared(self, name: str, ask: Callable[[], Rows]) -> Rows:
        """The rows that are not older than `AGE_SECONDS`, else what asking gives; one process asks.

        Raises:
            UnreachableError: another process asks for too long, or the state is out of reach.
            ConnectorError: as `ask` raises.
        """
        key = f"{_PREFIX}{self.target} {name}"
        found = self._fresh(key)
        if found is not None:
            return found
        since = self.waiting.now()
        with named_lock(self.database.place, key) as lock:
            if self.waiting.until_free(
                "another process", lambda: 0.0 if lock.take() else _PAUSE_SECONDS, since=since
            ):
                raise UnreachableError("another process has been asking the same for too long")
            found = self._fresh(key)
            if found is None:
                found = ask()
                self._keep(key, found)
        return found

    def _fresh(self, key: str) -> Rows | None:
        rows = self.database.read(_FIND, key=key)
        return _rows_of(rows[0][0], now=self.waiting.now()) if rows else None

    def _keep(self, key: str, found: Rows) -> None:
        """Keep an answer, and forget those that are too old."""
        now = self.waiting.now()
        with self.database.write() as transaction:
            every = transaction.execute(_EVERY, {"prefix": _PREFIX, "length": len(_PREFIX)})
            for other, value in every.fetchall():
                if _rows_of(value, now=now) is None:
                    transaction.execute(_FORGET, {"key": other})
            transaction.execute(
                _KEEP, {"key": key, "value": json.dumps({"at": now, "rows": found})}
            )


def _rows_of(value: str, *, now: float) -> Rows | None:
    """The rows of an answer that is not too old; nor from after a clock that was set back."""
    kept = json.loads(value)
    is_fresh = 0 <= now - kept["at"] < AGE_SECONDS
    rows: Rows | None = kept["rows"] if is_fresh else None
    return rows
