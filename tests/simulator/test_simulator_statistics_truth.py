from datetime import date, timedelta
from typing import Any

from ad_numbers import ALWAYS, an_ad, at, books_with, numbers, seen_at, sums

from connector.simulator.statistics.books import Books
from connector.simulator.statistics.series import View
from connector.simulator.statistics.truth import NAMES, tag_sums, truth
from connector.simulator.world import Event

VIEW = seen_at("2026-11-20 12:00")
SINCE, UNTIL = date(2026, 9, 10), date(2026, 9, 16)

BOOKS = books_with(
    an_ad("a1", line_item="l1", campaign="c1", tweet="t"),
    an_ad("a2", line_item="l1", campaign="c1", placements=("ALL_ON_TWITTER", "SPOTLIGHT")),
    an_ad("a3", line_item="l2", campaign="c2", tweet="t"),
    an_ad(
        "a4",
        line_item="l2",
        campaign="c2",
        spans=((at("2026-09-12 08:00"), at("2026-09-12 09:00")),),
    ),
    an_ad("a5", line_item="l3", campaign="c2", spans=()),
    an_ad("a6", line_item="l4", campaign="c3", objective="APP_INSTALLS", spans=ALWAYS),
)


def told(books: Books = BOOKS, view: View = VIEW, *, by_day: bool = False) -> dict[str, Any]:
    return dict(truth(books, since=SINCE, until=UNTIL, view=view, by_day=by_day))


def summed(rows: list[dict[str, int | None]], name: str) -> int:
    return sum(row[name] or 0 for row in rows)


def test_the_sum_of_an_ad_is_that_of_the_function_over_all_placements() -> None:
    found = told()["ads"]
    for ad in BOOKS.ads[:4]:
        parts = [
            sums(numbers(ad, "2026-09-10", VIEW, placement=one, days=7)) for one in ad.placements
        ]
        for name in NAMES:
            has = [part[name] for part in parts if name in part]
            assert found[ad.id][name] == (sum(has) if has else None)


def test_ads_line_items_campaigns_and_days_add_up_to_one_total() -> None:
    found = told()
    for level in ("ads", "line_items", "campaigns", "days"):
        rows = list(found[level].values())
        for name in NAMES:
            assert summed(rows, name) == (found["total"][name] or 0)
    assert set(found["line_items"]) == {"l1", "l2", "l4"}
    assert set(found["campaigns"]) == {"c1", "c2", "c3"}


def test_what_had_no_numbers_is_left_out_and_what_does_not_apply_is_null() -> None:
    found = told()
    assert set(found["ads"]) == {"a1", "a2", "a3", "a4", "a6"}
    assert found["ads"]["a6"]["url_clicks"] is None
    assert found["ads"]["a6"]["conversion_purchases.metric"] is None
    assert found["ads"]["a1"]["app_clicks"] is None
    assert set(found["days"]) == {f"2026-09-{day}" for day in range(10, 17)}


def test_by_day_each_has_the_days_on_which_it_ran() -> None:
    found, whole = told(by_day=True), told()
    assert set(found["ads"]["a4"]) == {"2026-09-12"}
    assert found["ads"]["a4"]["2026-09-12"] == whole["ads"]["a4"]
    for id_, days in found["line_items"].items():
        assert summed(list(days.values()), "impressions") == whole["line_items"][id_]["impressions"]


def test_the_ads_that_x_doubles_are_told_apart() -> None:
    found = told()
    assert set(found["doubled"]) == {"a1", "a3"}
    assert found["doubled"]["a1"] == found["doubled"]["a3"]
    both = found["ads"]["a1"]["impressions"] + found["ads"]["a3"]["impressions"]
    assert found["doubled"]["a1"]["impressions"] == both


def test_the_span_is_told_in_the_days_of_the_account() -> None:
    found = told()
    assert [found[name] for name in ("account", "timezone", "currency", "since", "until")] == [
        "acc", "America/New_York", "EUR", "2026-09-10", "2026-09-16",
    ]  # fmt: skip
    assert found["told_at"] == "2026-11-20T17:00:00Z"


def test_settled_sums_are_those_of_later() -> None:
    early = seen_at("2026-09-17 01:00")
    settled = told(BOOKS, seen_at("2026-09-17 01:00", settled=True))
    assert settled["total"] == told()["total"]
    assert told(BOOKS, early)["total"] != settled["total"]


def test_a_span_that_is_still_to_come_has_nothing() -> None:
    found = told(BOOKS, seen_at("2026-09-01 12:00"))
    assert found["ads"] == found["days"] == {}
    assert set(found["total"].values()) == {None}


def test_each_tag_has_the_sum_of_its_conversions_and_the_worth_of_them() -> None:
    events = (
        Event(id="buy", pixel_id="p", name="Purchase", type="PURCHASE"),
        Event(id="join", pixel_id="p", name="Newsletter", type="SIGN_UP"),
        Event(id="gone", pixel_id="p", name="Old", type="CUSTOM", deleted=True),
    )
    books = books_with(*BOOKS.ads, events=events)
    until = SINCE + timedelta(days=29)
    found = tag_sums(books, since=SINCE, until=until, view=VIEW)
    total: Any = truth(books, since=SINCE, until=until, view=VIEW)["total"]
    assert set(found) == {"buy", "join"}
    bought = found["buy"]["metric"] or 0
    assert (
        0.8 * total["conversion_purchases.metric"] < bought <= total["conversion_purchases.metric"]
    )
    assert found["join"]["sale_amount"] is None
    assert (found["join"]["metric"] or 0) > 0
