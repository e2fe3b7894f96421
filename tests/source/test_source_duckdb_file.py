import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from connector.errors import ConfigurationError, UnreachableError
from connector.source import Selection, Source, duckdb_file
from connector.source.duckdb_errors import running

Open = Callable[[str], AbstractContextManager[Source]]
Read = Callable[..., pa.Table]
Make = Callable[..., str]
Holding = Callable[[str, Path], AbstractContextManager[int]]

WRITER = "import duckdb; held = duckdb.connect(sys.argv[1])"
READER = "import duckdb; held = duckdb.connect(sys.argv[1], read_only=True)"
NUMBERS = "create table t as select i, hash(i) as h, i::varchar as s from range(300000) r(i)"
EVERYTHING = Selection(table="t")


def can_be_written(path: Path) -> bool:
    """Whether another process can open the file for writing right now."""
    script = "import duckdb, sys; duckdb.connect(sys.argv[1]).close()"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, check=False
    )
    return done.returncode == 0


def test_a_file_held_by_another_process_is_waited_for_and_its_holder_named(
    duckdb_with: Make, opened: Open, holding: Holding, tmp_path: Path
) -> None:
    url, path = duckdb_with(NUMBERS), tmp_path / "warehouse.duckdb"
    with holding(WRITER, path) as pid, pytest.raises(UnreachableError) as unreachable:
        opened(url).__enter__()
    told = str(unreachable.value)
    assert str(path) in told
    assert f"(PID {pid})" in told
    assert "after 5 seconds" in told
    assert "run again" in told


def test_a_file_that_others_only_read_is_read_beside_them(
    duckdb_with: Make, read: Read, holding: Holding, tmp_path: Path
) -> None:
    url = duckdb_with(NUMBERS)
    with holding(READER, tmp_path / "warehouse.duckdb"):
        assert read(url, table="t", limit=3).num_rows == 3


def test_a_file_this_process_writes_is_held_too(
    duckdb_with: Make, opened: Open, tmp_path: Path
) -> None:
    url = duckdb_with(NUMBERS)
    with (
        duckdb.connect(str(tmp_path / "warehouse.duckdb")),
        pytest.raises(UnreachableError, match="held by this process itself"),
    ):
        opened(url).__enter__()


def test_two_sources_of_one_process_share_a_file(duckdb_with: Make, opened: Open) -> None:
    url = duckdb_with(NUMBERS)
    with opened(url) as first, opened(url) as second:
        assert list(first.batches(EVERYTHING, rows=1000)) == list(
            second.batches(EVERYTHING, rows=1000)
        )


def test_a_shared_file_that_is_not_sealed_as_it_should_be_is_refused(
    duckdb_with: Make, opened: Open, tmp_path: Path
) -> None:
    url = duckdb_with(NUMBERS)
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": False,
        "python_enable_replacements": False,
        "temp_directory": "",
    }
    path = str(tmp_path / "warehouse.duckdb")
    with duckdb.connect(path, read_only=True, config=config) as other:
        other.execute("set global TimeZone = 'Asia/Tokyo'")
        other.execute("set lock_configuration = true")
        with pytest.raises(UnreachableError, match="other settings"):
            opened(url).__enter__()


def test_every_reading_is_sealed_and_draws_no_progress_bar(duckdb_with: Make, read: Read) -> None:
    query = """
        select name, value from duckdb_settings() where name in ('TimeZone', 'access_mode',
        'enable_external_access', 'enable_progress_bar', 'lock_configuration', 'temp_directory')
    """
    settings = {row["name"]: row["value"] for row in read(duckdb_with(), query=query).to_pylist()}
    assert settings == {
        "TimeZone": "UTC",
        "access_mode": "read_only",
        "enable_external_access": "false",
        "enable_progress_bar": "false",
        "lock_configuration": "true",
        "temp_directory": "",
    }


def test_the_file_is_let_go_when_all_was_read(
    duckdb_with: Make, opened: Open, tmp_path: Path
) -> None:
    url, path = duckdb_with(NUMBERS), tmp_path / "warehouse.duckdb"
    with opened(url) as source:
        kept = list(source.batches(EVERYTHING, rows=1000))
        assert not can_be_written(path)
    assert can_be_written(path)
    duckdb.connect(str(path)).close()
    assert kept[-1]["i"][-1].as_py() == 299999


def test_the_file_is_let_go_when_a_reading_was_given_up(
    duckdb_with: Make, opened: Open, tmp_path: Path
) -> None:
    url, path = duckdb_with(NUMBERS), tmp_path / "warehouse.duckdb"
    with opened(url) as source:
        begun = source.batches(EVERYTHING, rows=1000)
        first = next(begun)
        untouched = source.batches(EVERYTHING, rows=1000)
        source.schema(EVERYTHING)
        source.count(EVERYTHING)
    assert can_be_written(path)
    assert first["i"][0].as_py() == 0
    for reading in (begun, untouched):
        with pytest.raises(RuntimeError, match="after shutdown"):
            next(reading)


def test_the_file_is_let_go_after_an_error(duckdb_with: Make, opened: Open, tmp_path: Path) -> None:
    url, path = duckdb_with(NUMBERS), tmp_path / "warehouse.duckdb"
    for query in ("selec 1", "select error(s) from t", "select if(i > 250000, error(s), s) from t"):
        with pytest.raises(ConfigurationError), opened(url) as source:
            list(source.batches(Selection(query=query), rows=1000))
    assert can_be_written(path)


