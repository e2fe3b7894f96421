"""What is asked of a report: JSON as text in a query string, or JSON itself in a body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from connector.simulator.tiktok_calls import BAD_PARAMETER, TikTokCall, needed, tiktok_refusal
from connector.simulator.tiktok_columns import ATTRIBUTES, METRIC_COLUMNS, OF_ADVERTISER

MOST_IDS = 100
MOST_TASK_IDS = 20_000
MOST_ROWS = 1000
_DEFAULT_ROWS = 10
MOST_DIGITS = 18
_YEARS = range(2000, 2200)
DAY, HOUR = "stat_time_day", "stat_time_hour"
AD_V2 = "ad_id_v2"
# Days that a report may be about, by its dimension of time.
_MOST_DAYS = {DAY: 30, HOUR: 1, None: 365}
_ID_FILTERS = ("campaign_ids", "adgroup_ids", "ad_ids", "ad_ids_v2")
_METRICS = frozenset((*METRIC_COLUMNS, *ATTRIBUTES, *OF_ADVERTISER))
_OTHER_FILTERS = ("buying_type", "campaign_automation_type")


@dataclass(frozen=True, kw_only=True)
class Level:
    """What a report is by: the ids that name its rows, and the filter that only it takes."""

    ids: tuple[str, ...]
    status: str | None = None


LEVELS: Mapping[str, Level] = {
    "AUCTION_AD": Level(ids=("ad_id", AD_V2), status="ad_status"),
    "AUCTION_ADGROUP": Level(ids=("adgroup_id",), status="adgroup_status"),
    "AUCTION_CAMPAIGN": Level(ids=("campaign_id",), status="campaign_status"),
    "AUCTION_ADVERTISER": Level(ids=("advertiser_id",)),
}


@dataclass(frozen=True, kw_only=True)
class Query:
    """A report as it was asked for; `id` and `time` are its dimensions, where it has them."""

    level: str
    id: str | None
    time: str | None
    metrics: tuple[str, ...]
    since: date
    until: date
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    page: int = 1
    page_size: int = _DEFAULT_ROWS
    totals: bool = False
    default_status: str = "STATUS_NOT_DELETE"

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(name for name in (self.id, self.time) if name)

    @property
    def status(self) -> str:
        """Which of deleted and others are wanted."""
        name = LEVELS[self.level].status
        return (self.filters.get(name or "") or (self.default_status,))[0]


def read_query(call: TikTokCall, *, is_task: bool = False) -> Query:
    """The report that a call asks for.

    Raises:
        RefusedError: 40002, something is missing or not allowed; `is_task` allows less and more.
    """
    _check(call, needed(call, "report_type") == "BASIC", "report_type: only BASIC is simulated.")
    level = needed(call, "data_level")
    _check(call, level in LEVELS, f"data_level: {level} is not a valid value.")
    is_lifetime = str(call.values.get("query_lifetime", "false")).lower() == "true"
    _check(call, not is_lifetime, "query_lifetime: it is not simulated.")
    dimensions = texts(call, "dimensions", is_json=is_task)
    id_, time = _split(call, level, dimensions)
    since, until = (_date(call, name) for name in ("start_date", "end_date"))
    days, most = (until - since).days + 1, _MOST_DAYS[time]
    _check(call, days >= 1, "end_date: it is before start_date.")
    use = f" when use {time}" if time else ""
    _check(call, is_task or days <= most, f"max time span is {most} days{use}")
    metrics = texts(call, "metrics", is_json=is_task) or ["spend", "impressions"]
    wrong = [name for name in metrics if name not in _METRICS]
    _check(call, not wrong, f"metrics: Invalid metric fields: {wrong}")
    filters = _filters(call, level, is_task=is_task)
    _check(call, not (id_ == AD_V2 and "ad_ids" in filters), "ad_ids is not for ad_id_v2.")
    _check(call, not (id_ != AD_V2 and "ad_ids_v2" in filters), "ad_ids_v2 is for ad_id_v2.")
    return Query(
        level=level, id=id_, time=time, metrics=tuple(metrics), since=since, until=until,
        filters=filters, totals=call.values.get("enable_total_metrics") == "true",
        page=number(call, "page", 1), page_size=number(call, "page_size", _DEFAULT_ROWS, MOST_ROWS),
        # no such filter is taken there, and the file is what Ads Manager downloads
        default_status="STATUS_ALL" if is_task else "STATUS_NOT_DELETE",
    )  # fmt: skip


def texts(call: TikTokCall, name: str, *, is_json: bool = False) -> list[str]:
    """A list of texts; none for a parameter that is missing.

    Raises:
        RefusedError: 40002, it is something else.
    """
    found = _json(call, name, is_json=is_json)
    if found is None:
        return []
    are = isinstance(found, list) and all(isinstance(one, str) for one in found)
    _check(call, are, f"{name}: Not a valid list of strings.")
    return list(found) if isinstance(found, list) else []


def mapping(call: TikTokCall, name: str) -> Mapping[str, object]:
    """An object, written as JSON in the query string.

    Raises:
        RefusedError: 40002, it is something else.
    """
    found = _json(call, name, is_json=False)
    _check(call, found is None or isinstance(found, dict), f"{name}: Not a valid object.")
    return found if isinstance(found, dict) else {}


def number(call: TikTokCall, name: str, default: int, most: int | None = None) -> int:
    """A whole number from 1 to `most`.

    Raises:
        RefusedError: 40002, it is something else.
    """
    text = str(call.values.get(name, default))
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    _check(call, is_number and int(text) >= 1, f"{name}: Not a valid positive integer.")
    _check(call, most is None or int(text) <= most, f"{name}: Must be at most {most}.")
    return int(text)


def _split(call: TikTokCall, level: str, dimensions: list[str]) -> tuple[str | None, str | None]:
    times = [name for name in dimensions if name in (DAY, HOUR)]
    ids = [name for name in dimensions if name in LEVELS[level].ids]
    known = len(times) + len(ids) == len(dimensions) > 0
    _check(call, known, f"dimensions: {dimensions} are not supported at {level}.")
    _check(call, len(times) <= 1 and len(ids) <= 1, "dimensions: only one id and one time.")
    _check(call, bool(ids) or level == "AUCTION_ADVERTISER", f"dimensions: {level} needs its id.")
    return next(iter(ids), None), next(iter(times), None)


def _filters(call: TikTokCall, level: str, *, is_task: bool) -> dict[str, tuple[str, ...]]:
    """The filters by field; in a query string each has JSON in its JSON."""
    status = LEVELS[level].status
    allowed = _ID_FILTERS if is_task else (*_ID_FILTERS, *_OTHER_FILTERS, status)
    entries = _json(call, "filtering", is_json=is_task)
    _check(call, entries is None or isinstance(entries, list), "filtering: Not a valid list.")
    filters: dict[str, tuple[str, ...]] = {}
    for entry in entries if isinstance(entries, list) else []:
        has_all = isinstance(entry, dict) and {"field_name", "filter_type", "filter_value"} <= set(
            entry
        )
        _check(call, has_all, "filtering: field_name, filter_type and filter_value are required.")
        name = str(entry["field_name"])
        _check(call, name in allowed, f"filtering: {name} is not supported at {level}.")
        _check(call, entry["filter_type"] == "IN", "filtering: only IN is simulated.")
        values = _read(entry["filter_value"])
        _check(call, isinstance(values, list), f"filtering: {name}: Not a valid JSON array.")
        filters[name] = tuple(map(str, values)) if isinstance(values, list) else ()
        most = MOST_TASK_IDS if is_task else MOST_IDS
        _check(call, 1 <= len(filters[name]) <= most, f"filtering: {name}: 1 to {most} values.")
    return filters


def _json(call: TikTokCall, name: str, *, is_json: bool) -> object:
    value = call.values.get(name)
    if is_json or value is None:
        return value
    found = _read(value)
    _check(call, found is not None, f"{name}: Not a valid JSON.")
    return found


def _read(text: object) -> object:
    try:
        found: object = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found


def _date(call: TikTokCall, name: str) -> date:
    text = needed(call, name)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    # Python reads 20260301 and 2026-W09-7, too
    _check(call, str(day) == text and day.year in _YEARS, f"{name}: Not a valid date.")
    return day


def _check(call: TikTokCall, is_right: object, message: str) -> None:
    if not is_right:
        raise tiktok_refusal(call.simulation, BAD_PARAMETER, message)
