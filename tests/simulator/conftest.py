import json
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from requests_oauthlib import OAuth1Session

from connector.simulator.conversions import Strictness, batch_errors
from connector.simulator.envelope import Error
from connector.simulator.founding import make_world
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.simulator.world import tags_of

SHA256 = "c380883a7f5bd30f9566377252d7a73542e94bed90a654681412c7a0bfa0d409"


@pytest.fixture(scope="session")
def conversion() -> Callable[..., dict[str, object]]:
    """Makes a conversion the default account takes; keywords replace keys, None removes one."""

    def make(**changes: object) -> dict[str, object]:
        sound: dict[str, object] = {
            "conversion_time": "2026-03-02T10:20:30.417Z",
            "event_id": "tw-o8z6j-o87ne",
            "identifiers": [{"hashed_email": SHA256}],
            "conversion_id": "order-1",
        }
        changed = sound | changes
        return {key: value for key, value in changed.items() if value is not None}

    return make


@pytest.fixture(scope="session")
def errors_of() -> Callable[..., list[Error]]:
    """What X says about conversions for the default pixel, without a server between."""
    world = make_world()
    tags = tags_of(world, world.pixels["o8z6j"])

    def find(*conversions: object, formats: bool = False, integers: bool = True) -> list[Error]:
        strictness = Strictness(formats=formats, refuse_integers=not integers)
        return batch_errors(conversions, tags=tags, strictness=strictness)

    return find


@pytest.fixture(scope="session")
def send() -> Callable[..., requests.Response]:
    """Sends conversions with the token of their pixel, or with the headers given."""

    def post(
        address: Address,
        *conversions: object,
        pixel_id: str = "o8z6j",
        headers: dict[str, str] | None = None,
        timeout: float = 5,
    ) -> requests.Response:
        own = {"X-Pixel-Token": address.world.pixels[pixel_id].token}
        return requests.post(
            f"{address.url}/12/measurement/conversions/{pixel_id}",
            data=json.dumps({"conversions": conversions}),
            headers={"Content-Type": "application/json", **(own if headers is None else headers)},
            timeout=timeout,
        )

    return post


@pytest.fixture(scope="session")
def arrived() -> Callable[..., dict[str, object]]:
    """What the simulator counted."""

    def get(address: Address, query: str = "") -> dict[str, object]:
        answer = requests.get(f"{address.url}/_simulator/conversions{query}", timeout=5)
        assert answer.status_code == 200
        counts: dict[str, object] = answer.json()
        return counts

    return get


@pytest.fixture(scope="session")
def shared() -> Iterator[Address]:
    """A simulator many tests use: none of them may rely on its counts."""
    unlimited = {"accounts": 0, "tiktok_seconds": 0, "tiktok_minutes": 0}
    with running(Settings(events_per_window=None, limits=unlimited)) as address:
        yield address


@pytest.fixture
def fresh() -> Iterator[Address]:
    """A simulator of the test's own."""
    with running() as address:
        yield address


class _Form(HTMLParser):
    """The hidden fields and the buttons of a consent page."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.decisions: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = {name: value or "" for name, value in attrs}
        if tag == "input":
            self.hidden[facts["name"]] = facts["value"]
        if tag == "button":
            self.decisions.append(facts["value"])


def _pressed(url: str, decision: str = "allow", **fields: str) -> requests.Response:
    page = requests.get(url, timeout=5)
    assert page.status_code == 200, page.text
    form = _Form()
    form.feed(page.text)
    assert decision in form.decisions
    return requests.post(
        page.url,
        data={**form.hidden, "decision": decision, **fields},
        timeout=5,
        allow_redirects=False,
    )


@pytest.fixture(scope="session")
def press() -> Callable[..., requests.Response]:
    """Does what a person does on a consent page: reads it and presses a button."""
    return _pressed


@pytest.fixture(scope="session")
def sent_back() -> Callable[..., dict[str, str]]:
    """The same, and then what the browser takes back to the client."""

    def go(url: str, decision: str = "allow", **fields: str) -> dict[str, str]:
        answer = _pressed(url, decision, **fields)
        assert answer.status_code == 302
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    return go


@pytest.fixture(scope="session")
def signed_in() -> Callable[..., OAuth1Session]:
    """A client with the ready-made OAuth 1.0a token of the manager, or of the user named."""

    def make(address: Address, screen_name: str = "manager", app: int = 0) -> OAuth1Session:
        world = address.world
        key = list(world.apps)[app]
        grant = next(
            grant
            for grant in world.grants.values()
            if grant.consumer_key == key and world.users[grant.user_id].screen_name == screen_name
        )
        return OAuth1Session(key, world.apps[key].consumer_secret, grant.token, grant.token_secret)

    return make
