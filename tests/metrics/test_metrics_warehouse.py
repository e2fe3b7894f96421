from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from adrows import (
    MADRID,
    NOW,
    TABLES,
    ad,
    day,
    days,
    filling,
    group,
    held,
    hour,
    imported,
    opened,
    patience,
)  # fmt: skip

from connector.errors import ConfigurationError, ConnectorError
from connector.metrics.database import Database
from connector.metrics.days import Earlier
from connector.metrics.rows import AD_COLUMNS, AD_GROUP_COLUMNS, IMPORT_COLUMNS, Account, Utm
from connector.metrics.staging import staged_hours
from connector.metrics.warehouse import (
    Replaced,
    earlier_imports,
    last_hour,
    open_warehouse,
    replace_hours,
)

OTHER = Account(platform="tiktok", id="7001", timezone="UTC", currency="EUR")
UNCHANGED: dict[str, Decimal] = {}


def test_the_tables_are_made_with_their_columns_in_order(database: Database) -> None:
    imported(database, [], days(0, 0))
    for table, columns in (
        (TABLES.ads, AD_COLUMNS),
        (TABLES.groups, AD_GROUP_COLUMNS),
        (TABLES.imports, IMPORT_COLUMNS),
    ):
        found = database.columns(table.name)
        assert found is not None
        assert list(found) == [column.name for column in columns]


def test_a_row_is_stored_as_it_was_read(database: Database) -> None:
    row = ad(3, ad_name="", campaign_name='"a", b\nc', conversion_value=Decimal("0.1"), likes=0)
    imported(database, [row], days(0, 9))
    names = ("date", "ad_name", "campaign_name", "conversion_value", "likes", "clicks", "cost")
    [stored] = held(database, *names, "engagements", "exchange_rate", "is_final", "utm_inferred")
    assert stored[:-4] == tuple(getattr(row, name) for name in names)
    assert stored[-4:] == (None, Decimal("1.1172"), True, False)


def test_the_days_of_an_import_are_replaced_and_no_others(database: Database) -> None:
    imported(database, [ad(number) for number in range(5)], days(0, 4))
    imported(database, [ad(2, impressions=1), ad(3, ad_id="new")], days(2, 3))
    assert held(database, "date", "ad_id", "impressions") == [
        (day(0), "5ft2qa", 900), (day(1), "5ft2qa", 900), (day(2), "5ft2qa", 1),
        (day(3), "new", 900), (day(4), "5ft2qa", 900),
    ]  # fmt: skip


def test_other_accounts_and_platforms_are_left_alone(database: Database) -> None:
    namesake = replace(OTHER, id=MADRID.id)
    for account in (MADRID, OTHER, namesake):
        imported(database, [ad()], days(0, 0), account=account)
    imported(database, [], days(0, 0))
    assert held(database, "ad_platform") == [("tiktok",)]
    assert held(database, "ad_platform", account=OTHER) == [("tiktok",)]


def test_importing_twice_changes_nothing_but_when(database: Database) -> None:
    rows = [ad(0), ad(1, cost=None, clicks=0), ad(1, ad_id="b", conversions=2)]
    everything = [column.name for column in AD_COLUMNS if column.name != "imported_at"]
    when = "cast(extract(epoch from imported_at) as bigint)"
    imported(database, rows, days(0, 1), groups=[group()])
    before = held(database, *everything)
    again = imported(database, rows, days(0, 1), groups=[group()], at=NOW + timedelta(hours=1))
    assert again == Replaced(rows=3, changed_rows=0, changed_cost=UNCHANGED)
    assert held(database, *everything) == before
    assert {row[0] for row in held(database, when)} == {int(NOW.timestamp()) + 3600}


def test_what_a_second_reading_changed_is_told(database: Database) -> None:
    first = [ad(0), ad(0, ad_id="gone"), ad(1, cost=None), ad(2, campaign_currency="USD")]
    imported(database, first, days(0, 2))
    second = [
        ad(0, cost=Decimal("9.4")),
        ad(0, ad_id="came", cost=Decimal(1)),
        ad(1, cost=None, campaign_name="renamed"),
        ad(2, campaign_currency="USD", likes=0),
        ad(3, cost=Decimal(100)),  # read for the first time
    ]
    assert imported(database, second, days(0, 3)) == Replaced(
        rows=5, changed_rows=4, changed_cost={"EUR": Decimal("-14.6")}
    )


def test_a_row_that_comes_late_on_an_empty_day_is_a_change(database: Database) -> None:
    imported(database, [], days(0, 1))
    late = imported(database, [ad(1), ad(2)], days(1, 2))
    assert late == Replaced(rows=2, changed_rows=1, changed_cost={"EUR": Decimal("12.5")})


def test_a_later_link_says_nothing_of_earlier_days(database: Database) -> None:
    inferred = Utm(utm_source="x", utm_campaign="spring", utm_inferred=True)
    imported(database, [ad(0, utm=inferred)], days(0, 0))
    changed = Utm(utm_source="new", utm_term="t")
    imported(database, [ad(0, utm=changed), ad(1, utm=changed)], days(0, 1))
    links = ("utm_source", "utm_campaign", "utm_term", "utm_inferred")
    assert held(database, *links) == [("x", "spring", None, True), ("new", None, "t", False)]


