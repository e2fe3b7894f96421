"""OAuth 2.0 with PKCE as requests-oauthlib speaks it, unchanged but for the address."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from oauthlib.oauth2 import MissingTokenError, OAuth2Error
from requests_oauthlib import OAuth2Session

from connector.simulator.oauth2 import challenge_of
from connector.simulator.oauth2_route import AUTHORIZE_PATHS
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

CALLBACK = "http://127.0.0.1:8765/callback"
SCOPES = ["ads.read", "ads.write", "offline.access"]

SentBack = Callable[..., dict[str, str]]
Connect = Callable[..., OAuth2Session]
Exchange = Callable[..., requests.Response]


@pytest.fixture(autouse=True)
def _plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def client(
    address: Address, *, scopes: list[str] = SCOPES, callback: str = CALLBACK
) -> OAuth2Session:
    app = next(iter(address.world.apps.values()))
    return OAuth2Session(app.client_id, scope=scopes, redirect_uri=callback, pkce="S256")


def secret(address: Address) -> str:
    return next(iter(address.world.apps.values())).client_secret


def basic(address: Address) -> tuple[str, str]:
    app = next(iter(address.world.apps.values()))
    return app.client_id, app.client_secret


@pytest.fixture
def connect(sent_back: SentBack) -> Connect:
    """A client that has its tokens."""

    def go(address: Address, *, scopes: list[str] = SCOPES, **fields: str) -> OAuth2Session:
        session = client(address, scopes=scopes)
        url, _ = session.authorization_url(f"{address.url}/i/oauth2/authorize")
        back = sent_back(url, **fields)
        session.fetch_token(
            f"{address.url}/2/oauth2/token", code=back["code"], client_secret=secret(address)
        )
        return session

    return go


def reads(address: Address, token: str) -> int:
    account_id = next(iter(address.world.accounts))
    return requests.get(
        f"{address.url}/12/accounts/{account_id}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=5,
    ).status_code


def refresh(address: Address, token: str) -> requests.Response:
    return requests.post(
        f"{address.url}/2/oauth2/token",
        data={"grant_type": "refresh_token", "refresh_token": token},
        auth=basic(address),
        timeout=5,
    )


@pytest.mark.parametrize("path", AUTHORIZE_PATHS)
def test_a_login_ends_in_tokens_that_work(shared: Address, sent_back: SentBack, path: str) -> None:
    session = client(shared)
    url, state = session.authorization_url(f"{shared.url}{path}")
    back = sent_back(url)
    assert back["state"] == state
    token = session.fetch_token(
        f"{shared.url}/2/oauth2/token",
        authorization_response=f"{CALLBACK}?state={state}&code={back['code']}",
        client_secret=secret(shared),
    )
    assert token["token_type"] == "bearer"
    assert token["expires_in"] == 7200
    assert token["scope"] == SCOPES
    assert token["access_token"].startswith("sim-")
    assert token["refresh_token"].startswith("sim-")
    account_id = next(iter(shared.world.accounts))
    answer = session.get(f"{shared.url}/12/accounts/{account_id}")
    assert answer.json()["data"]["id"] == account_id


def test_the_known_verifier_gives_the_known_challenge() -> None:
    verifier = "n5Qd0Yp8Zk3TtR1wXv7LmB2cHf9JsGa6UeOiKrDqPxY"
    assert challenge_of(verifier, "S256") == "VJsIbbDPJ9H_lDJeX8X8nFjFDVoOyvLCOYT55z-GL-s"
    assert challenge_of(verifier, "plain") == verifier


@pytest.mark.parametrize("method", ["plain", None])
def test_a_plain_challenge_is_its_own_verifier(
    shared: Address, sent_back: SentBack, method: str | None
) -> None:
    app = next(iter(shared.world.apps.values()))
    session = OAuth2Session(app.client_id, scope=SCOPES, redirect_uri=CALLBACK)
    said = {"code_challenge": "challenge"} | ({"code_challenge_method": method} if method else {})
    url, _ = session.authorization_url(f"{shared.url}/i/oauth2/authorize", **said)
    token = session.fetch_token(
        f"{shared.url}/2/oauth2/token", code=sent_back(url)["code"],
        client_secret=app.client_secret, code_verifier="challenge",
    )  # fmt: skip
    assert token["access_token"]


def test_without_offline_access_there_is_no_refresh_token(
    shared: Address, connect: Connect
) -> None:
    token = connect(shared, scopes=["ads.read"]).token
    assert "refresh_token" not in token
    assert token["scope"] == ["ads.read"]


def test_a_person_who_cancels_sends_back_access_denied(
    shared: Address, sent_back: SentBack
) -> None:
    url, state = client(shared).authorization_url(f"{shared.url}/i/oauth2/authorize")
    assert sent_back(url, "deny") == {"error": "access_denied", "state": state}


@pytest.mark.parametrize("consent", ["allow", "deny"])
def test_a_simulator_may_decide_at_once(consent: str) -> None:
    with running(Settings(consent=consent)) as address:
        url, _ = client(address).authorization_url(f"{address.url}/i/oauth2/authorize")
        answer = requests.get(url, timeout=5, allow_redirects=False)
    back = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert ("code" in back) == (consent == "allow")
    assert ("error" in back) == (consent == "deny")


def test_a_refresh_token_is_good_once_and_gives_the_next(fresh: Address, connect: Connect) -> None:
    session = connect(fresh)
    first = dict(session.token)
    second = session.refresh_token(f"{fresh.url}/2/oauth2/token", auth=basic(fresh))
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert reads(fresh, second["access_token"]) == 200
    again = refresh(fresh, first["refresh_token"])
    assert again.status_code == 400
    assert again.json() == {
        "error": "invalid_request",
        "error_description": "Value passed for the token was invalid.",
    }
    assert refresh(fresh, second["refresh_token"]).status_code == 200


def test_a_second_login_ends_the_first_and_no_other_users(fresh: Address, connect: Connect) -> None:
    first, analyst = connect(fresh).token, connect(fresh, screen_name="analyst").token
    second = connect(fresh).token
    assert reads(fresh, first["access_token"]) == 401
    assert refresh(fresh, first["refresh_token"]).status_code == 400
    assert reads(fresh, analyst["access_token"]) == 200
    assert reads(fresh, second["access_token"]) == 200


def test_an_access_token_expires_and_its_refresh_token_does_not(connect: Connect) -> None:
    now = [1_000.0]
    with running(clock=lambda: now[0]) as address:
        token = connect(address).token
        now[0] += 7199
        assert reads(address, token["access_token"]) == 200
        now[0] += 1
        assert reads(address, token["access_token"]) == 401
        assert refresh(address, token["refresh_token"]).status_code == 200


def test_the_life_of_a_token_is_a_setting(connect: Connect) -> None:
    now = [1_000.0]
    with running(Settings(token_seconds=60), clock=lambda: now[0]) as address:
        token = connect(address).token
        assert token["expires_in"] == 60
        now[0] += 60
        assert reads(address, token["access_token"]) == 401


def revoke(address: Address, token: str) -> requests.Response:
    return requests.post(
        f"{address.url}/2/oauth2/revoke", data={"token": token}, auth=basic(address), timeout=5
    )


def test_a_revoked_token_is_good_for_nothing(fresh: Address, connect: Connect) -> None:
    token = connect(fresh).token
    assert revoke(fresh, token["access_token"]).json() == {"revoked": True}
    assert reads(fresh, token["access_token"]) == 401
    renewed = refresh(fresh, token["refresh_token"]).json()
    assert revoke(fresh, renewed["refresh_token"]).status_code == 200
    assert reads(fresh, renewed["access_token"]) == 401
    assert refresh(fresh, renewed["refresh_token"]).status_code == 400


def test_an_unknown_token_can_be_revoked_and_anothers_cannot(
    fresh: Address, connect: Connect
) -> None:
    assert revoke(fresh, "sim-unknown").status_code == 200
    token = connect(fresh).token
    other = list(fresh.world.apps.values())[1]
    for name in ("access_token", "refresh_token"):
        requests.post(
            f"{fresh.url}/2/oauth2/revoke", data={"token": token[name]},
            auth=(other.client_id, other.client_secret), timeout=5,
        )  # fmt: skip
    assert reads(fresh, token["access_token"]) == 200
    assert refresh(fresh, token["refresh_token"]).status_code == 200


@pytest.fixture
def public() -> Iterator[Address]:
    """A simulator whose app has no secret to show."""
    with running(Settings(modes=frozenset({"public_client"}))) as address:
        yield address


def test_a_public_client_shows_its_id_alone(public: Address, sent_back: SentBack) -> None:
    session = client(public)
    url, _ = session.authorization_url(f"{public.url}/i/oauth2/authorize")
    token = session.fetch_token(
        f"{public.url}/2/oauth2/token", code=sent_back(url)["code"], include_client_id=True
    )
    assert reads(public, token["access_token"]) == 200
    app = next(iter(public.world.apps.values()))
    again = session.refresh_token(f"{public.url}/2/oauth2/token", client_id=app.client_id)
    assert reads(public, again["access_token"]) == 200


def answered(request: Callable[[], requests.Response | OAuth2Session]) -> object:
    """The first answer that is not lost."""
    while True:
        with suppress(requests.ConnectionError):
            return request()


def test_an_answer_that_is_lost_costs_the_refresh_token(connect: Connect) -> None:
    with running(Settings(faults={"reset_after_commit": 0.5})) as address:
        session = answered(lambda: connect(address))
        assert isinstance(session, OAuth2Session)
        token = session.token["refresh_token"]
        with pytest.raises(requests.ConnectionError):  # noqa: PT012 - until one is lost
            while True:
                token = refresh(address, token).json()["refresh_token"]
        again = answered(lambda: refresh(address, token))
    assert isinstance(again, requests.Response)
    assert again.status_code == 400


def test_a_mismatch_of_the_state_is_the_clients_to_find(
    shared: Address, sent_back: SentBack
) -> None:
    session = client(shared)
    url, _ = session.authorization_url(f"{shared.url}/i/oauth2/authorize")
    back = sent_back(url)
    with pytest.raises(OAuth2Error, match="state"):
        session.fetch_token(
            f"{shared.url}/2/oauth2/token",
            authorization_response=f"{CALLBACK}?state=another&code={back['code']}",
            client_secret=secret(shared),
        )


def test_a_refusal_is_one_that_clients_understand(shared: Address) -> None:
    session = client(shared)
    session.authorization_url(f"{shared.url}/i/oauth2/authorize")
    with pytest.raises(OAuth2Error) as refused:
        session.fetch_token(
            f"{shared.url}/2/oauth2/token", code="sim-unknown", client_secret=secret(shared)
        )
    assert not isinstance(refused.value, MissingTokenError)
    assert refused.value.error == "invalid_request"
