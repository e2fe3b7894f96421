"""What a browser shows when a way in leads nowhere, and what the command says then."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from browser.chromium import REBOUND, Tab
from browser.people import EXCHANGES, WAYS, connecting
from desk import Desk
from servers import free_port

from connector.connecting import flows
from connector.connecting.flows import Flow, by_pkce
from connector.errors import ConfigurationError, ConnectorError, CredentialsError
from connector.http import Session
from connector.x import authorization as x
from connector.x.calling import Line, hosts_of

SCRIPT = "<script>alert(1)</script>"


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """A person who does something with the tab that they are sent to."""

    tab: Tab
    act: Callable[[str], object]

    def visit(self, address: str, *, here: bool) -> None:
        assert here
        self.tab.open(address)
        self.act(address)

    def ask(self, prompt: str) -> str:
        raise AssertionError(prompt)

    secret = ask


# Goes by PKCE within this process, and gives what it ended with.
Go = Callable[..., ConnectorError | x.Pair]


@pytest.fixture
def go(desk: Desk, tab: Tab) -> Iterator[Go]:
    facts = desk.facts
    app = x.App(client_id=str(facts["client_id"]), client_secret=str(facts["client_secret"]))
    with closing(Session()) as session:
        line = Line(session=session, hosts=hosts_of(desk.address.url, own=False))

        def walk(
            act: Callable[[str], object], monotonic: Callable[[], float] = time.monotonic
        ) -> ConnectorError | x.Pair:
            way = flows.Way(port=desk.port, seconds=5)
            flow = Flow(person=Visitor(tab=tab, act=act), way=way, monotonic=monotonic)
            try:
                return by_pkce(line, app, flow)
            except ConnectorError as error:
                return error

        yield walk


def back(consent: str, **answer: str) -> str:
    """Where a page of consent leads, with an answer of one's own; `state` is right unless said."""
    asked = dict(parse_qsl(urlsplit(consent).query))
    return f"{asked['redirect_uri']}?{urlencode({'state': asked['state'], **answer})}"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("oauth1", "oauth_token=stolen&oauth_verifier=stolen"),
        ("oauth1", "denied=stolen"),
        ("pkce", "state=stolen&code=stolen"),
        ("tiktok", "state=stolen&auth_code=stolen"),
    ],
)
def test_somebody_elses_link_connects_nothing(desk: Desk, tab: Tab, name: str, answer: str) -> None:
    with connecting(desk, WAYS[name]) as running:
        running.address()
        assert tab.open(f"http://127.0.0.1:{desk.port}/callback?{answer}") == 400
        ended = running.ended()
    assert tab.title == "This is another attempt's answer"
    assert "nothing was connected. Run the command again" in tab.text
    assert ended.code == 5
    assert "its state is another one" in ended.err
    assert not EXCHANGES & set(desk.paths())


def test_who_takes_more_than_ten_minutes_is_too_late(go: Go, tab: Tab) -> None:
    moments = itertools.chain([0.0], itertools.repeat(600.1))
    error = go(lambda _: tab.press("Allow"), monotonic=lambda: next(moments))
    assert tab.title == "Too late"
    assert "ten minutes" in tab.text
    assert isinstance(error, CredentialsError)


def test_a_page_that_is_loaded_again_has_been_used(go: Go, tab: Tab) -> None:
    titles = []

    def act(_: str) -> None:
        assert tab.press("Allow") == 200
        titles.append(tab.title)
        assert tab.led(tab.page.reload) == 410
        titles.append(tab.title)

    assert isinstance(go(act), x.Pair)
    assert titles == ["You can go back now", "Used already"]


def test_who_goes_back_and_allows_it_again_has_been_heard(go: Go, tab: Tab) -> None:
    def act(_: str) -> None:
        tab.press("Allow")
        assert tab.led(tab.page.go_back) == 200
        assert tab.title.startswith("Authorize Connector")
        assert tab.press("Allow") == 410

    assert isinstance(go(act), x.Pair)
    assert tab.title == "Used already"


def test_a_page_that_is_loaded_when_all_is_over_meets_nobody(desk: Desk, tab: Tab) -> None:
    with connecting(desk, WAYS["pkce"]) as running:
        tab.open(running.address())
        tab.press("Allow")
        shown = tab.page.url
        assert running.ended().code == 0
    again = "() => { setTimeout(() => location.reload()) }"
    assert tab.lost(lambda: tab.page.evaluate(again)) == shown


@pytest.mark.parametrize("host", ["localhost", REBOUND])
def test_an_answer_under_another_name_is_nobodys(go: Go, tab: Tab, host: str) -> None:
    def act(consent: str) -> None:
        elsewhere = back(consent, code="stolen").replace("127.0.0.1", host, 1)
        assert tab.open(elsewhere) == 421
        assert tab.title == "Not here"
        tab.open(consent)
        assert tab.press("Allow") == 200

    assert isinstance(go(act), x.Pair)


def test_other_addresses_of_the_port_are_nobodys(go: Go, tab: Tab) -> None:
    def act(consent: str) -> None:
        assert tab.open(back(consent, code="x").replace("/callback", "/")) == 404
        assert tab.title == "Not here"
        tab.open(consent)
        tab.press("Allow")

    assert isinstance(go(act), x.Pair)


def test_an_answer_without_a_code_says_so(go: Go, tab: Tab) -> None:
    error = go(lambda consent: tab.open(back(consent)))
    assert tab.title == "Something is missing"
    assert isinstance(error, CredentialsError)


def test_a_platform_that_refuses_is_quoted_by_its_word_alone(go: Go, tab: Tab) -> None:
    error = go(
        lambda consent: tab.open(
            back(consent, error="invalid_scope", error_description=f"{SCRIPT} call 555-0100")
        )
    )
    assert tab.title == "X refused"
    assert "X said: invalid_scope. Nothing was connected." in tab.text
    assert "555" not in tab.page.content()
    assert isinstance(error, ConfigurationError)


def test_a_port_that_is_taken_sends_nobody_anywhere(desk: Desk, tab: Tab) -> None:
    with connecting(desk, WAYS["pkce"]) as first:
        address = first.address()
        before = desk.paths()
        with connecting(desk, WAYS["pkce"]) as second:
            refused = second.ended()
        assert refused.code == 2
        assert f"port {desk.port} of 127.0.0.1 cannot be listened on" in refused.err
        assert "Open this in a browser" not in refused.err
        assert desk.paths() == before
        tab.open(address)
        assert tab.press("Allow") == 200
        assert first.ended().code == 0


@pytest.mark.parametrize("name", ["pkce", "tiktok"])
def test_a_port_that_is_not_the_apps_ends_at_the_platform(desk: Desk, tab: Tab, name: str) -> None:
    other = free_port()
    with connecting(desk, WAYS[name], "--port", str(other), "--timeout", "1") as running:
        assert tab.open(running.address()) == 400
        ended = running.ended()
    assert tab.title == "Something went wrong"
    assert "redirect_uri is not" in tab.text
    assert ended.code == 8
    assert f"no answer came back to http://127.0.0.1:{other}/callback within 1 s" in ended.err


def test_a_page_that_is_opened_twice_after_consent_is_refused(desk: Desk, tab: Tab) -> None:
    with connecting(desk, WAYS["oauth1"]) as running:
        address = running.address()
        tab.open(address)
        tab.press("Allow")
        assert running.ended().code == 0
    assert tab.open(address) == 403
    assert "The request token for this page is invalid." in tab.text
