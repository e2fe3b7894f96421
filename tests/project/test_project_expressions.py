import json
import subprocess
import sys
from collections.abc import Callable

import duckdb
import pytest

from connector.project import ConversionTime, Expression, Mapping, Phone
from connector.project.expressions import NOT_IN_DUCKDB, zones

Make = Callable[..., Mapping]
Tell = Callable[..., list[str]]

BRACES = "or one of {column: …}, {sql: …}, {value: …}"


def test_a_bare_scalar_is_a_column(mapping_of: Make) -> None:
    email = mapping_of(identifiers="identifiers: {email: E-Mail}").identifiers.email
    assert email == Expression(kind="column", text="E-Mail", resolved=None, line=4, column=22)


@pytest.mark.parametrize(
    ("written", "kind", "text", "resolved"),
    [
        ("{column: a b}", "column", "a b", None),
        ("{column: '7'}", "column", "7", None),
        ("{sql: 'a / 100'}", "sql", "a / 100", None),
        ("{sql: 7}", "sql", "7", None),
        ("{value: 1e5}", "value", "1e5", 100_000.0),
        ("{value: '1e5'}", "value", "1e5", "1e5"),
        ("{value: true}", "value", "true", True),
        ("{value: 00123}", "value", "00123", 123),
    ],
)
def test_braces_say_what_an_expression_is(
    written: str, kind: str, text: str, resolved: object, mapping_of: Make
) -> None:
    made = mapping_of(fields=f"fields: {{conversion_time: t, conversion_id: {written}}}")
    expression = made.fields.conversion_id
    assert (expression.kind, expression.text, expression.resolved) == (kind, text, resolved)
    assert type(expression.resolved) is type(resolved)


def test_an_expression_over_several_lines_stands_where_its_text_begins(mapping_of: Make) -> None:
    fields = "fields:\n  conversion_time: t\n  conversion_id:\n    sql: |\n      a ||\n      b\n"
    expression = mapping_of(fields=fields).fields.conversion_id
    assert (expression.text, expression.line, expression.column) == ("a ||\nb\n", 8, 10)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", f"4:15 identifiers.email has no value; it must be a column's name, {BRACES}"),
        ("[a]", f"4:15 identifiers.email must be a column's name, {BRACES}"),
        ("{}", "4:15 identifiers.email needs exactly one of column, sql, value"),
        (
            "{column: a, value: b}",
            (
                "4:15 identifiers.email needs exactly one of column, sql, value;"
                " it has column and value"
            ),
        ),
        ("{sql: ''}", "4:28 identifiers.email.sql must be an SQL expression"),
        ("{sql: }", "4:23 identifiers.email.sql has no value; it must be an SQL expression"),
        ("{value: [a]}", "4:23 identifiers.email.value must be a single value"),
        ("{value: null}", "4:30 identifiers.email.value has no value; it must be a single value"),
        (
            "{column: a, timezone: UTC}",
            "4:34 unknown key 'timezone' in identifiers.email; known here: column, sql, value",
        ),
    ],
)
def test_a_mistake_in_an_expression_is_one_sentence(
    written: str, told: str, faults_of: Tell
) -> None:
    assert faults_of(identifiers=f"identifiers: {{email: {written}, twclid: t}}") == [told]


@pytest.mark.parametrize("written", ["7", "true", "1.5", "{column: 7}", "''", "'  '"])
def test_what_is_hardly_the_name_of_a_column_is_asked_for_in_quotes(
    written: str, faults_of: Tell
) -> None:
    [told] = faults_of(identifiers=f"identifiers: {{email: {written}}}")
    assert "must be a column's name; a constant is written {value: …}" in told


@pytest.mark.parametrize("pixel", ["o8z6j", "1e5", "00123", "0x1f", "123", "true"])
def test_a_bare_id_is_the_constant_as_written(pixel: str, mapping_of: Make) -> None:
    destination = mapping_of(
        destination=(
            f"destination: {{type: x_conversions, connection: x, pixel_id: {pixel},"
            f" event_id: tw-{pixel}-{pixel}}}"
        )
    ).destination
    assert (destination.pixel_id.kind, destination.pixel_id.text) == ("value", pixel)
    assert destination.event_id.text == f"tw-{pixel}-{pixel}"


