import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pyarrow as pa
import pytest

from connector.errors import ConfigurationError, UnreachableError
from connector.source import Source
from connector.source.open import OPENERS, file_of

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]

NO_SCHEME = ["reader:hunter2@db.example.com", "warehouse.duckdb", ""]


@pytest.mark.parametrize("url", NO_SCHEME)
def test_a_url_without_a_scheme_is_answered_with_those_that_work(opened: Open, url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        opened(url)
    for scheme in OPENERS:
        assert f"{scheme}://" in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [
        ("mysql+pymysql://reader:hunter2@host/shop", "pymysql", "mysql"),
        ("MariaDB://reader:hunter2@host/shop", "pymysql", "mysql"),
        ("snowflake://reader:hunter2@account/shop", "sqlalchemy", "snowflake"),
        ("oracle+oracledb://reader:hunter2@host/shop", "sqlalchemy", "sqlalchemy"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_its_extra(
    opened: Open, monkeypatch: pytest.MonkeyPatch, url: str, package: str, extra: str
) -> None:
    for module in [name for name in sys.modules if name.startswith("connector.source.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError, match=rf"ads-connector\[{extra}\]") as refused:
        opened(url)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("scheme", ["duckdb", "sqlite"])
@pytest.mark.parametrize(
    "rest", ["reader:hunter2@host/shop.db", "shop.db", "/shop.db?key=hunter2", "//shop.db?hunter2"]
)
def test_a_file_url_with_a_host_or_options_is_refused_without_repeating_them(
    opened: Open, scheme: str, rest: str
) -> None:
    with pytest.raises(ConfigurationError, match="without a host or options") as refused:
        opened(f"{scheme}://{rest}")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("rest", ["/", "/:memory:"])
def test_a_warehouse_in_memory_is_refused(opened: Open, rest: str) -> None:
    with pytest.raises(ConfigurationError, match="names none"):
        opened(f"duckdb://{rest}")


@pytest.mark.parametrize("scheme", ["duckdb", "sqlite"])
def test_a_file_that_is_not_there_is_named_in_full_and_not_made(
    opened: Open, tmp_path: Path, scheme: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        opened(f"{scheme}:///data/../gone.db")
    assert f"{tmp_path}/gone.db does not exist; say in config.yaml where" in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_not_a_warehouse(opened: Open, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is not a file"):
        opened(f"sqlite:///{tmp_path}")


def test_a_file_below_a_file_does_not_exist(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "shop").write_text("")
    with pytest.raises(ConfigurationError, match="does not exist"):
        opened("sqlite:///shop/warehouse.db")


def test_a_path_that_cannot_be_looked_at_is_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="File name too long"):
        file_of("duckdb:///" + "x" * 1000, root=tmp_path)


@pytest.mark.parametrize("scheme", OPENERS)
def test_each_scheme_that_works_is_taken_for_one(opened: Open, scheme: str) -> None:
    with (
        pytest.raises((ConfigurationError, UnreachableError)) as told,
        opened(f"{scheme}://reader:hunter2@127.0.0.1:1/nowhere"),
    ):
        pass
    assert "has no scheme" not in str(told.value)


def test_three_slashes_are_relative_to_the_root_and_four_are_absolute(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_text("")
    assert file_of("sqlite:///shop.db", root=tmp_path) == tmp_path / "shop.db"
    assert file_of(f"sqlite:///{tmp_path}/shop.db", root=Path("/")) == tmp_path / "shop.db"


def test_the_scheme_may_be_in_capitals(duckdb_with: Make, read: Read) -> None:
    duckdb_with("create table orders as select 7 as id")
    assert read("DuckDB:///warehouse.duckdb", table="orders").to_pylist() == [{"id": 7}]


def test_a_name_with_signs_of_a_uri_is_the_name_of_a_file(
    opened: Open, sqlite_with: Make, tmp_path: Path
) -> None:
    sqlite_with("create table orders (id integer)")
    (tmp_path / "warehouse.db").rename(tmp_path / "a #50% é.db")
    with opened("sqlite:///a #50% é.db"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["a #50% é.db"]


@pytest.mark.parametrize(
    ("scheme", "loaded"),
    [
        ("", set()),
        ("duckdb", {"duckdb", "pyarrow"}),
        ("parquet", {"duckdb", "pyarrow"}),
        ("sqlite", {"sqlite3", "pyarrow"}),
        ("postgresql", {"psycopg", "pyarrow", "pyarrow.compute"}),
        ("mysql", {"pymysql", "pyarrow", "pyarrow.compute"}),
    ],
)
def test_an_engine_is_imported_by_the_url_that_needs_it(scheme: str, loaded: set[str]) -> None:
    script = (
        "import sys, connector.source.open as source\n"
        "from contextlib import suppress\n"
        "from pathlib import Path\n"
        "with suppress(Exception):\n"
        "    source.OPENERS[sys.argv[1]]('x:////dev/null', Path('/'), None)\n"
        "names = {'duckdb', 'sqlite3', 'pyarrow', 'pyarrow.compute', 'sqlalchemy',"
        " 'psycopg', 'pymysql'}\n"
        "print(*sorted(names & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, scheme],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert set(done.stdout.split()) == loaded
