"""An X that answers as a test says, call by call, and a line to it."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from raw_server import Handle, RawServer, answering, serving
from x.metrics.account import Clock

from connector.http import Session
from connector.x.calling import Bearer, Line, hosts_of
from connector.x.metrics.asking import Asking

ACCOUNT = "18ce54d4x5t"


@dataclass(frozen=True, kw_only=True)
class Call:
    """What was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


Reply = Handle | tuple[str, Any]
"""What to do, or a status line with headers and a body: JSON, or bytes as they are."""
Script = Callable[[Call], Reply]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A line to a scripted X."""

    server: RawServer
    asking: Asking
    clock: Clock
    calls: list[Call] = field(default_factory=list)

    def of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]


@contextmanager
def playing(script: Script) -> Iterator[Stage]:
    """An X that asks a script for each answer."""
    clock, calls = Clock(), list[Call]()

    def handle(connection: socket.socket) -> None:
        received = server.received[-1]
        method, target, _ = received.line.split()
        parts = urlsplit(target)
        call = Call(
            method=method, path=parts.path, query=dict(parse_qsl(parts.query)),
            headers=received.headers,
        )  # fmt: skip
        calls.append(call)
        reply = script(call)
        if isinstance(reply, tuple):
            status, body = reply
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            reply = answering(status, text)
        reply(connection)

    with serving(handle) as server, closing(Session()) as session:
        hosts = hosts_of(server.url, own=False)
        line = Line(session=session, hosts=hosts, now=clock, pause=clock.pause)
        asking = Asking(line=line, access=Bearer(token="t0ken"), account_id=ACCOUNT)
        yield Stage(server=server, asking=asking, clock=clock, calls=calls)


def in_turn(replies: Sequence[Reply]) -> Script:
    """The replies one after the other, whatever is asked."""
    left = iter(replies)
    return lambda _: next(left)


def errors(code: str) -> dict[str, Any]:
    """The body of a refusal."""
    return {"errors": [{"code": code, "message": "no"}], "request": {"params": {}}}
