"""Nothing that comes from elsewhere runs in a page, not even where no policy forbids it."""

from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from browser.chromium import Tab
from browser.conftest import TabOf
from servers import free_port

from connector.connecting.attempt import OAUTH1, PKCE, TIKTOK, Attempt, Expected
from connector.connecting.callback import address_of, listening
from connector.simulator.consent import message_page, pin_page, question
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

HOSTILE = "\"'></title><script>alert(1)</script><img/src=x:/onerror=alert(2)>&amp;"

_FRAMES = """addresses => Promise.all(addresses.map(address => {
  const frame = document.createElement('iframe')
  frame.src = address
  document.body.append(frame)
  return new Promise(loaded => frame.onload = loaded)
}))"""


@pytest.fixture
def tab(tab_of: TabOf) -> Tab:
    """A tab in which scripts run whatever a page's policy says."""
    return tab_of("a screen without policies")


def check(tab: Tab) -> None:
    assert tab.dialogs == []
    assert tab.complaints == []
    assert tab.shown().runnable == 0


def test_a_script_that_runs_is_noticed(tab: Tab) -> None:
    tab.page.set_content(f"<title>{HOSTILE}")
    tab.page.wait_for_function("document.images.length && document.images[0].complete")
    assert set(tab.dialogs) >= {"1"}
    assert tab.shown().runnable == 2


@pytest.mark.parametrize("expected", [OAUTH1, PKCE, TIKTOK], ids=["oauth1", "pkce", "tiktok"])
@pytest.mark.parametrize("state", ["right", HOSTILE], ids=["right", "hostile"])
def test_no_part_of_an_answer_runs(tab: Tab, expected: Expected, state: str) -> None:
    attempt = Attempt(expected=expected, state="right", began=0.0)
    answer = {
        expected.state: state, expected.denied: HOSTILE, "error_description": HOSTILE,
        HOSTILE: HOSTILE,
    }  # fmt: skip
    port = free_port()
    with listening(port) as listener:
        listener.expect(expected, lambda answer: attempt.judge(answer, 0.0))
        assert tab.open(f"{address_of(port)}?{urlencode(answer)}") == 400
        assert "script" not in tab.page.content()
        check(tab)
        tab.open(f"http://127.0.0.1:{port}/{HOSTILE}")
        check(tab)


def test_what_a_page_of_consent_keeps_comes_back_unchanged_and_never_runs(tab: Tab) -> None:
    callback = f"http://127.0.0.1:{free_port()}/{HOSTILE}"
    with running(Settings(callbacks=(callback,))) as platform:
        assert tab.open(_asking(platform, redirect_uri=callback, state=HOSTILE)) == 200
        assert f"Afterwards you go to {callback}" in tab.text
        check(tab)
        ended_at = tab.lost(lambda: tab.page.get_by_role("button", name="Allow").click())
    assert dict(parse_qsl(urlsplit(ended_at).query))["state"] == HOSTILE
    assert tab.dialogs == []


@pytest.mark.parametrize(
    "redirect", ["javascript:alert(1)", "data:text/html,<script>alert(1)</script>", HOSTILE]
)
def test_nobody_is_sent_to_a_script(tab: Tab, redirect: str) -> None:
    with running(Settings(consent="allow")) as platform:
        assert tab.open(_asking(platform, redirect_uri=redirect)) == 400
        check(tab)


def test_no_part_of_a_simulators_page_runs(tab: Tab) -> None:
    asked = question(
        app=HOSTILE, wants=[HOSTILE], kept={HOSTILE: HOSTILE}, users={HOSTILE: HOSTILE}, to=HOSTILE
    )
    for answer in (asked, pin_page(HOSTILE, HOSTILE), message_page(HOSTILE, HOSTILE)):
        assert isinstance(answer.text, str)
        tab.page.set_content(answer.text)
        assert HOSTILE in tab.text
        check(tab)


def test_no_page_is_shown_inside_another(tab_of: TabOf) -> None:
    tab, port = tab_of("a screen in daylight"), free_port()
    with running() as platform, listening(port):
        about = f"{platform.url}/"
        tab.open(about)
        tab.page.evaluate(_FRAMES, [f"{about}?", _asking(platform), address_of(port)])
        shown = [frame.url for frame in tab.page.frames[1:]]
    assert shown == [f"{about}?", *["chrome-error://chromewebdata/"] * 2]


def _asking(platform: Address, **instead: str) -> str:
    app = next(iter(platform.world.apps.values()))
    asked = {
        "response_type": "code", "client_id": app.client_id, "scope": "ads.read", "state": "s",
        "redirect_uri": "http://127.0.0.1:8765/callback", "code_challenge": "c", **instead,
    }  # fmt: skip
    return f"{platform.url}/i/oauth2/authorize?{urlencode(asked)}"
