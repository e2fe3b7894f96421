from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests
from ad_numbers import at
from requests_oauthlib import OAuth1Session

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

SignedIn = Callable[..., OAuth1Session]
Ask = Callable[..., requests.Response]

NOW = at("2026-09-20 12:30")
SPAN = {"start_time": "2026-09-10", "end_time": "2026-09-17"}
SOUND = {
    "entity": "PROMOTED_TWEET", **SPAN, "granularity": "DAY", "placement": "ALL_ON_TWITTER",
    "metric_groups": "ENGAGEMENT,BILLING",
}  # fmt: skip


def settings(
    *modes: str,
    limits: Mapping[str, int] | None = None,
    roles: tuple[str, ...] = ("AD_MANAGER",),
    further_accounts: int = 0,
) -> Settings:
    return Settings(
        founded_at=NOW,
        modes=frozenset(modes),
        limits=limits or {},
        roles=roles,
        further_accounts=further_accounts,
    )


def asker(session: OAuth1Session, address: Address) -> Ask:
    """Asks for a path below an account's analytics, the first account's unless named."""

    def ask(path: str = "", *, account: str = "", **params: str) -> requests.Response:
        session.auth.client.timestamp = str(int(NOW))
        account = account or next(iter(address.world.accounts))
        return session.get(f"{address.url}/12/stats/accounts/{account}{path}", params=params)

    return ask


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with running(settings(limits={"analytics": 0}), clock=lambda: NOW) as one:
        yield one


@pytest.fixture
def ask(address: Address, signed_in: SignedIn) -> Ask:
    return asker(signed_in(address), address)


def refusal(answer: requests.Response) -> tuple[int, str, str | None]:
    entry = answer.json()["errors"][0]
    return answer.status_code, entry["code"], entry.get("parameter")


def active(ask: Ask, entity: str = "PROMOTED_TWEET") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ask("/active_entities", entity=entity, **SPAN).json()["data"]
    return rows


def spend_of(ask: Ask, entity: str) -> dict[str, int]:
    """What everything that was active cost over all placements, by its id; zeros left out."""
    ids = [row["entity_id"] for row in active(ask, entity)]
    found: dict[str, int] = {}
    for placement in ("ALL_ON_TWITTER", "SPOTLIGHT", "PUBLISHER_NETWORK", "TREND"):
        for place in range(0, len(ids), 20):
            asked = {**SOUND, "entity": entity, "placement": placement}
            answer = ask("", entity_ids=",".join(ids[place : place + 20]), **asked)
            assert answer.status_code == 200, answer.text
            for row in answer.json()["data"]:
                spend = row["id_data"][0]["metrics"]["billed_charge_local_micro"] or []
                found[row["id"]] = found.get(row["id"], 0) + sum(n or 0 for n in spend)
    return {id_: spend for id_, spend in found.items() if spend}


def test_an_answer_is_the_documented_one(ask: Ask) -> None:
    ad = active(ask)[0]["entity_id"]
    answer = ask("", entity_ids=ad, **SOUND)
    assert answer.headers["content-type"] == "application/json"
    assert "x-account-rate-limit-limit" not in answer.headers
    body = answer.json()
    assert (body["data_type"], body["time_series_length"]) == ("stats", 7)
    assert body["request"]["params"]["start_time"] == "2026-09-10T04:00:00Z"
    (row,) = body["data"]
    assert row["id"] == ad
    assert len(row["id_data"][0]["metrics"]["impressions"]) == 7


def test_the_lines_have_what_is_true_and_the_ads_have_a_tweet_twice(
    ask: Ask, address: Address
) -> None:
    query = {"since": "2026-09-10", "until": "2026-09-16"}
    true = requests.get(f"{address.url}/_simulator/metrics", params=query, timeout=9).json()
    true_spend = {
        level: {id_: sums["billed_charge_local_micro"] for id_, sums in true[level].items()}
        for level in ("campaigns", "line_items", "ads", "doubled")
    }
    assert spend_of(ask, "CAMPAIGN") == true_spend["campaigns"]
    assert spend_of(ask, "LINE_ITEM") == true_spend["line_items"]
    assert spend_of(ask, "PROMOTED_TWEET") == {**true_spend["ads"], **true_spend["doubled"]}
    assert len(true_spend["doubled"]) > 1


