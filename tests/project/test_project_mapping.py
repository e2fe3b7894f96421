from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from connector.project import Mapping, plain
from connector.project.mapping import SUFFICIENT
from connector.project.tree import Mark, read_tree

Make = Callable[..., Mapping]
Tell = Callable[..., list[str]]


def test_what_is_left_out_has_its_default(mapping_of: Make) -> None:
    mapping = mapping_of()
    assert (mapping.enabled, mapping.tags, mapping.in_doubt) == (True, (), "resend")
    assert (mapping.contents, mapping.consent, mapping.tests) == (None, None, ())
    assert (mapping.source.cursor, mapping.source.lookback) == (None, None)
    assert mapping.destination.browser_pixel is False
    assert mapping.identifiers.sufficient == SUFFICIENT
    limits = mapping.limits
    assert (limits.max_age, limits.max_in_future) == (timedelta(days=90), timedelta(minutes=5))
    assert (limits.max_rejected, limits.anomaly) == (0.1, "warn")


def test_what_is_written_is_read(mapping_of: Make) -> None:
    mapping = mapping_of(
        enabled="enabled: false",
        tags="tags: [hourly, eu]",
        source="source: {query: select 1, cursor: updated_at, lookback: 36h}",
        limits="limits: {max_age: 1 week, max_in_future: 0s, max_rejected: 2.5%, anomaly: off}",
        in_doubt="in_doubt: hold",
    )
    assert (mapping.enabled, mapping.tags, mapping.in_doubt) == (False, ("hourly", "eu"), "hold")
    assert (mapping.source.query, mapping.source.cursor) == ("select 1", "updated_at")
    assert mapping.source.lookback == timedelta(hours=36)
    assert mapping.limits.max_age == timedelta(days=7)
    assert mapping.limits.max_in_future == timedelta(0)
    assert (mapping.limits.max_rejected, mapping.limits.anomaly) == (0.025, "off")


@pytest.mark.parametrize(
    ("written", "lookback"), [("1000", 1000), ("0", 0), ("2 days", timedelta(2))]
)
def test_a_lookback_is_a_span_or_a_number(written: str, lookback: object, mapping_of: Make) -> None:
    mapping = mapping_of(source=f"source: {{table: t, cursor: c, lookback: {written}}}")
    assert mapping.source.lookback == lookback


@pytest.mark.parametrize(
    ("written", "share"), [("10%", 0.1), ("0.1", 0.1), ("100 %", 1.0), ("0", 0.0), ("1", 1.0)]
)
def test_a_share_is_written_in_hundredths_or_parts_of_one(
    written: str, share: float, mapping_of: Make
) -> None:
    assert mapping_of(limits=f"limits: {{max_rejected: {written}}}").limits.max_rejected == share


def test_a_source_may_be_a_file_with_its_text(mapping_of: Make) -> None:
    file = mapping_of(source="source: {file: purchases.sql}").source.file
    assert file is not None
    assert (file.path.name, file.text) == ("purchases.sql", "select 1")


def test_a_source_file_that_can_not_be_read_is_told_at_its_place(faults_of: Tell) -> None:
    told = faults_of(source="source: {file: other.sql}")
    assert told == ["2:16 source.file names a file that can't be read"]


def test_a_source_file_needs_a_project_around_it() -> None:
    with pytest.raises(ValueError, match="this mapping stands in no project"):
        Mapping.model_validate(read_tree(b"source: {file: a.sql}").root)


