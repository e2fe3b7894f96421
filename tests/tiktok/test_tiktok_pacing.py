"""Requests to TikTok that keep the app's budget, against a server that says what a test wants."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from raw_server import Handle, RawServer, answering, serving
from waiting import Person

from connector.budgets.budget import Budget
from connector.budgets.in_state import StateBudgets
from connector.budgets.reads import Requests, steady
from connector.errors import UnreachableError
from connector.http import Session
from connector.state import database
from connector.tiktok.calling import Line, get, post

FINE = answering("200 OK", b'{"code":0,"data":{}}')
BUSY = answering("200 OK", b'{"code":40100,"message":"App reaches the QPS limit."}')
BUDGET = steady(Budget(name="tiktok app requests", amount=10, seconds=1.0))

MakeLine = Callable[..., Line]
MakeServer = Callable[..., RawServer]


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def line_to(tmp_path: Path, person: Person, stack: ExitStack) -> MakeLine:
    """A line of one more process."""
    place = tmp_path / "connector.db"
    database.create(place)

    def make(server: RawServer, patience: float = 1_800) -> Line:
        session = Session()
        stack.callback(session.close)
        state = stack.enter_context(database.opened(place))
        budgets = StateBudgets(database=state, clock=lambda _: round(person.now * 1000))
        return Line(
            session=session, base_url=server.url, consent=server.url, now=lambda: person.now,
            pause=person.pause,
            pacing=Requests(budget=BUDGET, budgets=budgets, waiting=person.waiting(patience)),
        )  # fmt: skip

    return make


@pytest.fixture
def server_of(stack: ExitStack) -> MakeServer:
    """A server that answers in turn, and at last always the same."""

    def make(*handles: Handle) -> RawServer:
        turns = list(handles)

        def handle(connection: socket.socket) -> None:
            (turns.pop(0) if len(turns) > 1 else turns[0])(connection)

        return stack.enter_context(serving(handle))

    return make


def test_processes_share_the_requests_of_a_second(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(FINE)
    one, other = line_to(server), line_to(server)
    for _ in range(12):
        get(one, "token", "ad/get/")
        post(other, "report/task/create/", {})
    assert person.now == pytest.approx(1_795_000_002.2, abs=0.01)
    assert len(server.received) == 24


@pytest.mark.parametrize(
    "busy",
    [
        b'{"code":40016,"message":""}',
        b'{"code":40132,"message":""}',
        b'{"code":40133,"message":"Advertiser (7)\'s QPS (21) reaches QPS limit 20"}',
        b'{"code":40102,"message":"Too many requests. Please retry in some time."}',
        b'{"code":40101,"message":"App reaches the QPS limit."}',
    ],
)
def test_a_refusal_for_a_limit_is_waited_for(
    line_to: MakeLine, server_of: MakeServer, person: Person, busy: bytes
) -> None:
    server = server_of(answering("200 OK", busy), FINE)
    get(line_to(server), "token", "ad/get/")
    assert len(server.received) == 2
    assert person.paused == [1.0]


def test_a_gateway_s_own_refusal_counts_with_what_it_asks(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    gateway = answering("429 Too Many\nRetry-After: 33", b"<html>")
    get(line_to(server_of(gateway, FINE)), "token", "ad/get/")
    assert person.paused == [33.0]


def test_after_a_minute_five_minutes_are_waited_and_then_it_is_out_of_reach(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(BUSY)
    with pytest.raises(UnreachableError, match="200 40100: the app's limit is used up"):
        get(line_to(server), "token", "ad/get/")
    assert person.paused == pytest.approx([1, 2, 4, 8, 16, 32, 60, 300, 300, 300], abs=0.01)
    assert len(server.received) == 11
    assert person.heard[0] == "TikTok Ads GET ad/get: waiting for the limit; going on in 8 s"


def test_whoever_has_less_patience_ends_before(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(BUSY)
    with pytest.raises(UnreachableError, match="200 40100"):
        get(line_to(server, patience=10), "token", "ad/get/")
    assert person.paused == pytest.approx([1, 2, 4])
    with pytest.raises(UnreachableError, match=r"GET ad/get: not sent: .* again in 8 s"):
        get(line_to(server, patience=5), "token", "ad/get/")
    with pytest.raises(UnreachableError, match="POST oauth2/access_token: not sent: "):
        post(line_to(server, patience=5), "oauth2/access_token/", {})
    assert len(server.received) == 4


def test_a_query_that_is_too_large_is_not_waited_for(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(answering("200 OK", b'{"code":40067,"message":"too large, retry"}'))
    with pytest.raises(Exception, match="40067"):
        get(line_to(server), "token", "report/integrated/get/")
    assert len(server.received) == 1
    assert person.paused == []


def test_what_passes_by_itself_is_another_matter(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    down = answering("504 Gateway", b"<html>")
    server = server_of(down, BUSY, down, BUSY, FINE)
    get(line_to(server), "token", "ad/get/")
    assert person.paused == pytest.approx([1, 1, 2, 2], abs=0.01)
