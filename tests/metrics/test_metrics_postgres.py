from collections.abc import Callable

import psycopg
import pytest
import servers
from adrows import TABLES, ad, days, group, held, imported, opened

from connector.errors import ConfigurationError, UnreachableError
from connector.metrics.summing import show


@pytest.fixture
def url(new_warehouse: Callable[[str], str]) -> str:
    return new_warehouse("postgresql")


def direct(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))


def test_an_account_that_may_not_write_is_told(url: str, postgresql_server: servers.Server) -> None:
    reader = url.replace("postgres@", f"{servers.READER}:{servers.PASSWORD}@")
    with (
        opened(reader) as database,
        pytest.raises(ConfigurationError, match="can't take ad metrics: permission denied") as told,
    ):
        imported(database, [ad()], days(0, 0))
    assert servers.PASSWORD not in str(told.value)


def test_a_schema_that_is_not_there_is_told(url: str) -> None:
    with opened(url) as database:
        database.run("set search_path = nowhere")
        with pytest.raises(ConfigurationError, match="no schema has been selected"):
            imported(database, [ad()], days(0, 0))


def test_a_server_that_is_not_there_is_told() -> None:
    with pytest.raises(UnreachableError, match=r"PostgreSQL at 127\.0\.0\.1 cannot be opened"):
        opened("postgresql://u:hunter2@127.0.0.1:1/x", seconds=1).__enter__()


def test_a_table_that_somebody_holds_is_waited_for_so_long(url: str) -> None:
    with opened(url, seconds=0.2) as database:
        imported(database, [ad()], days(0, 0))
        with direct(url) as other:
            other.execute("lock table daily_ad_metrics in share mode")
            with pytest.raises(UnreachableError, match="still did at the deadline"):
                imported(database, [], days(0, 0))
        assert imported(database, [], days(0, 0)).changed_rows == 1


def test_readers_are_not_shut_out_while_days_are_replaced(url: str) -> None:
    with opened(url, seconds=2) as database:
        imported(database, [ad()], days(0, 0))
        with direct(url) as reader:
            count = "select count(*) from daily_ad_metrics_events"
            assert reader.execute(count).fetchall() == [(1,)]
            imported(database, [ad(), ad(1)], days(0, 1), groups=[group()])


def test_a_row_that_a_trigger_refuses_leaves_everything_as_it_was(url: str) -> None:
    with opened(url) as database:
        imported(database, [ad()], days(0, 0))
        database.run("alter table daily_ad_metrics add check (clicks < 100)")
        with pytest.raises(ConfigurationError, match="violates check constraint"):
            imported(database, [ad(clicks=100)], days(0, 0))
        assert held(database, "clicks") == [(40,)]


def test_a_session_that_is_ended_is_unreachable(url: str) -> None:
    with opened(url) as database:
        [(process,)] = database.run("select pg_backend_pid()")
        with direct(url) as other:
            other.execute("select pg_terminate_backend(%s)", (process,))
        with pytest.raises(UnreachableError, match="could not be used"):
            imported(database, [ad()], days(0, 0))


def test_rows_of_one_key_are_kept_apart_by_the_table(url: str) -> None:
    with opened(url) as database:
        imported(database, [ad()], days(0, 0))
        [(key,)] = database.run(
            "select pg_get_constraintdef(oid) from pg_constraint"
            " where conrelid = 'daily_ad_metrics'::regclass and contype = 'p'"
        )
        assert key == "PRIMARY KEY (ad_platform, ad_account_id, date, ad_id)"


def test_a_temporary_table_does_not_stay(url: str) -> None:
    with opened(url) as database:
        imported(database, [ad()], days(0, 0))
        assert database.columns(TABLES.ads.name) is not None
        assert database.run("select to_regclass('connector_stage')") == [(None,)]


def test_what_is_written_and_shown_is_the_same_for_any_settings_of_the_account(url: str) -> None:
    insert_ids = "select insert_id from daily_ad_metrics_events"
    with opened(url) as database:
        imported(database, [ad()], days(0, 0))
        plain = database.run(insert_ids)
    with opened(url) as database:
        for setting in ("datestyle = German", "quote_all_identifiers = on"):
            database.run(f"set {setting}")
        assert imported(database, [ad()], days(0, 0)).changed_rows == 0
        shown = show(database, TABLES, by="day", days=days(0, 0), currency="EUR")
        assert [line.key for line in shown.lines] == [days(0, 0).since.isoformat()]
        assert database.run(insert_ids) == plain
