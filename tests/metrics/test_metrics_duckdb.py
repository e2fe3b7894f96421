import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import adrows
import duckdb
import pytest
from adrows import MADRID, TABLES, ad, days, held, imported, opened

from connector.errors import ConfigurationError, UnreachableError
from connector.metrics import duckdb_table
from connector.metrics.duckdb_table import DuckDBTables
from connector.metrics.tables import tables_of
from connector.metrics.warehouse import earlier_imports


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.duckdb"


@pytest.fixture
def url(path: Path) -> str:
    return f"duckdb:///{path}"


HELD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=len(sys.argv) > 2)
print("held", flush=True)
sys.stdin.read()
"""


def holding(path: Path, *arguments: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HELD, str(path), *arguments], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


@pytest.mark.parametrize("arguments", [[], ["read_only"]])
def test_a_file_that_another_process_holds_is_waited_for_so_long(
    url: str, path: Path, arguments: list[str]
) -> None:
    duckdb.connect(str(path)).close()
    with holding(path, *arguments) as process:
        with pytest.raises(UnreachableError, match=rf"\(PID {process.pid}\), and still was"):
            opened(url, seconds=0.2).__enter__()
        process.terminate()
    with opened(url) as database:
        imported(database, [ad()], days(0, 0))


def test_readers_do_not_shut_each_other_out(url: str, path: Path) -> None:
    with opened(url) as database:
        imported(database, [ad()], days(0, 0))
    with holding(path, "read_only") as process:
        with opened(url, writing=False, seconds=0.2) as database:
            assert len(earlier_imports(database, TABLES, MADRID)) == 1
        process.terminate()


def test_a_file_is_made_by_writing_alone(url: str, path: Path) -> None:
    with opened(url, writing=False):
        pass
    assert not path.exists()
    with opened(url):
        pass
    assert path.exists()


@pytest.mark.parametrize("url", ["duckdb:///", "duckdb://host/x", "duckdb:////no/folder/x.duckdb"])
def test_a_file_that_can_not_be_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        opened(url).__enter__()


def test_another_file_is_no_warehouse(url: str, path: Path) -> None:
    path.write_text("not a database, but long enough to be looked at" * 100)
    with pytest.raises(UnreachableError, match="DuckDB file"):
        opened(url).__enter__()


KILLED = """
import os, sys
from adrows import TABLES, ad, days, imported, opened
from connector.metrics import warehouse

# The last thing before the transaction ends.
warehouse._remember = lambda *_: os.kill(os.getpid(), 9)
with opened(sys.argv[1]) as database:
    imported(database, [ad(0, cost=None)], days(0, 0))
"""


def test_an_import_that_is_killed_leaves_everything_as_it_was(url: str) -> None:
    with opened(url) as database:
        imported(database, [ad()], days(0, 0))
    folder = Path(adrows.__file__).parent
    done = subprocess.run(
        [sys.executable, "-c", KILLED, url], check=False,
        env={"PYTHONPATH": f"{folder}:{folder.parent}"},
    )  # fmt: skip
    assert done.returncode == -9
    with opened(url) as database:
        assert held(database, "cost is null") == [(False,)]
        assert len(earlier_imports(database, TABLES, MADRID)) == 1


def test_a_table_that_refuses_rows_says_why(url: str) -> None:
    with opened(url) as database:
        imported(database, [], days(0, 0))
        database.run("drop view daily_ad_metrics_events")
        database.run("alter table daily_ad_metrics add column owner varchar default 'us'")
        database.run("alter table daily_ad_metrics alter column owner set not null")
        database.run("alter table daily_ad_metrics alter column owner drop default")
        with pytest.raises(ConfigurationError, match=r"can't take ad metrics: .*owner"):
            imported(database, [ad()], days(0, 0))


def test_rows_that_another_transaction_changes_are_not_fought_over(url: str) -> None:
    with opened(url) as database:
        imported(database, [ad()], days(0, 0))
        assert isinstance(database, DuckDBTables)
        with database.connection.cursor() as other:
            other.execute("begin; delete from daily_ad_metrics")
            with pytest.raises(UnreachableError, match=r"could not be used: .*[Cc]onflict"):
                imported(database, [], days(0, 0))
            other.execute("rollback")
        imported(database, [], days(0, 0))
        assert held(database, "clicks") == []


def test_a_thread_that_does_not_end_is_not_waited_for_for_ever(url: str) -> None:
    with (
        opened(url, seconds=0.1) as database,
        duckdb_table.ONE_AT_A_TIME,
        pytest.raises(UnreachableError, match="another import takes too long"),
    ):
        imported(database, [ad()], days(0, 0))
    with opened(url, seconds=0.1) as database:
        imported(database, [ad()], days(0, 0))


def test_a_table_may_be_in_a_schema(url: str, new_warehouse: Callable[[str], str]) -> None:
    for each in (url, new_warehouse("postgresql")):
        with opened(each) as database:
            database.run("create schema ads")
            tables = tables_of("ads.spend")
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(adrows, "TABLES", tables)
                imported(database, [ad()], days(0, 0))
            assert database.run("select count(*) from ads.spend_events") == [(1,)]
            assert database.columns(TABLES.ads.name) is None


@pytest.mark.parametrize("writing", [True, False])
def test_a_file_takes_no_more_memory_on_a_machine_with_more_cores(
    url: str, *, writing: bool
) -> None:
    with opened(url):
        pass
    with opened(url, writing=writing) as database:
        settings = "current_setting('threads'), current_setting('memory_limit')"
        assert database.run(f"select {settings}") == [(1, "244.1 MiB")]
