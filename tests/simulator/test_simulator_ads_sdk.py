"""X's own Python SDK, unchanged but for the address."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from manager import Manager, managed

# it is no dependency of the project: whoever installs it gets these tests
http, client, errors, campaign, creative = (
    pytest.importorskip(f"twitter_ads.{name}", reason="X's SDK, twitter-ads, is not installed")
    for name in ("http", "client", "error", "campaign", "creative")
)

Sdk: TypeAlias = Any  # its classes say no types


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """A simulator that is X for the SDK."""
    with managed() as one, pytest.MonkeyPatch.context() as patch:
        patch.setattr(http.Request, "_DEFAULT_DOMAIN", one.address.url)
        yield one


@pytest.fixture(scope="module")
def account(manager: Manager) -> Sdk:
    """The account as the SDK has it."""
    keys = manager.address.describe()["oauth1"]
    assert isinstance(keys, dict)
    signed_in = client.Client(
        keys["consumer_key"], keys["consumer_secret"], keys["token"], keys["token_secret"]
    )
    return signed_in.accounts(manager.account_id)


@pytest.fixture
def new_campaign(account: Sdk) -> Sdk:
    made = campaign.Campaign(account)
    made.funding_instrument_id = account.funding_instruments().first.id
    made.daily_budget_amount_local_micro = 25_000_000
    made.name = "by the SDK"
    made.entity_status = "PAUSED"
    made.save()
    return made


@pytest.fixture
def line_item(account: Sdk, new_campaign: Sdk) -> Sdk:
    made = campaign.LineItem(account)
    made.campaign_id = new_campaign.id
    made.name = "by the SDK"
    made.product_type = "PROMOTED_TWEETS"
    made.placements = ["ALL_ON_TWITTER"]
    made.objective = "ENGAGEMENTS"
    made.bid_amount_local_micro = 1_500_000
    made.entity_status = "PAUSED"
    made.start_time = datetime(2026, 12, 1, tzinfo=UTC)
    made.end_time = datetime(2026, 12, 5, tzinfo=UTC)
    made.save()
    return made


def test_the_sdk_reads_lists_page_by_page(account: Sdk) -> None:
    assert account.timezone == "America/New_York"
    names = [one.name for one in account.campaigns(count=2, with_deleted=True)]
    assert {"Spring pots", "Winter sale"} <= set(names)
    assert account.promoted_tweets(with_total_count="true").count >= 18
    assert {one.promotable_user_type for one in account.promotable_users()} >= {"FULL"}
    assert [one.media_type for one in creative.MediaLibrary.all(account)][:1] == ["IMAGE"]
    tweets = creative.Tweets.all(account, tweet_type="PUBLISHED", timeline_type="ALL", count=5)
    assert len(list(tweets)) >= 17


def test_the_sdk_makes_changes_and_deletes_a_campaign(account: Sdk, new_campaign: Sdk) -> None:
    assert new_campaign.id
    assert new_campaign.reasons_not_servable == ["PAUSED_BY_ADVERTISER", "INCOMPLETE"]
    new_campaign.name = "renamed by the SDK"
    new_campaign.entity_status = "ACTIVE"
    new_campaign.save()
    shown = account.campaigns(new_campaign.id)
    assert (shown.name, shown.entity_status) == ("renamed by the SDK", "ACTIVE")
    new_campaign.delete()
    assert new_campaign.deleted is True
    with pytest.raises(errors.NotFound):
        new_campaign.delete()


def test_the_sdk_tells_what_is_wrong(account: Sdk) -> None:
    wrong = campaign.Campaign(account)
    wrong.name = "without anything else"
    with pytest.raises(errors.BadRequest) as refused:
        wrong.save()
    assert refused.value.details[0]["code"] == "MISSING_PARAMETER"


def test_the_sdk_makes_a_line_item_and_changes_it(account: Sdk, line_item: Sdk) -> None:
    assert (line_item.goal, line_item.currency) == ("ENGAGEMENT", "USD")
    assert str(line_item.end_time) == "2026-12-05T00:00:00Z"
    line_item.bid_amount_local_micro = 2_000_000
    line_item.save()
    assert account.line_items(line_item.id).bid_amount_local_micro == 2_000_000
    line_item.delete()
    assert line_item.deleted is True


def test_the_sdk_posts_and_promotes_a_tweet(account: Sdk, line_item: Sdk, manager: Manager) -> None:
    url = "https://shop.example.org/?utm_campaign=sdk"
    tweet = campaign.Tweet.create(
        account, text=f"{line_item.id} {url}", as_user_id=manager.user_id, nullcast=True
    )
    assert tweet["entities"]["urls"][0]["expanded_url"] == url
    made = creative.PromotedTweet.attach(
        account, line_item_id=line_item.id, tweet_ids=[tweet["tweet_id"]]
    ).first
    (shown,) = account.promoted_tweets(line_item_ids=line_item.id)
    assert (shown.id, shown.tweet_id) == (made.id, tweet["tweet_id"])
    shown.delete()
    assert list(account.promoted_tweets(line_item_ids=line_item.id)) == []


def test_the_sdk_targets_a_line_item(account: Sdk, line_item: Sdk) -> None:
    one = campaign.TargetingCriteria(account)
    one.line_item_id = line_item.id
    one.targeting_type = "LOCATION"
    one.targeting_value = "00a8b25e420adc94"
    one.save()
    assert [each.id for each in line_item.targeting_criteria()] == [one.id]
    one.delete()
    assert list(line_item.targeting_criteria()) == []


def test_the_sdk_sends_batches(account: Sdk) -> None:
    funding = account.funding_instruments().first.id
    several = [campaign.Campaign(account) for _ in range(3)]
    for number, one in enumerate(several):
        one.funding_instrument_id = funding
        one.daily_budget_amount_local_micro = 25_000_000
        one.name = f"batch {number}"
        one.entity_status = "PAUSED"
    campaign.Campaign.batch_save(account, several)
    assert len({one.id for one in several}) == 3
    for one in several:
        one.name += " again"
    campaign.Campaign.batch_save(account, several)
    assert account.campaigns(several[2].id).name == "batch 2 again"
    for one in several:
        one.to_delete = True
    campaign.Campaign.batch_save(account, several)
    assert all(one.deleted for one in several)


def test_the_sdk_makes_and_looks_up_cards(account: Sdk) -> None:
    key = creative.MediaLibrary.all(account).first.media_key
    url = "https://shop.example.org/?utm_campaign=sdk"
    details = {"type": "DETAILS", "title": "Pots", "destination": {"type": "WEBSITE", "url": url}}
    card = creative.Card(account)
    card.name = "by the SDK"
    card.components = [{"type": "MEDIA", "media_key": key}, details]
    card.save()
    assert card.card_type == "IMAGE_WEBSITE"
    (found,) = creative.CardsFetch.load(account, card_uris=[card.card_uri])
    assert found.website_dest_url == url
    assert creative.CardsFetch.load(account, card_id=card.id).website_dest_url == url


def test_the_sdk_changes_the_media_library(account: Sdk) -> None:
    media = list(creative.MediaLibrary.all(account))[-1]
    media.name = "renamed"
    media.update()
    assert media.name == "renamed"
    media.reload()
    assert media.name == "renamed"


@pytest.fixture(scope="module")
def question(account: Sdk) -> dict[str, Any]:
    """Line items that were active in the last two days, and what to ask of them."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    span = {"start_time": end - timedelta(days=2), "end_time": end}
    active = campaign.LineItem.active_entities(account, **span)
    ids = [one["entity_id"] for one in active]
    assert len(ids) > 3
    return {"ids": ids, "metric_groups": ["ENGAGEMENT"], "granularity": "HOUR", **span}


