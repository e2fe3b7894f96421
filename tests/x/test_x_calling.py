"""Reads that wait for their turn, against a server that says what a test wants."""

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from raw_server import Handle, RawServer, answering, serving
from waiting import Person

from connector.budgets.in_state import StateBudgets
from connector.budgets.reads import Reads
from connector.errors import UnreachableError
from connector.http import Session
from connector.state import database
from connector.x.calling import (
    Bearer,
    Consumer,
    Line,
    Signing,
    client_of,
    get,
    header,
    hosts_of,
    user_of,
)

BEARER = Bearer(token="t0ken", client="app", user="4711")
BUSY = b'{"errors":[{"code":"TOO_MANY_REQUESTS"}]}'
FINE = answering("200 OK", b'{"data":[]}')
PATH = "accounts/18ce54d4x5t/campaigns"
OPERATION = "accounts/:id/campaigns"


def limits(person: Person, remaining: int, resets_in: float, family: str = "x-rate-limit") -> str:
    return "\n".join(
        f"{family}-{name}: {value:.0f}"
        for name, value in (
            ("limit", 100), ("remaining", remaining), ("reset", person.now + resets_in),
        )
    )  # fmt: skip


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def line_to(tmp_path: Path, person: Person, stack: ExitStack) -> Callable[..., Line]:
    """A line of one more process; without patience an unpaced one."""
    place = tmp_path / "connector.db"
    database.create(place)

    def make(server: RawServer, patience: float | None = 900) -> Line:
        session = Session()
        stack.callback(session.close)
        state = stack.enter_context(database.opened(place))
        quotas = StateBudgets(database=state, clock=lambda _: round(person.now * 1000))
        pacing = None
        if patience is not None:
            pacing = Reads(target="x", quotas=quotas, waiting=person.waiting(patience))
        hosts = hosts_of(server.url, own=False)
        return Line(
            session=session, hosts=hosts, now=lambda: person.now, pause=person.pause, pacing=pacing
        )

    return make


@pytest.fixture
def server_of(stack: ExitStack) -> Callable[..., RawServer]:
    """A server that answers in turn, and at last always the same."""

    def make(*handles: Handle) -> RawServer:
        turns = list(handles)

        def handle(connection: socket.socket) -> None:
            (turns.pop(0) if len(turns) > 1 else turns[0])(connection)

        return stack.enter_context(serving(handle))

    return make


MakeLine = Callable[..., Line]
MakeServer = Callable[..., RawServer]


def read(line: Line, path: str = PATH, operation: str = OPERATION) -> dict[str, object]:
    return get(line, BEARER, path, operation=operation)[0]


