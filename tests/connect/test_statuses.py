"""What `connections list` says of a connection's standing, for each way in."""

import json
from datetime import timedelta

import pytest
import requests
from desk import APP, Desk, MakeDesk
from requests_oauthlib import OAuth1Session
from vaults import NOW

from connector import api
from connector.api.stored import texts_of, vault_opened
from connector.credentials import Connection, OAuth2Tokens, TikTokTokens, find, keep


@pytest.fixture
def desk(make_shop: MakeDesk) -> Desk:
    return make_shop()


def status(desk: Desk, name: str = "x") -> str:
    said: str = desk.listed()[name]["status"]
    return said


def stored(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str = "x") -> list[str]:
    """The secrets of a connection."""
    monkeypatch.chdir(desk.folder)
    with vault_opened(api.load()) as vault:
        one = find(vault, name)
    assert one is not None
    return texts_of(one.secret)


def by_oauth1(desk: Desk) -> None:
    ended, _ = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    assert ended.code == 0, ended.err


def invalidate(desk: Desk, secrets: list[str]) -> None:
    url = f"{desk.address.url}/1.1/oauth/invalidate_token.json"
    key, secret, token, token_secret = secrets
    session = OAuth1Session(key, secret, token, token_secret)
    assert session.post(url).status_code == 200


@pytest.mark.parametrize("words", [("sync",), ("check", "--online", "purchases")])
def test_a_token_of_oauth1_that_was_revoked_is_seen_when_it_is_used(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    assert status(desk) == "not_connected"
    by_oauth1(desk)
    assert desk.listed()["x"]["expires_at"] is None
    assert status(desk) == "connected"
    invalidate(desk, stored(desk, monkeypatch))
    assert status(desk) == "connected"
    assert desk.run(*words).code == 5
    assert status(desk) == "revoked"
    # Whether it still is, only X knows: nobody is kept from trying.
    assert desk.run(*words).code == 5
    by_oauth1(desk)
    assert status(desk) == "connected"
    assert desk.run("sync").code == 0


@pytest.mark.parametrize("words", [("sync",), ("check", "--online", "purchases")])
def test_a_refusal_that_was_x_s_own_mistake_is_forgotten(
    desk: Desk, words: tuple[str, ...]
) -> None:
    by_oauth1(desk)
    path = desk.folder / "state" / "credentials" / "x.json"
    document = json.loads(path.read_text("utf-8"))
    document["facts"]["status"] = "revoked"
    path.write_text(json.dumps(document), "utf-8")
    assert status(desk) == "revoked"
    assert desk.run(*words).code == 0
    assert status(desk) == "connected"


def test_a_token_of_tiktok_that_was_revoked_is_seen_when_it_is_used(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_oauth1(desk)
    assert desk.connect("tok")[0].code == 0
    assert desk.listed()["tok"]["scopes"] == ["4", "5"]
    facts = desk.facts["tiktok"]
    revoked = requests.post(
        f"{desk.address.url}/open_api/v1.3/oauth2/revoke_token/", timeout=5,
        json={
            "app_id": facts["app_id"], "secret": facts["app_secret"],
            "access_token": stored(desk, monkeypatch, "tok")[0],
        },
    )  # fmt: skip
    assert revoked.json()["code"] == 0
    ended = desk.run("check", "--online")
    assert ended.code == 5
    assert "40105: the access token is not valid, or was revoked" in ended.out
    assert (status(desk, "tok"), status(desk)) == ("revoked", "connected")


def by_pkce(desk: Desk) -> None:
    desk.config(APP)
    ended, _ = desk.connect("x")
    assert ended.code == 0, ended.err


def test_a_second_login_elsewhere_shows_long_before_the_first_ends(desk: Desk) -> None:
    by_pkce(desk)
    before = (desk.folder / "state" / "credentials" / "x.json").read_bytes()
    by_pkce(desk)  # as if on another machine: this one has what it had
    (desk.folder / "state" / "credentials" / "x.json").write_bytes(before)
    desk.connect("tok")
    ended = desk.run("check", "--online")
    assert ended.code == 5
    said = " ".join(ended.out.split())
    assert "A second login of the same user and app elsewhere revokes the first" in said
    assert status(desk) == "revoked"
    asked = len(desk.paths())
    assert desk.run("check", "--online", "purchases").code == 5
    assert len(desk.paths()) == asked


def test_an_access_token_that_ends_early_is_renewed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_pkce(desk)
    desk.connect("tok")
    token, _ = stored(desk, monkeypatch)
    app = (desk.facts["client_id"], desk.facts["client_secret"])
    url = f"{desk.address.url}/2/oauth2/revoke"
    assert requests.post(url, data={"token": token}, auth=app, timeout=5).status_code == 200
    ended = desk.run("check", "--online", "--json")
    found = [one for one in ended.json["online"] if one["connection"] == "x"]
    assert (found[0]["subject"], found[0]["outcome"]) == ("credentials", "right")
    assert stored(desk, monkeypatch)[0] != token
    assert status(desk) == "connected"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("x", OAuth2Tokens(access_token="a", expires_at=NOW - timedelta(days=900))),
        ("tok", TikTokTokens(access_token="a", expires_at=NOW - timedelta(days=900))),
    ],
)
def test_what_is_over_and_cannot_be_renewed_is_expired(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, secret: OAuth2Tokens | TikTokTokens
) -> None:
    monkeypatch.chdir(desk.folder)
    desk.config(APP)
    platform = "x_ads" if name == "x" else "tiktok_ads"
    with vault_opened(api.load()) as vault:
        keep(vault, Connection(name=name, platform=platform), secret)
    assert status(desk, name) == "expired"
    ended = desk.run("check", "--online")
    assert "expired at 2023-" in ended.out
    assert f"`connector connect {name}`" in ended.out
