"""TikTok's lists of campaigns, ad groups and ads."""

from collections.abc import Iterator
from typing import Any

import pytest
from advertiser import Desk, at_tiktok

AD_PATHS = ("/campaign/get/", "/adgroup/get/", "/ad/get/")


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with at_tiktok(further_accounts=1) as made:
        yield made


def listed(desk: Desk, path: str = "/ad/get/", **parameters: object) -> list[dict[str, Any]]:
    answer = desk.get(path, **{"page_size": "100", **parameters})
    assert answer["code"] == 0, answer
    rows: list[dict[str, Any]] = answer["data"]["list"]
    return rows


def by_name(desk: Desk, **filtering: object) -> dict[str, dict[str, Any]]:
    return {row["ad_name"]: row for row in listed(desk, filtering=filtering)}


def test_deleted_ones_come_only_when_they_are_asked_for(desk: Desk) -> None:
    deleted = {"can-video-old", "winter"}
    assert not deleted & set(by_name(desk))
    assert deleted < set(by_name(desk, primary_status="STATUS_ALL"))
    only = by_name(desk, primary_status="STATUS_DELETE")
    assert set(only) == deleted
    assert only["winter"]["secondary_status"] == "AD_STATUS_DELETE"
    names = [row["campaign_name"] for row in listed(desk, "/campaign/get/")]
    assert "Winter sale" not in names


@pytest.mark.parametrize("path", AD_PATHS)
def test_top_view_is_asked_for_alone(desk: Desk, path: str) -> None:
    names = {row["campaign_name"] for row in listed(desk, path)}
    assert "TopView" not in names
    alone = listed(desk, path, filtering={"buying_types": ["RESERVATION_TOP_VIEW"]})
    assert {row["campaign_name"] for row in alone} == {"TopView"}
    both = {"buying_types": ["AUCTION", "RESERVATION_TOP_VIEW"]}
    assert desk.get(path, filtering=both)["code"] == 40002


def test_boosts_are_asked_for_by_their_origin(desk: Desk) -> None:
    assert "boost" not in by_name(desk)
    assert set(by_name(desk, campaign_system_origins=["PROMOTE"])) == {"boost"}


def test_not_every_ad_that_spends_is_listed(desk: Desk) -> None:
    spent = desk.report(metrics=["ad_name"], end_date="2026-03-30")["data"]["list"]
    assert "gmv-max" in {row["metrics"]["ad_name"] for row in spent}
    assert "gmv-max" not in by_name(desk, primary_status="STATUS_ALL")


def test_links_are_told_as_they_were_typed_in(desk: Desk) -> None:
    ads = by_name(desk)
    assert "__CAMPAIGN_NAME__" in ads["can-video-a"]["landing_page_url"]
    assert "_CID_NAME_" in ads["can-video-b"]["landing_page_url"]
    assert ads["catalogue"]["landing_page_url"] is None
    assert {"key": "utm_medium", "value": "catalogue"} in ads["catalogue"]["utm_params"]
    assert ads["app-install"]["deeplink"] == "shop://cans"
    assert ads["lead-form"]["page_id"]
    assert len(ads["smart-bulbs"]["landing_page_urls"]) == 2


def test_smart_ads_have_no_time_of_change_and_their_links_in_a_list(desk: Desk) -> None:
    ads = by_name(desk)
    assert ads["smart-bulbs"]["modify_time"] is None
    creative = ads["seeds-1.mp4"]
    assert (creative["modify_time"], creative["landing_page_url"]) == (None, None)
    assert ads["seeds-2.mp4"]["smart_plus_ad_id"] == creative["smart_plus_ad_id"]
    [smart] = listed(
        desk, "/smart_plus/ad/get/",
        filtering={"smart_plus_ad_ids": [creative["smart_plus_ad_id"]]},
    )  # fmt: skip
    assert len(smart["landing_page_url_list"]) == 2
    assert smart["ad_configuration"]["utm_params"] == [{"key": "utm_medium", "value": "smart"}]
    assert ads["can-video-a"]["modify_time"] == "2024-02-11 15:21:07"


def test_ids_choose_rows_a_hundred_at_most(desk: Desk) -> None:
    ids = [row["ad_id"] for row in listed(desk)][:2]
    assert [row["ad_id"] for row in listed(desk, filtering={"ad_ids": ids})] == ids
    for wrong in ([], "1", [str(number) for number in range(101)]):
        assert desk.get("/ad/get/", filtering={"ad_ids": wrong})["code"] == 40002


def test_ads_are_chosen_by_what_they_belong_to(desk: Desk) -> None:
    one = by_name(desk)["can-video-a"]
    for name in ("campaign_id", "adgroup_id"):
        rows = listed(desk, filtering={f"{name}s": [one[name]]})
        assert {row[name] for row in rows} == {one[name]}


def test_pages_are_of_ten_unless_asked_and_of_a_thousand_at_most(desk: Desk) -> None:
    first = desk.get("/ad/get/")["data"]
    assert (len(first["list"]), first["page_info"]["page_size"]) == (10, 10)
    second = desk.get("/ad/get/", page=2)["data"]["list"]
    assert first["list"] + second == listed(desk)
    assert desk.get("/ad/get/", page_size="1001")["code"] == 40002
    assert desk.get("/smart_plus/ad/get/", page_size="101")["code"] == 40002


def test_fields_are_those_asked_for(desk: Desk) -> None:
    assert set(listed(desk, fields=["ad_id", "utm_params"])[0]) == {"ad_id", "utm_params"}
    without = listed(desk, exclude_field_types_in_response=["NULL_FIELD"])
    assert all(value is not None for row in without for value in row.values())


@pytest.mark.parametrize("filtering", ["nonsense", ["a"], 7])
def test_filters_of_entities_are_an_object(desk: Desk, filtering: object) -> None:
    assert desk.get("/ad/get/", filtering=filtering)["code"] == 40002


def test_an_advertiser_tells_its_zone_and_currency(desk: Desk) -> None:
    every = list(desk.address.world.tiktok.advertisers)
    answer = desk.get("/advertiser/info/", advertiser_ids=every, advertiser_id=None)
    first, second = answer["data"]["list"]
    assert (first["currency"], first["display_timezone"]) == ("USD", "America/New_York")
    assert first["timezone"] == "Etc/GMT+4"  # POSIX's sign: west of Greenwich, in summer
    assert second["timezone"] == "Etc/GMT-1"
    assert first["create_time"] == 1_707_578_467


def test_one_field_of_an_advertiser_drops_all_others(desk: Desk) -> None:
    asked = {"advertiser_ids": [desk.id], "fields": ["currency", "company_name_editable"]}
    [row] = desk.get("/advertiser/info/", **asked)["data"]["list"]
    assert set(row) == {"company_name_editable"}
    assert desk.get("/advertiser/info/")["code"] == 40002
    assert desk.get("/advertiser/info/", advertiser_ids=["7"])["data"]["list"] == []
