"""The entities of one ad account, and the one way to change them."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from connector.simulator.ads.entities import (
    ACTIVE,
    AccountMedia,
    Campaign,
    Card,
    Change,
    Entity,
    LineItem,
    Media,
    MediaCreative,
    PromotedTweet,
    Span,
    Spans,
    TargetingCriterion,
    Tweet,
    both,
    switched,
)

E = TypeVar("E", bound=Entity)

_TABLES: Mapping[type[Any], str] = {
    Campaign: "campaigns",
    LineItem: "line_items",
    PromotedTweet: "promoted_tweets",
    Tweet: "tweets",
    Card: "cards",
    Media: "media",
    AccountMedia: "account_media",
    MediaCreative: "creatives",
    TargetingCriterion: "criteria",
}

# What the history of the account calls an entity; the others leave no trace in it.
TRACED: Mapping[type[Any], str] = {
    Campaign: "CAMPAIGN",
    LineItem: "LINE_ITEM",
    PromotedTweet: "PROMOTED_TWEET",
    TargetingCriterion: "TARGETING_CRITERION",
}


@dataclass(kw_only=True, repr=False)
class Store:
    """Everything of one ad account, deleted things too, each table in the order they were made.

    Attributes:
        user_id: whose tweets it promotes.
        ids: new ids in base 36, each one once.
        numbers: new ids of tweets, cards and media, each one once.
    """

    account_id: str
    currency: str
    user_id: str
    ids: Iterator[str]
    numbers: Iterator[int]
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    line_items: dict[str, LineItem] = field(default_factory=dict)
    promoted_tweets: dict[str, PromotedTweet] = field(default_factory=dict)
    tweets: dict[str, Tweet] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    media: dict[str, Media] = field(default_factory=dict)
    account_media: dict[str, AccountMedia] = field(default_factory=dict)
    creatives: dict[str, MediaCreative] = field(default_factory=dict)
    criteria: dict[str, TargetingCriterion] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def active_spans(self, ad: PromotedTweet | MediaCreative) -> Spans:
        """When an ad, its line item and its campaign all were active, within start and end."""
        line_item = self.line_items[ad.line_item_id]
        campaign = self.campaigns[line_item.campaign_id]
        window: Span = (line_item.start_time or 0, line_item.end_time or math.inf)
        return both(both(both(ad.active, line_item.active), campaign.active), (window,))

    def is_hidden(self, entity: Entity) -> bool:
        """Whether it is deleted, or what it belongs to is."""
        match entity:
            case LineItem():
                parent: Entity | None = self.campaigns[entity.campaign_id]
            case PromotedTweet() | MediaCreative() | TargetingCriterion():
                parent = self.line_items[entity.line_item_id]
            case _:
                parent = None
        return entity.deleted or (parent is not None and self.is_hidden(parent))

    def table(self, kind: type[E]) -> dict[str, E]:
        """The entities of one kind by id."""
        held: dict[str, E] = getattr(self, _TABLES[kind])
        return held

    def put(self, entity: E, *, now: int, user_id: str = "") -> E:
        """Add an entity, or put it in the place of the one with its id; as it stands then."""
        table = self.table(type(entity))
        before = table.get(entity.id)
        settled = _settled(entity, before, now=now)
        table[entity.id] = settled
        if type(entity) in TRACED:
            who = user_id or self.user_id
            self.changes.append(Change(before=before, after=settled, at=now, user_id=who))
        return settled

    def saved(self) -> dict[str, Any]:
        """What `restore` takes to undo everything since."""
        return {name: getattr(self, name).copy() for name in (*_TABLES.values(), "changes")}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Put the tables back as they were saved."""
        for name, table in saved.items():
            setattr(self, name, table)


def _settled(entity: E, before: E | None, *, now: int) -> E:
    """The entity with the active spans it had, brought up to date."""
    if not isinstance(entity, Campaign | LineItem | PromotedTweet | MediaCreative):
        return entity
    on = entity.entity_status == ACTIVE and not entity.deleted
    spans = switched(getattr(before, "active", ()), on=on, now=now)
    return replace(entity, active=spans)


def values_of(entity: Entity) -> dict[str, object]:
    """Its fields as they are."""
    return {one.name: getattr(entity, one.name) for one in fields(entity)}