def test_a_refusal_for_a_limit_is_waited_for_and_asked_again(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(answering(f"429 No\n{limits(person, 0, 300)}", BUSY), FINE)
    assert read(line_to(server)) == {"data": []}
    assert len(server.received) == 2
    assert sum(person.paused) == pytest.approx(300, abs=0.01)
    assert person.heard == [
        "X Ads GET accounts/:id/campaigns: waiting for the limit; going on in 300 s"
    ]


def test_beyond_patience_the_refusal_is_told_and_others_do_not_even_ask(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(answering(f"429 No\n{limits(person, 0, 300)}", BUSY))
    with pytest.raises(UnreachableError, match=r"429 TOO_MANY_REQUESTS.*again in 300 s"):
        read(line_to(server, patience=60))
    with pytest.raises(UnreachableError, match=r"campaigns: not sent: .*again in 300 s"):
        read(line_to(server, patience=60))
    assert len(server.received) == 1
    assert person.paused == []
    assert UnreachableError.exit_code == 8


def test_another_endpoint_has_a_limit_of_its_own(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    family = "x-account-rate-limit"
    server = server_of(answering(f"200 OK\n{limits(person, 0, 300, family)}", b'{"data":[]}'), FINE)
    line = line_to(server)
    read(line)
    read(line, "accounts/18ce54d4x5t/line_items", "accounts/:id/line_items")
    read(line, "accounts/18other/campaigns")
    assert person.paused == []
    read(line)
    assert sum(person.paused) == pytest.approx(300, abs=0.01)


def test_a_limit_of_the_user_holds_for_all_accounts(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    said = answering(f"200 OK\n{limits(person, 0, 300)}", b'{"data":[]}')
    server = server_of(said, FINE)
    read(line_to(server), "stats/accounts/18ce54d4x5t", "stats/accounts/:id")
    read(line_to(server), "stats/accounts/18other", "stats/accounts/:id")
    assert sum(person.paused) == pytest.approx(300, abs=0.01)


def test_a_refusal_without_a_moment_is_waited_for_longer_each_time(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(answering("429 No", BUSY))
    with pytest.raises(UnreachableError, match="429 TOO_MANY_REQUESTS"):
        read(line_to(server, patience=70))
    assert person.paused == pytest.approx([1, 2, 4, 8, 16, 32], abs=0.01)
    assert len(server.received) == 7


def test_a_moment_that_has_passed_is_waited_for_all_the_same(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(answering(f"429 No\n{limits(person, 0, -30)}", BUSY), FINE)
    read(line_to(server))
    assert person.paused == pytest.approx([1], abs=0.01)


def test_retry_after_counts_too(line_to: MakeLine, server_of: MakeServer, person: Person) -> None:
    server = server_of(answering("429 No\nRetry-After: 17", BUSY), FINE)
    read(line_to(server))
    assert person.paused == pytest.approx([17], abs=0.01)


def test_a_platform_that_is_down_says_for_how_long(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    down = answering(f"503 Down\nRetry-After: 40\n{limits(person, 90, 800)}", b"")
    server = server_of(down, FINE)
    read(line_to(server))
    assert person.paused == pytest.approx([40], abs=0.01)
    with pytest.raises(UnreachableError, match="503"):
        read(line_to(server_of(down), patience=30))
    with pytest.raises(UnreachableError, match="503"):
        read(line_to(server_of(down), patience=None))
    assert person.paused[1:] == [1, 2]


def test_without_pacing_a_refusal_for_a_limit_ends_it(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    server = server_of(answering(f"429 No\n{limits(person, 0, 30)}", BUSY))
    with pytest.raises(UnreachableError, match="429 TOO_MANY_REQUESTS"):
        read(line_to(server, patience=None))
    assert len(server.received) == 1


def test_what_passes_by_itself_takes_a_turn_each_time(
    line_to: MakeLine, server_of: MakeServer, person: Person
) -> None:
    down = answering("503 Down", b"")
    server = server_of(down, answering(f"429 No\n{limits(person, 0, 20)}", BUSY), down, FINE, down)
    line = line_to(server)
    assert read(line) == {"data": []}
    assert person.paused == pytest.approx([1, 19, 2], abs=0.01)
    with pytest.raises(UnreachableError, match="503"):
        read(line)
    assert len(server.received) == 4 + 3


def test_a_request_is_signed_at_the_time_of_the_line() -> None:
    access = Signing(consumer=Consumer(key="k", secret="s"), token="t", token_secret="u")
    made = header(access, "GET", "https://ads-api.x.com/12/accounts", now=1_795_000_000.9)
    assert re.findall(r'oauth_timestamp="(\d+)"', made["Authorization"]) == ["1795000000"]


def test_limits_are_counted_by_what_no_renewal_changes() -> None:
    renewed = Bearer(token="other", client="app", user="4711")
    assert (client_of(BEARER), user_of(BEARER)) == (client_of(renewed), user_of(renewed))
    assert user_of(Bearer(token="a")) != user_of(Bearer(token="b"))
    one = Signing(consumer=Consumer(key="k", secret="s"), token="t", token_secret="u")
    other = Signing(consumer=Consumer(key="k", secret="s"), token="t2", token_secret="u")
    assert client_of(one) == client_of(other) != client_of(BEARER)
    assert user_of(one) != user_of(other)
    assert "4711" not in repr(BEARER)
