"""What OAuth 2.0 refuses, and how."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests

from connector.simulator.oauth2 import CODE_SECONDS, MAX_STATE
from connector.simulator.server import Address, running

CALLBACK = "http://127.0.0.1:8765/callback"
VERIFIER = "n5Qd0Yp8Zk3TtR1wXv7LmB2cHf9JsGa6UeOiKrDqPxY"
CHALLENGE = "VJsIbbDPJ9H_lDJeX8X8nFjFDVoOyvLCOYT55z-GL-s"

SentBack = Callable[..., dict[str, str]]


def page(address: Address, **changes: str | None) -> str:
    """The address of the consent page; None leaves a parameter out."""
    app = next(iter(address.world.apps.values()))
    parameters = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": CALLBACK,
        "scope": "ads.read ads.write offline.access",
        "state": "abc",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    changed = {k: v for k, v in (parameters | changes).items() if v is not None}
    return f"{address.url}/i/oauth2/authorize?{urlencode(changed)}"


def opened(address: Address, **changes: str | None) -> requests.Response:
    return requests.get(page(address, **changes), timeout=5, allow_redirects=False)


def exchange(
    address: Address,
    code: str | None,
    auth: tuple[str, str] | None = None,
    **changes: str | None,
) -> requests.Response:
    app = next(iter(address.world.apps.values()))
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    return requests.post(
        f"{address.url}/2/oauth2/token",
        data={k: v for k, v in {**form, **changes}.items() if v is not None},
        auth=auth or (app.client_id, app.client_secret),
        timeout=5,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "sim-unknown"},
        {"client_id": None},
        {"redirect_uri": "https://example.com/"},
        {"redirect_uri": "http://127.0.0.1:8766/callback"},
        {"redirect_uri": "http://127.0.0.1.example.com:8765/"},
        {"redirect_uri": f"{CALLBACK}#fragment"},
        {"redirect_uri": None},
        {"state": "x" * (MAX_STATE + 1)},
    ],
)
def test_a_browser_is_never_sent_to_an_address_that_is_not_the_apps(
    shared: Address, changes: dict[str, str | None]
) -> None:
    answer = opened(shared, **changes)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
        ({"scope": "ads.read everything"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
    ],
)
def test_what_the_app_did_wrong_goes_back_to_it(
    shared: Address, changes: dict[str, str | None], error: str
) -> None:
    answer = opened(shared, **changes)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{CALLBACK}?")
    back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (back["error"], back["state"]) == (error, "abc")


@pytest.mark.parametrize("state", ["x" * MAX_STATE, "", None, "a b&c=d<'\""])
def test_a_state_comes_back_as_it_was(
    shared: Address, sent_back: SentBack, state: str | None
) -> None:
    back = sent_back(page(shared, state=state))
    assert back.get("state") == (state or None)


def test_a_code_is_good_for_thirty_seconds(sent_back: SentBack) -> None:
    ahead = [0.0]
    with running(clock=lambda: time.time() + ahead[0]) as address:
        late, punctual = sent_back(page(address))["code"], sent_back(page(address))["code"]
        ahead[0] = CODE_SECONDS - 2
        assert exchange(address, punctual).status_code == 200
        ahead[0] = CODE_SECONDS
        refused = exchange(address, late)
    assert refused.status_code == 400
    assert "authorization code" in refused.json()["error_description"]


def test_a_code_that_comes_twice_takes_back_what_it_gave(
    fresh: Address, sent_back: SentBack
) -> None:
    code = sent_back(page(fresh))["code"]
    given = exchange(fresh, code).json()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    assert requests.get(f"{fresh.url}/12/accounts", headers=headers, timeout=5).status_code == 200
    assert exchange(fresh, code).status_code == 400
    assert requests.get(f"{fresh.url}/12/accounts", headers=headers, timeout=5).status_code == 401
    app = next(iter(fresh.world.apps.values()))
    renewed = requests.post(
        f"{fresh.url}/2/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": given["refresh_token"]},
        auth=(app.client_id, app.client_secret),
        timeout=5,
    )
    assert renewed.status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "another"},
        {"code_verifier": None},
        {"code_verifier": CHALLENGE},
        {"redirect_uri": "http://127.0.0.1:8765/"},
        {"redirect_uri": None},
        {"code": "sim-unknown"},
        {"code": None},
        {"grant_type": None},
        {"grant_type": "password"},
    ],
)
def test_an_exchange_that_is_not_right_in_everything_is_refused(
    shared: Address, sent_back: SentBack, changes: dict[str, str | None]
) -> None:
    said: dict[str, Any] = {"code": sent_back(page(shared))["code"], **changes}
    answer = exchange(shared, said.pop("code"), **said)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert answer.headers["cache-control"] == "no-store"


def test_a_wrong_verifier_uses_the_code_up(shared: Address, sent_back: SentBack) -> None:
    code = sent_back(page(shared))["code"]
    assert exchange(shared, code, code_verifier="another").status_code == 400
    assert exchange(shared, code).status_code == 400


def test_a_code_of_one_app_is_not_good_for_another(shared: Address, sent_back: SentBack) -> None:
    other = list(shared.world.apps.values())[1]
    code = sent_back(page(shared))["code"]
    stolen = exchange(shared, code, auth=(other.client_id, other.client_secret))
    assert stolen.status_code == 400
    assert exchange(shared, code).status_code == 200


def token_call(address: Address, **facts: object) -> requests.Response:
    url = f"{address.url}/2/oauth2/token"
    return requests.post(url, timeout=5, **facts)  # type: ignore[arg-type]


def test_a_confidential_client_must_show_its_secret_in_the_header(shared: Address) -> None:
    app = next(iter(shared.world.apps.values()))
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": app.client_id}
    good = (app.client_id, app.client_secret)
    for facts in (
        {"data": form},
        {"data": form | {"client_secret": app.client_secret}},
        {"data": form | {"client_secret": app.client_secret}, "auth": good},
        {"data": form, "auth": (app.client_id, "wrong")},
        {"data": form, "auth": ("sim-unknown", app.client_secret)},
        {"data": form | {"client_id": "sim-other"}, "auth": good},
        {"data": form, "headers": {"Authorization": "Basic !!!"}},
        {"data": form, "headers": {"Authorization": "Basic bm9jb2xvbg=="}},
    ):
        answer = token_call(shared, **facts)
        assert answer.status_code == 401, facts
        assert answer.json()["error"] in ("unauthorized_client", "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert token_call(shared, data=form, auth=good).status_code == 400


def test_a_body_that_is_no_form_or_says_a_thing_twice_is_refused(shared: Address) -> None:
    app = next(iter(shared.world.apps.values()))
    good = (app.client_id, app.client_secret)
    twice = [("grant_type", "refresh_token"), ("grant_type", "refresh_token")]
    for facts in ({"json": {"grant_type": "refresh_token"}}, {"data": twice}, {}):
        answer = token_call(shared, auth=good, **facts)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
