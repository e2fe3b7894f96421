"""Campaigns, ad groups and ads as TikTok lists them, in as few requests as their ids take."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from connector.errors import ConfigurationError
from connector.tiktok.metrics.asking import Asking
from connector.tiktok.metrics.queries import TOP_VIEW

MOST_IDS = 100

_Filtering = Mapping[str, object]
_ALL: _Filtering = {"primary_status": "STATUS_ALL"}
# What a list leaves out unless it is asked for it alone.
_APART: tuple[_Filtering, ...] = (
    {**_ALL, "campaign_system_origins": ["PROMOTE"]},
    {**_ALL, "buying_types": [TOP_VIEW]},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entity:
    """What is known of a campaign, an ad group or an ad.

    Attributes:
        status: its `operation_status`.
        campaign_id: that it belongs to, likewise `group_id`.
        links: its landing pages as they were typed in, the one that counts most first.
        pairs: its `utm_params`.
        smart_id: the upgraded Smart+ ad that it is a creative of.
    """

    status: str | None
    name: str | None
    campaign_id: str | None = None
    group_id: str | None = None
    links: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    smart_id: str | None = None


NOTHING = Entity(status=None, name=None)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of entity: where it is listed, what it is known by, and what is asked of it.

    `every` is the filter for all that its list has, `apart` for what it has only when asked for it
    alone. Of one that `is_named_only` the list is not read, only ids are asked for.
    """

    path: str
    id: str
    name: str
    fields: tuple[str, ...] = ()
    page_size: int = 1000
    every: _Filtering = field(default_factory=lambda: _ALL)
    apart: tuple[_Filtering, ...] = _APART
    is_named_only: bool = False

    @property
    def all_fields(self) -> list[str]:
        """Those that are asked for."""
        return [self.id, self.name, "operation_status", *self.fields]


CAMPAIGNS = Kind(path="campaign/get/", id="campaign_id", name="campaign_name")
GROUPS = Kind(path="adgroup/get/", id="adgroup_id", name="adgroup_name", fields=("campaign_id",))
_LINKS = ("landing_page_url", "landing_page_urls", "utm_params", "smart_plus_ad_id")
ADS = Kind(
    path="ad/get/", id="ad_id", name="ad_name", fields=("campaign_id", "adgroup_id", *_LINKS)
)
SMART_ADS = Kind(
    path="smart_plus/ad/get/", id="smart_plus_ad_id", name="ad_name", page_size=100, every={},
    apart=(), fields=("landing_page_url_list", "ad_configuration"), is_named_only=True,
)  # fmt: skip


@dataclass(kw_only=True)
class Found:
    """The entities of one kind that are known, and how far their list was read.

    `missing` are in no list.
    """

    kind: Kind
    by_id: dict[str, Entity] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    next_page: int = 1
    pages: int = 1


def learn(asking: Asking, found: Found, ids: Iterable[str]) -> None:
    """Find out what is not known yet of the entities with these ids.

    Raises:
        ConnectorError: TikTok does not tell.
    """
    wanted = {id_ for id_ in ids if id_ and id_ not in found.by_id and id_ not in found.missing}
    _learn_listed(asking, found, wanted)
    for filtering in found.kind.apart:
        # an app or advertiser that has no such ads may not even ask for them
        with suppress(ConfigurationError):
            _learn_named(asking, found, wanted, filtering)
    found.missing |= wanted


def _learn_listed(asking: Asking, found: Found, wanted: set[str]) -> None:
    """Read on in the list, or ask for the ids where that takes fewer requests.

    A few ids that are the first to be asked for may be all that ever are; later ones are not.
    """
    is_first = not found.by_id and not found.missing
    while wanted and found.next_page <= found.pages:
        left, named = found.pages - found.next_page + 1, -(-len(wanted) // MOST_IDS)
        if found.kind.is_named_only or named < left or (named == left and is_first):
            _learn_named(asking, found, wanted, found.kind.every)
            return
        of_list = {"filtering": found.kind.every, "page": found.next_page}
        found.pages = _page(asking, found, wanted, of_list)
        found.next_page += 1


def _learn_named(asking: Asking, found: Found, wanted: set[str], filtering: _Filtering) -> None:
    for ids in _chunks(sorted(wanted)):
        of_ids = {**filtering, f"{found.kind.id}s": ids}
        _page(asking, found, wanted, {"filtering": of_ids, "page": 1})


def _page(asking: Asking, found: Found, wanted: set[str], parameters: Mapping[str, object]) -> int:
    """Learn what a page tells; how many pages there are."""
    kind = found.kind
    asked = {**parameters, "fields": kind.all_fields, "page_size": kind.page_size}
    data = asking.get(kind.path, asked).data
    listed, info = data.get("list"), data.get("page_info")
    for row in listed if isinstance(listed, list) else []:
        if isinstance(row, dict) and row.get(kind.id):
            found.by_id[str(row[kind.id])] = entity_of(row, kind)
            wanted.discard(str(row[kind.id]))
    pages = info.get("total_page") if isinstance(info, dict) else 0
    return pages if type(pages) is int else 0


def entity_of(row: Mapping[str, Any], kind: Kind) -> Entity:
    """An entity as a list has it."""
    inner = row.get("ad_configuration")
    params = row.get("utm_params") or (inner.get("utm_params") if isinstance(inner, dict) else None)
    return Entity(
        status=_text(row.get("operation_status")),
        name=_text(row.get(kind.name)),
        campaign_id=_text(row.get("campaign_id")),
        group_id=_text(row.get("adgroup_id")),
        links=tuple(_links(row)),
        pairs=tuple(_pairs(params)),
        smart_id=_text(row.get("smart_plus_ad_id")),
    )


def _links(row: Mapping[str, Any]) -> Iterator[str]:
    lists = (row.get("landing_page_urls"), row.get("landing_page_url_list"))
    every = [row.get("landing_page_url"), *(one for many in lists for one in many or ())]
    for one in every:
        link = _text(one.get("landing_page_url") if isinstance(one, dict) else one)
        if link:
            yield link


def _pairs(params: object) -> Iterator[tuple[str, str]]:
    for pair in params if isinstance(params, list) else []:
        of_pair = pair if isinstance(pair, dict) else {}
        key, value = _text(of_pair.get("key")), _text(of_pair.get("value"))
        if key and value:
            yield key, value


def _text(value: object) -> str | None:
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) or None if is_text else None


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    left = iter(ids)
    while chunk := list(islice(left, MOST_IDS)):
        yield chunk
