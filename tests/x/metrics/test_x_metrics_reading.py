from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from x.metrics.account import at_x, read
from x.metrics.questions import DAY, ok
from x.metrics.scripted import ACCOUNT, Call, Reply, playing

from connector.errors import ConfigurationError, CredentialsError
from connector.metrics.days import Days
from connector.metrics.rows import Requests
from connector.x.metrics.active import active_in
from connector.x.metrics.attribution import subject_of
from connector.x.metrics.checking import Costs, warnings
from connector.x.metrics.entities import Entity, Known
from connector.x.metrics.questions import AD, EVERYWHERE, LINE_ITEM, Active
from connector.x.metrics.reading import NO_CURRENCY, days, opened
from connector.x.metrics.rows import Book, hour_rows, money
from connector.x.metrics.slots import Slots
from connector.x.metrics.statistics import Complete


def span(first: int) -> Days:
    """Three days of July."""
    return Days(since=date(2026, 7, first), until=date(2026, 7, first + 2))


HERE = {"id": ACCOUNT, "name": "Shop", "timezone": "Europe/Madrid"}
SPAN = span(1)


def opening(funding: Reply, account: dict[str, Any]) -> str:
    def script(call: Call) -> Reply:
        is_funding = call.path.endswith("funding_instruments")
        return funding if is_funding else ("200 OK", {"data": account})

    with playing(script) as stage:
        source = opened(stage.asking.line, stage.asking.access, ACCOUNT)
    assert source.account.timezone == "Europe/Madrid"
    assert source.opening == Requests(sent=2)
    assert "t0ken" not in repr(source)
    return source.account.currency


def test_the_currency_is_that_of_what_pays() -> None:
    gone, live = {"currency": "USD", "deleted": True}, {"currency": "EUR", "deleted": False}
    assert opening(ok(gone, live), HERE) == "EUR"
    assert opening(ok({"deleted": False}, gone), HERE) == "USD"
    assert opening(ok(), HERE) == NO_CURRENCY


def test_an_account_without_a_time_zone_is_no_account() -> None:
    with pytest.raises(ConfigurationError, match="no time zone"):
        opening(ok(), {**HERE, "timezone": None})


def test_a_role_that_may_not_read_is_told() -> None:
    with at_x(roles=("ANALYST",)) as desk, pytest.raises(CredentialsError, match="403"):
        read(desk.source(), "2026-04-01", "2026-04-02")


def test_an_account_without_analytics_is_an_error_and_not_an_empty_answer() -> None:
    with (
        at_x(modes=frozenset({"no_analytics"})) as desk,
        pytest.raises(ConfigurationError, match="400 INVALID_ACCOUNT_SERVICE_LEVEL"),
    ):
        read(desk.source(), "2026-04-01", "2026-04-02")


def test_ads_that_no_list_has_are_a_warning_and_still_rows() -> None:
    active = {
        "entity_id": "lost", "activity_start_time": "2026-04-01T10:00:00Z",
        "activity_end_time": "2026-04-01T11:00:00Z", "placements": ["ALL_ON_TWITTER"],
    }  # fmt: skip

    def script(call: Call) -> Reply:
        if call.path.endswith("active_entities"):
            return ok(active) if call.query["entity"] == AD else ok()
        if "/stats/" in call.path:
            metrics = {"impressions": [1] * 24, "billed_charge_local_micro": [5] * 24}
            is_numbers = call.query["metric_groups"].startswith("ENG")
            told = {"segment": None, "metrics": metrics if is_numbers else {}}
            return ok({"id": "lost", "id_data": [told]})
        return ("200 OK", {"data": HERE}) if call.path.endswith(ACCOUNT) else ok()

    with playing(script) as stage:
        source = opened(stage.asking.line, stage.asking.access, ACCOUNT)
        reading = days(source, since=date(2026, 4, 1), until=date(2026, 4, 1))
        (row,) = reading.ads
    assert (row.impressions, row.cost) == (24, Decimal("0.00012"))
    assert (row.ad_id, row.ad_group_id, row.campaign_id) == ("lost", "", "")
    assert row.utm.utm_inferred
    (warning,) = reading.warnings
    assert "1 ads or line items have numbers and are in no list" in warning


