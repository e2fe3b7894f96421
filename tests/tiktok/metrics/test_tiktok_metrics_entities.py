"""Campaigns, ad groups and ads, found in as few requests as their ids take."""

from collections.abc import Iterator
from typing import Any

import pytest
from advertiser import Desk, at_tiktok

from connector.tiktok.metrics.asking import Asking
from connector.tiktok.metrics.entities import (
    ADS,
    CAMPAIGNS,
    GROUPS,
    SMART_ADS,
    Found,
    entity_of,
    learn,
)

MORE = 2500


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with at_tiktok(ads=MORE) as made:
        yield made


@pytest.fixture(scope="module")
def ids(desk: Desk) -> list[str]:
    """The ads' ids, oldest first; the first 18 are those by hand."""
    newest = desk.get("/ad/get/", page_size="1", filtering={"primary_status": "STATUS_ALL"})
    last = int(newest["data"]["list"][0]["ad_id"])
    desk.asked()
    return [str(last - number) for number in range(MORE + 18)][::-1]


def asking(desk: Desk) -> Asking:
    return Asking(line=desk.line, token=desk.token, advertiser_id=desk.id)


def test_a_few_ids_are_asked_for_by_name(desk: Desk, ids: list[str]) -> None:
    found = Found(kind=ADS)
    learn(asking(desk), found, ids[100:200])
    assert set(found.by_id) == set(ids[100:200])
    assert desk.asked() == {"ad/get": 1}


def test_many_ids_are_read_from_the_list(desk: Desk, ids: list[str]) -> None:
    found = Found(kind=ADS)
    learn(asking(desk), found, ids[100:])
    assert set(ids[100:]) <= set(found.by_id)
    assert desk.asked() == {"ad/get": 3}


def test_the_rest_of_a_list_is_asked_for_by_name_where_that_is_less(
    desk: Desk, ids: list[str]
) -> None:
    found = Found(kind=ADS)
    learn(asking(desk), found, [*ids[100:150], *ids[-1000:]])
    assert set(ids[100:150]) <= set(found.by_id)
    assert desk.asked() == {"ad/get": 2}


def test_nothing_is_asked_for_twice(desk: Desk, ids: list[str]) -> None:
    found = Found(kind=ADS)
    learn(asking(desk), found, ids[100:110])
    learn(asking(desk), found, ids[100:110])
    learn(asking(desk), found, ["", *ids[105:110]])
    assert desk.asked() == {"ad/get": 1}


def test_a_list_is_read_on_where_reading_stopped(desk: Desk, ids: list[str]) -> None:
    found = Found(kind=ADS)
    learn(asking(desk), found, ids[-500:])
    assert desk.asked() == {"ad/get": 1}  # the first page has them all
    learn(asking(desk), found, ids[-1500:])
    assert desk.asked() == {"ad/get": 1}


def test_what_no_list_has_is_looked_for_apart_and_only_once(desk: Desk, ids: list[str]) -> None:
    found = Found(kind=ADS)
    learn(asking(desk), found, [ids[0], ids[13], ids[14], ids[16]])
    assert found.by_id[ids[13]].name == "top-view"
    assert found.by_id[ids[14]].name == "boost"
    assert found.missing == {ids[16]}
    assert desk.asked() == {"ad/get": 3}
    learn(asking(desk), found, [ids[16]])
    assert not desk.asked()


def test_deleted_ones_are_found_too(desk: Desk, ids: list[str]) -> None:
    found = Found(kind=ADS)
    learn(asking(desk), found, [ids[3], ids[15]])
    assert {one.name for one in found.by_id.values()} == {"can-video-old", "winter"}
    desk.asked()


def test_an_ad_leads_to_its_group_and_its_campaign(desk: Desk, ids: list[str]) -> None:
    ads, groups, campaigns = (Found(kind=kind) for kind in (ADS, GROUPS, CAMPAIGNS))
    learn(asking(desk), ads, ids[:1])
    [ad] = ads.by_id.values()
    learn(asking(desk), groups, [ad.group_id or ""])
    learn(asking(desk), campaigns, [ad.campaign_id or ""])
    [group], [campaign] = groups.by_id.values(), campaigns.by_id.values()
    assert (group.name, campaign.name) == ("Iberia", "Spring sale")
    assert group.campaign_id == ad.campaign_id
    assert (ad.status, group.status, campaign.status) == ("ENABLE", "ENABLE", "ENABLE")
    desk.asked()


def test_smart_ads_are_asked_for_by_name_alone(desk: Desk, ids: list[str]) -> None:
    ads, smart = Found(kind=ADS), Found(kind=SMART_ADS)
    learn(asking(desk), ads, ids[11:13])
    smart_ids = {ad.smart_id or "" for ad in ads.by_id.values()}
    assert len(smart_ids) == 1
    learn(asking(desk), smart, smart_ids)
    [found] = smart.by_id.values()
    assert [link.rpartition("/")[2].partition("?")[0] for link in found.links] == ["seeds", "bulbs"]
    assert found.pairs == (("utm_medium", "smart"),)
    learn(asking(desk), smart, ["7"])
    assert smart.missing == {"7"}
    assert desk.asked()["smart_plus/ad/get"] == 2


@pytest.mark.parametrize(
    ("row", "links", "pairs"),
    [
        ({"landing_page_url": "https://a"}, ("https://a",), ()),
        ({"landing_page_url": "", "landing_page_urls": ["https://b", ""]}, ("https://b",), ()),
        ({"landing_page_urls": [{"landing_page_url": "https://c"}]}, ("https://c",), ()),
        ({"landing_page_url_list": [{"landing_page_url": None}, {}, None]}, (), ()),
        ({"utm_params": [{"key": "utm_term", "value": "x"}]}, (), (("utm_term", "x"),)),
        ({"utm_params": [{"key": "utm_term"}, "odd", {"key": 1, "value": True}]}, (), ()),
        ({"ad_configuration": {"utm_params": [{"key": "k", "value": "v"}]}}, (), (("k", "v"),)),
        ({"ad_configuration": "odd", "utm_params": {}}, (), ()),
    ],
)
def test_links_are_read_wherever_they_are(
    row: dict[str, Any], links: tuple[str, ...], pairs: tuple[tuple[str, str], ...]
) -> None:
    entity = entity_of({"ad_id": "1", **row}, ADS)
    assert (entity.links, entity.pairs) == (links, pairs)


def test_what_is_missing_of_an_entity_is_null() -> None:
    entity = entity_of({"ad_id": "1", "ad_name": "", "modify_time": None, "adgroup_id": 7}, ADS)
    assert (entity.name, entity.status, entity.group_id) == (None, None, "7")