def test_ids_may_come_from_columns(mapping_of: Make) -> None:
    destination = mapping_of(
        destination=(
            "destination: {type: x_conversions, connection: x,"
            " pixel_id: {column: pixel}, event_id: {sql: 'lower(EVENT)'}}"
        )
    ).destination
    assert (destination.pixel_id.kind, destination.pixel_id.text) == ("column", "pixel")
    assert (destination.event_id.kind, destination.event_id.text) == ("sql", "lower(EVENT)")


@pytest.mark.parametrize(
    ("pixel", "event", "named"),
    [
        ("O8Z6J", "o87ne", "destination.pixel_id must be a pixel's id"),
        ("o8z-6j", "o87ne", "destination.pixel_id must be a pixel's id"),
        ("{value: O8}", "o87ne", "destination.pixel_id must be a pixel's id"),
        ("'o8z6j\\n'", "o87ne", "destination.pixel_id must be a pixel's id"),
        ("", "o87ne", "destination.pixel_id has no value"),
        ("[o8z6j]", "o87ne", "destination.pixel_id must be a pixel's id"),
        ("o8z6j", "O87NE", "destination.event_id must be an event's id"),
        ("o8z6j", "tw-o8z6j", "destination.event_id must be an event's id"),
        ("o8z6j", "tw-o8z6j-o87ne-1", "destination.event_id must be an event's id"),
        ("o8z6j", "xx-o8z6j-o87ne", "destination.event_id must be an event's id"),
    ],
)
def test_a_constant_id_is_of_lower_case_letters_and_digits(
    pixel: str, event: str, named: str, faults_of: Tell
) -> None:
    destination = f"{{type: x_conversions, connection: x, pixel_id: {pixel}, event_id: {event}}}"
    [told] = faults_of(destination=f"destination: {destination}")
    assert told.startswith("3:")
    assert named in told


@pytest.mark.parametrize(
    ("written", "timezone", "unit"),
    [
        ("paid_at", None, None),
        ("{column: paid_at, timezone: America/New_York}", "America/New_York", None),
        ("{sql: paid, unit: ms}", None, "ms"),
        ("{column: paid, unit: s}", None, "s"),
    ],
)
def test_the_time_says_how_to_read_it(
    written: str, timezone: str | None, unit: str | None, mapping_of: Make
) -> None:
    made = mapping_of(fields=f"fields: {{conversion_time: {written}, conversion_id: i}}")
    time = made.fields.conversion_time
    assert isinstance(time, ConversionTime)
    assert (time.timezone, time.unit) == (timezone, unit)
    assert time.expression.line == 5


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("America/NewYork", "; did you mean America/New_York?"),
        ("europe/berlin", "; did you mean Europe/Berlin?"),
        ("", "has no value; it must be the name of a time zone"),
        ("localtime", "must be the name of a time zone"),
        ("../../etc/passwd", "must be the name of a time zone, such as America/New_York"),
        ("America", "must be the name of a time zone"),
        ("'+02:00'", "must be the name of a time zone"),
    ],
)
def test_a_time_zone_that_is_none_is_told(zone: str, words: str, faults_of: Tell) -> None:
    fields = f"fields: {{conversion_time: {{column: t, timezone: {zone}}}, conversion_id: i}}"
    [told] = faults_of(fields=fields)
    assert "fields.conversion_time.timezone " in told
    assert words in told


def test_duckdb_knows_every_time_zone_that_is_taken() -> None:
    with duckdb.connect() as connection:
        rows = connection.execute("select name from pg_timezone_names()").fetchall()
    known = {name for (name,) in rows}
    assert zones() <= known
    assert not zones() & NOT_IN_DUCKDB


def test_a_phone_may_have_a_constant_region(mapping_of: Make) -> None:
    phone = mapping_of(
        identifiers="identifiers: {phone: {column: p, region: NO}}"
    ).identifiers.phone
    assert isinstance(phone, Phone)
    assert phone.region is not None
    assert (phone.region.kind, phone.region.text) == ("value", "NO")