def told(data: list[dict[str, Any]]) -> dict[str, list[int | None] | None]:
    """The impressions of each hour by id, None for what was not shown."""
    return {row["id"]: row["id_data"][0]["metrics"]["impressions"] for row in data}


def test_the_sdk_reads_statistics(account: Sdk, question: dict[str, Any]) -> None:
    found = told(campaign.LineItem.all_stats(account, **question))
    assert list(found) == question["ids"]
    shown = [hours for hours in found.values() if hours]
    assert {len(hours) for hours in shown} == {48}
    assert sum(number or 0 for hours in shown for number in hours) > 0
    ad = next(iter(account.promoted_tweets()))
    span = {name: question[name] for name in ("start_time", "end_time")}
    (row,) = ad.stats(["ENGAGEMENT", "BILLING"], granularity="TOTAL", **span)
    assert "billed_charge_local_micro" in row["id_data"][0]["metrics"]


def test_the_sdk_reads_statistics_by_jobs(account: Sdk, question: dict[str, Any]) -> None:
    line_item = campaign.LineItem
    job = line_item.queue_async_stats_job(account, **question)
    assert job.status == "PROCESSING"
    ends = [line_item.async_stats_job_result(account, job_ids=[job.id]).first for _ in range(2)]
    assert [one.status for one in ends] == ["PROCESSING", "SUCCESS"]
    body = line_item.async_stats_job_data(account, ends[1].url)
    assert told(body["data"]) == told(line_item.all_stats(account, **question))
