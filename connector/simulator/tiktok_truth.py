"""What TikTok does not have: the sums over all ads, as they are now and as they come to be."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connector.simulator.tiktok_ads import Integers, Stock
from connector.simulator.tiktok_calendar import calendar_of
from connector.simulator.tiktok_columns import amount, decimals_of
from connector.simulator.tiktok_kinds import LEGS
from connector.simulator.tiktok_numbers import Values, delivers, settled, told
from connector.simulator.tiktok_reporting import Reporting

TRUTH_PATH = "/_simulator/tiktok"

_MONEY = ("spend", "conversion_value")
_COUNTS = ("impressions", "clicks", "conversion")


async def truth(reporting: Reporting, request: Request) -> Response:
    """The sums of an advertiser's days, of all ads or of the one that `ad_id` names."""
    query, now = request.query_params, reporting.simulation.clock()
    try:
        stock = reporting.stock(query["advertiser_id"])
        since, until = (date.fromisoformat(query[name]) for name in ("since", "until"))
        days = sums(stock, since, until, ad_id=query.get("ad_id"), now=now)
    except (KeyError, ValueError, OverflowError):
        wanted = "advertiser_id, and since and until as YYYY-MM-DD, are needed"
        return JSONResponse({"error": wanted}, status_code=400)
    about = stock.advertiser
    facts = {"advertiser_id": about.id, "timezone": about.timezone, "currency": about.currency}
    return JSONResponse({**facts, "ads": len(stock.ads), "days": days})


def sums(
    stock: Stock, since: date, until: date, *, ad_id: str | None = None, now: float
) -> list[Mapping[str, object]]:
    """A sum for each day from `since` to `until`; money in text, `now` in epoch seconds."""
    calendar = calendar_of(since, until, zone=stock.advertiser.timezone, now=now)
    delivering = delivers(stock, calendar.ordinals)
    if ad_id is not None:
        delivering &= np.array([ad.id == ad_id for ad in stock.ads], np.bool_)[:, None]
    ads, days = np.nonzero(delivering)
    is_shown = calendar.shown[days] > 0
    whole = settled(stock, ads, calendar.ordinals[days])
    present = told(stock, calendar, ads=ads, days=days, hours=None)
    count, decimals = len(calendar.ordinals), decimals_of(stock.advertiser.currency)
    by_name = {
        "now": _by_day(present, days, count),
        "settled": _by_day(whole, days, count),
    }
    rows = np.bincount(days[is_shown], minlength=count).tolist()
    return [
        {
            "date": str(since + timedelta(days=at)),
            "rows": rows[at],
            **{name: _written(values, at, decimals) for name, values in by_name.items()},
        }
        for at in range(count)
    ]


def _by_day(values: Values, days: Integers, count: int) -> Values:
    with_value = {**values, "conversion_value": sum((values[leg] for leg in LEGS), 0 * days)}
    sums: dict[str, Integers] = {}
    for name in (*_COUNTS, *_MONEY):
        sums[name] = np.zeros(count, np.int64)
        np.add.at(sums[name], days, with_value[name])
    return sums


def _written(values: Values, at: int, decimals: int) -> Mapping[str, object]:
    return {
        **{name: int(values[name][at]) for name in _COUNTS},
        **{name: amount(int(values[name][at]), decimals) for name in _MONEY},
    }
