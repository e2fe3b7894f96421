"""The campaigns, ad groups and ads of an advertiser, founded from what kinds of ads there are."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from connector.simulator.tiktok_kinds import FIRST_ADS, LEGS, UPGRADED, AdKind, CampaignKind
from connector.simulator.world import Advertiser

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FOUNDED = 1_707_578_467  # epoch seconds, and those between one ad and the next
_APART = 600
_ADS_IN_GROUP, _ADS_IN_CAMPAIGN = 5, 40
_DELETED_OF = 20
_URL = (
    "https://shop.example.org/p/{0}?utm_source=tiktok&utm_medium=paid_social"
    "&utm_campaign=__CAMPAIGN_NAME__&utm_content=__CID__"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Campaign:
    """A campaign; `made` in epoch seconds."""

    id: str
    kind: CampaignKind
    made: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """An ad group; of an upgraded Smart+ campaign it has one ad of several creatives."""

    id: str
    name: str
    campaign: Campaign
    made: int
    smart_plus_ad_id: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ad:
    """An ad, or a creative of an upgraded Smart+ ad."""

    id: str
    kind: AdKind
    group: Group
    made: int

    @property
    def is_deleted(self) -> bool:
        """It, or its campaign, is."""
        return self.kind.deleted or self.kind.campaign.deleted


@dataclass(frozen=True, kw_only=True, eq=False)
class Stock:
    """All there is of an advertiser, the oldest first; `seed` is that of its numbers."""

    advertiser: Advertiser
    seed: int
    campaigns: tuple[Campaign, ...]
    groups: tuple[Group, ...]
    ads: tuple[Ad, ...]

    @cached_property
    def campaign_of(self) -> Integers:
        """The place of each ad's campaign."""
        return _places((ad.group.campaign.id for ad in self.ads), self.campaigns)

    @cached_property
    def group_of(self) -> Integers:
        """The place of each ad's ad group."""
        return _places((ad.group.id for ad in self.ads), self.groups)

    @cached_property
    def smart_of(self) -> Integers:
        """For each ad the place of the first of the same upgraded Smart+ ad, or its own."""
        first: dict[str, int] = {}
        names = (ad.group.smart_plus_ad_id or ad.id for ad in self.ads)
        return np.array([first.setdefault(name, at) for at, name in enumerate(names)], np.int64)

    @cached_property
    def leg_of(self) -> Integers:
        """The place in `LEGS` of where each ad's purchases are made, -1 for none."""
        legs = (ad.kind.leg for ad in self.ads)
        return np.array([-1 if leg is None else LEGS.index(leg) for leg in legs], np.int64)

    @cached_property
    def are_deleted(self) -> Flags:
        """Whether each ad, or its campaign, is."""
        return np.array([ad.is_deleted for ad in self.ads], np.bool_)

    @cached_property
    def are_closed(self) -> Flags:
        """Whether each ad's campaign is deleted."""
        return np.array([ad.group.campaign.kind.deleted for ad in self.ads], np.bool_)

    @cached_property
    def are_told(self) -> Flags:
        """Whether each ad's conversions are told at all."""
        return np.array([ad.kind.told for ad in self.ads], np.bool_)


def stock_of(advertiser: Advertiser, *, seed: int, more: int = 0) -> Stock:
    """An advertiser with `FIRST_ADS`, and so many more."""
    base = (1_793_000_000 + int(advertiser.id) % 1000) * 10**7
    campaigns: dict[str, Campaign] = {}
    groups: dict[str, Group] = {}
    made: list[Ad] = []
    for number, kind in enumerate(_kinds(more)):
        at = FOUNDED + number * _APART
        campaign = campaigns.get(kind.campaign.name) or Campaign(
            id=str(base + 3_000_000 + len(campaigns)), kind=kind.campaign, made=at
        )
        campaigns.setdefault(kind.campaign.name, campaign)
        group = groups.get(kind.group) or _group(base + 2_000_000, len(groups), kind, campaign, at)
        groups.setdefault(kind.group, group)
        made.append(Ad(id=str(base + 1_000_000 + number), kind=kind, group=group, made=at))
    return Stock(
        advertiser=advertiser,
        seed=zlib.crc32(f"{seed} {advertiser.id}".encode()),
        campaigns=tuple(campaigns.values()),
        groups=tuple(groups.values()),
        ads=tuple(made),
    )


def _group(base: int, number: int, kind: AdKind, campaign: Campaign, made: int) -> Group:
    upgraded = campaign.kind.automation == UPGRADED
    smart = str(base + 2_000_000 + number) if upgraded else None
    return Group(
        id=str(base + number), name=kind.group, campaign=campaign, made=made, smart_plus_ad_id=smart
    )


def _kinds(more: int) -> Iterator[AdKind]:
    yield from FIRST_ADS
    campaign = CampaignKind(name="")
    for number in range(more):
        if number % _ADS_IN_CAMPAIGN == 0:
            campaign = CampaignKind(name=f"Series {number // _ADS_IN_CAMPAIGN + 1}")
        yield AdKind(
            name=f"video-{number + 1}",
            campaign=campaign,
            group=f"Series group {number // _ADS_IN_GROUP + 1}",
            url=_URL.format(number),
            deleted=number % _DELETED_OF == _DELETED_OF - 1,
        )


def _places(ids: Iterable[str], of: Iterable[Campaign | Group]) -> Integers:
    places = {one.id: at for at, one in enumerate(of)}
    return np.array([places[id_] for id_ in ids], np.int64)
