from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.conversions.cursor import Cursor, Kind, Reach, microseconds, move, parse, start

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = 1_000_000
FAR = microseconds(datetime(2099, 1, 1, tzinfo=UTC))


def reach(kind: Kind, lookback: timedelta | int | None = None) -> Reach:
    return Reach(kind=kind, lookback=lookback, max_age=90 * DAY)


@pytest.mark.parametrize("kind", ["time", "date", "integer"])
@given(position=st.integers(-(2**63), 2**63))
def test_a_cursor_is_kept_as_text(kind: Literal["time", "date", "integer"], position: int) -> None:
    cursor = Cursor(kind=kind, position=position)
    assert parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    ("kind", "lookback", "kept", "expected"),
    [
        ("time", None, None, NOW - 92 * DAY),
        ("time", DAY, None, NOW - 91 * DAY),
        ("time", None, NOW - DAY, NOW - 3 * DAY),
        ("time", timedelta(0), NOW - DAY, NOW - DAY),
        ("date", None, None, date(2026, 8, 21)),
        ("date", None, datetime(2026, 11, 20, tzinfo=UTC), date(2026, 11, 18)),
        ("date", timedelta(hours=1), datetime(2026, 11, 20, tzinfo=UTC), date(2026, 11, 19)),
        ("integer", None, None, None),
    ],
)
def test_reading_starts_an_overlap_before_the_cursor(
    kind: Kind, lookback: timedelta | None, kept: datetime | None, expected: object
) -> None:
    cursor = Cursor(kind=kind, position=microseconds(kept)) if kept else None
    assert start(cursor, reach=reach(kind, lookback), now=NOW) == expected


@pytest.mark.parametrize(("lookback", "expected"), [(None, 70), (0, 70), (10, 60)])
def test_an_integer_cursor_overlaps_by_a_number(lookback: int | None, expected: int) -> None:
    kept = Cursor(kind="integer", position=70)
    assert start(kept, reach=reach("integer", lookback), now=NOW) == expected


def test_a_cursor_of_another_kind_is_none() -> None:
    assert start(Cursor(kind="time", position=5), reach=reach("integer"), now=NOW) is None
    first = start(None, reach=reach("time"), now=NOW)
    assert start(Cursor(kind="integer", position=5), reach=reach("time"), now=NOW) == first


@pytest.mark.parametrize("position", [-(2**63), -62_135_596_800 * SECOND])
def test_a_cursor_before_the_year_one_reads_everything(position: int) -> None:
    kept = Cursor(kind="time", position=position)
    assert start(kept, reach=reach("time"), now=NOW) is None
    ages = Reach(kind="time", lookback=DAY, max_age=timedelta(days=999_999))
    assert start(None, reach=ages, now=NOW) is None


@pytest.mark.parametrize(
    ("largest", "unfinished", "expected"),
    [
        (5, [], 5), (5, [3, 4], 3), (5, [7], 5), (FAR, [], microseconds(NOW)),
        (FAR, [FAR], microseconds(NOW)), (FAR, [3], 3),
    ],
)  # fmt: skip
def test_the_cursor_moves_to_the_smallest(
    largest: int, unfinished: list[int], expected: int
) -> None:
    moved = move(None, kind="time", largest=largest, unfinished=unfinished, began=NOW)
    assert moved == Cursor(kind="time", position=expected)


def test_rows_without_a_cursor_leave_it_where_it_is() -> None:
    kept = Cursor(kind="time", position=5)
    assert move(kept, kind="time", largest=None, unfinished=[], began=NOW) == kept
    assert move(None, kind="time", largest=None, unfinished=[], began=NOW) is None


def test_a_number_knows_no_clock() -> None:
    moved = move(None, kind="integer", largest=FAR, unfinished=[], began=NOW)
    assert moved == Cursor(kind="integer", position=FAR)


