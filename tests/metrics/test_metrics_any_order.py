"""Whatever is imported in whatever order, both databases hold what a dictionary would."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from adrows import MADRID, NOW, TABLES, ad, day, days, group, held, imported, opened
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.metrics.database import Database
from connector.metrics.days import Days
from connector.metrics.rows import Account, AdDay, Utm
from connector.metrics.warehouse import earlier_imports

DAYS, ADS = 6, 3
ACCOUNTS = itertools.count()


@pytest.fixture(scope="module")
def databases(new_warehouse: Callable[[str], str]) -> Iterator[list[Database]]:
    with ExitStack() as stack:
        urls = [new_warehouse(kind) for kind in ("duckdb", "postgresql")]
        yield [stack.enter_context(opened(url)) for url in urls]


@dataclass(frozen=True, kw_only=True)
class Step:
    """An import: its days, and what the platform answers for each ad and day, or nothing."""

    span: Days
    answers: dict[tuple[int, int], int] = field(repr=True)

    def rows(self) -> list[AdDay]:
        return [
            answer(number, one, revision)
            for (number, one), revision in self.answers.items()
            if day(number) in self.span
        ]


def answer(number: int, one: int, revision: int) -> AdDay:
    cost = None if revision == 3 else Decimal(revision) / 4
    return ad(number, ad_id=f"ad{one}", cost=cost, utm=Utm(utm_source=f"s{revision % 2}"))


REVISIONS = st.dictionaries(
    st.tuples(st.integers(0, DAYS - 1), st.integers(0, ADS - 1)), st.integers(0, 3)
)
SPANS = st.tuples(st.integers(0, DAYS - 1), st.integers(0, DAYS - 1)).map(
    lambda ends: days(min(ends), max(ends))
)
STEPS = st.lists(st.builds(Step, span=SPANS, answers=REVISIONS), min_size=1, max_size=4)

Table = dict[tuple[date, str], AdDay]


def after(table: Table, step: Step) -> Table:
    """The table after an import: the days replaced, links kept."""
    read = {(row.date, row.ad_id): row for row in step.rows()}
    linked = {
        key: replace(row, utm=table[key].utm) if key in table else row for key, row in read.items()
    }
    return {key: row for key, row in table.items() if key[0] not in step.span} | linked


def changes(before: Table, now: Table, known: set[date]) -> tuple[int, dict[str, Decimal]]:
    keys = [key for key in {*before, *now} if key[0] in known]
    numbers = [
        tuple(replace(table[key], utm=Utm()) if key in table else None for table in (before, now))
        for key in keys
    ]
    costs = [tuple((row and row.cost) or Decimal(0) for row in pair) for pair in numbers]
    moved = sum((new - old for old, new in costs), Decimal(0))
    return sum(old != new for old, new in numbers), {"EUR": moved} if moved else {}


def stored(database: Database, account: Account) -> list[tuple[object, ...]]:
    columns = ("date", "ad_id", "impressions", "cost", "cost_converted", "utm_source", "is_final")
    return held(database, *columns, account=account)


def expected(table: Table) -> list[tuple[object, ...]]:
    rate = Decimal("1.1172")
    return [
        (
            row.date, row.ad_id, row.impressions, row.cost,
            None if row.cost is None else (row.cost * rate).quantize(Decimal("1e-6")),
            row.utm.utm_source, row.date < day(15),
        )
        for _, row in sorted(table.items())
    ]  # fmt: skip


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_imports_in_any_order_leave_what_was_read_last(
    databases: list[Database], steps: list[Step]
) -> None:
    account = replace(MADRID, id=f"account{next(ACCOUNTS)}")
    table: Table = {}
    covered: set[date] = set()
    for number, step in enumerate(steps):
        at = NOW + timedelta(hours=number)
        found = [
            imported(database, step.rows(), step.span, account=account, at=at)
            for database in databases
        ]
        now = after(table, step)
        known = covered & {step.span.since + timedelta(days=n) for n in range(len(step.span))}
        for replaced in found:
            told = (replaced.changed_rows, replaced.changed_cost)
            assert told == changes(table, now, known)
        table = now
        covered |= {step.span.since + timedelta(days=n) for n in range(len(step.span))}
    for database in databases:
        assert stored(database, account) == expected(table)
        assert len(earlier_imports(database, TABLES, account)) == len(steps)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(spans=st.lists(SPANS, min_size=2, max_size=4), truth=REVISIONS, data=st.data())
def test_the_order_of_imports_makes_no_difference(
    databases: list[Database], spans: list[Days], truth: dict[tuple[int, int], int],
    data: st.DataObject,
) -> None:  # fmt: skip
    tables = []
    for order in (spans, data.draw(st.permutations(spans))):
        account = replace(MADRID, id=f"account{next(ACCOUNTS)}")
        for database in databases:
            for span in order:
                imported(database, Step(span=span, answers=truth).rows(), span, account=account)
            tables.append(stored(database, account))
    assert tables[0] == tables[1] == tables[2] == tables[3]


@pytest.mark.parametrize("kind", ["duckdb", "postgresql"])
def test_imports_at_the_same_time_leave_what_one_would(
    kind: str, new_warehouse: Callable[[str], str]
) -> None:
    url = new_warehouse(kind)
    with opened(url) as database:
        imported(database, [], days(0, 0), account=replace(MADRID, id="earlier"))
    rows = [ad(number, ad_id=f"ad{one}") for number in range(5) for one in range(20)]
    failures: list[BaseException] = []
    ready = threading.Barrier(4)

    def work() -> None:
        try:
            with opened(url, seconds=60) as database:
                ready.wait(30)
                imported(database, rows, days(0, 4), groups=[group()])
        except BaseException as error:  # noqa: BLE001 - the thread hands it to the test
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with opened(url) as database:
        assert len(held(database, "ad_id")) == len(rows)
        assert database.run("select count(*) from daily_ad_group_metrics") == [(1,)]
        assert len(earlier_imports(database, TABLES, MADRID)) == 4
