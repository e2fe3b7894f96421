from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connector.campaigns.kinds import NO_LIMITS, Kind, Limits, Value, text_of, value_of, written

WORDS = Limits(words=("ACTIVE", "TAP_*"))


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        ("money", "25.50", 25_500_000),
        ("money", Decimal("1.5"), 1_500_000),
        ("text", "Frühling, 50 %", "Frühling, 50 %"),
        ("text", "two\u00a0words", "two\u00a0words"),
        ("time", "2026-03-10T18:00:00Z", "2026-03-10T18:00:00Z"),
        ("time", "2026-03-10T18:00:00.900+0200", "2026-03-10T16:00:00Z"),
        ("time", "2026-03-10 18:00+02", "2026-03-10T16:00:00Z"),
        ("time", "2026-03-10", "2026-03-10T00:00:00Z"),
        ("time", date(2026, 3, 10), "2026-03-10T00:00:00Z"),
        (
            "time",
            datetime(2026, 3, 10, 1, tzinfo=timezone(timedelta(hours=2))),
            "2026-03-09T23:00:00Z",
        ),
        ("word", " active ", "ACTIVE"),
        ("words", "ACTIVE,TAP_FULL", ("ACTIVE", "TAP_FULL")),
        ("words", ["ACTIVE"], ("ACTIVE",)),
        ("number", "7", 7),
        ("number", 7, 7),
        ("flag", "True", True),
        ("flag", False, False),
        ("id", "k2v8c", "k2v8c"),
        ("ids", "1790123456789012480, 2", ("1790123456789012480", "2")),
        ("ids", [1790123456789012480], ("1790123456789012480",)),
    ],
)
def test_what_people_write_becomes_what_x_has(kind: Kind, given: object, value: Value) -> None:
    limits = WORDS if kind in {"word", "words"} else NO_LIMITS
    assert value_of(kind, given, limits) == value


@pytest.mark.parametrize(
    ("kind", "given", "limits", "told"),
    [
        ("text", " ", NO_LIMITS, "must not be blank"),
        ("text", "x" * 256, NO_LIMITS, "has 256 characters, and X takes 255"),
        ("text", "two\nlines", NO_LIMITS, "without line breaks"),
        ("text", "bell\x07", NO_LIMITS, "control characters"),
        ("text", "half \ud800", NO_LIMITS, "control characters"),
        ("time", "2026-03-10T18:00", NO_LIMITS, "with its zone"),
        ("time", datetime(2026, 3, 10), NO_LIMITS, "with its zone"),  # noqa: DTZ001 - what is refused
        ("time", "tomorrow", NO_LIMITS, "must be a time"),
        ("word", "PAUSED", WORDS, "one of ACTIVE, TAP_"),
        ("word", "a b", NO_LIMITS, "one of X's words"),
        ("words", "ACTIVE,ACTIVE", WORDS, "twice"),
        ("words", [], WORDS, "one at least"),
        ("number", "0", Limits(most=3), "from 1 to 3"),
        ("number", "4", Limits(most=3), "from 1 to 3"),
        ("number", "1.5", Limits(most=3), "from 1 to 3"),
        ("number", "5", Limits(most=30, numbers=(1, 7, 30)), "one of 1, 7, 30"),
        ("number", "9" * 40, Limits(most=3), "from 1 to 3"),
        ("flag", "yes", NO_LIMITS, "true or false"),
        ("id", "a b", NO_LIMITS, "must be an id"),
        ("id", "dry-0a1b", NO_LIMITS, "dry-0a1b is made up"),
        ("ids", "1,dry-0a1b", NO_LIMITS, "dry-0a1b is made up"),
        ("ids", "1,2,3", Limits(most=2), "names 3, and X takes 2"),
    ],
)
def test_what_x_would_refuse_is_refused_with_what_it_should_be(
    kind: Kind, given: object, limits: Limits, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        value_of(kind, given, limits)


def test_values_are_said_as_a_query_says_them() -> None:
    values: list[Value] = [25_500_000, True, False, ("A", "B"), None, "x y"]
    assert [text_of(one) for one in values] == ["25500000", "true", "false", "A,B", "", "x y"]


def test_values_of_a_row_are_written_as_people_do() -> None:
    assert written("money", 25_500_000) == Decimal("25.50")
    assert written("words", ["ALL_ON_TWITTER"]) == ("ALL_ON_TWITTER",)
    assert written("text", "as it is") == "as it is"
