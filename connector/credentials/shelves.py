"""The two places of sealed credentials: files of one person, and a table for all who share it.

A shelf takes and gives sealed records; it knows no key.
"""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from connector.credentials import disk
from connector.credentials.facts import PRIVATE, Connection, connection_of, document_of
from connector.errors import ConfigurationError
from connector.state.database import Database
from connector.state.lock import named_lock

_VERSION = 1
_SUFFIX = ".json"
_TRIAL, _TRIAL_BYTES = ".trial", 8192
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Record:
    """A connection's facts and its secret as ciphertext; `sealed_with` names what holds the key."""

    connection: Connection
    sealed: str = field(repr=False)
    sealed_with: str


class Lock(Protocol):
    """A lock that one process of all may have."""

    def take(self) -> bool:
        """Whether it is this process's now."""


class Shelf(Protocol):
    """A place of records. Every use may raise `UnreachableError`."""

    def records(self) -> list[Record]:
        """All of them, by name."""

    def read(self, name: str) -> Record | None:
        """The record of a name."""

    def write(self, record: Record, *, over: int | None) -> bool:
        """Keep a record, durably; False when what is there is not of revision `over`."""

    def check(self) -> None:
        """Let pass what can be written now."""

    def rename(self, name: str, to: str) -> bool:
        """Give a record another name, in one step; False when that is taken."""

    def remove(self, name: str) -> None:
        """Forget a record; none is none."""

    def used(self, name: str, now: datetime) -> None:
        """Note that a connection was used; whoever holds the lock comes first."""

    def lock(self, identity: str) -> AbstractContextManager[Lock]:
        """A lock for who changes a connection; nobody has it yet."""


