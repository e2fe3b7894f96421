"""The tests that a mapping carries: rows, and what must become of them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa

from connector.conversions.mapper import open_mapper
from connector.errors import ConfigurationError
from connector.project import Mapping as ConversionMapping
from connector.project import MappingTest, Scalar, plain

# A test says nothing of the day it runs on, so its clock stands at the conversion itself.
_OF_THE_CLOCK = frozenset({"too_old", "in_future"})


@dataclass(frozen=True, kw_only=True)
class Checked:
    """How a test of a mapping ended; `difference` is empty when it passed."""

    name: str
    difference: str


def run_tests(
    mapping: ConversionMapping, schema: pa.Schema | None, *, now: datetime
) -> Iterator[Checked]:
    """Run the tests of a mapping; `schema` is the warehouse's, None to go by the given values.

    Raises:
        ConfigurationError: the mapping does not fit the columns, or a value its column's type.
    """
    for test in mapping.tests:
        row = _table(mapping, test, schema)
        found = _mapped(mapping, row, now)
        reasons = set((found["reasons"] or "").split())
        expected = set(test.expect.rejected or ())
        if reasons & _OF_THE_CLOCK and not expected & _OF_THE_CLOCK:
            then = datetime.fromtimestamp(found["time_ms"] / 1000, UTC)
            found = _mapped(mapping, row, then)
        yield Checked(name=test.name, difference=_difference(test, found))


def _mapped(mapping: ConversionMapping, row: pa.Table, now: datetime) -> dict[str, Any]:
    with open_mapper(mapping, row.schema, now=now) as mapper:
        (found,) = mapper.map(row.to_batches()[0]).to_pylist()
        return dict(found)


def _table(mapping: ConversionMapping, test: MappingTest, schema: pa.Schema | None) -> pa.Table:
    if schema is None:
        return _by_given_values(mapping).slice(mapping.tests.index(test), 1)
    written = {name.casefold(): name for name in schema.names}
    given = {written.get(n.casefold(), n): [_value(tree)] for n, tree in test.given.items()}
    unknown = [name for name in given if name not in schema.names]
    if unknown:
        known = ", ".join(schema.names)
        raise ConfigurationError(
            f"{mapping.path}: test {test.name!r}: the source has no column {unknown[0]!r};"
            f" it has: {known}"
        )
    with duckdb.connect(":memory:") as connection:
        connection.execute("set TimeZone = 'UTC'")
        typed = _texts_for_nothing(pa.table(given))
        connection.register("shape", _texts_for_nothing(_filled(schema, typed).empty_table()))
        connection.register("given", typed)
        connection.execute("create table typed as from shape")
        try:
            connection.execute("insert into typed by name from given")
        except duckdb.Error as error:
            kind = type(error).__name__
            raise ConfigurationError(
                f"{mapping.path}: test {test.name!r}: a given value does not fit the type of its"
                f" column in the warehouse ({kind})"
            ) from None
        return connection.sql("from typed").to_arrow_table()


def _by_given_values(mapping: ConversionMapping) -> pa.Table:
    """A row for each test; a column has the type of what any of them gives."""
    rows = [{name: _value(tree) for name, tree in t.given.items()} for t in mapping.tests]
    names = dict.fromkeys(name for row in rows for name in row)
    for place, expression in mapping.expressions().items():
        if expression.kind == "column" and not place.startswith("contents.fields."):
            names.setdefault(expression.text)
    if mapping.source.cursor:
        names.setdefault(mapping.source.cursor)
    columns = {name: [row.get(name) for row in rows] for name in names}
    try:
        return _texts_for_nothing(pa.table(columns))
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise ConfigurationError(
            f"{mapping.path}: the tests give values of different types for one column"
        ) from None


def _filled(schema: pa.Schema, given: pa.Table) -> pa.Schema:
    """The warehouse's schema; a column that holds nothing there has the type of what is given."""
    known = {field.name: field for field in given.schema}
    return pa.schema(
        known.get(one.name, one) if pa.types.is_null(one.type) else one for one in schema
    )


def _texts_for_nothing(table: pa.Table) -> pa.Table:
    fields = [
        pa.field(f.name, pa.string()) if pa.types.is_null(f.type) else f for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def _value(tree: object) -> object:
    """A given value as the warehouse would hold it: numbers with a point are decimals."""
    if isinstance(tree, Scalar):
        return Decimal(str(tree)) if isinstance(tree.resolved, float) else tree.resolved
    if isinstance(tree, Mapping):
        return {str(key): _value(value) for key, value in tree.items()}
    return [_value(item) for item in tree] if isinstance(tree, list) else tree


def _difference(test: MappingTest, found: Mapping[str, Any]) -> str:
    expect = test.expect
    outcome = found["outcome"]
    reasons = (found["reasons"] or "").split() or ["no_consent"]
    became = f"it is {outcome}" + ("" if outcome == "sendable" else f": {', '.join(reasons)}")
    if expect.conversion is not None:
        if outcome != "sendable":
            return f"expected a conversion, but {became}"
        return "; ".join(_differences(plain(expect.conversion), json.loads(found["body"])))
    wanted = "rejected" if expect.rejected is not None else "suppressed"
    words = sorted(expect.rejected or expect.suppressed or ())
    if outcome == wanted and sorted(reasons) == words:
        return ""
    return f"expected {wanted}: {', '.join(words)}, but {became}"


def _differences(wanted: object, found: Mapping[str, Any]) -> Iterator[str]:
    expected = wanted if isinstance(wanted, dict) else {}
    for key in dict.fromkeys((*expected, *found)):
        if key not in found:
            yield f"{key} is missing, expected {json.dumps(expected[key])}"
        elif key not in expected:
            yield f"{key} is {json.dumps(found[key])}, expected none"
        elif expected[key] != found[key]:
            yield f"{key} is {json.dumps(found[key])}, expected {json.dumps(expected[key])}"
