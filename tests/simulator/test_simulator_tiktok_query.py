"""What TikTok's reports refuse: of what is asked, and of how often."""

from collections.abc import Iterator

import pytest
from advertiser import ALL, Desk, at_tiktok


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    with at_tiktok() as made:
        yield made


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"end_date": "2026-03-31"}, "max time span is 30 days when use stat_time_day"),
        ({"dimensions": ["ad_id", "stat_time_hour"]}, "max time span is 1 days"),
        ({"dimensions": ["ad_id"], "start_date": "2025-03-03"}, "max time span is 365 days"),
        ({"start_date": "2026-03-04"}, "end_date: it is before"),
        ({"start_date": "1/3/2026"}, "start_date: Not a valid date"),
        ({"start_date": "20260301"}, "start_date: Not a valid date"),
        ({"start_date": "2026-W09-7"}, "start_date: Not a valid date"),
        ({"start_date": "9999-12-31", "end_date": "9999-12-31"}, "start_date: Not a valid date"),
        ({"start_date": None}, "start_date: Missing data"),
        ({"query_lifetime": True}, "query_lifetime: it is not simulated"),
        ({"report_type": None}, "report_type: Missing data"),
        ({"report_type": "AUDIENCE"}, "report_type: only BASIC"),
        ({"data_level": "AD"}, "data_level: AD is not"),
        ({"page_size": "1001"}, "page_size: Must be at most 1000"),
        ({"page_size": "0"}, "page_size: Not a valid positive"),
        ({"page_size": "9" * 5000}, "page_size: Not a valid positive"),
        ({"page": "-1"}, "page: Not a valid positive"),
        ({"dimensions": "ad_id,stat_time_day"}, "dimensions: Not a valid JSON"),
        ({"dimensions": {"ad_id": 1}}, "dimensions: Not a valid list"),
        ({"dimensions": None}, "dimensions: [] are not supported"),
        ({"dimensions": ["ad_id", "ad_id_v2"]}, "dimensions: only one id"),
        ({"dimensions": ["campaign_id", "stat_time_day"]}, "are not supported at AUCTION_AD"),
        ({"dimensions": ["stat_time_day"]}, "AUCTION_AD needs its id"),
        ({"metrics": ["spend", "spent"]}, "Invalid metric fields: ['spent']"),
        ({"filtering": {"ad_status": "STATUS_ALL"}}, "filtering: Not a valid list"),
        ({"filtering": [{"field_name": "ad_status"}]}, "filter_value are required"),
        ({"filtering": [{**ALL[0], "filter_value": ["STATUS_ALL"]}]}, "Not a valid JSON array"),
        ({"filtering": [{**ALL[0], "field_name": "campaign_status"}]}, "campaign_status is not"),
        ({"filtering": [{**ALL[0], "filter_type": "MATCH"}]}, "only IN"),
        (
            {"filtering": [{**ALL[0], "field_name": "ad_ids", "filter_value": str([*range(101)])}]},
            "ad_ids: 1 to 100 values",
        ),
        (
            {
                "dimensions": ["ad_id_v2"],
                "filtering": [{**ALL[0], "field_name": "ad_ids", "filter_value": '["1"]'}],
            },
            "ad_ids is not for ad_id_v2",
        ),
    ],
)
def test_what_is_not_allowed_is_refused_with_http_200(
    desk: Desk, changes: dict[str, object], about: str
) -> None:
    answer = desk.report(**changes)
    assert answer["code"] == 40002
    assert about in answer["message"]


def test_an_advertiser_may_be_asked_so_often_for_one_path() -> None:
    limits = {"tiktok_seconds": 0, "tiktok_minutes": 0, "tiktok_advertiser": 3}
    with at_tiktok(limits=limits) as desk:
        assert [desk.report()["code"] for _ in range(4)] == [0, 0, 0, 40133]
        assert desk.get("/ad/get/")["code"] == 0
        desk.clock.pause(1)
        assert desk.report()["code"] == 0


def test_the_sandbox_locks_out_for_hours_whoever_is_too_fast() -> None:
    sandbox = frozenset({"tiktok_sandbox"})
    with at_tiktok(modes=sandbox, limits={"tiktok_minutes": 0, "tiktok_seconds": 2}) as desk:
        assert [desk.report()["code"] for _ in range(3)] == [0, 0, 40100]
        desk.clock.pause(7000)
        assert desk.report()["code"] == 40100
        desk.clock.pause(7000)
        assert desk.report()["code"] == 40100  # the try before made it longer
        desk.clock.pause(7201)
        assert desk.report()["code"] == 0
        assert desk.report(enable_total_metrics=True)["code"] == 40002
        desk.clock.pause(5)
        assert "secondary_status" not in desk.get("/ad/get/")["data"]["list"][0]
        app = next(iter(desk.address.world.tiktok.apps.values()))
        desk.clock.pause(5)
        listed = desk.get("/oauth2/advertiser/get/", app_id=app.id, secret=app.secret)
        assert listed["code"] == 40001
