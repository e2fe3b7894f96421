"""A client that nobody here wrote goes the ways that `connect` goes, against the same platforms."""

from collections.abc import Iterator
from typing import Any

import pytest
from desk import browse, led_to
from requests_oauthlib import OAuth1Session, OAuth2Session

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.x.authorization import SCOPES

CALLBACK = "http://127.0.0.1:8765/callback"


@pytest.fixture(autouse=True)
def _plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(params=[frozenset(), frozenset({"public_client"})], ids=["secret", "public"])
def platform(request: pytest.FixtureRequest) -> Iterator[Address]:
    with running(Settings(consent="allow", modes=request.param)) as address:
        yield address


def status(session: OAuth1Session | OAuth2Session, address: Address, **extra: Any) -> int:  # noqa: ANN401 - the library's
    code: int = session.get(f"{address.url}/12/accounts", **extra).status_code
    return code


def consumer(platform: Address) -> tuple[str, str]:
    app = next(iter(platform.world.apps.values()))
    return app.consumer_key, app.consumer_secret


@pytest.mark.parametrize("callback", [CALLBACK, "oob"], ids=["callback", "pin"])
def test_oauth1_goes_from_request_to_revocation(platform: Address, callback: str) -> None:
    key, secret = consumer(platform)
    session = OAuth1Session(key, secret, callback_uri=callback)
    session.fetch_request_token(f"{platform.url}/oauth/request_token")
    page = str(session.authorization_url(f"{platform.url}/oauth/authorize"))
    if callback == "oob":
        shown = browse(page).text
        pin = shown.partition("<code>")[2].partition("</code>")[0]
        session.fetch_access_token(f"{platform.url}/oauth/access_token", verifier=pin)
    else:
        session.parse_authorization_response(led_to(page))
        session.fetch_access_token(f"{platform.url}/oauth/access_token")
    assert status(session, platform) == 200
    assert session.post(f"{platform.url}/1.1/oauth/invalidate_token.json").status_code == 200
    assert status(session, platform) == 401


def test_oauth2_goes_from_request_to_revocation_and_renews_by_itself(platform: Address) -> None:
    app, token_url = next(iter(platform.world.apps.values())), f"{platform.url}/2/oauth2/token"
    secret = None if app.public else app.client_secret
    renewed: list[dict[str, str]] = []
    session = OAuth2Session(
        app.client_id, scope=list(SCOPES), redirect_uri=CALLBACK, pkce="S256",
        auto_refresh_url=token_url, auto_refresh_kwargs={"client_id": app.client_id},
        token_updater=renewed.append,
    )  # fmt: skip
    page, _ = session.authorization_url(f"{platform.url}/i/oauth2/authorize")
    first = session.fetch_token(
        token_url, authorization_response=led_to(page), client_secret=secret,
        include_client_id=app.public or None,
    )  # fmt: skip
    assert status(session, platform) == 200
    session.token = {**first, "expires_at": 1.0}
    shown = {"client_id": app.client_id, "client_secret": secret} if secret else {}
    assert status(session, platform, **shown) == 200
    [second] = renewed
    assert second["refresh_token"] != first["refresh_token"]
    session.token = second
    ended = session.request(
        "POST", f"{platform.url}/2/oauth2/revoke", withhold_token=True,
        data={"token": second["refresh_token"], "client_id": app.client_id},
        auth=(app.client_id, secret) if secret else None,
    )  # fmt: skip
    assert ended.status_code == 200
    assert status(session, platform, **shown) == 401
