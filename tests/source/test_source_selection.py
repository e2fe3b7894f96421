from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from connector.errors import ConfigurationError
from connector.source import CursorValue, Selection
from connector.source.selection import (
    find_cursor,
    find_table,
    instant,
    not_a_bound,
    quoted,
    refuse_duplicates,
)

TABLES = [("main", "orders"), ("raw", "orders"), ("raw", "refunds"), ("main", "a.b")]


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({}, "either a query or a table"),
        ({"query": "select 1", "table": "orders"}, "either a query or a table"),
        ({"table": "orders", "since": 5}, "needs the cursor"),
        ({"table": "o", "cursor": "t", "since": datetime(2024, 1, 1)}, "time zone"),  # noqa: DTZ001 - a naive one is the case
        ({"table": "orders", "limit": -1}, "not negative"),
    ],
)
def test_a_selection_that_contradicts_itself_is_refused(parts: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Selection(**parts)


def test_a_bound_may_be_an_aware_time_a_date_or_a_number() -> None:
    bounds: list[CursorValue] = [datetime(2024, 1, 1, tzinfo=UTC), date(2024, 1, 1), 0]
    kept = [Selection(table="orders", cursor="at", since=bound).since for bound in bounds]
    assert kept == bounds


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("orders", ("main", "orders")),
        ("main.orders", ("main", "orders")),
        ("raw.orders", ("raw", "orders")),
        ("RAW.Refunds", ("raw", "refunds")),
        ("a.b", ("main", "a.b")),
        ("main.a.b", ("main", "a.b")),
    ],
)
def test_a_table_is_found_by_name_or_schema_and_name(written: str, found: tuple[str, str]) -> None:
    assert find_table(written, TABLES) == found


@pytest.mark.parametrize(
    ("written", "meant"),
    [("order", "orders"), ("refunds", "raw.refunds"), ("rw.orders", "raw.orders")],
)
def test_the_nearest_table_is_suggested(written: str, meant: str) -> None:
    with pytest.raises(ConfigurationError, match=f"no table '{written}'; did you mean '{meant}'"):
        find_table(written, TABLES)


def test_a_bare_name_is_looked_up_along_the_path_and_offered_from_elsewhere() -> None:
    tables = [("eu", "orders"), ("us", "orders"), ("us", "visits"), ("old", "refunds")]
    assert find_table("orders", tables, path=["us", "eu"]) == ("us", "orders")
    assert find_table("orders", tables, path=["eu", "us"]) == ("eu", "orders")
    assert find_table("US.Orders", tables, path=["eu"]) == ("us", "orders")
    with pytest.raises(ConfigurationError, match=r"did you mean 'old\.refunds'"):
        find_table("refunds", tables, path=["eu", "us"])


def test_nothing_is_suggested_when_nothing_is_near() -> None:
    with pytest.raises(ConfigurationError, match=r"no table 'customers'$"):
        find_table("customers", TABLES)


def test_a_table_written_exactly_wins_over_one_in_other_letters() -> None:
    assert find_table("Orders", [("main", "Orders"), ("main", "orders")]) == ("main", "Orders")


def test_the_cursor_is_found_whatever_its_case() -> None:
    assert find_cursor("UPDATED_AT", ["id", "updated_at"]) == "updated_at"


def test_a_cursor_that_is_no_column_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'updated_at'"):
        find_cursor("updatedat", ["id", "updated_at"])


def test_names_that_differ_in_case_alone_are_duplicates() -> None:
    with pytest.raises(ConfigurationError, match="'ID', 'Id', 'id'"):
        refuse_duplicates(["id", "ID", "note", "Id"])


def test_different_names_are_no_duplicates() -> None:
    refuse_duplicates(["id", "id_1", "note"])


def test_a_quote_in_an_identifier_does_not_end_it() -> None:
    assert quoted('a"; drop table b; --') == '"a""; drop table b; --"'


def test_a_date_is_its_first_moment_in_utc() -> None:
    assert instant(date(2024, 3, 1)) == datetime(2024, 3, 1, tzinfo=UTC)


def test_a_time_with_another_offset_is_the_same_moment_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert instant(datetime(2024, 3, 1, 1, tzinfo=east)) == datetime(2024, 2, 29, 23, tzinfo=UTC)


@pytest.mark.parametrize(("since", "bound"), [(5, "a number"), (date(2024, 1, 1), "a time")])
def test_a_cursor_of_another_kind_says_how_to_start_over(since: int | date, bound: str) -> None:
    told = str(not_a_bound("updated_at", "text", since))
    assert "'updated_at' holds text" in told
    assert f"from {bound} on" in told
    assert "--full-refresh" in told