def test_active_entities_are_told_with_the_span_in_utc(ask: Ask, address: Address) -> None:
    body = ask("/active_entities", entity="LINE_ITEM", **SPAN).json()
    assert body["request"]["params"] == {
        "account_id": next(iter(address.world.accounts)),
        "entity": "LINE_ITEM",
        "start_time": "2026-09-10T04:00:00Z",
        "end_time": "2026-09-17T04:00:00Z",
    }
    assert "next_cursor" not in body
    assert set(body["data"][0]) == {
        "entity_id", "activity_start_time", "activity_end_time", "placements",
    }  # fmt: skip


def test_active_entities_can_be_those_of_some_owners(ask: Ask) -> None:
    every = {row["entity_id"] for row in active(ask)}
    campaigns = [row["entity_id"] for row in active(ask, "CAMPAIGN")]
    parts = [
        ask("/active_entities", entity="PROMOTED_TWEET", campaign_ids=one, **SPAN).json()["data"]
        for one in campaigns
    ]
    found = [row["entity_id"] for part in parts for row in part]
    assert len(found) == len(set(found))
    assert set(found) == every
    both = {"campaign_ids": campaigns[0], "line_item_ids": "w6n4r"}
    answer = ask("/active_entities", entity="PROMOTED_TWEET", **both, **SPAN)
    assert refusal(answer) == (400, "EXCLUSIVE_PARAMETERS", "campaign_ids")


def test_an_ad_that_never_ran_is_not_active(ask: Ask) -> None:
    asked = {"start_time": "2020-01-01", "end_time": "2020-03-01"}
    assert ask("/active_entities", entity="CAMPAIGN", **asked).json()["data"] == []


@pytest.mark.parametrize(
    ("changes", "code", "parameter"),
    [
        ({"entity": ""}, "MISSING_PARAMETER", "entity"),
        ({"entity": "ACCOUNT"}, "INVALID_PARAMETER", "entity"),
        ({"start_time": ""}, "MISSING_PARAMETER", "start_time"),
        ({"start_time": "2026-06-11"}, "INVALID_TIME_WINDOW", ""),
        ({"start_time": "2026-09-10T00:15:00Z"}, "INVALID_PARAMETER", "start_time"),
        ({"end_time": "2026-09-10"}, "INVALID_TIME_WINDOW", ""),
    ],
)
def test_active_entities_have_rules_of_their_own(
    ask: Ask, changes: dict[str, str], code: str, parameter: str
) -> None:
    params = {"entity": "LINE_ITEM", **SPAN, **changes}
    assert refusal(ask("/active_entities", **params)) == (400, code, parameter)


@pytest.mark.parametrize(
    ("changes", "code", "parameter"),
    [
        ({"entity_ids": ",".join(["a1"] * 21)}, "INVALID_PARAMETER", "entity_ids"),
        ({"end_time": "2026-09-18"}, "INVALID_TIME_WINDOW", ""),
        ({"start_time": "2026-09-10T00:00:00Z"}, "INVALID_TIME_WINDOW", ""),
        ({"segmentation_type": "AGE"}, "INVALID_PARAMETER", "segmentation_type"),
        ({"metric_groups": ""}, "MISSING_PARAMETER", "metric_groups"),
    ],
)
def test_a_question_that_breaks_a_rule_is_refused(
    ask: Ask, changes: dict[str, str], code: str, parameter: str
) -> None:
    answer = ask("", **{"entity_ids": "a1", **SOUND, **changes})
    assert refusal(answer) == (400, code, parameter)
    assert answer.json()["request"]["params"]["account_id"]


def test_a_parameter_twice_is_refused(ask: Ask, address: Address) -> None:
    url = "?" + "&".join(f"{name}={value}" for name, value in SOUND.items())
    answer = ask(url, entity_ids="a1", placement="SPOTLIGHT")
    assert refusal(answer) == (400, "INVALID_PARAMETER", "placement")


def test_ids_the_account_does_not_have_are_left_out(ask: Ask) -> None:
    body = ask("", entity_ids="zz9,zz8", **SOUND).json()
    assert body["data"] == []
    assert body["request"]["params"]["entity_ids"] == ["zz9", "zz8"]


