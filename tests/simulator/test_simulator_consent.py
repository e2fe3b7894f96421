import html
from urllib.parse import quote

import requests

from connector.simulator.consent import message_page, pin_page, question
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

HOSTILE = "\"'><script>alert(1)</script>&"


def test_a_page_asks_who_wants_what_and_offers_two_buttons(shared: Address) -> None:
    app = next(iter(shared.world.apps.values()))
    text = page(shared).text
    assert app.name in text
    assert "See your ad accounts and their results" in text
    assert text.count("<button") == 2
    assert "manager: AD_MANAGER" in text
    assert "stranger: no ad account" in text


def page(address: Address, state: str = "s") -> requests.Response:
    app = next(iter(address.world.apps.values()))
    return requests.get(
        f"{address.url}/i/oauth2/authorize?response_type=code&client_id={app.client_id}"
        f"&redirect_uri=http://127.0.0.1:8765/&scope=ads.read&code_challenge=c"
        f"&state={quote(state)}",
        timeout=5,
    )


def test_nothing_a_request_says_becomes_markup(shared: Address) -> None:
    text = page(shared, HOSTILE).text
    assert "<script>alert" not in text
    assert html.escape(HOSTILE) in text


def test_a_page_is_shown_in_no_other_page_and_kept_by_nobody(shared: Address) -> None:
    headers = page(shared).headers
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"


def test_every_part_of_every_page_is_escaped() -> None:
    asked = question(
        app=HOSTILE, wants=[HOSTILE], kept={HOSTILE: HOSTILE}, users={HOSTILE: HOSTILE}, to=HOSTILE
    )
    for answer in (asked, pin_page(HOSTILE, HOSTILE), message_page(HOSTILE, HOSTILE)):
        assert answer.text is not None
        assert "<script>" not in answer.text


def test_a_form_does_not_repeat_what_its_buttons_say() -> None:
    kept = {"decision": "allow", "screen_name": "x", "state": "s"}
    answer = question(app="a", wants=[], kept=kept, users={}, to="b")
    assert isinstance(answer.text, str)
    assert answer.text.count('type="hidden"') == 1
    assert "<select" not in answer.text


def test_a_form_that_says_nothing_is_a_denial(shared: Address) -> None:
    url = page(shared).url
    answer = requests.post(url, data={}, timeout=5, allow_redirects=False)
    assert "error=access_denied" in answer.headers["location"]


def test_a_link_cannot_press_a_button(shared: Address) -> None:
    answer = requests.get(f"{page(shared).url}&decision=allow", timeout=5, allow_redirects=False)
    assert answer.status_code == 200


def test_no_fault_meets_a_page() -> None:
    with running(Settings(faults={"unavailable": 1})) as address:
        assert page(address).status_code == 200