def test_readings_of_one_source_do_not_disturb_one_another(duckdb_with: Make, opened: Open) -> None:
    with opened(duckdb_with(NUMBERS)) as source:
        first = source.batches(EVERYTHING, rows=100_000)
        next(first)
        assert source.count(EVERYTHING) == 300_000
        assert sum(batch.num_rows for batch in source.batches(EVERYTHING, rows=5000)) == 300_000
        assert sum(batch.num_rows for batch in first) == 200_000


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(table="t"), 300_000),
        (Selection(table="t", limit=5), 5),
        (Selection(table="t", limit=999_999), 300_000),
        (Selection(table="t", cursor="i", since=299_990), 10),
        (Selection(query="from t"), None),
        (Selection(table="v"), None),
    ],
)
def test_a_table_tells_how_many_rows_to_expect(
    duckdb_with: Make, opened: Open, selection: Selection, expected: int | None
) -> None:
    with opened(duckdb_with(NUMBERS, "create view v as from t")) as source:
        assert source.count(selection) == expected


def test_the_schema_is_told_without_running_the_query(duckdb_with: Make, opened: Open) -> None:
    query = "select error('ran') as x, i from range(1000000000000) r(i) order by hash(i)"
    with opened(duckdb_with()) as source:
        assert source.schema(Selection(query=query)).names == ["x", "i"]


def damaged(content: bytes) -> dict[str, bytes]:
    middle = len(content) // 2
    flipped = bytes(byte ^ 0x55 for byte in content[middle : middle + 100_000])
    return {
        "empty": b"",
        "text": b"no database" * 1000,
        "sqlite": b"SQLite format 3\0" + bytes(4096),
        "header alone": content[:8192],
        "half": content[:middle],
        "flipped": content[:middle] + flipped + content[middle + 100_000 :],
    }


@pytest.mark.parametrize("how", list(damaged(b"")))
def test_a_broken_file_is_out_of_reach(
    duckdb_with: Make, read: Read, tmp_path: Path, how: str
) -> None:
    url, path = duckdb_with(NUMBERS), tmp_path / "warehouse.duckdb"
    path.write_bytes(damaged(path.read_bytes())[how])
    with pytest.raises(UnreachableError, match=r"warehouse\.duckdb"):
        read(url, table="t")


def test_what_a_killed_writer_had_committed_is_read(read: Read, tmp_path: Path) -> None:
    script = (
        "import duckdb, os, sys\n"
        "connection = duckdb.connect(sys.argv[1])\n"
        "connection.execute('create table t as select 7 as i')\n"
        "os._exit(0)\n"
    )
    path = tmp_path / "warehouse.duckdb"
    subprocess.run([sys.executable, "-c", script, str(path)], check=True)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert f"{path.name}.wal" in before
    assert read("duckdb:///warehouse.duckdb", table="t").to_pylist() == [{"i": 7}]
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "query",
    [
        "select count(*) from range(1000000000000) r(i) where i % 7 = 3",
        "select i from range(1000000000000) r(i) where i % 1000000000001 = 1000000000000",
        "select i from range(1000000000000) r(i)",
    ],
)
def test_ctrl_c_stops_a_long_query(
    duckdb_with: Make, interrupted: Callable[[str, Path, str], str], tmp_path: Path, query: str
) -> None:
    assert interrupted(duckdb_with(), tmp_path, query) == "interrupted"


def test_what_was_read_of_a_table_is_not_kept(
    duckdb_with: Make, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_file, "SCAN_MEGABYTES", 16)
    text = "md5(i::varchar) || repeat(md5((i * 7)::varchar), 20)"
    wide = f"create table t as select {text} as s from range(100000) r(i)"
    with opened(duckdb_with(wide)) as source:
        assert isinstance(source, duckdb_file.DuckDBSource)
        assert sum(len(batch) for batch in source.batches(EVERYTHING, rows=1_000)) == 100_000
        kept = source.connection.execute("select sum(memory_usage_bytes) from duckdb_memory()")
        assert kept.fetchall()[0][0] < 20 * 2**20


def test_a_query_has_more_memory_than_a_table_takes(duckdb_with: Make, opened: Open) -> None:
    with opened(duckdb_with(NUMBERS)) as source:
        assert isinstance(source, duckdb_file.DuckDBSource)
        limits = []
        for asked in (EVERYTHING, Selection(query="from t"), EVERYTHING):
            source.schema(asked)
            found = source.connection.execute("select current_setting('memory_limit')").fetchall()
            limits.append(found[0][0])
    assert limits[0] == limits[2] != limits[1]


def test_a_query_beyond_the_memory_says_what_to_do(tmp_path: Path) -> None:
    with (
        duckdb.connect(config={"memory_limit": "20MB", "temp_directory": ""}) as connection,
        pytest.raises(ConfigurationError, match="needs more memory than there is"),
        running(tmp_path),
    ):
        connection.execute("select i, hash(i) from range(9000000) r(i) order by 2").fetchall()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_out_of_reach(
    duckdb_with: Make, read: Read, tmp_path: Path
) -> None:
    url = duckdb_with(NUMBERS)
    (tmp_path / "warehouse.duckdb").chmod(0)
    with pytest.raises(UnreachableError, match=r"warehouse\.duckdb"):
        read(url, table="t")