def test_activity_is_clamped_to_the_span() -> None:
    def of(id_: object, start: object, end: object, **more: object) -> dict[str, object]:
        return {
            "entity_id": id_, "activity_start_time": start, "activity_end_time": end,
            "placements": ["ALL_ON_TWITTER"], **more,
        }  # fmt: skip

    slots = Slots(starts=tuple(DAY.starts[0] + number * 86_400 for number in range(5)))
    rows = [
        of("within", "2026-07-02T23:59:59Z", "2026-07-03T00:00:01Z"),
        of("before", "2026-06-28T10:00:00Z", "2026-07-01T00:00:00Z"),
        of("both", "2026-06-28T10:00:00Z", "2026-07-02T00:00:00Z"),
        of("odd", None, "whenever", placements=None),
        of("twice", "2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z"),
        of("twice", "2026-07-03T10:00:00Z", "2026-07-03T11:00:00Z", placements=["TREND"]),
        of(None, "2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z"),
    ]
    with playing(lambda _: ok(*rows)) as stage:
        found = active_in(stage.asking, AD, slots)
        half = Slots(starts=(DAY.starts[0] - 1800, DAY.starts[0] + 84_600), granularity="DAY")
        active_in(stage.asking, AD, half)
    spans = {one.id: (one.first, one.last) for one in found}
    assert spans == {"within": (1, 3), "both": (0, 1), "odd": (0, 4), "twice": (0, 3)}
    assert found[-1].placements == {"ALL_ON_TWITTER", "TREND"}
    assert found[-2] == Active(
        entity=AD, id="odd", first=0, last=4, placements=frozenset({EVERYWHERE})
    )
    ends = [(call.query["start_time"], call.query["end_time"]) for call in stage.calls]
    assert ends == [
        ("2026-07-01T00:00:00Z", "2026-07-05T00:00:00Z"),
        ("2026-06-30T23:00:00Z", "2026-07-02T00:00:00Z"),
    ]


def complete(entity: str, id_: str, *costs: int | None) -> Complete:
    return Complete(entity=entity, id=id_, sums={"cost": list(costs)})


@pytest.mark.parametrize(
    ("of_ads", "own", "is_told"),
    [(101, 100, False), (102, 100, True), (98, 100, True), (1, 0, True), (0, 0, False)],
)
def test_a_line_item_may_differ_from_its_ads_by_a_hundredth(
    of_ads: int, own: int, *, is_told: bool
) -> None:
    book = Book(known=Known(), currency="EUR")
    book.known.entities[AD]["ad"] = Entity(parent="li")
    book.known.entities[LINE_ITEM]["li"] = Entity(name="Spring", currency="JPY")
    costs = Costs()
    costs.add(complete(AD, "ad", of_ads * 10**6, None), book.known)
    costs.add(complete(LINE_ITEM, "li", own * 10**6), book.known)
    told = list(warnings({SPAN: costs}, book))
    assert [f"its ads cost {of_ads} JPY" in text for text in told] == [True] * is_told


def test_a_line_item_that_differs_in_one_span_is_told_once_with_the_sums_of_all() -> None:
    book = Book(known=Known(), currency="EUR")
    book.known.entities[AD]["ad"] = Entity(parent="li")
    by_span = {}
    for of_ads, since in ((7, 1), (1000, 4), (8, 7)):
        costs = by_span[span(since)] = Costs()
        costs.add(complete(AD, "ad", of_ads * 10**6), book.known)
        costs.add(complete(LINE_ITEM, "li", min(of_ads, 1001 - of_ads) * 10**6), book.known)
    [told] = warnings(by_span, book)
    assert "line item li: 2026-07-01 to 2026-07-09: its ads cost 1015 EUR" in told
    assert "the line item itself 16, which" in told


def test_money_has_six_places_and_no_rounding() -> None:
    assert money(37_450_001) == Decimal("37.450001")
    assert money(10**18 + 1) == Decimal("1000000000000.000001")


def test_an_hour_is_a_row_when_anything_of_it_is_told() -> None:
    sums = {"likes": [None, 0, None], "billed_engagements": [None, None, 2]}
    known = Known()
    known.entities[AD]["ad"] = Entity(parent="li", status="DELETED")
    known.entities[LINE_ITEM]["li"] = Entity(currency="KWD")
    slots = Slots(starts=tuple(range(0, 4 * 3600, 3600)))
    whole = Complete(entity=AD, id="ad", sums=sums)
    rows = list(hour_rows(whole, Book(known=known, currency="EUR"), slots))
    assert [(row.hour.hour, row.likes, row.billed_engagements) for row in rows] == [
        (1, 0, None),
        (2, None, 2),
    ]
    assert {(row.status, row.campaign_currency) for row in rows} == {("DELETED", "KWD")}


def test_a_tag_of_a_type_that_is_unknown_has_whatever_is_told() -> None:
    subject = subject_of({})
    assert set(subject.fields) == {None}
    assert subject.groups == "WEB_CONVERSION"
    unknown = subject.fields[None]["conversions"]
    assert ("conversion_purchases", "metric") in unknown
    assert len(unknown) == 12
