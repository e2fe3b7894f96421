"""The answers of X that no request deserves, for the faults that have an answer."""

import math
from collections.abc import Callable, Mapping

from connector.simulator.envelope import Answer, error, refusal
from connector.simulator.limits import rate_headers
from connector.simulator.settings import EVENTS_PER_WINDOW
from connector.simulator.simulation import Simulation

# The answer instead of the right one, by the name of the fault; faults without one keep that.
Misfortunes = Mapping[str, Callable[[Simulation], Answer]]

TOO_MANY_REQUESTS = error("TOO_MANY_REQUESTS", "Too many requests")


def unavailable(simulation: Simulation) -> Answer:
    """503, with the time to wait unless headers are kept from the client."""
    headers = {} if "no_rate_headers" in simulation.settings.modes else {"retry-after": "1"}
    entry = error("SERVICE_UNAVAILABLE", "The service is temporarily unavailable")
    return refusal(503, [entry], headers=headers)


def rate_limited(simulation: Simulation) -> Answer:
    """429, with a window that ends in about a second."""
    limit = simulation.settings.events_per_window or EVENTS_PER_WINDOW
    # whole seconds, from half a second to one and a half ahead
    reset = math.ceil(simulation.clock() + 0.5)
    headers = rate_headers(limit=limit, remaining=0, reset=reset)
    shown = {} if "no_rate_headers" in simulation.settings.modes else headers
    return refusal(429, [TOO_MANY_REQUESTS], headers=shown)


def internal_error(_: Simulation) -> Answer:
    """500, whatever became of the request."""
    return refusal(500, [error("INTERNAL_ERROR", "An internal error occurred")])


MISFORTUNES: Misfortunes = {
    "unavailable": unavailable,
    "rate_limited": rate_limited,
    "error_500_after_commit": internal_error,
}
