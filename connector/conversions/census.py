"""What a stage holds, counted in passes over a few of its columns, so that no row is kept."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

# Gives the batches of a stage anew, with the columns asked for.
Rows = Callable[[Sequence[str]], pa.RecordBatchReader]

_LOSING = ("row", "key", "pixel_id", "event_id", "conversion_id", "digest")
_WORTH = ("time_ms", "value", "currency")
_WORDS = ("reasons", "dropped", "warnings", "hashed")
# Each takes eight bytes three times over while the keys that come twice are looked for.
_KEYS_AT_ONCE = 3_000_000


@dataclass(frozen=True, kw_only=True)
class Census:
    """What a stage holds, before anything is sent.

    `outcomes` counts rows by outcome, the other counters rows by reason. `repeated` and
    `conflicting` are sendable rows that lose against another one of this run; `value` is what the
    others are worth by currency, `older` and `older_value` their number and value from before the
    asked time. `largest_cursor` is of all rows, `future_cursor` the smallest of rows that lie in
    the future.
    """

    read: int
    outcomes: Counter[str]
    reasons: Counter[str]
    suppressed: Counter[str]
    dropped: Counter[str]
    warnings: Counter[str]
    hashed: Counter[str]
    repeated: int
    conflicting: int
    value: Mapping[str, Decimal]
    older: int
    older_value: Mapping[str, Decimal]
    largest_cursor: int | None
    future_cursor: int | None

    @property
    def to_send(self) -> int:
        """Sendable rows, without those that lose."""
        return self.outcomes["sendable"] - self.repeated - self.conflicting


EMPTY = Census(
    read=0, outcomes=Counter(), reasons=Counter(), suppressed=Counter(), dropped=Counter(),
    warnings=Counter(), hashed=Counter(), repeated=0, conflicting=0, value={}, older=0,
    older_value={}, largest_cursor=None, future_cursor=None,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Loser:
    """A sendable row that stays behind another one with its key; `why` is the reason."""

    row: int
    why: str
    conversion_id: str
    time_ms: int
    value: Decimal
    currency: str


def counted(
    rows: Rows, connection: duckdb.DuckDBPyConnection, *, number: int, older_than_ms: int
) -> tuple[Census, list[Loser]]:
    """Count a stage of so many rows, and find its losers, in two threads."""
    with ThreadPoolExecutor(1, "census") as pool:
        groups = pool.submit(_groups, connection, rows, older_than_ms)
        lost = _losers(rows, number)
        return _census(groups.result(), lost, older_than_ms=older_than_ms), lost


def _losers(rows: Rows, number: int) -> list[Loser]:
    """Of rows with one key all but the earliest, then all but the one with the smallest digest."""
    twice = _keys_that_come_twice(rows, parts=1 + number // _KEYS_AT_ONCE)
    if not twice.size:
        return []
    with _connection() as connection:
        connection.register("twice", pa.table({"key": twice}))
        connection.register("stage", rows((*_LOSING, *_WORTH)))
        connection.execute(f"create temp table candidates as {_CANDIDATES}")
        return [
            Loser(row=row, why=why, conversion_id=key, time_ms=time, value=value, currency=currency)
            for row, why, key, time, value, currency in connection.execute(_LOSERS).fetchall()
        ]


def _keys_that_come_twice(rows: Rows, *, parts: int) -> Any:  # noqa: ANN401 - a numpy array
    """They are looked for in one part of all keys after the other."""
    twice = []
    for part in range(parts):
        found = (np.asarray(batch["key"].drop_null()) for batch in rows(("key",)))
        keys = np.concatenate([each[each % parts == part] for each in found])
        keys.sort()  # in place: they are many
        twice.append(keys[1:][keys[1:] == keys[:-1]])
    return np.concatenate(twice)


def _groups(
    connection: duckdb.DuckDBPyConnection, rows: Rows, older_than_ms: int
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.register("stage", rows(("outcome", *_WORDS, *_WORTH, "cursor")))
        return cursor.execute(_GROUPS, {"before": older_than_ms}).fetchall()


def _census(
    groups: Sequence[tuple[Any, ...]], lost: Sequence[Loser], *, older_than_ms: int
) -> Census:
    """The census of groups of rows; `lost` are the losers, which are worth nothing."""
    outcomes: Counter[str] = Counter()
    words: dict[str, Counter[str]] = {name: Counter() for name in _WORDS}
    worth = _Worth()
    largest, future = [], []
    for outcome, *texts, currency, old, number, value, biggest, smallest in groups:
        outcomes[outcome] += number
        largest.append(biggest)
        for name, text in zip(_WORDS, texts, strict=True):
            words[name].update(dict.fromkeys((text or "").split(), number))
        if "in_future" in (texts[0] or "").split():
            future.append(smallest)
        if outcome == "sendable":
            worth.add(number, currency, value, old=old)
    for loser in lost:
        worth.add(-1, loser.currency, -loser.value, old=loser.time_ms < older_than_ms)
    why = Counter(loser.why for loser in lost)
    words["reasons"].update({name: n for name, n in why.items() if name != "repeated_in_run"})
    return Census(
        read=outcomes.total(), outcomes=outcomes, reasons=words["reasons"],
        suppressed=Counter({"no_consent": outcomes["suppressed"]}) + Counter(),
        dropped=words["dropped"], warnings=words["warnings"], hashed=words["hashed"],
        repeated=why["repeated_in_run"], conflicting=why["conflicting_conversion_id"],
        value=worth.all, older=worth.older, older_value=worth.of_older,
        largest_cursor=max((one for one in largest if one is not None), default=None),
        future_cursor=min((one for one in future if one is not None), default=None),
    )  # fmt: skip


class _Worth:
    """Value by currency, and number and value of what is old."""

    def __init__(self) -> None:
        self.all: dict[str, Decimal] = {}
        self.of_older: dict[str, Decimal] = {}
        self.older = 0

    def add(self, rows: int, currency: str | None, value: Decimal | None, *, old: bool) -> None:
        self.older += rows if old else 0
        for total in (self.all, self.of_older) if old else (self.all,):
            if currency and value is not None:
                total[currency] = total.get(currency, Decimal(0)) + value


def rejected(rows: Rows) -> Iterator[tuple[str, str]]:
    """Row key and reasons of each rejected row.

    The key is the conversion id, or for a row without one a digest of its other columns.
    """
    names = ("outcome", "reasons", "pixel_id", "event_id", "conversion_id", "time_ms", "cursor",
             "dropped")  # fmt: skip
    with _connection() as connection:
        connection.register("stage", rows(names))
        yield from connection.execute(_REJECTED).fetchall()


def _connection() -> duckdb.DuckDBPyConnection:
    """One that may take more memory than a mapper: what is listed can be most of a stage."""
    connection = duckdb.connect(":memory:", config={"temp_directory": "", "threads": 1})
    connection.execute("set enable_progress_bar = false")
    return connection


_CANDIDATES = "select * from stage where key in (select key from twice)"
_LOSERS = """
with ranked as (
  select
    *, row_number() over key as place, first_value(digest) over key as winner
  from candidates
  window key as (partition by pixel_id, event_id, conversion_id order by time_ms, digest, row)
)
select
  row, case when digest = winner then 'repeated_in_run' else 'conflicting_conversion_id' end,
  conversion_id, time_ms, coalesce(try_cast(value as decimal(38, 6)), 0), coalesce(currency, '')
from ranked where place > 1
"""
_GROUPS = """
select
  outcome, reasons, dropped, warnings, hashed, currency, coalesce(time_ms < $before, false),
  count(*), sum(try_cast(value as decimal(38, 6))), max("cursor"), min("cursor")
from stage group by 1, 2, 3, 4, 5, 6, 7
"""
_REJECTED = """
select
  coalesce(conversion_id, 'row ' || left(sha256(concat_ws(' ',
    reasons, pixel_id, event_id, time_ms, "cursor", dropped)), 16)),
  reasons
from stage where outcome = 'rejected'
"""
