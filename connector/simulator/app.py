"""The simulator as an ASGI application, put together from its routes."""

import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from connector.simulator import conversions_route, inspection
from connector.simulator.authentication import ROUTE_NOT_FOUND
from connector.simulator.envelope import error, refusal, response
from connector.simulator.settings import Settings
from connector.simulator.simulation import Clock, new_simulation

# each gives the routes of one part of X for a simulation
ROUTE_MODULES = (conversions_route, inspection)


def create_app(settings: Settings, *, clock: Clock = time.time) -> Starlette:
    """A simulator of its own, with nothing shared with others.

    The conversions route can cut connections only when `connections.Connection` serves it.
    """
    simulation = new_simulation(settings, clock=clock)
    handlers: dict[int | type[Exception], ExceptionHandler] = {
        404: _not_found,
        405: _method_not_allowed,
    }
    app = Starlette(
        routes=[route for module in ROUTE_MODULES for route in module.routes(simulation)],
        exception_handlers=handlers,
    )
    # X does not redirect, and a redirected POST is what a client must not follow
    app.router.redirect_slashes = False
    return app


async def _not_found(_: Request, __: Exception) -> Response:
    return response(refusal(404, [ROUTE_NOT_FOUND]))


async def _method_not_allowed(_: Request, __: Exception) -> Response:
    return response(
        refusal(405, [error("METHOD_NOT_ALLOWED", "This method is not allowed here")]),
    )
