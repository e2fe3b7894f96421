"""The lists of campaigns, ad groups and ads, and what there is to know of an advertiser."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from connector.simulator.tiktok_ads import FOUNDED, Stock
from connector.simulator.tiktok_calls import BAD_PARAMETER, TikTokCall, tiktok_refusal
from connector.simulator.tiktok_entity_rows import Listed, Row, ads, campaigns, groups, smart_ads
from connector.simulator.tiktok_kinds import AUCTION, OWN_ORIGIN, REACH_AND_FREQUENCY, TOP_VIEW
from connector.simulator.tiktok_query import MOST_IDS, MOST_ROWS, mapping, number, texts
from connector.simulator.tiktok_reporting import Reporting, stock_for

_DEFAULT_BUYING = (AUCTION, REACH_AND_FREQUENCY)
_DEFAULT_STATUS = "STATUS_NOT_DELETE"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list of one kind of entity; `most` rows to a page."""

    path: str
    all: Callable[[Stock], Iterator[Listed]]
    most: int = MOST_ROWS


LISTINGS = (
    Listing(path="/campaign/get/", all=campaigns),
    Listing(path="/adgroup/get/", all=groups),
    Listing(path="/ad/get/", all=ads),
    Listing(path="/smart_plus/ad/get/", all=smart_ads, most=100),
)


def listed(reporting: Reporting, listing: Listing, call: TikTokCall) -> object:
    """A page of a list, the newest first.

    Raises:
        RefusedError: something is wrong with the call.
    """
    stock, filtering = stock_for(reporting, listing.path, call), mapping(call, "filtering")
    ids = {name: _ids(call, name, filtering[name]) for name in _ID_FILTERS if name in filtering}
    status = filtering.get("primary_status", _DEFAULT_STATUS)
    buying = _buying(call, filtering.get("buying_types"))
    origins = filtering.get("campaign_system_origins") or [OWN_ORIGIN]
    rows = [
        one
        for one in listing.all(stock)
        if one.kind.buying in buying
        and _is_in(one.kind.origin, origins)
        and (status == "STATUS_ALL" or one.is_deleted == (status == "STATUS_DELETE"))
        and all(one.ids.get(name) in wanted for name, wanted in ids.items())
    ]
    page, size = number(call, "page", 1), number(call, "page_size", 10, listing.most)
    shown = rows[::-1][(page - 1) * size : page * size]
    info = {"page": page, "page_size": size, "total_number": len(rows)}
    info["total_page"] = -(-len(rows) // size)
    return {"list": [_kept(call, one.row()) for one in shown], "page_info": info}


_ID_FILTERS = ("campaign_ids", "adgroup_ids", "ad_ids", "smart_plus_ad_ids")


def advertisers(call: TikTokCall) -> object:
    """What there is to know of some advertisers.

    Raises:
        RefusedError: 40002.
    """
    wanted = texts(call, "advertiser_ids")
    if not 1 <= len(wanted) <= MOST_IDS:
        message = f"advertiser_ids: 1 to {MOST_IDS} values."
        raise tiktok_refusal(call.simulation, BAD_PARAMETER, message)
    rows: list[Row] = [
        {
            "advertiser_id": one.id, "name": one.name, "currency": one.currency,
            "timezone": _posix(one.timezone, call.simulation.clock()),
            "display_timezone": one.timezone, "status": "STATUS_ENABLE",
            "role": "ROLE_ADVERTISER", "country": "US", "balance": 812.5,
            "create_time": FOUNDED, "email": "g***@example.org",
        }
        for id_, one in call.simulation.world.tiktok.advertisers.items()
        if id_ in wanted
    ]  # fmt: skip
    fields = texts(call, "fields")
    if "company_name_editable" in fields:
        rows = [{"company_name_editable": True} for _ in rows]
    return {"list": [_fields(row, fields) for row in rows]}


def _posix(name: str, now: float) -> str:
    """A zone as the other field has it: a fixed offset with the sign that POSIX gives it."""
    offset = datetime.fromtimestamp(now, ZoneInfo(name)).utcoffset()
    hours = round(offset.total_seconds() / 3600) if offset else 0
    return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"


def _buying(call: TikTokCall, asked: object) -> Sequence[str]:
    if asked is None:
        return _DEFAULT_BUYING
    wanted = [str(one) for one in asked] if isinstance(asked, list) else []
    if not wanted or (TOP_VIEW in wanted and len(wanted) > 1):
        message = f"filtering: buying_types: {TOP_VIEW} must be asked alone."
        raise tiktok_refusal(call.simulation, BAD_PARAMETER, message)
    return wanted


def _ids(call: TikTokCall, name: str, values: object) -> set[str]:
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_IDS:
        message = f"filtering: {name}: 1 to {MOST_IDS} values."
        raise tiktok_refusal(call.simulation, BAD_PARAMETER, message)
    return set(map(str, values))


def _is_in(one: str, many: object) -> bool:
    return isinstance(many, list) and one in many


def _kept(call: TikTokCall, row: Row) -> Row:
    if "tiktok_sandbox" in call.simulation.settings.modes:
        row = {name: value for name, value in row.items() if name != "secondary_status"}
    if "NULL_FIELD" in texts(call, "exclude_field_types_in_response"):
        row = {name: value for name, value in row.items() if value is not None}
    return _fields(row, texts(call, "fields"))


def _fields(row: Mapping[str, object], names: Sequence[str]) -> Row:
    return {name: row[name] for name in names if name in row} if names else row
