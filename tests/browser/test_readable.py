"""Every page is readable on a phone in the dark and on a screen in daylight, and read out."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from browser.chromium import PROFILES, Profile, Shown, Tab
from browser.conftest import TabOf
from requests_oauthlib import OAuth1Session
from servers import free_port

from connector.connecting.attempt import PKCE, TOLD, Outcome
from connector.connecting.callback import address_of, listening
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.simulator.world import ROLES

# What has no place to break a line: a callback's path, and the longest word of a platform's.
LONG = f"http://127.0.0.1:9000/{'c' * 200}"
WORD = "w" * 60

looks = pytest.mark.parametrize("look", ["a screen in daylight", "a phone in the dark"])


@pytest.fixture(scope="module")
def platform() -> Iterator[Address]:
    with running(Settings(callbacks=(LONG,), roles=tuple(sorted(ROLES)))) as address:
        yield address


def check(shown: Shown, look: Profile) -> None:
    assert shown.lang == "en"
    assert shown.title
    assert shown.headings == [shown.title]
    assert (shown.mains, shown.outside) == (1, 0)
    assert shown.width <= PROFILES[look]["viewport"]["width"]
    dark = PROFILES[look]["color_scheme"] == "dark"
    assert max(shown.canvas) < 64 if dark else min(shown.canvas) > 192
    assert len(shown.texts) >= 2
    assert [text for text in shown.texts if text.contrast < 4.5 or text.size < 12] == []
    assert all(height >= 24 for height in shown.targets)


@looks
def test_every_page_of_the_callback_is_readable(tab_of: TabOf, look: Profile) -> None:
    tab = tab_of(look)
    titles = set()
    for outcome in TOLD:
        titles.add(_answered(tab, outcome))
        check(tab.shown(), look)
        assert tab.complaints == []
    assert len(titles) == len(TOLD)


def _answered(tab: Tab, outcome: Outcome) -> str:
    port = free_port()
    with listening(port) as listener:
        listener.expect(PKCE, lambda _: outcome)
        assert tab.open(f"{address_of(port)}?error={WORD}") == (
            200 if outcome == "granted" else 400
        )
    return tab.title


@looks
def test_pages_of_the_callback_that_are_nobodys_are_readable(tab_of: TabOf, look: Profile) -> None:
    tab = tab_of(look)
    port = free_port()
    with listening(port):
        for status, address in {
            410: address_of(port),
            404: f"http://127.0.0.1:{port}/",
            421: address_of(port).replace("127.0.0.1", "localhost"),
        }.items():
            assert tab.open(address) == status
            check(tab.shown(), look)


@looks
def test_every_page_of_consent_is_readable(tab_of: TabOf, platform: Address, look: Profile) -> None:
    tab = tab_of(look)
    for address in consents(platform):
        assert tab.open(address) == 200
        assert LONG in tab.text
        check(tab.shown(), look)
        assert tab.complaints == []


@looks
@pytest.mark.parametrize("button", ["Allow", "Cancel"])
def test_the_page_after_a_pin_is_readable(
    tab_of: TabOf, platform: Address, look: Profile, button: str
) -> None:
    tab = tab_of(look)
    tab.open(by_oauth1(platform, "oob"))
    assert tab.press(button) == 200
    check(tab.shown(), look)


@looks
@pytest.mark.parametrize(
    "path",
    [
        "/oauth/authorize?oauth_token=gone",
        "/i/oauth2/authorize?client_id=nobody",
        "/portal/auth?app_id=nobody",
    ],
)
def test_a_page_that_refuses_is_readable(
    tab_of: TabOf, platform: Address, look: Profile, path: str
) -> None:
    tab = tab_of(look)
    assert tab.open(f"{platform.url}{path}") in {400, 403}
    check(tab.shown(), look)


def test_a_page_of_consent_is_read_out_with_its_controls(tab: Tab, platform: Address) -> None:
    tab.open(next(consents(platform)))
    main = tab.page.get_by_role("main")
    assert main.get_by_role("heading", level=1).all_inner_texts() == [tab.title]
    assert (
        "See your ad accounts and their results" in main.get_by_role("listitem").all_inner_texts()
    )
    users = main.get_by_role("combobox", name="Signed in as").get_by_role("option")
    assert users.all_inner_texts()[1:] == ["analyst: CAMPAIGN_ANALYST", "stranger: no ad account"]
    assert main.get_by_role("button").all_inner_texts() == ["Allow", "Cancel"]


def consents(platform: Address) -> Iterator[str]:
    """The three pages of consent."""
    app = next(iter(platform.world.apps.values()))
    asked = {
        "response_type": "code", "client_id": app.client_id, "redirect_uri": LONG, "state": "s",
        "scope": "ads.read ads.write offline.access", "code_challenge": "c",
    }  # fmt: skip
    yield f"{platform.url}/i/oauth2/authorize?{urlencode(asked)}"
    yield by_oauth1(platform, LONG)
    tiktok = next(iter(platform.world.tiktok.apps))
    asked = {"app_id": tiktok, "redirect_uri": LONG, "state": "s"}
    yield f"{platform.url}/portal/auth?{urlencode(asked)}"


def by_oauth1(platform: Address, callback: str) -> str:
    """A page of consent of OAuth 1.0a."""
    app = next(iter(platform.world.apps.values()))
    with OAuth1Session(app.consumer_key, app.consumer_secret, callback_uri=callback) as client:
        client.fetch_request_token(f"{platform.url}/oauth/request_token")
        address: str = client.authorization_url(f"{platform.url}/oauth/authorize")
    return address
