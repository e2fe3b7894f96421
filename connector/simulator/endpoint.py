"""A route of the simulator: it answers, unless the next fault wants it otherwise."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from connector.simulator import connections
from connector.simulator.envelope import Answer, RefusedError, response
from connector.simulator.faults import NO_FAULT
from connector.simulator.misfortunes import MISFORTUNES, Misfortunes
from connector.simulator.simulation import Simulation

# What a request comes to; raises RefusedError where it ends early.
Process = Callable[[Simulation, Request, bytes], Answer]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A route as an ASGI application: Starlette's own endpoints cannot cut a connection.

    `misfortunes` is None for what no fault meets, such as the pages that people look at.
    """

    simulation: Simulation
    process: Process
    misfortunes: Misfortunes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or let it come to grief."""
        simulation = self.simulation
        fault = NO_FAULT if self.misfortunes is None else next(simulation.faults)
        request = Request(scope, receive)
        try:
            body = await request.body()
        except ClientDisconnect:
            return
        answer = self._processed(request, body) if fault.processed else None
        is_there = await connections.is_waiting_after(
            receive, simulation.settings.latency_seconds + fault.seconds
        )
        seen = (request.method, str(scope["path"]))
        if not fault.answered:
            simulation.requests[(*seen, fault.name)] += 1
            if is_there:
                await connections.cut(scope, receive)
            return
        instead = (self.misfortunes or {}).get(fault.name)
        if answer is None or instead is not None:
            answer = (instead or MISFORTUNES[fault.name])(simulation)
        simulation.requests[(*seen, str(answer.status))] += 1
        await response(answer)(scope, receive, send)

    def _processed(self, request: Request, body: bytes) -> Answer:
        try:
            return self.process(self.simulation, request, body)
        except RefusedError as refused:
            return refused.answer
