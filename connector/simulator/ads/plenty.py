"""Many ads by rule, for accounts that are large."""

from connector.simulator.ads.defaults import GOALS, PAID_FOR
from connector.simulator.ads.entities import Campaign, LineItem, Made, PromotedTweet, Tweet
from connector.simulator.ads.store import Store

ADS_PER_LINE_ITEM, LINE_ITEMS_PER_CAMPAIGN = 10, 20

_OBJECTIVES = ("WEBSITE_CLICKS", "REACH", "ENGAGEMENTS", "VIDEO_VIEWS")


def add_many(store: Store, count: int, *, funding: str, made: Made) -> None:
    """So many more ads, ten on a line item and twenty line items in a campaign, all running."""
    line_items = -(-count // ADS_PER_LINE_ITEM)
    for place in range(line_items):
        if place % LINE_ITEMS_PER_CAMPAIGN == 0:
            campaign = _campaign(
                store, place // LINE_ITEMS_PER_CAMPAIGN, funding=funding, made=made
            )
        line_item = _line_item(store, campaign, place, made=made)
        first = place * ADS_PER_LINE_ITEM
        for number in range(first, min(first + ADS_PER_LINE_ITEM, count)):
            _ad(store, line_item, number + 1, made=made)


def _campaign(store: Store, place: int, *, funding: str, made: Made) -> Campaign:
    campaign = Campaign(
        id=next(store.ids),
        name=f"Many {place + 1}",
        funding_instrument_id=funding,
        currency=store.currency,
        daily_budget_amount_local_micro=500_000_000,
        **made,
    )
    return store.put(campaign, now=made["created_at"])


def _line_item(store: Store, campaign: Campaign, place: int, *, made: Made) -> LineItem:
    objective = _OBJECTIVES[place // LINE_ITEMS_PER_CAMPAIGN % len(_OBJECTIVES)]
    line_item = LineItem(
        id=next(store.ids),
        campaign_id=campaign.id,
        name=f"Many: line {place + 1}",
        objective=objective,
        product_type="PROMOTED_TWEETS",
        placements=("ALL_ON_TWITTER",),
        currency=store.currency,
        goal=GOALS[objective],
        pay_by=PAID_FOR[GOALS[objective]],
        bid_strategy="AUTO",
        advertiser_user_id=store.user_id,
        start_time=made["created_at"],
        **made,
    )
    return store.put(line_item, now=made["created_at"])


def _ad(store: Store, line_item: LineItem, number: int, *, made: Made) -> None:
    query = f"utm_source=x&utm_medium=paid&utm_campaign=many&utm_content=ad-{number}"
    tweet = Tweet(
        id=str(next(store.numbers)),
        user_id=store.user_id,
        text=f"Pot no. {number}",
        urls=(f"https://shop.example.org/pots/{number}?{query}",),
        **made,
    )
    ad = PromotedTweet(id=next(store.ids), line_item_id=line_item.id, tweet_id=tweet.id, **made)
    store.put(tweet, now=made["created_at"])
    store.put(ad, now=made["created_at"])
