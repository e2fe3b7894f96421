import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from rows import NOW, batch_of, mapping_of, sql, with_fields

from connector.conversions.mapper import open_mapper, sealed
from connector.errors import ConfigurationError, ConnectorError

SECRET = "ada.secret@example.com"


def json_column(name: str, *values: str) -> pa.RecordBatch:
    """The least batch with a column that the source marks as JSON."""
    batch = batch_of({"order_id": [str(n) for n in range(len(values))]})
    field = pa.field(name, pa.string(), metadata={b"connector.type": b"json"})
    return batch.append_column(field, pa.array(values))


def test_each_batch_is_mapped_with_the_rows_it_has() -> None:
    first, second = batch_of({"order_id": ["1", "2"]}), batch_of({"order_id": ["3"]})
    with open_mapper(mapping_of(), first.schema, now=NOW) as mapper:
        ids = [mapper.map(batch)["conversion_id"].to_pylist() for batch in (first, second, first)]
    assert ids == [["1", "2"], ["3"], ["1", "2"]]


def test_rows_keep_their_order_in_a_large_batch() -> None:
    batch = batch_of({"order_id": [str(n) for n in range(150_000)]})
    with open_mapper(mapping_of(), batch.schema, now=NOW) as mapper:
        mapped = mapper.map(batch)
    assert mapped["conversion_id"].equals(batch["order_id"])


def test_a_batch_without_rows_has_the_same_columns() -> None:
    batch = batch_of({})
    with open_mapper(mapping_of(), batch.schema, now=NOW) as mapper:
        empty = mapper.map(batch.slice(0, 0))
        assert (empty.num_rows, empty.schema) == (0, mapper.map(batch).schema)


def test_a_slice_of_a_batch_is_mapped_alone() -> None:
    batch = batch_of({"order_id": ["1", "2", "3"]})
    with open_mapper(mapping_of(), batch.schema, now=NOW) as mapper:
        assert mapper.map(batch.slice(1, 1))["conversion_id"].to_pylist() == ["2"]


def test_a_batch_with_other_columns_is_refused() -> None:
    batch = batch_of({})
    other = batch_of({"order_id": pa.array([1])})
    with open_mapper(mapping_of(), batch.schema, now=NOW) as mapper:
        with pytest.raises(ConnectorError, match="a batch has other columns than its source"):
            mapper.map(other)
        assert mapper.map(batch).num_rows == 1


def test_an_error_never_shows_a_row() -> None:
    # A time beyond what DuckDB holds fails when it is read, before any rule.
    paid_at = pa.array([2**62], pa.timestamp("s", "UTC"))
    batch = batch_of({"paid_at": paid_at, "email": [SECRET], "order_id": [SECRET]})
    with open_mapper(mapping_of(), batch.schema, now=NOW) as mapper:
        with pytest.raises(ConnectorError) as caught:
            mapper.map(batch)
        assert str(caught.value) == "purchases: DuckDB could not map a batch (ConversionException)"
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


def test_an_error_of_a_type_never_shows_a_row() -> None:
    batch = batch_of({"order_id": pa.array([1.5]), "email": [SECRET]})
    with (
        pytest.raises(ConfigurationError) as caught,
        open_mapper(mapping_of(), batch.schema, now=NOW),
    ):
        pass
    assert SECRET not in str(caught.value)


ZONE = with_fields(description=sql("timezone(note, paid_at)"))


def test_rows_that_fail_past_every_guard_are_given_up_and_keep_their_places() -> None:
    zones = ["UTC"] * 3000
    for row in range(0, 3000, 300):
        zones[row] = SECRET
    batch = batch_of({"note": zones})
    with open_mapper(mapping_of(fields=ZONE), batch.schema, now=NOW) as mapper:
        mapped = mapper.map(batch).to_pylist()
    assert [row["conversion_id"] for row in mapped] == batch["order_id"].to_pylist()
    rejected = [n for n, row in enumerate(mapped) if row["outcome"] == "rejected"]
    assert rejected == list(range(0, 3000, 300))
    assert {row["reasons"] for row in mapped} == {None, "expression_failed"}


def test_a_batch_of_such_rows_is_an_error_without_their_values() -> None:
    batch = batch_of({"note": [SECRET] * 150})
    with (
        open_mapper(mapping_of(fields=ZONE), batch.schema, now=NOW) as mapper,
        pytest.raises(ConnectorError) as caught,
    ):
        mapper.map(batch)
    assert str(caught.value) == (
        "purchases: DuckDB could not map a batch (NotImplementedException):"
        " an expression fails on many rows"
    )


