"""What goes wrong with PostgreSQL is told without a password or a value of a row."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
import pyarrow as pa
import pytest
from servers import Server

from connector.errors import ConfigurationError, UnreachableError
from connector.source import Selection, Source
from connector.source.postgresql import parameters_of

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]


def test_a_mistake_in_a_query_is_told_with_its_remedy(postgresql_numbers: str, read: Read) -> None:
    with pytest.raises(ConfigurationError, match=r'"ss" does not exist.*Perhaps you meant') as told:
        read(postgresql_numbers, query="select\n  ss from t")
    assert told.value.__cause__ is None


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("(s || ' secret')::int", "InvalidTextRepresentation"),
        ("1 / (i - 7)", "DivisionByZero"),
        ("raise_it(s)", "RaiseException"),
    ],
)
def test_an_error_over_the_rows_holds_none_of_their_values(
    postgresql_with: Make, read: Read, expression: str, name: str
) -> None:
    url = postgresql_with(
        "create table t as select i, md5(i::text) as s from generate_series(1, 9) i",
        "create function raise_it(t text) returns text language plpgsql as"
        " 'begin raise exception ''secret %'', t; end'",
    )
    with pytest.raises(ConfigurationError, match=name) as told:
        read(url, query=f"select {expression} as x from t")
    assert "secret" not in str(told.value)
    assert told.value.__suppress_context__


def test_a_table_that_may_not_be_read_says_so(postgresql_with: Make, read: Read) -> None:
    url = postgresql_with(
        "create schema hidden",
        "create table hidden.t as select 1 as i",
        "create role outsider login",
        "grant usage on schema hidden to outsider",
    )
    outside = url.replace("reader:hunter2@", "outsider@")
    with pytest.raises(ConfigurationError, match="permission denied for table t"):
        read(outside, table="hidden.t")


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        (("hunter2", "wrong-hunter3"), ConfigurationError, "password authentication failed"),
        (("reader:", "nobody:"), ConfigurationError, "does not exist"),
        (("/shop", "/closed"), ConfigurationError, "does not exist"),
        (("127.0.0.1", "no-such-host.invalid"), UnreachableError, "cannot be opened"),
    ],
)
def test_why_there_is_no_connection_is_told_without_the_password(
    postgresql_numbers: str,
    read: Read,
    change: tuple[str, str],
    error: type[Exception],
    told: str,
) -> None:
    url = postgresql_numbers.replace(*change)
    with pytest.raises(error, match=told) as refused:
        read(url, table="t")
    assert "hunter" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_the_second_host_is_asked_when_the_first_is_not_there(
    postgresql_numbers: str, read: Read
) -> None:
    url = postgresql_numbers.replace("@", "@127.0.0.1:1,")
    assert read(url, table="t", limit=1).num_rows == 1


def test_a_server_that_is_not_there_is_out_of_reach(read: Read) -> None:
    with pytest.raises(UnreachableError, match=r"PostgreSQL at 127\.0\.0\.1 cannot be opened"):
        read("postgresql://reader:hunter2@127.0.0.1:1/shop", table="t")


@pytest.mark.parametrize(
    "change",
    [
        (":{port}/", ":99999/"),
        ("/shop", "/shop?service=none"),
        ("/shop", "/shop?options=-c%20none%3D1"),
    ],
)
def test_what_the_server_or_the_client_does_not_know_is_a_mistake_of_the_config(
    postgresql_with: Make, postgresql_server: Server, read: Read, change: tuple[str, str]
) -> None:
    before, after = change
    url = postgresql_with("select 1").replace(before.format(port=postgresql_server.port), after)
    with pytest.raises(ConfigurationError, match="cannot be opened"):
        read(url, table="t")


@pytest.mark.parametrize(
    "rest",
    [
        "reader:hun@ter2@host/shop",
        "reader:hun/ter2@host/shop",
        "reader:hunter2%zz@host/shop",
        "reader:hunter2@host/shop?hunter2=1",
        "reader:hunter2@[::1/shop",
    ],
)
def test_a_url_that_cannot_be_read_is_not_repeated(rest: str) -> None:
    with pytest.raises(ConfigurationError, match="%40") as refused:
        parameters_of(f"postgresql+psycopg://{rest}")
    assert "ter2" not in str(refused.value)


def test_a_url_may_have_options_of_the_client() -> None:
    url = "postgresql://r%40x:a%2Fb@one:1,two:2/shop?sslmode=require&target_session_attrs=any"
    assert parameters_of(url) == {
        "user": "r@x", "password": "a/b", "host": "one,two", "port": "1,2", "dbname": "shop",
        "sslmode": "require", "target_session_attrs": "any",
    }  # fmt: skip


def test_the_servers_own_time_limit_holds_and_is_named(postgresql_with: Make, read: Read) -> None:
    url = postgresql_with("create table t as select 1 as i")
    limited = f"{url}?options=-c%20statement_timeout%3D200"
    with pytest.raises(ConfigurationError, match="statement_timeout"):
        read(limited, query="select i, pg_sleep(30)::text as slept from t")


def test_a_session_that_is_ended_on_the_server_is_out_of_reach(
    postgresql_server: Server, postgresql_numbers: str, opened: Open
) -> None:
    end = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and application_name = 'connector'"
    )
    with opened(postgresql_numbers) as source:
        reading = source.batches(Selection(table="t"), rows=100)
        next(reading)
        postgresql_server.change(postgresql_numbers, end)
        with pytest.raises(UnreachableError, match="run again"):
            list(reading)


def test_a_table_that_somebody_holds_for_too_long_is_out_of_reach(
    postgresql_with: Make, read: Read
) -> None:
    url = postgresql_with("create table t as select 1 as i")
    admin = url.replace("+psycopg", "").replace("reader:hunter2@", "postgres@")
    with psycopg.connect(admin) as holder:
        holder.execute("lock table t in access exclusive mode")
        with pytest.raises(UnreachableError, match="LockNotAvailable 55P03"):
            read(f"{url}?options=-c%20lock_timeout%3D10", table="t")


@pytest.mark.parametrize("limit", ["transaction_timeout", "idle_in_transaction_session_timeout"])
def test_a_time_limit_of_the_transaction_is_named(
    postgresql_numbers: str, opened: Open, limit: str
) -> None:
    url = f"{postgresql_numbers}?options=-c%20{limit}%3D100"
    with opened(url) as source:
        reading = source.batches(Selection(table="t"), rows=1)
        next(reading)
        time.sleep(0.2)
        with pytest.raises(ConfigurationError, match=f" {limit}: raise that"):
            list(reading)
