"""What is asked of reports, as values."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.metrics.days import Days

PATH = "report/integrated/get/"
PAGE_SIZE = 1000
DAY, HOUR = "stat_time_day", "stat_time_hour"
TOP_VIEW = "RESERVATION_TOP_VIEW"

NUMBERS = ("spend", "impressions", "clicks", "conversion")
VALUES = ("total_complete_payment_rate", "total_purchase_value", "total_onsite_shopping_value")
"""The value of what was bought on the website, in the app and in the shop: legs of one sum."""
NAMES = ("campaign_id", "campaign_name", "adgroup_id", "adgroup_name", "ad_name")
LINK = "ad_url"
METRICS = (*NUMBERS, *VALUES, *NAMES, LINK)

Filter = Mapping[str, object]
_WITH_DELETED: Filter = {
    "field_name": "ad_status", "filter_type": "IN", "filter_value": json.dumps(["STATUS_ALL"]),
}  # fmt: skip
_TOP_VIEW: Filter = {
    "field_name": "buying_type", "filter_type": "IN", "filter_value": json.dumps([TOP_VIEW]),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A report by ad, and by day or hour (`time`); `top_view` one of TopView, which others lack."""

    time: str
    days: Days
    top_view: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """What is kept of its rows."""
        return ("ad_id", self.time, *METRICS)


def page_query(wanted: Wanted, page: int) -> Mapping[str, object]:
    """The parameters of a page."""
    filtering = [_WITH_DELETED, *([_TOP_VIEW] if wanted.top_view else [])]
    return {
        **_basic("AUCTION_AD", ("ad_id", wanted.time), METRICS, wanted.days),
        "filtering": filtering,
        "page": page,
        "page_size": PAGE_SIZE,
    }


def task_query(wanted: Wanted) -> Mapping[str, object]:
    """The body of an asynchronous report, which filters by nothing and has deleted ads in it."""
    metrics = [name for name in METRICS if name != LINK]
    return {
        **_basic("AUCTION_AD", ("ad_id", wanted.time), metrics, wanted.days),
        "output_format": "CSV_DOWNLOAD",
        "file_name": "metrics",
        "enable_report_title_translation": False,
    }


def check_query(days: Days) -> Mapping[str, object]:
    """The parameters of an advertiser's own sums by day."""
    dimensions = ("advertiser_id", DAY)
    return {
        **_basic("AUCTION_ADVERTISER", dimensions, ("spend", "impressions"), days),
        "page": 1,
        "page_size": PAGE_SIZE,
    }


def _basic(
    level: str, dimensions: Sequence[str], metrics: Sequence[str], days: Days
) -> Mapping[str, object]:
    return {
        "report_type": "BASIC",
        "data_level": level,
        "dimensions": list(dimensions),
        "metrics": list(metrics),
        "start_date": str(days.since),
        "end_date": str(days.until),
    }