def test_a_mapper_goes_on_after_a_batch_that_failed() -> None:
    good = batch_of({"paid_at": pa.array([1_793_611_815], pa.timestamp("s", "UTC"))})
    bad = batch_of({"paid_at": pa.array([2**62], pa.timestamp("s", "UTC"))})
    with open_mapper(mapping_of(), good.schema, now=NOW) as mapper:
        with pytest.raises(ConnectorError):
            mapper.map(bad)
        assert mapper.map(good)["outcome"].to_pylist() == ["sendable"]


def test_a_column_marked_as_json_holds_contents_and_a_cookie() -> None:
    cookie = json.dumps({"twclid": "abc"})
    batch = json_column("data", cookie, '[{"sku":"a"}]', "{}")
    mapping = mapping_of(
        identifiers="{email: email, twclid: data}",
        contents="{from: data, fields: {content_id: sku}}",
    )
    with open_mapper(mapping, batch.schema, now=NOW) as mapper:
        rows = mapper.map(batch).to_pylist()
    assert [row["reasons"] for row in rows] == ["invalid_contents", None, "invalid_contents"]
    assert rows[2]["dropped"] == "invalid_twclid"
    assert '"contents":[{"content_id":"a"}]' in rows[1]["body"]
    cookies = mapping_of(identifiers="{twclid: data}")
    with open_mapper(cookies, batch.schema, now=NOW) as mapper:
        assert '"twclid":"abc"' in mapper.map(batch)["body"][0].as_py()


def test_a_text_within_json_is_no_identifier() -> None:
    batch = json_column("data", f'"{SECRET}"')
    with (
        pytest.raises(
            ConfigurationError, match="email is JSON in the warehouse; take its text with ->>"
        ) as caught,
        open_mapper(mapping_of(identifiers="{email: data}"), batch.schema, now=NOW),
    ):
        pass
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "statement",
    [
        "from read_text('{}')", "from '{}'", "copy (select 1) to '{}'", "attach '{}' as other",
        "install httpfs", "load '{}'", "export database '{}'", "set enable_external_access = true",
        "set memory_limit = '8GB'", "set threads = 8", "set TimeZone = 'Europe/Berlin'",
        "set temp_directory = '{}'", "set disabled_optimizers = ''",
        "set lock_configuration = false",
    ],
)  # fmt: skip
def test_a_sealed_duckdb_reaches_nothing_and_stays_sealed(statement: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with sealed() as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(file))


def test_a_sealed_duckdb_has_limits_and_no_bar() -> None:
    asked = "select name, value from duckdb_settings()"
    with sealed() as connection:
        settings = dict(connection.execute(asked).fetchall())
        assert dict(connection.cursor().execute(asked).fetchall()) == settings
    assert settings["enable_external_access"] == "false"
    assert settings["lock_configuration"] == "true"
    assert settings["TimeZone"] == "UTC"
    assert settings["enable_progress_bar"] == "false"
    assert settings["temp_directory"] == ""
    assert settings["threads"] == "1"
    assert settings["memory_limit"] == "244.1 MiB"


def test_the_words_of_a_statement_stand_beside_it() -> None:
    batch = batch_of({})
    with open_mapper(mapping_of(), batch.schema, now=NOW) as mapper:
        statement, words = mapper.statement, mapper.words
    with duckdb.connect(":memory:") as connection:
        connection.create_function("connector_lower", str.lower, ["VARCHAR"], "VARCHAR")
        for signature, definition in words.items():
            connection.execute(f"create macro {signature} as {definition}")
        connection.register("source", pa.Table.from_batches([batch]))
        assert connection.sql(statement).fetchall()[0][0] == "sendable"


def test_two_mappers_do_not_know_of_each_other() -> None:
    batch = batch_of({})
    strict = mapping_of(limits="{max_age: 1 minute}")
    with (
        open_mapper(mapping_of(), batch.schema, now=NOW) as one,
        open_mapper(strict, batch.schema, now=NOW) as other,
    ):
        outcomes = [mapper.map(batch)["outcome"].to_pylist() for mapper in (one, other, one)]
    assert outcomes == [["sendable"], ["rejected"], ["sendable"]]
