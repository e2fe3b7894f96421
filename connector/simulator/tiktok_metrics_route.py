"""TikTok's reports and entities, and what only a simulator can tell of them: the truth."""

from dataclasses import replace
from functools import partial

import numpy as np
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from connector.simulator.envelope import HTML
from connector.simulator.simulation import Simulation
from connector.simulator.tiktok_calls import (
    BAD_PARAMETER,
    TOO_LARGE,
    TikTokCall,
    TikTokOperation,
    enveloped,
    tiktok_refusal,
    tiktok_routes,
)
from connector.simulator.tiktok_entities import LISTINGS, advertisers, listed
from connector.simulator.tiktok_query import DAY, MOST_DIGITS, read_query
from connector.simulator.tiktok_report import Found, Report, columns, found, report_of, totals
from connector.simulator.tiktok_reporting import Reporting, stock_for
from connector.simulator.tiktok_tasks import (
    FILE_PATH,
    canceled,
    checked,
    created,
    downloaded,
    lines,
    signature,
    status_of,
)
from connector.simulator.tiktok_truth import TRUTH_PATH, truth

_REPORT_PATH = "/report/integrated/get/"
_THROTTLE = {
    "x-tt-ads-throttle": "Number of ad ids is equal or more than 20k, only return the top 20k id's"
    " results, sorting by create time desc order."
}
_TOO_LARGE = (
    "Your query is too large, please reduce the query size (e.g. fewer metrics or time range) and"
    " retry after a while."
)
_MOVED = 7


def routes(simulation: Simulation) -> list[Route]:
    """The calls, the files of tasks, and the truth."""
    reporting = Reporting(simulation=simulation)
    tasks = (
        ("create", created, "POST"),
        ("cancel", canceled, "POST"),
        ("check", checked, "GET"),
        ("download", downloaded, "GET"),
    )
    operations = [
        TikTokOperation(path=_REPORT_PATH, data=partial(_reported, reporting)),
        TikTokOperation(path="/advertiser/info/", data=advertisers),
        *(TikTokOperation(path=one.path, data=partial(listed, reporting, one)) for one in LISTINGS),
        *(
            TikTokOperation(
                path=f"/report/task/{name}/", data=partial(answer, reporting), method=method
            )
            for name, answer, method in tasks
        ),
    ]
    return [
        *tiktok_routes(simulation, *operations),
        Route(FILE_PATH, partial(_file, reporting), methods=["GET"]),
        Route(TRUTH_PATH, partial(truth, reporting), methods=["GET"]),
    ]


def _reported(reporting: Reporting, call: TikTokCall) -> object:
    stock, query = stock_for(reporting, _REPORT_PATH, call), read_query(call)
    settings = call.simulation.settings
    if query.totals and "tiktok_sandbox" in settings.modes:
        message = "enable_total_metrics is not supported in the sandbox."
        raise tiktok_refusal(call.simulation, BAD_PARAMETER, message)
    report = report_of(stock, query, now=call.simulation.clock())
    if report.cells > settings.tiktok_largest:
        raise tiktok_refusal(call.simulation, TOO_LARGE, _TOO_LARGE)
    rows = found(report)
    if "tiktok_gap" in settings.modes and query.level == "AUCTION_AD" and query.time == DAY:
        rows = rows.at(slice(1, None))
    data = _page(report, _moved(reporting, rows, stock.advertiser.id))
    if query.totals:
        data["total_metrics"] = totals(report, rows)
    answer = enveloped(call.simulation, 0, "OK", data=data)
    return replace(answer, headers=_THROTTLE) if report.is_cut else answer


def _moved(reporting: Reporting, rows: Found, advertiser_id: str) -> Found:
    """The rows, moved on a little with every call where pages move."""
    if "moving_pages" not in reporting.simulation.settings.modes:
        return rows
    order = np.roll(np.arange(len(rows.places)), _MOVED * reporting.asked[advertiser_id])
    reporting.asked[advertiser_id] += 1
    return rows.at(order)


def _page(report: Report, rows: Found) -> dict[str, object]:
    query, number = report.query, len(rows.places)
    chosen = rows.at(slice((query.page - 1) * query.page_size, query.page * query.page_size))
    named = list(columns(report, chosen))
    split, names = len(query.dimensions), [name for name, _ in named]
    listing = [
        {
            "dimensions": dict(zip(names[:split], texts[:split], strict=True)),
            "metrics": dict(zip(names[split:], texts[split:], strict=True)),
        }
        for texts in zip(*(texts for _, texts in named), strict=True)
    ]
    info = {
        "page": query.page, "page_size": query.page_size, "total_number": number,
        "total_page": -(-number // query.page_size),
    }  # fmt: skip
    return {"list": listing, "page_info": info}


async def _file(reporting: Reporting, request: Request) -> Response:
    task = reporting.tasks.get(request.path_params["id"])
    now, query = reporting.simulation.clock(), request.query_params
    text = query.get("expire", "")
    expires = int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else 0
    is_good = (
        task is not None
        and status_of(task, now=now) == "SUCCESS"
        and query.get("sign") == signature(task, expires)
        and now < expires
    )
    status = "200" if is_good else "403"
    reporting.simulation.requests["GET", request.url.path, status] += 1
    if task is None or not is_good:
        return Response("<h1>403 Forbidden</h1>", status_code=403, media_type=HTML)
    stock = reporting.stock(task.advertiser_id)
    return StreamingResponse(lines(stock, task), media_type="text/csv")
