"""What X does not tell of its numbers: the true sums, and what became of the jobs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connector.simulator.envelope import Answer, response
from connector.simulator.simulation import Simulation
from connector.simulator.statistics.jobs import row_of
from connector.simulator.statistics.truth import tag_sums, truth
from connector.simulator.statistics_route import books, view

METRICS_PATH = "/_simulator/metrics"
JOBS_PATH = "/_simulator/jobs"

# Days up to yesterday, where nothing else is asked.
_DAYS = 28


def routes(simulation: Simulation) -> list[Route]:
    """The simulator's own routes about numbers; they ask for no credentials."""

    async def sums(request: Request) -> Response:
        try:
            body = _sums(simulation, request.query_params)
        except (ValueError, OverflowError) as problem:
            return response(Answer(status=400, body={"error": str(problem)}))
        return response(Answer(status=200, body=body))

    async def jobs(_: Request) -> Response:
        return response(Answer(status=200, body=_jobs(simulation)))

    return [
        Route(METRICS_PATH, sums, methods=["GET"]),
        Route(JOBS_PATH, jobs, methods=["GET"]),
    ]


def _sums(simulation: Simulation, params: Mapping[str, str]) -> Mapping[str, object]:
    """The true sums of an account; raises ValueError for what cannot be asked."""
    accounts = simulation.world.accounts
    account = accounts.get(params.get("account") or next(iter(accounts)))
    if account is None:
        raise ValueError("there is no such account")
    of_account = books(simulation, account)
    seen = replace(view(simulation), settled=params.get("settled") == "1")
    yesterday = datetime.fromtimestamp(seen.now, of_account.zone).date() - timedelta(days=1)
    until = _day(params, "until", yesterday)
    since = _day(params, "since", until - timedelta(days=_DAYS - 1))
    if since > until:
        raise ValueError("since is after until")
    by_day = params.get("by") == "day"
    told = truth(of_account, since=since, until=until, view=seen, by_day=by_day)
    if params.get("tags") == "1":
        told["tags"] = tag_sums(of_account, since=since, until=until, view=seen)
    return told


def _day(params: Mapping[str, str], name: str, otherwise: date) -> date:
    text = params.get(name)
    return date.fromisoformat(text) if text else otherwise


def _jobs(simulation: Simulation) -> Mapping[str, object]:
    jobs = simulation.jobs
    return {
        "jobs": [row_of(job, url=None) for job in jobs.by_id.values()],
        "downloads": jobs.downloads,
        "downloads_with_credentials": jobs.with_credentials,
    }