def test_a_phone_may_have_its_region_in_a_column_or_none(mapping_of: Make) -> None:
    written = "identifiers: {phone: {column: p, region: {column: country}}}"
    phone = mapping_of(identifiers=written).identifiers.phone
    assert phone is not None
    assert phone.region is not None
    assert (phone.region.kind, phone.region.text) == ("column", "country")
    bare = mapping_of(identifiers="identifiers: {phone: p}").identifiers.phone
    assert bare is not None
    assert (bare.expression.text, bare.region) == ("p", None)


@pytest.mark.parametrize("region", ["XX", "us", "USA", "1", "{value: XX}", "[US]", "'001'"])
def test_a_region_that_is_no_country_is_told(region: str, faults_of: Tell) -> None:
    [told] = faults_of(identifiers=f"identifiers: {{phone: {{column: p, region: {region}}}}}")
    assert told.startswith("4:")
    assert "identifiers.phone.region must be a country as two capital letters" in told


def test_a_region_is_no_expression(faults_of: Tell) -> None:
    told = faults_of(identifiers="identifiers: {phone: {column: p, region: {sql: c}}}")
    assert any("unknown key 'sql' in identifiers.phone.region" in line for line in told)


def test_consent_is_an_expression_and_what_stands_for_consent(mapping_of: Make) -> None:
    consent = mapping_of(consent='consent: {column: ok, granted: [true, "true", 1, yes]}').consent
    assert consent is not None
    assert consent.expression.text == "ok"
    assert consent.granted == ("true", "true", "1", "yes")
    assert [value.resolved for value in consent.granted] == [True, "true", 1, "yes"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("ok", "6:1 'granted' is missing in consent"),
        ("{column: ok}", "6:1 'granted' is missing in consent"),
        ("{granted: [true]}", "6:1 consent needs exactly one of column, sql"),
        (
            "{column: ok, granted: []}",
            "6:23 consent.granted is empty; it must hold at least one, such as [true, granted]",
        ),
        (
            "{column: ok, granted: true}",
            "6:32 consent.granted must be a list, such as [true, granted]",
        ),
        (
            "{column: ok, granted: [null]}",
            "6:33 consent.granted.0 has no value; it must be a single value",
        ),
        ("{column: ok, granted: [[a]]}", "6:33 consent.granted.0 must be a single value"),
    ],
)
def test_a_mistake_in_consent_is_one_sentence(written: str, told: str, faults_of: Tell) -> None:
    assert faults_of(consent=f"consent: {written}") == [told]


def test_members_of_an_item_are_names_or_constants(mapping_of: Make) -> None:
    contents = mapping_of(
        contents="contents: {from: items, fields: {content_id: sku, content_type: {value: shoe}}}"
    ).contents
    assert contents is not None
    assert (contents.items.kind, contents.items.text) == ("column", "items")
    assert contents.fields.content_id is not None
    assert (contents.fields.content_id.kind, contents.fields.content_id.text) == ("column", "sku")
    assert contents.fields.content_type is not None
    assert contents.fields.content_type.resolved == "shoe"


def test_a_member_of_an_item_is_no_sql(faults_of: Tell) -> None:
    told = faults_of(contents="contents: {from: i, fields: {content_id: {sql: upper(a)}}}")
    assert "6:43 unknown key 'sql' in contents.fields.content_id; known here: column, value" in told


def test_the_schema_for_editors_takes_both_ways_to_write_an_expression() -> None:
    schema = Mapping.model_json_schema()
    email = schema["$defs"]["Identifiers"]["properties"]["email"]["anyOf"]
    pixel = schema["$defs"]["Destination"]["properties"]["pixel_id"]["anyOf"]
    assert {"type": "string"} in email
    assert {"type": "integer"} not in email
    assert {"type": "integer"} in pixel
    assert {"$ref": "#/$defs/ExpressionKeys"} in email
    assert schema["$defs"]["Limits"]["properties"]["max_age"]["type"] == "string"
    assert schema["properties"]["in_doubt"]["enum"] == ["resend", "hold"]
    assert json.dumps(schema).count("additionalProperties") > 10


def test_importing_the_project_loads_nothing_that_is_slow() -> None:
    heavy = {"phonenumbers", "duckdb", "pyarrow", "requests", "numpy", "sqlalchemy"}
    code = "import sys, connector.project; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not heavy & set(done.stdout.split())
