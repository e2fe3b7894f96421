"""Pages of TikTok's reports: every value is a text, and many are odd."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.errors import UnreachableError
from connector.http import Answer
from connector.tiktok.calling import Reply
from connector.tiktok.metrics.pages import (
    Seen,
    count,
    day_of,
    decimal,
    known_text,
    page_of,
)

INFO = {"page": 1, "page_size": 1000, "total_page": 2, "total_number": 1001}


def reply(data: dict[str, Any], **headers: str) -> Reply:
    return Reply(data=data, answer=Answer(status=200, headers=headers, body=b""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11.36", Decimal("11.36")), ("0.00", Decimal("0.00")), ("742", Decimal(742)),
        ("1.20%", Decimal("1.20")), (" 3 ", Decimal(3)), ("-3.10", Decimal("-3.10")),
        ("-", None), ("", None), ("<5", None), ("NaN", None), ("Infinity", None), ("abc", None),
    ],
)  # fmt: skip
def test_a_number_is_exact_and_what_is_none_is_null(text: str, expected: Decimal | None) -> None:
    assert decimal({"spend": text}, "spend") == expected


def test_a_number_that_is_not_there_is_null() -> None:
    assert decimal({}, "spend") is None
    assert count({}, "clicks") is None
    assert known_text({}, "ad_name") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("742", 742), ("742.0", 742), ("12.00", 12), ("0", 0), ("-", None), ("<5", None)],
)
def test_a_whole_number_may_be_written_with_a_point(text: str, expected: int | None) -> None:
    assert count({"clicks": text}, "clicks") == expected


def test_a_day_is_the_first_part_of_its_time() -> None:
    assert day_of({"d": "2026-03-09 00:00:00"}, "d") == date(2026, 3, 9)
    assert day_of({"d": "-"}, "d") is None
    assert day_of({}, "d") is None


def test_rows_have_their_dimensions_and_metrics_as_texts() -> None:
    listed = [
        {"dimensions": {"ad_id": 7, "stat_time_day": "d"}, "metrics": {"spend": 1.5, "x": None}},
        {"dimensions": {"ad_id": "8"}, "metrics": {"ad_id": "9", "names": ["a"]}},
    ]
    page = page_of(reply({"list": listed, "page_info": INFO}))
    assert page.rows == (
        {"ad_id": "7", "stat_time_day": "d", "spend": "1.5", "x": "-"},
        {"ad_id": "8", "names": "-"},
    )
    assert (page.pages, page.number, page.is_cut) == (2, 1001, False)


@pytest.mark.parametrize(
    "odd", [None, "row", {}, {"metrics": {}}, {"dimensions": [], "metrics": {}}]
)
def test_what_is_no_row_is_left_out(odd: object) -> None:
    assert page_of(reply({"list": [odd], "page_info": INFO})).rows == ()


def test_numbers_of_pages_may_be_texts() -> None:
    info = {"total_page": "3", "total_number": "2001"}
    page = page_of(reply({"list": [], "page_info": info}))
    assert (page.pages, page.number) == (3, 2001)
    page = page_of(reply({"list": [], "page_info": {"total_page": None}}))
    assert (page.pages, page.number) == (0, 0)


def test_the_header_of_the_cut_is_seen() -> None:
    cut = reply({"list": [], "page_info": INFO}, **{"x-tt-ads-throttle": "20k"})
    assert page_of(cut).is_cut


@pytest.mark.parametrize("data", [{}, {"list": []}, {"list": {}, "page_info": {}}, {"list": None}])
def test_an_answer_without_a_page_is_no_empty_page(data: dict[str, Any]) -> None:
    with pytest.raises(UnreachableError, match="holds no page of a report"):
        page_of(reply(data))


def test_an_ad_is_new_once_at_each_time() -> None:
    seen = Seen()
    found = [seen.is_new(ad, slot) for ad, slot in (("a", 0), ("a", 29), ("a", 0), ("b", 0))]
    assert found == [True, True, False, True]
    assert seen.number == 3