def test_reach_is_told_for_campaigns_and_funding_instruments(ask: Ask, address: Address) -> None:
    campaign = active(ask, "CAMPAIGN")[0]["entity_id"]
    body = ask("/reach/campaigns", campaign_ids=f"{campaign},zz9", **SPAN).json()
    (row,) = body["data"]
    assert body["data_type"] == "reach"
    assert body["request"]["params"]["campaign_ids"] == [campaign, "zz9"]
    assert row["id"] == campaign
    assert row["total_audience_reach"] > 0
    assert row["average_frequency"] >= 1
    funding = list(address.world.funding_instruments)
    path = "/reach/funding_instruments"
    rows = ask(path, funding_instrument_ids=funding[0], **SPAN).json()["data"]
    assert rows[0]["total_audience_reach"] > row["total_audience_reach"]
    many = ",".join(["a1"] * 21)
    assert refusal(ask(path, funding_instrument_ids=many, **SPAN))[1] == "INVALID_PARAMETER"
    assert refusal(ask(path, **SPAN)) == (400, "MISSING_PARAMETER", "funding_instrument_ids")
    longer = {**SPAN, "end_time": "2026-09-18"}
    assert refusal(ask("/reach/campaigns", campaign_ids=campaign, **longer))[1] == (
        "INVALID_TIME_WINDOW"
    )


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("ACCOUNT_ADMIN", 200), ("AD_MANAGER", 200), ("CREATIVE_MANAGER", 200),
        ("CAMPAIGN_ANALYST", 200), ("ANALYST", 403), ("PARTNER_AUDIENCE_MANAGER", 403),
        ("TWEET_COMPOSER", 403),
    ],
)  # fmt: skip
def test_numbers_take_a_role_that_may_see_them(signed_in: SignedIn, role: str, status: int) -> None:
    with running(settings(roles=(role,)), clock=lambda: NOW) as address:
        ask = asker(signed_in(address), address)
        answer = ask("/active_entities", entity="LINE_ITEM", **SPAN)
        assert answer.status_code == status
        assert ask("", entity_ids="a1", **SOUND).status_code == status


def test_an_account_of_others_is_refused(ask: Ask, address: Address) -> None:
    foreign = list(address.world.accounts)[1]
    answer = ask("", account=foreign, entity_ids="a1", **SOUND)
    assert refusal(answer)[:2] == (403, "ACCOUNT_NOT_FOUND")


def test_all_calls_of_a_user_count_towards_one_limit(signed_in: SignedIn) -> None:
    few = settings(limits={"analytics": 3}, further_accounts=1)
    with running(few, clock=lambda: NOW) as address:
        ask, other = (asker(signed_in(address, name), address) for name in ("manager", "analyst"))
        third = list(address.world.accounts)[2]
        answers = [
            ask("", entity_ids="a1", **SOUND),
            ask("/active_entities", entity="LINE_ITEM", **SPAN),
            ask("/reach/campaigns", account=third, campaign_ids="a1", **SPAN),
            ask("", entity_ids="a1", **SOUND),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == list("2100")
        assert other("", entity_ids="a1", **SOUND).status_code == 200


def test_an_account_without_analytics_says_so(signed_in: SignedIn) -> None:
    with running(settings("no_analytics"), clock=lambda: NOW) as address:
        ask = asker(signed_in(address), address)
        for answer in (
            ask("", entity_ids="a1", **SOUND),
            ask("/active_entities", entity="LINE_ITEM", **SPAN),
            ask("/reach/campaigns", campaign_ids="a1", **SPAN),
        ):
            assert refusal(answer)[:2] == (400, "INVALID_ACCOUNT_SERVICE_LEVEL")


def test_the_publishers_network_can_be_gone(ask: Ask, signed_in: SignedIn) -> None:
    asked = {**SOUND, "entity_ids": "a1", "placement": "PUBLISHER_NETWORK"}
    assert ask("", **asked).status_code == 200
    gone = settings("no_publisher_network")
    with running(gone, clock=lambda: NOW) as address:
        answer = asker(signed_in(address), address)("", **asked)
    assert refusal(answer) == (400, "INVALID_PARAMETER", "placement")


def test_days_can_follow_the_offset_of_today(ask: Ask, signed_in: SignedIn) -> None:
    winter = {"start_time": "2026-01-10T05:00:00Z", "end_time": "2026-01-12T05:00:00Z"}
    asked = {**SOUND, "entity_ids": "a1", **winter}
    assert ask("", **asked).status_code == 200
    with running(settings("offset_of_today"), clock=lambda: NOW) as address:
        of_today = asker(signed_in(address), address)
        assert refusal(of_today("", **asked)) == (400, "INVALID_TIME_WINDOW", "")
        summer = {name: moment.replace("T05", "T04") for name, moment in winter.items()}
        assert of_today("", **{**asked, **summer}).status_code == 200
        dates = of_today("", **{**asked, "start_time": "2026-01-10", "end_time": "2026-01-12"})
        assert dates.json()["request"]["params"]["start_time"] == "2026-01-10T04:00:00Z"
