from collections.abc import Callable

import pytest

from connector.project import Mapping
from connector.project.rules import RULES, between_keys
from connector.project.tree import read_tree

Make = Callable[..., Mapping]
Tell = Callable[..., list[str]]


def destination(pixel: str, event: str) -> str:
    return (
        f"destination: {{type: x_conversions, connection: x, pixel_id: {pixel}, event_id: {event}}}"
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("{cursor: a}", "needs exactly one of query, table, file"),
        ("{table: a, query: b}", "needs exactly one of query, table, file; it has query and table"),
        (
            "{table: a, query: b, file: purchases.sql}",
            "needs exactly one of query, table, file; it has query and table and file",
        ),
    ],
)
def test_a_source_is_one_thing(source: str, told: str, faults_of: Tell) -> None:
    assert faults_of(source=f"source: {source}") == [f"2:1 source {told}"]


@pytest.mark.parametrize(
    ("expect", "told"),
    [
        ("{}", "needs exactly one of conversion, rejected, suppressed"),
        (
            "{rejected: [a], suppressed: [b]}",
            "needs exactly one of conversion, rejected, suppressed; it has rejected and suppressed",
        ),
    ],
)
def test_a_test_expects_one_thing(expect: str, told: str, faults_of: Tell) -> None:
    good = "{name: a, given: {}, expect: {conversion: {}}}"
    tests = f"tests:\n- {good}\n- {{name: b, given: {{}}, expect: {expect}}}"
    assert faults_of(tests=tests) == [f"8:24 tests.1.expect {told}"]


@pytest.mark.parametrize(
    ("pixel", "event"),
    [
        ("o8z6j", "tw-p3k9d-o87ne"),
        ("{value: o8z6j}", "tw-p3k9d-o87ne"),
        ("o8z6j", "{value: tw-p3k9d-o87ne}"),
    ],
)
def test_an_event_in_full_is_of_the_pixel(pixel: str, event: str, faults_of: Tell) -> None:
    [told] = faults_of(destination=destination(pixel, event))
    assert "destination.event_id is an event of pixel p3k9d, but pixel_id is another one" in told


@pytest.mark.parametrize(
    ("pixel", "event"),
    [
        ("o8z6j", "tw-o8z6j-o87ne"),
        ("{column: p}", "tw-p3k9d-o87ne"),
        ("o8z6j", "{column: e}"),
        ("o8z6j", "o87ne"),
    ],
)
def test_an_event_that_can_not_be_compared_is_left_alone(
    pixel: str, event: str, faults_of: Tell
) -> None:
    assert faults_of(destination=destination(pixel, event)) == []


def test_a_value_needs_its_currency(faults_of: Tell) -> None:
    fields = "fields: {conversion_time: t, conversion_id: i, value: v}"
    assert faults_of(fields=fields) == [
        "5:55 fields.value needs price_currency beside it, such as price_currency: currency"
    ]


def test_a_currency_may_stand_alone_and_beside_a_value(faults_of: Tell) -> None:
    fields = "fields: {conversion_time: t, conversion_id: i, price_currency: c"
    assert faults_of(fields=fields + "}") == []
    assert faults_of(fields=fields + ", value: v}") == []


def test_a_unit_excludes_a_time_zone(faults_of: Tell) -> None:
    time = "{column: t, timezone: UTC, unit: ms}"
    told = faults_of(fields=f"fields: {{conversion_time: {time}, conversion_id: i}}")
    assert [line.partition(":")[2].partition(" ")[2].partition(":")[0] for line in told] == [
        "fields.conversion_time.unit excludes timezone"
    ]


def test_a_lookback_needs_a_cursor(faults_of: Tell) -> None:
    assert faults_of(source="source: {table: a, lookback: 2 days}") == [
        "2:30 source.lookback needs cursor beside it, such as cursor: updated_at"
    ]