def test_ad_groups_are_replaced_likewise(database: Database) -> None:
    imported(database, [], days(0, 1), groups=[group(0), group(1)])
    imported(database, [], days(1, 1), groups=[group(1, impressions=3)])
    rows = database.run("select impressions from daily_ad_group_metrics order by date")
    assert rows == [(900,), (3,)]


def test_a_table_of_another_making_stays_as_it_was(database: Database) -> None:
    database.run("create table daily_ad_metrics_imports (note varchar)")
    with pytest.raises(ConfigurationError, match="daily_ad_metrics_imports has no column connec"):
        imported(database, [ad()], days(0, 0))
    assert database.columns(TABLES.ads.name) is None


def test_columns_that_somebody_added_are_kept(database: Database) -> None:
    imported(database, [ad(0)], days(0, 0))
    database.run("alter table daily_ad_metrics add column note varchar")
    imported(database, [ad(1)], days(1, 1))
    assert held(database, "note") == [(None,), (None,)]


def test_a_view_can_not_stand_for_a_table(database: Database) -> None:
    database.run("create view hourly_ad_metrics as select 1 as one")
    with pytest.raises(ConfigurationError, match="hourly_ad_metrics is there and is no table"):
        imported(database, [], days(0, 0))


def test_a_failed_import_leaves_everything_as_it_was(database: Database) -> None:
    imported(database, [ad(0)], days(0, 0), groups=[group()])
    with pytest.raises(ConnectorError, match="1 rows of other days and 0 keys"):
        imported(database, [ad(0, cost=None)], days(0, 0), groups=[group(5)])
    assert held(database, "cost") == [(Decimal("12.5"),)]
    assert len(earlier_imports(database, TABLES, MADRID)) == 1
    imported(database, [ad(0, cost=None)], days(0, 0))
    assert held(database, "cost") == [(None,)]


def test_a_row_that_comes_twice_is_not_counted_twice(database: Database) -> None:
    with pytest.raises(ConnectorError, match="0 rows of other days and 1 keys that occur twice"):
        imported(database, [ad(0), ad(0)], days(0, 0))
    assert database.columns(TABLES.ads.name) is None


def test_imports_are_remembered_by_account(database: Database) -> None:
    assert earlier_imports(database, TABLES, MADRID) == []
    later = NOW + timedelta(hours=5)
    imported(database, [ad()], days(0, 3))
    imported(database, [], days(4, 4), at=later)
    imported(database, [], days(9, 9), account=OTHER)
    assert sorted(earlier_imports(database, TABLES, MADRID), key=lambda one: one.days.since) == [
        Earlier(days=days(0, 3), finished_at=NOW),
        Earlier(days=days(4, 4), finished_at=later),
    ]
    rows = database.run('select "rows", final_through from daily_ad_metrics_imports order by 1')
    assert rows == [(0, day(14)), (0, day(14)), (1, day(14))]


def test_hours_are_replaced_from_one_moment_to_another(database: Database) -> None:
    assert last_hour(database, TABLES, MADRID) is None
    begin = datetime(2026, 10, 1, tzinfo=UTC)

    def import_hours(first: int, *rows: int, ends: int) -> int:
        since, until = begin + timedelta(hours=first), begin + timedelta(hours=ends)
        with staged_hours([hour(number, likes=first) for number in rows], filling()) as stage:
            return replace_hours(database, TABLES, MADRID, since=since, until=until, hours=stage)

    assert import_hours(0, 0, 1, 2, ends=3) == 3
    assert import_hours(2, 2, 3, ends=24) == 2
    rows = database.run(
        "select cast(extract(epoch from hour) as bigint), likes, entity, id, status"
        " from hourly_ad_metrics order by hour"
    )
    expected = [(number, likes) for number, likes in ((0, 0), (1, 0), (2, 2), (3, 2))]
    assert rows == [
        (int(begin.timestamp()) + number * 3600, likes, "LINE_ITEM", "w6n4r", "ACTIVE")
        for number, likes in expected
    ]
    assert last_hour(database, TABLES, MADRID) == begin + timedelta(hours=3)
    assert last_hour(database, TABLES, OTHER) is None
    assert import_hours(0, 0, ends=2) == 1
    assert database.run("select count(*) from hourly_ad_metrics") == [(3,)]


def test_a_reader_finds_what_was_written(warehouse_url: str) -> None:
    with opened(warehouse_url, writing=False) as database:
        assert earlier_imports(database, TABLES, MADRID) == []
    with opened(warehouse_url) as database:
        imported(database, [ad()], days(0, 0))
    with opened(warehouse_url, writing=False) as database:
        assert held(database, "ad_id") == [("5ft2qa",)]


@pytest.mark.parametrize("url", ["sqlite:///shop.db", "snowflake://u:hunter2@a/b", "parquet:///x"])
def test_metrics_go_to_two_kinds_of_warehouses(url: str) -> None:
    with (
        pytest.raises(
            ConfigurationError, match=r"are written to DuckDB .* and PostgreSQL"
        ) as caught,
        open_warehouse(url, root=Path(), patience=patience(), writing=True),
    ):
        pass
    assert "hunter2" not in str(caught.value)
