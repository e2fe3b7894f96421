"""What X does not have: a look at what arrived, and a word on what this is."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connector.simulator.envelope import Answer, response
from connector.simulator.simulation import Simulation
from connector.simulator.statistics_inspection import JOBS_PATH, METRICS_PATH

COUNT_PATH = "/_simulator/conversions"
REQUESTS_PATH = "/_simulator/requests"

_ABOUT = {
    "what": "a local simulator of X Ads and TikTok; nothing sent here leaves this machine",
    "conversions": "POST /12/measurement/conversions/{pixel_id}",
    "arrived": f"GET {COUNT_PATH}, with ?detail=1 each conversion; DELETE empties the count",
    "requests": f"GET {REQUESTS_PATH}: every other call by method, path and end; DELETE likewise",
    "metrics": f"GET {METRICS_PATH}: what the ads truly came to; {JOBS_PATH} lists the jobs",
}


def routes(simulation: Simulation) -> list[Route]:
    """The simulator's own routes; they ask for no credentials."""

    async def arrived(request: Request) -> Response:
        counts = simulation.tally.summary()
        if request.query_params.get("detail") == "1":
            counts["conversions"] = list(simulation.tally.details())
        return response(Answer(status=200, body=counts))

    async def emptied(_: Request) -> Response:
        simulation.tally = simulation.tally.emptied()
        return response(Answer(status=200, body=simulation.tally.summary()))

    async def requests(request: Request) -> Response:
        if request.method == "DELETE":
            simulation.requests.clear()
        return response(Answer(status=200, body={"requests": _counted(simulation)}))

    return [
        Route("/", about, methods=["GET"]),
        Route(COUNT_PATH, arrived, methods=["GET"]),
        Route(COUNT_PATH, emptied, methods=["DELETE"]),
        Route(REQUESTS_PATH, requests, methods=["GET", "DELETE"]),
    ]


def _counted(simulation: Simulation) -> list[dict[str, object]]:
    return [
        {"method": method, "path": path, "ended": ended, "count": count}
        for (method, path, ended), count in simulation.requests.items()
    ]


async def about(_: Request) -> Response:
    """What this is, for whoever opens the address in a browser."""
    return JSONResponse(_ABOUT)
