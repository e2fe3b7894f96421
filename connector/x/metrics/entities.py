"""Campaigns, line items, ads and tweets as X lists them, deleted ones too, 200 at once."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.metrics.utm import of_link
from connector.x.metrics.asking import Asking, Json, portions
from connector.x.metrics.questions import AD, CAMPAIGN, LINE_ITEM

MOST_IDS = 200
DELETED = "DELETED"
_ALL = {"with_deleted": "true", "count": str(MOST_IDS)}
_TWEETS = {"tweet_type": "PUBLISHED", "timeline_type": "ALL", "trim_user": "true"}
_FULL = "FULL"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """What is known of a campaign, a line item or an ad.

    Attributes:
        status: `DELETED`, else its `entity_status`.
        parent: what it belongs to, empty for a campaign.
        tweet_id: what an ad promotes.
    """

    status: str | None = None
    name: str | None = None
    currency: str | None = None
    parent: str = ""
    tweet_id: str | None = None


NOTHING = Entity()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tweet:
    """A tweet's name, and the UTM parameters of its links or else of its card."""

    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


NO_TWEET = Tweet()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Where a kind of entity is listed, and which of its fields is what it belongs to."""

    operation: str
    ids: str
    parent: str = ""


KINDS: Mapping[str, Kind] = {
    CAMPAIGN: Kind(operation="accounts/:id/campaigns", ids="campaign_ids"),
    LINE_ITEM: Kind(
        operation="accounts/:id/line_items", ids="line_item_ids", parent="campaign_id"
    ),
    AD: Kind(
        operation="accounts/:id/promoted_tweets", ids="promoted_tweet_ids", parent="line_item_id"
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Known:
    """What was learned of an account; what was asked for and is not listed is nothing."""

    entities: Mapping[str, dict[str, Entity]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    tweets: dict[str, Tweet] = field(default_factory=dict)

    def of(self, kind: str, id_: str) -> Entity:
        """What is known of one."""
        return self.entities[kind].get(id_, NOTHING)


def learn(asking: Asking, known: Known, kind: str, ids: Iterable[str]) -> None:
    """Find out what is not known yet of some entities of a kind.

    Raises:
        ConnectorError: X does not tell.
    """
    found, of = known.entities[kind], KINDS[kind]
    for portion in portions({id_ for id_ in ids if id_ and id_ not in found}, MOST_IDS):
        found |= dict.fromkeys(portion, NOTHING)
        query = {of.ids: ",".join(portion), **_ALL}
        for row in asking.rows(of.operation, query):
            found[str(row.get("id"))] = _entity(row, of)


def learn_all(asking: Asking, known: Known, ids: Mapping[str, Collection[str]]) -> None:
    """Find out about entities, by their kinds, and about what they belong to.

    Raises:
        ConnectorError: X does not tell.
    """
    above: set[str] = set()
    for kind in (AD, LINE_ITEM, CAMPAIGN):
        every = {*ids.get(kind, ()), *above}
        learn(asking, known, kind, every)
        above = {known.of(kind, id_).parent for id_ in every}


def learn_tweets(asking: Asking, known: Known, ads: Iterable[str]) -> None:
    """Find out what ads promote; tweets are listed by their users, the account's own at first.

    Raises:
        ConnectorError: X does not tell.
    """
    promoted = {known.of(AD, id_).tweet_id for id_ in ads}
    wanted = {id_ for id_ in promoted if id_ and id_ not in known.tweets}
    cards = _read_tweets(asking, known, wanted, {})
    missing = wanted - known.tweets.keys()
    for user in _other_users(asking) if missing else ():
        cards |= _read_tweets(asking, known, missing, {"user_id": user})
        missing -= known.tweets.keys()
    known.tweets.update(dict.fromkeys(missing, NO_TWEET))
    _learn_cards(asking, known, cards)


def _entity(row: Json, of: Kind) -> Entity:
    return Entity(
        status=DELETED if row.get("deleted") else _text(row.get("entity_status")),
        name=_text(row.get("name")),
        currency=_text(row.get("currency")),
        parent=str(row.get(of.parent) or ""),
        tweet_id=_text(row.get("tweet_id")),
    )


def _other_users(asking: Asking) -> list[str]:
    """Whose tweets the account may promote beside its own."""
    rows = asking.rows("accounts/:id/promotable_users", {"count": str(MOST_IDS)})
    return [
        str(row["user_id"])
        for row in rows
        if row.get("user_id") and row.get("promotable_user_type") != _FULL
    ]


def _read_tweets(
    asking: Asking, known: Known, ids: Collection[str], of_user: Mapping[str, str]
) -> dict[str, str]:
    """Learn tweets; the cards, by tweet, that may have the parameters that no link has."""
    cards: dict[str, str] = {}
    for portion in portions(ids, MOST_IDS):
        query = {"tweet_ids": ",".join(portion), "count": str(MOST_IDS), **_TWEETS, **of_user}
        for row in asking.rows("accounts/:id/tweets", query):
            id_ = str(row.get("tweet_id") or row.get("id_str"))
            known.tweets[id_] = Tweet(name=_text(row.get("name")), tags=_tags(row.get("entities")))
            if row.get("card_uri") and not known.tweets[id_].tags:
                cards[id_] = str(row["card_uri"])
    return cards


def _learn_cards(asking: Asking, known: Known, cards: Mapping[str, str]) -> None:
    found: dict[str, Mapping[str, str]] = {}
    for portion in portions(set(cards.values()), MOST_IDS):
        query = {"card_uris": ",".join(portion), **_ALL}
        for row in asking.rows("accounts/:id/cards/all", query):
            found[str(row.get("card_uri"))] = _tags(row)
    for id_, card in cards.items():
        known.tweets[id_] = Tweet(name=known.tweets[id_].name, tags=found.get(card, {}))


def _tags(value: object) -> Mapping[str, str]:
    """The UTM parameters of the first link that has any."""
    return next(filter(None, map(of_link, _links(value))), {})


def _links(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """All addresses in a value, however deep: X has several kinds of cards.

    Those that are for display may be cut, and have no scheme.
    """
    if isinstance(value, str) and value.startswith(("https://", "http://")):
        yield value
    elif isinstance(value, list | dict):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _links(one)


def _text(value: object) -> str | None:
    return value or None if isinstance(value, str) else None