@dataclass(frozen=True, kw_only=True)
class PrivateShelf:
    """A folder of mode 0700, a file of mode 0600 for each connection; one lock for all of them.

    `write`, `rename` and `remove` are for who holds the lock.
    """

    folder: Path
    reached: Callable[[str], None]

    def records(self) -> list[Record]:
        """All of them, by name."""
        names = sorted(p.stem for p in self.folder.glob(f"[!.]*{_SUFFIX}"))
        return [record for name in names if (record := self.read(name))]

    def read(self, name: str) -> Record | None:
        """The record of a name.

        Raises:
            ConfigurationError: others may read the file, or it is damaged.
        """
        path = self._file(name)
        text = disk.read_own(path)
        if text is None:
            return None
        try:
            document = json.loads(text)
            facts = connection_of(document["facts"], name=name, visibility=PRIVATE)
            sealed, holder = str(document["sealed"]), str(document["sealed_with"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ConfigurationError(
                f"{path} is damaged; remove it and run `connector connect {name}` again"
            ) from None
        return Record(connection=facts, sealed=sealed, sealed_with=holder)

    def write(self, record: Record, *, over: int | None) -> bool:
        """Keep a record, durably; False when what is there is not of revision `over`."""
        found = self.read(record.connection.name)
        if (found.connection.revision if found else None) != over:
            return False
        self._put(record)
        return True

    def _put(self, record: Record) -> None:
        document = {
            "version": _VERSION,
            "facts": document_of(record.connection),
            "sealed": record.sealed,
            "sealed_with": record.sealed_with,
        }
        text = json.dumps(document, indent=1) + "\n"
        disk.write_own(self._file(record.connection.name), text, reached=self.reached)

    def check(self) -> None:
        """Let pass what can be written now."""
        with self.lock("") as lock:
            if lock.take():  # who has it writes, too
                disk.write_own(self.folder / _TRIAL, " " * _TRIAL_BYTES, reached=lambda _step: None)
                disk.remove_own(self.folder / _TRIAL)

    def rename(self, name: str, to: str) -> bool:
        """Give a record another name, in one step; False when that is taken."""
        if self._file(to).exists():
            return False
        disk.move_own(self._file(name), self._file(to))
        return True

    def remove(self, name: str) -> None:
        """Forget a record; none is none."""
        disk.remove_own(self._file(name))

    def used(self, name: str, now: datetime) -> None:
        """Note that a connection was used, unless somebody is changing one."""
        with self.lock(name) as lock:
            if lock.take() and (record := self.read(name)):
                used = replace(record.connection, last_used_at=now)
                self._put(replace(record, connection=used))

    def lock(self, identity: str) -> AbstractContextManager[Lock]:  # noqa: ARG002 - one for all
        """A lock for who changes a connection; nobody has it yet."""
        disk.make_folder(self.folder)
        return disk.file_lock(self.folder / "lock")

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}{_SUFFIX}"


_COLUMNS = "name, visibility, facts, sealed, revision, last_used_at"


@dataclass(frozen=True, kw_only=True)
class SharedShelf:
    """The table `connections` of the state; every writing is a transaction of its own."""

    database: Database

    def records(self) -> list[Record]:
        """All of them, by name."""
        rows = self.database.read(f"select {_COLUMNS} from connections order by name")
        return [_record(*row) for row in rows]

    def read(self, name: str) -> Record | None:
        """The record of a name."""
        rows = self.database.read(
            f"select {_COLUMNS} from connections where name = :name", name=name
        )
        return _record(*rows[0]) if rows else None

    def write(self, record: Record, *, over: int | None) -> bool:
        """Keep a record, durably; False when what is there is not of revision `over`."""
        facts = record.connection
        values = {
            "name": facts.name, "visibility": facts.visibility, "sealed": record.sealed,
            "facts": json.dumps({**document_of(facts), "last_used_at": None}),
            "revision": facts.revision, "over": over, "used": _milliseconds(facts.last_used_at),
        }  # fmt: skip
        sql = _INSERT if over is None else _UPDATE
        with self.database.write() as connection:
            return connection.execute(sql, values).rowcount == 1

    def check(self) -> None:
        """Let pass what can be written now."""
        with self.database.write():
            pass

    def rename(self, name: str, to: str) -> bool:
        """Give a record another name, in one step; False when that is taken."""
        with self.database.write() as connection:
            return connection.execute(_RENAME, {"name": name, "to": to}).rowcount == 1

    def remove(self, name: str) -> None:
        """Forget a record; none is none."""
        with self.database.write() as connection:
            connection.execute("delete from connections where name = ?", (name,))

    def used(self, name: str, now: datetime) -> None:
        """Note that a connection was used."""
        with self.database.write() as connection:
            connection.execute(
                "update connections set last_used_at = ? where name = ?",
                (_milliseconds(now), name),
            )

    def reseal(self, visibility: str, resealed: Callable[[Record], str]) -> int:
        """Put another ciphertext in all records of a visibility, all or none; how many."""
        sql = f"select {_COLUMNS} from connections where visibility = ?"
        with self.database.write() as connection:
            rows = connection.execute(sql, (visibility,)).fetchall()
            for record in (_record(*row) for row in rows):
                connection.execute(
                    "update connections set sealed = ? where name = ?",
                    (resealed(record), record.connection.name),
                )
        return len(rows)

    def lock(self, identity: str) -> AbstractContextManager[Lock]:
        """A lock for who changes a connection; nobody has it yet."""
        return named_lock(self.database.place, f"credentials\n{identity}")


_INSERT = (
    "insert into connections (name, visibility, facts, sealed, revision, last_used_at)"
    " values (:name, :visibility, :facts, :sealed, :revision, :used) on conflict do nothing"
)
_RENAME = (
    "update connections set name = :to where name = :name"
    " and not exists (select 1 from connections where name = :to)"
)
_UPDATE = (
    "update connections set visibility = :visibility, facts = :facts, sealed = :sealed,"
    " revision = :revision where name = :name and revision = :over"
)


def _record(*row: Any) -> Record:  # noqa: ANN401 - SQL values
    name, visibility, facts, sealed, revision, used = row
    document = {**json.loads(facts), "revision": revision, "last_used_at": None}
    connection = connection_of(document, name=name, visibility=visibility)
    last = None if used is None else _EPOCH + timedelta(milliseconds=used)
    return Record(
        connection=replace(connection, last_used_at=last), sealed=sealed, sealed_with=visibility
    )


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)