@dataclass(kw_only=True)
class Warehouse:
    """A table that grows, and runs that read it; `open` rows must be in the next run."""

    kind: Kind
    lookback: timedelta | int
    now: datetime = NOW
    rows: list[int | None] = field(default_factory=list)
    unread: set[int] = field(default_factory=set)
    kept: Cursor | None = None
    largest_there: int = 0

    @property
    def reach(self) -> Reach:
        return Reach(kind=self.kind, lookback=self.lookback, max_age=90 * DAY)

    def arrive(self, behind: float | None) -> None:
        """A row that lags the newest by a share of the overlap; None has no cursor."""
        if behind is None:
            cursor = None
        elif isinstance(self.lookback, int):
            cursor = max(0, self.largest_there - int(behind * self.lookback))
        else:
            cursor = self._day(microseconds(self.now - behind * self.lookback))
        self._add(cursor)

    def arrive_from_the_future(self, ahead: int) -> None:
        """A row whose cursor is wrong: far ahead of everything else."""
        if self.kind != "integer":
            self._add(self._day(microseconds(self.now) + ahead * SECOND))

    def _day(self, position: int) -> int:
        return (
            position // (86_400 * SECOND) * (86_400 * SECOND) if self.kind == "date" else position
        )

    def _add(self, cursor: int | None) -> None:
        self.rows.append(cursor)
        self.unread.add(len(self.rows) - 1)
        self.largest_there = max(self.largest_there, cursor or 0)

    def run(self, unfinished: set[int]) -> None:
        """Read, leave some rows unfinished, and see that none was missed."""
        since = start(self.kept, reach=self.reach, now=self.now)
        read = {row for row, cursor in enumerate(self.rows) if _is_read(cursor, since)}
        assert self.unread <= read
        self.unread = read & {row % max(1, len(self.rows)) for row in unfinished}
        cursors = {row: self.rows[row] for row in read}
        self.kept = move(
            self.kept, kind=self.kind, began=self.now,
            largest=max((c for c in cursors.values() if c is not None), default=None),
            unfinished=[c for row, c in cursors.items() if row in self.unread and c is not None],
        )  # fmt: skip

    def edit(self) -> None:
        """The query changed: every row may map in another way."""
        self.kept = None
        self.unread = set(range(len(self.rows)))


def _is_read(cursor: int | None, since: datetime | date | int | None) -> bool:
    if cursor is None or since is None:
        return True
    if isinstance(since, int):
        return cursor >= since
    if not isinstance(since, datetime):
        since = datetime(since.year, since.month, since.day, tzinfo=UTC)
    return cursor >= microseconds(since)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("arrive"), st.one_of(st.none(), st.floats(0, 1))),
        st.tuples(st.just("arrive_from_the_future"), st.sampled_from([1, 3600, 2_000_000_000])),
        st.tuples(st.just("run"), st.sets(st.integers(0, 50), max_size=5)),
        st.tuples(st.just("edit"), st.none()),
    ),
    max_size=30,
)
NUMBERS: st.SearchStrategy[timedelta | int] = st.sampled_from([0, 1, 20])
SPANS: st.SearchStrategy[timedelta | int] = st.sampled_from(
    [timedelta(0), timedelta(seconds=5), timedelta(hours=3), 2 * DAY]
)


@given(steps=STEPS, gaps=st.lists(st.integers(0, 90_000), min_size=30, max_size=30), data=st.data())
def test_no_row_is_never_read(
    steps: list[tuple[str, object]], gaps: list[int], data: st.DataObject
) -> None:
    kind: Kind = data.draw(st.sampled_from(("time", "date", "integer")))
    lookback: timedelta | int = data.draw(NUMBERS if kind == "integer" else SPANS)
    warehouse = Warehouse(kind=kind, lookback=lookback)
    for (name, argument), gap in zip(steps, gaps, strict=False):
        warehouse.now += timedelta(seconds=gap)
        if name == "edit":
            warehouse.edit()
        else:
            getattr(warehouse, name)(argument)
    warehouse.run(set())
    warehouse.run(set())
    assert not warehouse.unread