def test_a_mapping_without_a_project_has_no_places(root: Path) -> None:
    content = (root / "mappings" / "purchases.yaml").read_bytes()
    mapping = Mapping.model_validate(read_tree(content).root)
    assert (mapping.path, mapping.place("fields.conversion_id")) == ("", Mark(1, 1))


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"name": "name: My Purchases"}, "1:7 name must be of lower-case letters, digits, - and _"),
        ({"name": "name:"}, "1:1 name has no value; it must be of lower-case letters"),
        ({"enabled": "enabled: yes"}, "6:10 enabled must be true or false"),
        ({"enabled": "enabled: 'true'"}, "6:10 enabled must be true or false"),
        ({"tags": "tags: hourly"}, "6:7 tags must be a list, such as [hourly]"),
        ({"tags": "tags: []"}, "6:1 tags is empty; it must hold at least one, such as [hourly]"),
        ({"tags": "tags:"}, "6:1 tags has no value; it must be a list, such as [hourly]"),
        ({"tags": "tags: [a b]"}, "6:8 tags.0 must be of letters, digits"),
        ({"source": "source: {table: 5}"}, "2:17 source.table must be text"),
        ({"source": "source: {query: ''}"}, "2:17 source.query must be text"),
        ({"source": "source: {table: [a]}"}, "2:10 source.table must be text"),
        ({"source": "source: orders"}, "2:9 source must be a block of keys (query, table, file,"),
        (
            {"source": "source: {table: a, cursor: b, lookback: soon}"},
            "2:41 source.lookback must be a span of time such as 2 days, or a whole number",
        ),
        (
            {"source": "source: {table: a, cursor: b, lookback: -1}"},
            "2:41 source.lookback must be a span of time such as 2 days, or a whole number",
        ),
        (
            {"source": "source: {table: a, cursor: b, lookback: 1.5}"},
            "2:41 source.lookback must be a span of time such as 2 days, or a whole number",
        ),
        (
            {"identifiers": "identifiers: {email: e, sufficient: [mail]}"},
            "4:38 identifiers.sufficient.0 must be one of twclid, email, phone, ip_user_agent",
        ),
        (
            {"identifiers": "identifiers: {email: e, sufficient: []}"},
            "4:25 identifiers.sufficient is empty",
        ),
        ({"fields": "fields: {conversion_time: t}"}, "5:1 'conversion_id' is missing in fields"),
        ({"fields": "fields: {conversion_id: i}"}, "5:1 'conversion_time' is missing in fields"),
        ({"limits": "limits: {max_age: 0 days}"}, "6:19 limits.max_age must be above zero"),
        ({"limits": "limits: {max_age: 90}"}, "6:19 limits.max_age must be a span of time such as"),
        ({"limits": "limits: {max_rejected: 10}"}, "6:24 limits.max_rejected must be a share such"),
        ({"limits": "limits: {max_rejected: 101%}"}, "6:24 limits.max_rejected must be a share"),
        ({"limits": "limits: {max_rejected: -1%}"}, "6:24 limits.max_rejected must be a share"),
        (
            {"limits": "limits: {anomaly: halt}"},
            "6:19 limits.anomaly must be one of warn, stop, off",
        ),
        ({"in_doubt": "in_doubt: drop"}, "6:11 in_doubt must be one of resend, hold"),
        ({"in_doubt": "in_doubt: [hold]"}, "6:1 in_doubt must be one of resend, hold"),
        ({"contents": "contents: {from: items}"}, "6:1 'fields' is missing in contents"),
        ({"contents": "contents: {fields: {content_id: a}}"}, "6:1 'from' is missing in contents"),
        ({"tests": "tests: {}"}, "6:1 tests must be a list"),
        ({"tests": "tests: [a]"}, "6:9 tests.0 must be a block of keys (name, given, expect)"),
        (
            {"tests": "tests: [{name: a, given: {b: 1}, expect: {rejected: no}}]"},
            "6:53 tests.0.expect.rejected must be a list, such as [missing_identifier]",
        ),
        (
            {"tests": "tests: [{name: a, given: x, expect: {suppressed: [no_consent]}}]"},
            "6:26 tests.0.given must be a block of keys",
        ),
        (
            {"tests": "tests:\n- given: {}\n  expect: {conversion: {}}\n"},
            "7:3 'name' is missing in tests.0",
        ),
        ({"path": "path: /etc"}, "6:1 unknown key 'path'; "),
    ],
)
def test_a_mistake_is_one_sentence_at_its_place(
    section: dict[str, str], told: str, faults_of: Tell
) -> None:
    [fault] = faults_of(**section)
    assert fault.startswith(told)


