"""The ads an account holds at first: few by hand, as an agency would have them, or many by rule.

Everything is a function of the seed, the account and the day of founding, so that two simulators
started on one day hold the same.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase, digits
from typing import Any

from connector.simulator.ads.defaults import GOALS, PAID_FOR
from connector.simulator.ads.entities import (
    Campaign,
    Card,
    LineItem,
    Made,
    Media,
    PromotedTweet,
    TargetingCriterion,
    Tweet,
)
from connector.simulator.ads.estate import CAMPAIGNS, CARDS, TWEETS, CampaignPlan, LineItemPlan
from connector.simulator.ads.plenty import add_many
from connector.simulator.ads.store import Store
from connector.simulator.world import Account

DAY_SECONDS = 86_400
_MANY_DAYS = 400

_FIRST_TWEET = 1_790_000_000_000_000_000
_TARGETING = (("LOCATION", "96683cc9126741d1", "United States"), ("LANGUAGE", "en", "English"))


@dataclass(frozen=True, kw_only=True)
class Founding:
    """How an account is founded.

    Attributes:
        today: the start of a day; everything happened so many days before it.
        funding: id of what pays.
        event_tag: id of the event that a line item is after.
        ads: how many more ads than those by hand; they are spread over campaigns.
    """

    account: Account
    user_id: str
    funding: str
    event_tag: str | None = None
    today: int
    seed: int
    ads: int = 0


def founded(founding: Founding) -> Store:
    """An account with its campaigns, from the oldest on."""
    store = _empty(founding)
    media = _media(store, founding)
    cards = _cards(store, founding, media)
    tweets = _tweets(store, founding, cards)
    for plan in CAMPAIGNS:
        _campaign(store, founding, plan, tweets)
    if founding.ads:
        made = _made(founding, _MANY_DAYS)
        add_many(store, founding.ads, funding=founding.funding, made=made)
    return store


def base36_ids(source: random.Random) -> Iterator[str]:
    """Ids as X has them: five or six characters, a letter first, each one once."""
    used: set[str] = set()
    while True:
        length = source.choice((4, 4, 5))
        drawn = source.choice(ascii_lowercase) + "".join(
            source.choices(digits + ascii_lowercase, k=length)
        )
        if drawn not in used:
            used.add(drawn)
            yield drawn


def _numbers(source: random.Random) -> Iterator[int]:
    number = _FIRST_TWEET
    while True:
        number += source.randrange(10**12, 10**14)
        yield number


def _empty(founding: Founding) -> Store:
    source = random.Random(  # noqa: S311  ids must repeat, not be secret
        f"{founding.seed} {founding.account.id}"
    )
    return Store(
        account_id=founding.account.id,
        currency=founding.account.currency,
        user_id=founding.user_id,
        ids=base36_ids(source),
        numbers=_numbers(source),
    )


def _at(founding: Founding, days: float) -> int:
    return founding.today - round(days * DAY_SECONDS)


def _made(founding: Founding, days: float) -> Made:
    moment = _at(founding, days)
    return Made(created_at=moment, updated_at=moment)


def _media(store: Store, founding: Founding) -> Sequence[Media]:
    files = (
        (f"3_{next(store.numbers)}", "TWEET_IMAGE", "IMAGE", "pots.jpg"),
        (f"13_{next(store.numbers)}", "AMPLIFY_VIDEO", "VIDEO", "repotting.mp4"),
        (f"16_{next(store.numbers)}", "TWEET_GIF", "GIF", "watering.gif"),
    )
    made = _made(founding, 400)
    return [
        store.put(
            Media(
                id=key, media_category=category, media_type=type_, name=name.partition(".")[0],
                file_name=name, total_bytes=250_000, **made,
            ),
            now=made["created_at"],
        )
        for key, category, type_, name in files
    ]  # fmt: skip


def _cards(store: Store, founding: Founding, media: Sequence[Media]) -> Mapping[str, Card]:
    cards = {}
    for plan in CARDS:
        made = _made(founding, plan.days)
        details = {"title": plan.title, "destination": {"type": "WEBSITE", "url": plan.url}}
        key = media[1 if plan.video else 0].id
        card = Card(
            id=next(store.ids),
            card_uri=f"card://{next(store.numbers)}",
            name=plan.name,
            card_type="VIDEO_WEBSITE" if plan.video else "IMAGE_WEBSITE",
            components=({"type": "MEDIA", "media_key": key}, {"type": "DETAILS", **details}),
            title=plan.title,
            url=plan.url,
            **made,
        )
        cards[plan.name] = store.put(card, now=made["created_at"])
    return cards


def _tweets(store: Store, founding: Founding, cards: Mapping[str, Card]) -> Mapping[str, Tweet]:
    tweets = {}
    for plan in TWEETS:
        made = _made(founding, plan.days)
        tweet = Tweet(
            id=str(next(store.numbers)),
            user_id=founding.user_id if not plan.foreign else str(int(founding.user_id) + 99),
            text=plan.text,
            urls=plan.urls,
            name=plan.name,
            tweet_type=plan.tweet_type,
            nullcast=not plan.organic,
            card_uri=cards[plan.card].card_uri if plan.card else None,
            scheduled_at=_at(founding, -30) if plan.tweet_type == "SCHEDULED" else None,
            **made,
        )
        tweets[plan.key] = store.put(tweet, now=made["created_at"])
    return tweets


def _campaign(
    store: Store, founding: Founding, plan: CampaignPlan, tweets: Mapping[str, Tweet]
) -> None:
    made = _made(founding, plan.days)
    campaign = Campaign(
        id=next(store.ids),
        name=plan.name,
        funding_instrument_id=founding.funding,
        currency=founding.account.currency,
        daily_budget_amount_local_micro=plan.daily_budget * 1_000_000,
        entity_status=plan.status,
        **made,
    )
    store.put(campaign, now=made["created_at"])
    for line_item in plan.line_items:
        _line_item(store, founding, (campaign, plan, line_item), tweets)
    _then(store, founding, campaign, plan.then)


def _line_item(
    store: Store,
    founding: Founding,
    plans: tuple[Campaign, CampaignPlan, LineItemPlan],
    tweets: Mapping[str, Tweet],
) -> None:
    campaign, of, plan = plans
    made = _made(founding, plan.days)
    line_item = LineItem(
        id=next(store.ids),
        campaign_id=campaign.id,
        name=plan.name,
        objective=of.objective,
        product_type="PROMOTED_TWEETS",
        placements=plan.placements,
        currency=campaign.currency,
        goal=plan.goal or GOALS[of.objective],
        pay_by=PAID_FOR[plan.goal or GOALS[of.objective]],
        bid_strategy="AUTO" if plan.bid is None else plan.bid_strategy,
        bid_amount_local_micro=plan.bid,
        advertiser_user_id=founding.user_id,
        start_time=_at(founding, plan.days),
        end_time=None if plan.ends is None else _at(founding, plan.ends),
        android_app_store_identifier="com.example.garden" if "APP" in of.objective else None,
        primary_web_event_tag=founding.event_tag if plan.tagged else None,
        **made,
    )
    store.put(line_item, now=made["created_at"])
    for type_, value, name in _TARGETING:
        criterion = TargetingCriterion(
            id=next(store.ids), line_item_id=line_item.id, name=name,
            targeting_type=type_, targeting_value=value, **made,
        )  # fmt: skip
        store.put(criterion, now=made["created_at"])
    for ad in plan.ads:
        made = _made(founding, plan.days if ad.days is None else ad.days)
        promoted = PromotedTweet(
            id=next(store.ids), line_item_id=line_item.id, tweet_id=tweets[ad.tweet].id, **made
        )
        store.put(promoted, now=made["created_at"])
        _then(store, founding, promoted, ad.then)
    _then(store, founding, line_item, plan.then)


def _then(
    store: Store,
    founding: Founding,
    entity: Campaign | LineItem | PromotedTweet,
    changes: Sequence[tuple[float, str]],
) -> None:
    """What became of an entity: pairs of days before today, and a status or DELETED."""
    for days, status in changes:
        moment = _at(founding, days)
        new: dict[str, Any] = (
            {"entity_status": status} if status != "DELETED" else {"deleted": True}
        )
        entity = store.put(replace(entity, **new, updated_at=moment), now=moment)
