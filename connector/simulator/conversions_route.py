"""`POST /12/measurement/conversions/{pixel_id}`: all or nothing, and what may go wrong with it."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from connector.simulator import connections
from connector.simulator.authentication import Caller, admitted, not_authenticated, sender
from connector.simulator.conversions import (
    MAX_CONVERSIONS,
    TOO_MANY,
    Strictness,
    batch_errors,
)
from connector.simulator.envelope import (
    VERSIONS,
    Answer,
    Error,
    RefusedError,
    error,
    refusal,
    response,
    success,
)
from connector.simulator.limits import WINDOW_SECONDS, current, rate_headers, spent
from connector.simulator.misfortunes import (
    TOO_MANY_REQUESTS,
    Misfortunes,
    internal_error,
    rate_limited,
    unavailable,
)
from connector.simulator.parameters import not_json
from connector.simulator.signatures import UnknownCallerError, call_of
from connector.simulator.simulation import Simulation
from connector.simulator.wire import Arrivals, Tally
from connector.simulator.world import Pixel, tags_of


def routes(simulation: Simulation) -> list[Route]:
    """The route, under each version that X still lists."""
    endpoint = ConversionsEndpoint(simulation)
    return [
        Route(f"/{version}/measurement/conversions/{{pixel_id}}", endpoint, methods=["POST"])
        for version in VERSIONS
    ]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What processing a request came to; `stored` is None where nothing was."""

    answer: Answer
    stored: list[Arrivals] | None = None


@dataclass(frozen=True)
class ConversionsEndpoint:
    """The route as an ASGI application: Starlette's own endpoints cannot cut a connection."""

    simulation: Simulation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or let it come to grief as the next fault wants it."""
        simulation, tally = self.simulation, self.simulation.tally
        tally.requests += 1
        fault = next(simulation.faults)
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            tally.endings["disconnected"] += 1
            return
        # what has arrived whole is processed, also where the client does not wait for the answer
        outcome = processed(simulation, request, body, tally) if fault.processed else None
        seconds = simulation.settings.latency_seconds + fault.seconds
        if not fault.answered:
            tally.endings[fault.name] += 1
            if await connections.is_waiting_after(receive, seconds):
                await connections.cut(scope, receive)
            return
        is_there = await connections.is_waiting_after(receive, seconds)
        if not is_there or not connections.is_open(scope):
            tally.endings["disconnected"] += 1
            return
        answer = _answer(fault.name, outcome, simulation)
        await response(answer)(scope, receive, send)
        tally.endings[str(answer.status)] += 1
        if outcome and outcome.stored is not None and answer is outcome.answer:
            tally.acknowledge(outcome.stored)


def processed(simulation: Simulation, request: Request, body: bytes, tally: Tally) -> Outcome:
    """Check a request and store its conversions, or nothing.

    They count in `tally`, which is the simulation's own unless it was emptied in the meantime.
    """
    try:
        return _stored(simulation, request, body, tally)
    except RefusedError as refused:
        return Outcome(answer=refused.answer)


def _stored(simulation: Simulation, request: Request, body: bytes, tally: Tally) -> Outcome:
    now = simulation.clock()
    caller = _caller(simulation, request, body)
    pixel = admitted(caller, request.path_params["pixel_id"], world=simulation.world)
    conversions = _conversions(body, pixel)
    headers = _spent(simulation, pixel.account_id, len(conversions), now)
    _check(simulation, pixel, conversions, headers)
    sound = [conversion for conversion in conversions if isinstance(conversion, dict)]
    stored = tally.receive(sound, pixel_id=pixel.id, raw=body, now=now)
    data = {"conversions_processed": len(conversions), "debug_id": str(uuid.uuid4())}
    answer = success(data, account_id=pixel.account_id, headers=headers)
    return Outcome(answer=answer, stored=stored)


def _caller(simulation: Simulation, request: Request, body: bytes) -> Caller:
    try:
        return sender(call_of(request, body), gate=simulation.gate())
    except UnknownCallerError as unknown:
        gateway = "gateway_errors" in simulation.settings.modes
        raise not_authenticated(unknown.reason, gateway=gateway) from None


def _conversions(body: bytes, pixel: Pixel) -> list[object]:
    try:
        read = json.loads(body, parse_constant=not_json)
    except (ValueError, RecursionError):
        unreadable = error("INVALID_PARAMETER", "The request body is not valid JSON", "")
        raise _bad_request(pixel, unreadable) from None
    conversions = read.get("conversions") if isinstance(read, dict) else None
    if not isinstance(conversions, list) or not conversions:
        missing = error("MISSING_PARAMETER", "conversions is required", "conversions")
        raise _bad_request(pixel, missing)
    if len(conversions) > MAX_CONVERSIONS:
        raise _bad_request(pixel, error("INVALID_PARAMETER", TOO_MANY, "conversions"))
    return conversions


def _bad_request(pixel: Pixel, entry: Error) -> RefusedError:
    return RefusedError(refusal(400, [entry], account_id=pixel.account_id))


def _spent(
    simulation: Simulation,
    account_id: str,
    events: int,
    now: float,
) -> Mapping[str, str]:
    """Take `events` off the account's limit, whatever becomes of them; headers that say so."""
    limit = simulation.settings.events_per_window
    seconds = WINDOW_SECONDS * simulation.settings.window_scale
    key = ("conversions", account_id)
    window = current(simulation.windows.get(key), now=now, seconds=seconds)
    after = spent(window, events=events, limit=limit)
    held = after or window
    simulation.windows[key] = held
    headers: Mapping[str, str] = {}
    if limit is not None and "no_rate_headers" not in simulation.settings.modes:
        headers = rate_headers(limit=limit, remaining=limit - held.used, reset=held.reset)
    if after is None:
        raise RefusedError(
            refusal(429, [TOO_MANY_REQUESTS], account_id=account_id, headers=headers),
        )
    return headers


def _check(
    simulation: Simulation,
    pixel: Pixel,
    conversions: list[object],
    headers: Mapping[str, str],
) -> None:
    settings = simulation.settings
    errors = batch_errors(
        conversions,
        tags=tags_of(simulation.world, pixel),
        strictness=Strictness(
            formats="strict_formats" in settings.modes,
            refuse_integers="refuse_integers" in settings.modes,
            poison=settings.poison,
        ),
    )
    if errors:
        status = 404 if any(entry["code"] == "NOT_FOUND" for entry in errors) else 400
        raise RefusedError(
            refusal(status, errors, account_id=pixel.account_id, headers=headers),
        )


def _answer(name: str, outcome: Outcome | None, simulation: Simulation) -> Answer:
    """The answer that leaves: the outcome's own, unless the fault of that name has another."""
    if outcome is None:
        return _UNPROCESSED[name](simulation)
    rewrite = _REWRITTEN.get(name)
    return rewrite(simulation, outcome.answer) if rewrite else outcome.answer


def _one_short(_: Simulation, answer: Answer) -> Answer:
    data = answer.body.get("data")
    if not isinstance(data, dict):
        return answer
    fewer = data | {"conversions_processed": data["conversions_processed"] - 1}
    return Answer(status=200, body={**answer.body, "data": fewer}, headers=answer.headers)


_UNPROCESSED: Misfortunes = {"unavailable": unavailable, "rate_limited": rate_limited}

_REWRITTEN: Mapping[str, Callable[[Simulation, Answer], Answer]] = {
    "error_500_after_commit": lambda simulation, _: internal_error(simulation),
    "short_acknowledgement": _one_short,
}
