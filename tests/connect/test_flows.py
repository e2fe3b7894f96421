"""The flows within this process, with a clock and chance of their own."""

import itertools
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest
from desk import browse, led_to
from servers import free_port

from connector.connecting.flows import Back, Flow, Way, by_oauth1, by_pkce, by_tiktok
from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    StoppedError,
    UnreachableError,
)
from connector.http import Session
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.tiktok import authorization as tiktok
from connector.tiktok.calling import Line as TikTokLine
from connector.x import authorization as x
from connector.x.calling import Consumer, Line, hosts_of

PORT = free_port()


@pytest.fixture
def platform() -> Iterator[Address]:
    settings = Settings(consent="allow", callbacks=(f"http://127.0.0.1:{PORT}/callback",))
    with running(settings) as address:
        yield address


@pytest.fixture
def line(platform: Address) -> Iterator[Line]:
    with closing(Session()) as session:
        yield Line(session=session, hosts=hosts_of(platform.url, own=False))


@dataclass(kw_only=True)
class Browser:
    """A person whose browser goes where it is sent, and who types what it came to."""

    change: Callable[[str], str] = lambda address: address
    seen: list[str] = field(default_factory=list)

    def visit(self, address: str, *, here: bool) -> None:
        self.seen.append(address)
        if here:
            browse(address)

    def ask(self, prompt: str) -> str:
        return self.change(led_to(self.seen[-1]))

    secret = ask


def flow(person: Browser, back: Back = "callback", **instead: object) -> Flow:
    return Flow(person=person, way=Way(back=back, port=PORT, seconds=5), **instead)  # type: ignore[arg-type]


def app_of(platform: Address) -> x.App:
    facts = platform.describe()
    return x.App(client_id=str(facts["client_id"]), client_secret=str(facts["client_secret"]))


def consumer_of(platform: Address) -> Consumer:
    app = next(iter(platform.world.apps.values()))
    return Consumer(key=app.consumer_key, secret=app.consumer_secret)


def test_pkce_goes_by_a_browser(line: Line, platform: Address) -> None:
    pair = by_pkce(line, app_of(platform), flow(Browser()))
    assert pair.scopes == x.SCOPES
    assert pair.seconds == 7200
    assert pair.refresh_token


def test_oauth1_goes_by_a_browser(line: Line, platform: Address) -> None:
    granted = by_oauth1(line, consumer_of(platform), flow(Browser()))
    assert granted.screen_name == "manager"


def test_tiktok_goes_by_a_browser(platform: Address) -> None:
    app = next(iter(platform.world.tiktok.apps.values()))
    with closing(Session()) as session:
        line = TikTokLine(session=session, base_url=platform.url, consent=platform.url)
        granted = by_tiktok(line, tiktok.App(app_id=app.id, secret=app.secret), flow(Browser()))
    assert granted.token.startswith("sim-")
    assert granted.scopes


def test_an_answer_after_ten_minutes_is_not_exchanged(line: Line, platform: Address) -> None:
    hours = itertools.count(0.0, 601.0)
    with pytest.raises(CredentialsError, match="older than 10 minutes"):
        by_pkce(line, app_of(platform), flow(Browser(), "paste", monotonic=lambda: next(hours)))


def test_verifier_and_state_are_drawn_apart(line: Line, platform: Address) -> None:
    drawn: list[int] = []

    def draw(count: int) -> bytes:
        drawn.append(count)
        return bytes([len(drawn)]) * count

    browser = Browser()
    by_pkce(line, app_of(platform), flow(browser, random_bytes=draw))
    assert drawn == [32, 32]
    first, second = (x.verifier_of(bytes([number]) * 32) for number in (1, 2))
    assert f"state={second}" in browser.seen[0]
    assert f"code_challenge={x.challenge_of(first)}" in browser.seen[0]
    assert first not in browser.seen[0]


@dataclass(kw_only=True)
class Leaving(Browser):
    """A person who presses Ctrl-C once the answer is there."""

    def ask(self, prompt: str) -> str:
        led = super().ask(prompt)
        threading.Timer(0.3, signal.raise_signal, [signal.SIGINT]).start()
        return led


def test_ctrl_c_while_a_token_is_granted_says_what_may_have_become_of_it() -> None:
    settings = Settings(
        consent="allow", callbacks=(f"http://127.0.0.1:{PORT}/callback",), latency_seconds=1.0
    )
    with running(settings) as platform, closing(Session()) as session:
        line = Line(session=session, hosts=hosts_of(platform.url, own=False))
        with pytest.raises(StoppedError, match="if X granted a token all the same, nobody has it"):
            by_pkce(line, app_of(platform), flow(Leaving(), "paste"))


def test_an_answer_that_is_lost_says_what_may_have_become_of_its_token() -> None:
    settings = Settings(
        consent="allow", callbacks=(f"http://127.0.0.1:{PORT}/callback",),
        faults={"reset_after_commit": 1.0},
    )  # fmt: skip
    with running(settings) as platform, closing(Session()) as session:
        line = Line(session=session, hosts=hosts_of(platform.url, own=False))
        with pytest.raises(UnreachableError, match="if X granted a token all the same"):
            by_pkce(line, app_of(platform), flow(Browser(), "paste"))


def test_an_address_without_state_is_refused(line: Line, platform: Address) -> None:
    browser = Browser(change=lambda address: address.replace("state=", "estate="))
    with pytest.raises(CredentialsError, match="state is another one"):
        by_pkce(line, app_of(platform), flow(browser, "paste"))


def test_scopes_that_the_app_may_not_have_end_it(
    line: Line, platform: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = {**(x.authorize_address.__kwdefaults__ or {}), "scopes": ("ads.read", "everything")}
    monkeypatch.setattr(x.authorize_address, "__kwdefaults__", defaults)
    with pytest.raises(ConfigurationError, match="invalid_scope"):
        by_pkce(line, app_of(platform), flow(Browser()))


def test_an_app_that_x_does_not_know_goes_nowhere(line: Line) -> None:
    app = x.App(client_id="unknown")
    with pytest.raises(ConnectorError):
        by_pkce(line, app, Flow(person=Browser(), way=Way(port=PORT, seconds=0.2)))
