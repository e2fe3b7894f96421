"""TikTok's synchronous reports over HTTP: what they refuse, and what their rows are."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from advertiser import ALL, Desk, at_tiktok

from connector.simulator.tiktok_kinds import FIRST_ADS

TOP_VIEW = {
    "field_name": "buying_type", "filter_type": "IN", "filter_value": '["RESERVATION_TOP_VIEW"]',
}  # fmt: skip


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with at_tiktok(further_accounts=3) as made:
        yield made


@pytest.fixture(scope="module")
def large() -> Iterator[Desk]:
    with at_tiktok(ads=20_100, tiktok_largest=700_000) as made:
        yield made


def names(answer: dict[str, Any], metric: str = "ad_name") -> set[str]:
    assert answer["code"] == 0, answer
    return {row["metrics"][metric] for row in answer["data"]["list"]}


def total(answer: dict[str, Any], metric: str = "spend") -> Decimal:
    assert answer["code"] == 0, answer
    return sum((Decimal(row["metrics"][metric]) for row in answer["data"]["list"]), Decimal())


def test_another_advertiser_is_out_of_reach(desk: Desk) -> None:
    assert desk.report(advertiser_id="7")["code"] == 40001
    assert desk.report(advertiser_id=None)["code"] == 40002


def test_thirty_days_and_a_single_one_are_allowed(desk: Desk) -> None:
    assert desk.report(end_date="2026-03-30")["code"] == 0
    one = desk.report(end_date="2026-03-01")
    assert {row["dimensions"]["stat_time_day"] for row in one["data"]["list"]} == {
        "2026-03-01 00:00:00"
    }


def test_every_value_is_a_text(desk: Desk) -> None:
    metrics = ["spend", "impressions", "ctr", "cpc", "cpm", "reach", "frequency", "currency"]
    for row in desk.report(metrics=metrics)["data"]["list"]:
        assert set(row["metrics"]) == set(metrics)
        assert all(isinstance(value, str) for part in row.values() for value in part.values())


def test_a_page_has_ten_rows_unless_more_are_asked_for(desk: Desk) -> None:
    answer = desk.report(page_size=None)["data"]
    assert len(answer["list"]) == answer["page_info"]["page_size"] == 10
    assert answer["page_info"]["total_page"] == -(-answer["page_info"]["total_number"] // 10)


def test_pages_hold_each_row_once_and_then_nothing(desk: Desk) -> None:
    whole = desk.report()["data"]
    pages = [desk.report(page_size="7", page=page)["data"]["list"] for page in range(1, 10)]
    assert [row for page in pages for row in page] == whole["list"]
    assert pages[-1] == []


def test_deleted_ads_come_only_when_they_are_asked_for(desk: Desk) -> None:
    wanted = {"metrics": ["ad_name"], "end_date": "2026-03-30"}
    deleted = {"can-video-old", "winter"}
    assert not names(desk.report(**wanted, filtering=None)) & deleted
    # the name of v1.2 is not known, and that is not an error
    assert not names(desk.report(**wanted, filtering=None, filters=ALL)) & deleted
    assert names(desk.report(**wanted)) >= deleted
    only = [{**ALL[0], "filter_value": '["STATUS_DELETE"]'}]
    assert names(desk.report(**wanted, filtering=only)) == deleted


def test_top_view_comes_only_alone_but_is_in_the_advertisers_sum(desk: Desk) -> None:
    wanted = {"metrics": ["ad_name", "spend"], "end_date": "2026-03-30"}
    assert "top-view" not in names(desk.report(**wanted))
    apart = desk.report(**wanted, filtering=[TOP_VIEW])
    assert names(apart) == {"top-view"}
    whole = desk.report(
        data_level="AUCTION_ADVERTISER", dimensions=["stat_time_day"], filtering=None,
        metrics=["spend"], end_date="2026-03-30",
    )  # fmt: skip
    assert total(whole) == total(desk.report(**wanted)) + total(apart)


@pytest.mark.parametrize(
    ("level", "id_", "status"),
    [("AUCTION_ADGROUP", "adgroup_id", "adgroup_status"),
     ("AUCTION_CAMPAIGN", "campaign_id", "campaign_status")],
)  # fmt: skip
def test_levels_come_to_the_same_sums(desk: Desk, level: str, id_: str, status: str) -> None:
    for metric in ("spend", "impressions", "total_complete_payment_rate"):
        own = desk.report(
            data_level=level, dimensions=[id_, "stat_time_day"], metrics=[metric, "campaign_name"],
            filtering=[{**ALL[0], "field_name": status}],
        )  # fmt: skip
        ads = desk.report(metrics=[metric, "campaign_id", "adgroup_id"])["data"]["list"]
        dashes = [row for row in ads if row["metrics"][metric] == "-"]
        sums = sum(Decimal(row["metrics"][metric]) for row in ads if row not in dashes)
        assert total(own, metric) == sums
        assert len(own["data"]["list"]) < len(ads)


def test_a_closed_campaign_is_left_out_of_campaigns_by_default(desk: Desk) -> None:
    asked = {
        "data_level": "AUCTION_CAMPAIGN", "dimensions": ["campaign_id"], "filtering": None,
        "metrics": ["campaign_name", "ad_name"],
    }  # fmt: skip
    assert "Winter sale" not in names(desk.report(**asked), "campaign_name")
    assert names(desk.report(**asked)) == {"-"}


def test_a_dash_is_what_there_is_no_number_for(desk: Desk) -> None:
    rows = desk.report(metrics=["ad_name", "conversion", "total_purchase_value", "ad_url"])
    by_name = {row["metrics"]["ad_name"]: row["metrics"] for row in rows["data"]["list"]}
    assert by_name["reach-week"]["conversion"] == by_name["reach-week"]["total_purchase_value"]
    assert by_name["reach-week"]["conversion"] == "-"
    assert by_name["lead-form"]["ad_url"] == "-"
    assert by_name["lead-form"]["conversion"].isdecimal()


def test_some_whole_numbers_have_a_point_and_some_shares_a_sign(desk: Desk) -> None:
    rows = desk.report(metrics=["ad_name", "clicks", "ctr"], end_date="2026-03-30")["data"]["list"]
    pointed = [row["metrics"] for row in rows if row["metrics"]["ad_name"] == "smart-bulbs"]
    assert pointed
    assert all(one["clicks"].endswith(".00") and one["ctr"].endswith("%") for one in pointed)


def test_by_the_other_id_a_smart_ad_is_one_row(desk: Desk) -> None:
    metrics = ["ad_name", "ad_id_v2", "campaign_automation_type", "spend"]
    upgraded = [{
        "field_name": "campaign_automation_type", "filter_type": "IN",
        "filter_value": '["UPGRADED_SMART_PLUS"]',
    }]  # fmt: skip
    creatives = desk.report(metrics=metrics, filtering=upgraded, dimensions=["ad_id"])
    whole = desk.report(metrics=metrics, filtering=upgraded, dimensions=["ad_id_v2"])
    kind = "campaign_automation_type"
    assert names(creatives, kind) == {"UPGRADED_SMART_PLUS_CREATIVE"}
    assert names(whole, kind) == {"UPGRADED_SMART_PLUS"}
    assert (len(creatives["data"]["list"]), len(whole["data"]["list"])) == (2, 1)
    assert total(creatives) == total(whole)
    smart_id = whole["data"]["list"][0]["dimensions"]["ad_id_v2"]
    by_id = [{**upgraded[0], "field_name": "ad_ids_v2", "filter_value": f'["{smart_id}"]'}]
    again = desk.report(metrics=metrics, filtering=by_id, dimensions=["ad_id_v2"])
    assert again["data"] == whole["data"]


def test_hours_are_of_the_advertisers_clock_and_add_up(desk: Desk) -> None:
    asked = {"end_date": "2026-03-01", "metrics": ["spend", "impressions"]}
    day = desk.report(**asked)
    hours = desk.report(**asked, dimensions=["ad_id", "stat_time_hour"])
    assert total(hours) == total(day)
    times = {row["dimensions"]["stat_time_hour"] for row in hours["data"]["list"]}
    assert times == {f"2026-03-01 {hour:02d}:00:00" for hour in range(24)}


def test_totals_are_those_of_all_pages(desk: Desk) -> None:
    answer = desk.report(enable_total_metrics=True, page_size="5", metrics=["spend", "ad_name"])
    assert answer["data"]["total_metrics"] == {
        "spend": str(total(desk.report(metrics=["spend"]))), "ad_name": "-",
    }  # fmt: skip


def test_ids_choose_ads(desk: Desk) -> None:
    some = sorted({row["dimensions"]["ad_id"] for row in desk.report()["data"]["list"]})[:3]
    chosen = [{**ALL[0], "field_name": "ad_ids", "filter_value": str(some).replace("'", '"')}]
    found = desk.report(filtering=[*ALL, *chosen])["data"]["list"]
    assert {row["dimensions"]["ad_id"] for row in found} == set(some)


def test_yen_have_no_cents(desk: Desk) -> None:
    yen = [one for one in desk.address.world.tiktok.advertisers.values() if one.currency == "JPY"]
    spent = names(desk.report(advertiser_id=yen[0].id, metrics=["spend"]), "spend")
    assert all(one.isdecimal() for one in spent)


def test_what_a_day_comes_to_is_what_the_simulator_says(desk: Desk) -> None:
    for at, day in enumerate(desk.truth("2026-03-01", "2026-03-03")):
        when = f"2026-03-0{at + 1}"
        asked = {"start_date": when, "end_date": when, "dimensions": ["advertiser_id"]}
        whole = desk.report(**asked, data_level="AUCTION_ADVERTISER", filtering=None)
        assert whole["data"]["list"][0]["metrics"] == {
            name: str(day["now"][name]) for name in ("spend", "impressions", "clicks", "conversion")
        }


def test_numbers_are_revised_for_a_week(desk: Desk) -> None:
    for late in desk.truth("2026-03-18", "2026-03-19"):
        assert late["now"] != late["settled"]
        assert late["now"]["conversion"] < late["settled"]["conversion"]
    for early in desk.truth("2026-03-01", "2026-03-12"):
        assert early["now"] == early["settled"]


def test_the_future_has_no_rows(desk: Desk) -> None:
    answer = desk.report(start_date="2026-04-01", end_date="2026-04-02")
    assert answer["data"]["list"] == []
    assert answer["data"]["page_info"]["total_page"] == 0


def test_the_newest_twenty_thousand_ads_are_told_and_a_header_says_so(large: Desk) -> None:
    one_day = {"end_date": "2026-03-01", "metrics": ["spend"]}
    answer = large.answer("/report/integrated/get/", **{
        "report_type": "BASIC", "data_level": "AUCTION_AD", "filtering": ALL, "page_size": "1000",
        "dimensions": ["ad_id", "stat_time_day"], "start_date": "2026-03-01", **one_day,
    })  # fmt: skip
    assert answer.headers["X-Tt-Ads-Throttle"].startswith("Number of ad ids is equal or more")
    info = answer.json()["data"]["page_info"]
    [day] = large.truth("2026-03-01", "2026-03-01")
    assert 16_000 < info["total_number"] < day["rows"]
    last = large.report(**one_day, page=info["total_page"])["data"]["list"]
    oldest = min(int(row["dimensions"]["ad_id"]) for row in last)
    newest = int(large.report(**one_day)["data"]["list"][0]["dimensions"]["ad_id"])
    assert newest - oldest <= 20_000
    # the first ads are not among them
    assert "can-video-a" not in names(large.report(**{**one_day, "metrics": ["ad_name"]}))


def test_ids_are_never_cut(large: Desk) -> None:
    first = large.get("/campaign/get/", page_size="1")["data"]["list"][0]["campaign_id"]
    chosen = [{**ALL[0], "field_name": "campaign_ids", "filter_value": f'["{first}"]'}]
    asked = {"filtering": chosen, "dimensions": ["ad_id"], "metrics": ["spend"]}
    answer = large.answer("/report/integrated/get/", **{
        "report_type": "BASIC", "data_level": "AUCTION_AD", "start_date": "2026-03-01",
        "end_date": "2026-03-01", **asked,
    })  # fmt: skip
    assert "x-tt-ads-throttle" not in answer.headers
    assert 0 < answer.json()["data"]["page_info"]["total_number"] <= 40


def test_a_report_may_be_too_large() -> None:
    ads = len(FIRST_ADS) - 1  # without TopView
    with at_tiktok(tiktok_largest=ads * 2) as desk:
        two = desk.report(end_date="2026-03-02")
        three = desk.report()
        hours = desk.report(end_date="2026-03-01", dimensions=["ad_id", "stat_time_hour"])
    assert two["code"] == 0
    assert (three["code"], hours["code"]) == (40067, 40067)
    assert three["message"].startswith("Your query is too large")


def test_rows_may_move_from_page_to_page() -> None:
    with at_tiktok(modes=frozenset({"moving_pages"})) as desk:
        pages = [desk.report(page_size="20", page=page)["data"] for page in (1, 2, 3)]
    number = pages[0]["page_info"]["total_number"]
    keys = [tuple(row["dimensions"].values()) for page in pages for row in page["list"]]
    assert len(keys) == number
    assert len(set(keys)) < number


def test_ads_may_lack_what_the_advertiser_has() -> None:
    with at_tiktok(modes=frozenset({"tiktok_gap"})) as desk, at_tiktok() as whole:
        assert len(desk.report()["data"]["list"]) == len(whole.report()["data"]["list"]) - 1
