"""Everything about one account that its numbers are made from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from zoneinfo import ZoneInfo

from connector.simulator.ads.entities import Change
from connector.simulator.ads.store import Store
from connector.simulator.statistics import metrics
from connector.simulator.statistics.ads import Ad, doubled
from connector.simulator.world import Account, Event

_ACCEPTED = "ACCEPTED"


@dataclass(frozen=True, kw_only=True)
class Books:
    """An account and its ads, as they are at one moment.

    Attributes:
        ads: all of them, deleted ones too.
        known: every id there is, by the entity, also of what has no ads.
        events: the event tags, deleted ones too.
    """

    account: Account
    ads: Sequence[Ad]
    known: Mapping[str, frozenset[str]]
    events: Sequence[Event] = ()

    @cached_property
    def zone(self) -> ZoneInfo:
        """The account's."""
        return ZoneInfo(self.account.timezone)

    def owned(self, entity: str) -> dict[str, list[Ad]]:
        """The ads of each id of an entity that has any."""
        found: dict[str, list[Ad]] = {}
        for ad in self.ads:
            found.setdefault(ad.ids[entity], []).append(ad)
        return found

    def reported(self, entity: str) -> Mapping[str, Sequence[Ad]]:
        """The ads whose numbers X tells for each id, with its known defect."""
        if entity == metrics.PROMOTED_TWEET:
            return {**self.owned(entity), **doubled(self.ads)}
        return self.owned(entity) if entity in metrics.OF_ADS else {}


@dataclass(kw_only=True, repr=False)
class Shelf:
    """The ads of each account as they were last read, for as long as nothing changes.

    With thousands of ads, reading them takes longer than most answers do.
    """

    held: dict[str, tuple[int, Change | None, tuple[Ad, ...]]] = field(default_factory=dict)

    def ads(self, store: Store) -> tuple[Ad, ...]:
        """The ads of an account, as its store has them now."""
        # a store that was put back has as many changes at times, but not the same last one
        count, last = len(store.changes), store.changes[-1] if store.changes else None
        held = self.held.get(store.account_id)
        if held is None or held[0] != count or held[1] is not last:
            held = self.held[store.account_id] = (count, last, tuple(_ads(store)))
        return held[2]


def books_of(
    store: Store,
    account: Account,
    *,
    ads: Sequence[Ad],
    events: Iterable[Event],
    funding_ids: Iterable[str],
) -> Books:
    """The books of an account, out of what it holds now."""
    return Books(
        account=account,
        ads=ads,
        known={
            metrics.ACCOUNT: frozenset({account.id}),
            metrics.FUNDING_INSTRUMENT: frozenset(funding_ids),
            metrics.CAMPAIGN: frozenset(store.campaigns),
            metrics.LINE_ITEM: frozenset(store.line_items),
            metrics.PROMOTED_TWEET: frozenset(store.promoted_tweets),
        },
        events=tuple(events),
    )


def _ads(store: Store) -> Iterator[Ad]:
    for ad in store.promoted_tweets.values():
        line_item = store.line_items[ad.line_item_id]
        campaign = store.campaigns[line_item.campaign_id]
        yield Ad(
            ids={
                metrics.ACCOUNT: store.account_id,
                metrics.FUNDING_INSTRUMENT: campaign.funding_instrument_id,
                metrics.CAMPAIGN: campaign.id,
                metrics.LINE_ITEM: line_item.id,
                metrics.PROMOTED_TWEET: ad.id,
            },
            tweet_id=ad.tweet_id,
            objective=line_item.objective,
            placements=told_placements(line_item.placements),
            spans=store.active_spans(ad) if ad.approval_status == _ACCEPTED else (),
        )


def told_placements(placements: Iterable[str]) -> tuple[str, ...]:
    """The placements of statistics that those of a line item count for."""
    found = {
        metrics.PUBLISHER_NETWORK
        if placement.startswith("TAP_")
        else placement
        if placement in metrics.PLACEMENTS
        else metrics.ALL_ON_TWITTER
        for placement in placements
    }
    return tuple(placement for placement in metrics.PLACEMENTS if placement in found)