def test_a_destination_of_another_type_is_told(faults_of: Tell) -> None:
    told = faults_of(
        destination="destination: {type: x_ads, connection: x, pixel_id: a, event_id: b}"
    )
    assert told == ["3:21 destination.type must be x_conversions"]


def test_tests_hold_rows_as_written(mapping_of: Make) -> None:
    written = (
        "tests:\n- name: plain order\n"
        "  given: {order_id: 7, amount: 12.50, email: ' A@B.com ', items: [{sku: a}], note: null}\n"
        "  expect: {conversion: {value: '12.50', number_items: 2}}\n"
        "- {name: other, given: {}, expect: {rejected: [missing_identifier]}}\n"
    )
    first, second = mapping_of(tests=written).tests
    assert first.given["amount"] == "12.50"
    assert {column: plain(value) for column, value in first.given.items()} == {
        "order_id": 7,
        "amount": 12.5,
        "email": " A@B.com ",
        "items": [{"sku": "a"}],
        "note": None,
    }
    assert first.expect.conversion is not None
    assert plain(first.expect.conversion) == {"value": "12.50", "number_items": 2}
    assert (second.expect.conversion, second.expect.rejected) == (None, ("missing_identifier",))


def test_rows_of_tests_are_not_shown(mapping_of: Make) -> None:
    written = "tests: [{name: a, given: {email: s3cret}, expect: {conversion: {b: s3cret}}}]"
    assert "s3cret" not in repr(mapping_of(tests=written))


def test_a_mapping_can_not_be_changed(mapping_of: Make) -> None:
    with pytest.raises(ValueError, match="frozen"):
        mapping_of().enabled = False


def test_a_mapping_knows_its_file_and_where_its_parts_stand(mapping_of: Make) -> None:
    fields = (
        "fields:\n  conversion_time: t\n  conversion_id: i\n"
        "  value:\n    sql: a\n  price_currency: c\n"
    )
    mapping = mapping_of(fields=fields, tags="tags: [a,\n  b]")
    assert mapping.path == "mappings/purchases.yaml"
    assert mapping.place("name") == Mark(1, 7)
    assert mapping.place("fields") == Mark(5, 1)
    assert mapping.place("fields.value") == Mark(8, 3)
    assert mapping.place("fields.value.sql") == Mark(9, 10)
    assert mapping.place("tags.1") == Mark(13, 3)


def test_what_is_not_written_stands_at_what_is_around_it(mapping_of: Make) -> None:
    mapping = mapping_of()
    assert mapping.place("fields.value") == Mark(5, 1)
    assert mapping.place("limits.max_age") == Mark(1, 1)
    assert mapping.place("identifiers.email.column") == Mark(4, 22)


def test_expressions_are_found_by_their_place(mapping_of: Make) -> None:
    mapping = mapping_of(
        identifiers="identifiers: {phone: {column: p, region: US}, user_agent: ua, ip_address: ip}",
        contents="contents: {from: items, fields: {content_id: sku}}",
        consent="consent: {sql: ok, granted: [true]}",
    )
    found = {place: expression.text for place, expression in mapping.expressions().items()}
    assert found == {
        "destination.pixel_id": "o8z6j",
        "destination.event_id": "o87ne",
        "identifiers.phone": "p",
        "identifiers.phone.region": "US",
        "identifiers.ip_address": "ip",
        "identifiers.user_agent": "ua",
        "fields.conversion_time": "paid_at",
        "fields.conversion_id": "order_id",
        "contents.from": "items",
        "contents.fields.content_id": "sku",
        "consent": "ok",
    }
    for place, expression in mapping.expressions().items():
        assert mapping.place(place).line == expression.line


def test_surroundings_are_nothing_that_a_file_can_say(faults_of: Tell) -> None:
    assert len(faults_of(_path="_path: a", _places="_places: b")) == 2