@pytest.mark.parametrize(
    ("identifiers", "told"),
    [
        ("{}", "4:1 identifiers needs at least one of twclid, email, hashed_email, phone,"),
        ("{sufficient: [email]}", "4:1 identifiers needs at least one of twclid, email,"),
        ("{ip_address: a}", "4:1 identifiers makes no row sendable"),
        ("{user_agent: a}", "4:1 identifiers makes no row sendable"),
        (
            "{email: a, sufficient: [phone, email]}",
            "4:38 identifiers.sufficient.0 needs phone or hashed_phone_number to be mapped",
        ),
        (
            "{phone: a, sufficient: [phone, email]}",
            "4:45 identifiers.sufficient.1 needs email or hashed_email to be mapped",
        ),
        (
            "{email: a, ip_address: b, sufficient: [ip_user_agent, email]}",
            "4:53 identifiers.sufficient.0 needs ip_address and user_agent to be mapped",
        ),
        (
            "{email: a, sufficient: [twclid]}",
            "4:38 identifiers.sufficient.0 needs twclid to be mapped",
        ),
    ],
)
def test_what_is_sufficient_is_mapped(identifiers: str, told: str, faults_of: Tell) -> None:
    [fault] = faults_of(identifiers=f"identifiers: {identifiers}")
    assert fault.startswith(told)


@pytest.mark.parametrize(
    "identifiers",
    [
        "{twclid: a}",
        "{hashed_email: a, sufficient: [email]}",
        "{hashed_phone_number: a, sufficient: [phone]}",
        "{ip_address: a, user_agent: b}",
        "{ip_address: a, user_agent: b, sufficient: [ip_user_agent]}",
        "{email: a, ip_address: b, sufficient: [email]}",
    ],
)
def test_hashes_and_pairs_make_identifiers_too(identifiers: str, mapping_of: Make) -> None:
    assert mapping_of(identifiers=f"identifiers: {identifiers}").identifiers is not None


def test_contents_say_something_of_an_item(faults_of: Tell) -> None:
    [told] = faults_of(contents="contents: {from: items, fields: {}}")
    assert told.startswith("6:25 contents.fields needs at least one of content_id, content_name,")


@pytest.mark.parametrize("connection", ["x", "{a: b}", "[x]", "null"])
def test_a_connection_that_exists_or_is_none_yet_is_no_finding(connection: str) -> None:
    root = read_tree(f"destination: {{connection: {connection}}}".encode()).root or {}
    assert list(between_keys(root, {"x": "x_ads", "y": "x_ads"})) == []


def test_a_connection_of_no_config_is_told_with_what_is_near() -> None:
    root = read_tree(b"destination: {connection: x_main}").root or {}
    assert list(between_keys(root)) == []
    assert list(between_keys(root, {"x_maine": "x_ads", "y": "x_ads"})) == [
        (
            ("destination", "connection"),
            "is no connection of the config; did you mean 'x_maine'? (known there: x_maine, y)",
        )
    ]
    [(_, told)] = between_keys(root, {})
    assert told == "is no connection of the config (known there: none)"


@pytest.mark.parametrize(("others", "known"), [({"x": "x_ads"}, "x"), ({}, "none")])
def test_conversions_go_through_a_connection_of_x_alone(others: dict[str, str], known: str) -> None:
    root = read_tree(b"destination: {connection: tiktok}").root or {}
    assert list(between_keys(root, others | {"tiktok": "tiktok_ads"})) == [
        (
            ("destination", "connection"),
            (
                "is of platform tiktok_ads; x_conversions needs one of x_ads"
                f" (of that platform: {known})"
            ),
        )
    ]


SHAPES = ["null", "x", "7", "[]", "[x, [y]]", "{}", "{a: {b: c}}", "[{a: 1}]"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "path",
    [
        "{source: SHAPE}",
        "{destination: SHAPE}",
        "{destination: {pixel_id: SHAPE, event_id: SHAPE}}",
        "{identifiers: SHAPE}",
        "{identifiers: {email: SHAPE, phone: {region: SHAPE}, sufficient: SHAPE}}",
        "{fields: SHAPE}",
        "{fields: {conversion_time: SHAPE, value: SHAPE}}",
        "{contents: SHAPE}",
        "{contents: {fields: SHAPE}}",
        "{consent: SHAPE, tests: SHAPE}",
        "{tests: [{expect: SHAPE}]}",
    ],
)
def test_rules_take_trees_of_any_shape(path: str, shape: str) -> None:
    root = read_tree(path.replace("SHAPE", shape).encode()).root
    assert root is not None
    findings = [finding for rule in RULES for finding in rule(root)]
    assert all(path and words for path, words in findings)
