"""The simulator as an ASGI application, put together from its routes."""

import time
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from connector.simulator import (
    accounts_route,
    ads_inspection,
    ads_route,
    conversions_route,
    inspection,
    media_route,
    oauth1_route,
    oauth2_route,
    statistics_inspection,
    statistics_jobs_route,
    statistics_route,
    tiktok_metrics_route,
    tiktok_route,
)
from connector.simulator.envelope import (
    HTML,
    ROUTE_NOT_FOUND,
    Answer,
    error,
    refusal,
    response,
)
from connector.simulator.settings import Settings
from connector.simulator.simulation import Clock, Simulation, new_simulation
from connector.simulator.tiktok_calls import BAD_PARAMETER, PREFIX, enveloped

# each gives the routes of one part of X or TikTok for a simulation
ROUTE_MODULES = (
    conversions_route,
    accounts_route,
    ads_route,
    ads_inspection,
    media_route,
    oauth1_route,
    oauth2_route,
    tiktok_route,
    tiktok_metrics_route,
    inspection,
    statistics_route,
    statistics_jobs_route,
    statistics_inspection,
)

_NOT_FOUND_PAGE = "<!doctype html><title>404</title><h1>Sorry, that page doesn't exist</h1>"


def create_app(settings: Settings, *, clock: Clock = time.time) -> Starlette:
    """A simulator of its own, with nothing shared with others.

    Its routes can cut connections only when `connections.Connection` serves them.
    """
    simulation = new_simulation(settings, clock=clock)

    async def not_found(request: Request, _: Exception) -> Response:
        return response(_not_found(simulation, request))

    async def method_not_allowed(request: Request, _: Exception) -> Response:
        return response(_method_not_allowed(simulation, request))

    handlers: dict[int | type[Exception], ExceptionHandler] = {
        404: not_found,
        405: method_not_allowed,
    }
    app = Starlette(
        routes=[route for module in ROUTE_MODULES for route in module.routes(simulation)],
        exception_handlers=handlers,
    )
    # X does not redirect, and a redirected POST is what a client must not follow
    app.router.redirect_slashes = False
    if settings.clock_skew_seconds:
        app.add_middleware(Dated, clock=simulation.clock)
    return app


class Dated:
    """Tells the simulator's own time in the header `Date`, where that is not the machine's."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request with the header added to its answer."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock(), usegmt=True).encode("ascii")
                message["headers"] = [*message["headers"], (b"date", date)]
            await send(message)

        await self._app(scope, receive, dated)


def _not_found(simulation: Simulation, request: Request) -> Answer:
    if request.scope["path"].startswith(f"{PREFIX}/"):
        return enveloped(simulation, BAD_PARAMETER, "The path does not exist.")
    if "html_errors" in simulation.settings.modes:
        return Answer(status=404, text=_NOT_FOUND_PAGE, media_type=HTML)
    return refusal(404, [ROUTE_NOT_FOUND])


def _method_not_allowed(simulation: Simulation, request: Request) -> Answer:
    if request.scope["path"].startswith(f"{PREFIX}/"):
        return enveloped(simulation, BAD_PARAMETER, "The method is not allowed.")
    return refusal(405, [error("METHOD_NOT_ALLOWED", "This method is not allowed here")])
