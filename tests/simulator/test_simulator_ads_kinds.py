"""How parameters of entities are read."""

import pytest

from connector.simulator.ads import kinds
from connector.simulator.parameters import Kind, integer, missing


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2026-03-10", "2026-03-10T00:00:00Z"),
        ("2026-03-10T08:30:00Z", "2026-03-10T08:30:00Z"),
        ("2026-03-10T08:30:00+0200", "2026-03-10T06:30:00Z"),
        ("2026-03-10T08:30:00-05:30", "2026-03-10T14:00:00Z"),
        ("2026-03-10T08:30:00+02", "2026-03-10T06:30:00Z"),
    ],
)
def test_moments_are_read_in_each_of_x_forms(given: str, read: str) -> None:
    assert kinds.moment(given) == read
    assert kinds.said(kinds.seconds_of(read)) == read


@pytest.mark.parametrize(
    "given",
    ["", "yesterday", "2026-02-30", "2026-03-10T08:30:00", "10.3.2026", "0001-01-01T00:00:00+20"],
)
def test_other_moments_are_refused(given: str) -> None:
    with pytest.raises(ValueError, match="time"):
        kinds.moment(given)


@pytest.mark.parametrize(
    ("kind", "good", "value"),
    [
        (kinds.text(5), "abcde", "abcde"),
        (kinds.one_of(("A", "B")), "B", "B"),
        (kinds.some_of(("A", "B")), "B,A", ["B", "A"]),
        (kinds.integer_of(1, 7), "7", 7),
        (kinds.amount, "9223372036854775807", 2**63 - 1),
        (kinds.entity_id, "18ce5", "18ce5"),
        (kinds.user_id, "756201191646691328", "756201191646691328"),
        (kinds.media_key, "13_1833000111222333444", "13_1833000111222333444"),
        (kinds.card_uri, "card://1790001112223334444", "card://1790001112223334444"),
        (kinds.tweet_ids(2), "1790123456789012480", [1790123456789012480]),
        (kinds.url, "https://shop.example.org/a?b=c", "https://shop.example.org/a?b=c"),
        (kinds.optional(kinds.amount), "", None),
        (kinds.optional(kinds.amount), "10000", 10000),
        (integer(1, 50), "50", 50),
    ],
)
def test_values_are_read(kind: Kind, good: str, value: object) -> None:
    assert kind(good) == value


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (kinds.text(5), ""),
        (kinds.text(5), "abcdef"),
        (kinds.one_of(("A", "B")), "a"),
        (kinds.some_of(("A", "B")), "A,C"),
        (kinds.integer_of(1, 7), "07"),
        (kinds.amount, "0"),
        (kinds.amount, "9223372036854775808"),
        (kinds.amount, "1.5"),
        (kinds.amount, "-1"),
        (kinds.amount, "²"),
        (kinds.entity_id, "UPPER"),
        (kinds.media_key, "13-1"),
        (kinds.card_uri, "1790001112223334444"),
        (kinds.tweet_ids(2), "1,2,3"),
        (kinds.tweet_ids(2), "1,x"),
        (kinds.url, "shop.example.org"),
        (kinds.url, "javascript://x"),
        (kinds.url, "https://[half"),
        (integer(1, 50), "51"),
        (integer(1, 50), ""),
    ],
)
def test_other_values_are_refused(kind: Kind, bad: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        kind(bad)


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, ""), (True, "true"), (False, "false"), (5, "5"), (["A", 2], "A,2"), ("x", "x")],
)
def test_json_says_what_a_query_says(value: object, said: str) -> None:
    assert kinds.as_text(value) == said


def test_an_object_is_no_value() -> None:
    with pytest.raises(ValueError, match="object"):
        kinds.as_text({"a": 1})


def test_what_is_missing_is_named_once() -> None:
    values = {"a": 1, "b": "", "c": None, "e": 0, "f": []}
    named = [one["parameter"] for one in missing(values, ("a", "b", "c", "d", "e"))]
    assert named == ["b", "c", "d"]
    known = [{"code": "INVALID_PARAMETER", "message": "", "parameter": "d"}]
    assert missing({}, ("d",), known) == []
