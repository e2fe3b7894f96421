from datetime import timedelta

import pytest

from connector.project.durations import Rate, parse_duration, parse_rate


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("90 days", timedelta(days=90)),
        ("1 day", timedelta(days=1)),
        ("2d", timedelta(days=2)),
        ("5 minutes", timedelta(minutes=5)),
        ("50m", timedelta(minutes=50)),
        ("36h", timedelta(hours=36)),
        ("1 hour", timedelta(hours=1)),
        ("1 week", timedelta(days=7)),
        ("2 w", timedelta(days=14)),
        ("30s", timedelta(seconds=30)),
        ("1 second", timedelta(seconds=1)),
        ("1.5h", timedelta(minutes=90)),
        ("0 days", timedelta(0)),
        (" 90 Days ", timedelta(days=90)),
        ("36500 days", timedelta(days=36_500)),
    ],
)
def test_a_span_is_read_as_people_write_it(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize(
    "text",
    ["", "90", "days", "90 moons", "-1 day", "1 day 2 hours", "1e2 days", "٣ days", "1  day"],
)
def test_what_is_no_span_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="must be a span of time such as 90 days"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["36501 days", "999999999999 weeks"])
def test_a_span_beyond_a_hundred_years_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a hundred years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("60000 per 15 minutes", Rate(amount=60_000, seconds=900.0)),
        ("50 per 1 minute", Rate(amount=50, seconds=60.0)),
        (" 1  per  1s", Rate(amount=1, seconds=1.0)),
    ],
)
def test_a_rate_is_an_amount_in_a_span(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "50",
        "50 per",
        "per 1 minute",
        "0 per 1 minute",
        "50 per 0 minutes",
        "50 per 2 moons",
        "1.5 per 1s",
        "5/1s",
    ],
)
def test_what_is_no_rate_is_told_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 60000 per 15 minutes"):
        parse_rate(text)
