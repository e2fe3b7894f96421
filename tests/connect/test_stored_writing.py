"""Changes of campaigns over what `connect` stored, as a shell runs them."""

import pytest
import requests
from desk import APP, Desk, MakeDesk
from manager import Manager
from requests_oauthlib import OAuth1Session

from connector import api
from connector.api.stored import texts_of, vault_opened
from connector.campaigns import writes
from connector.credentials import find


@pytest.fixture
def desk(make_shop: MakeDesk) -> Desk:
    return make_shop()


def create(desk: Desk, name: str = "spring") -> list[str]:
    return [
        "campaigns", "create", "--name", name, "--daily-budget-amount-local", "25",
        "--funding-instrument-id", Manager(address=desk.address).funding, "--json",
    ]  # fmt: skip


def named(desk: Desk, name: str = "spring") -> int:
    rows = Manager(address=desk.address).rows("campaigns", count=1000)
    return sum(row["name"].startswith(f"{name} [") for row in rows)


def by_oauth1(desk: Desk) -> None:
    ended, _ = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    assert ended.code == 0, ended.err


def by_pkce(desk: Desk) -> str:
    """Connect by OAuth 2.0; the access token."""
    desk.config(APP)
    ended, _ = desk.connect("x")
    assert ended.code == 0, ended.err
    with vault_opened(api.load(str(desk.folder / "config.yaml"))) as vault:
        one = find(vault, "x")
    assert one is not None
    return texts_of(one.secret)[0]


def end(desk: Desk, token: str) -> None:
    """Let X end an access token before its time."""
    app = (desk.facts["client_id"], desk.facts["client_secret"])
    url = f"{desk.address.url}/2/oauth2/revoke"
    assert requests.post(url, data={"token": token}, auth=app, timeout=5).status_code == 200


def asked_for_the_role(desk: Desk) -> int:
    return sum(
        one["count"] for one in desk.requests() if one["path"].endswith("authenticated_user_access")
    )


def test_what_was_stored_signs_writes_and_the_role_it_has_is_not_asked_again(desk: Desk) -> None:
    by_oauth1(desk)
    before = asked_for_the_role(desk)
    assert desk.run(*create(desk)).json["status"] == "created"
    assert named(desk) == 1
    assert asked_for_the_role(desk) == before
    assert desk.listed()["x"]["last_used_at"] is not None
    writes = desk.run("connections", "show", "x", "--json").json["budgets"][1]
    assert (writes["budget"], writes["used"], writes["left"]) == ("writes", 1, 49)


def test_tokens_of_oauth2_write_too_and_one_that_ends_early_is_renewed(desk: Desk) -> None:
    token = by_pkce(desk)
    assert desk.run(*create(desk)).json["status"] == "created"
    end(desk, token)
    again = desk.run(*create(desk, "autumn"))
    assert again.code == 0, again.err
    assert (named(desk), named(desk, "autumn")) == (1, 1)
    assert desk.listed()["x"]["status"] == "connected"


def test_a_token_that_ends_between_role_and_write_is_renewed_and_the_write_goes_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = by_pkce(desk)
    monkeypatch.chdir(desk.folder)
    words = create(desk)
    values = {
        "name": "spring",
        "daily_budget_amount_local": "25",
        "funding_instrument_id": words[7],
    }

    class Ending(api.Silence):
        def reached(self, step: str) -> None:
            if step == "sent":
                end(desk, token)

    with api.managed(api.load(), "x", api.Edges(progress=Ending())) as manager:
        written = manager.write(writes.creating("campaign", values))
    assert written.status == "created"
    assert named(desk) == 1


def test_a_signature_that_was_revoked_sends_nothing_ends_with_5_and_shows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_oauth1(desk)
    words = create(desk)
    monkeypatch.chdir(desk.folder)
    with vault_opened(api.load()) as vault:
        one = find(vault, "x")
    assert one is not None
    key, secret, token, token_secret = texts_of(one.secret)
    session = OAuth1Session(key, secret, token, token_secret)
    url = f"{desk.address.url}/1.1/oauth/invalidate_token.json"
    assert session.post(url, timeout=5).status_code == 200
    ended = desk.run(*words)
    assert ended.code == 5
    assert "connector connect NAME" in ended.err
    assert desk.listed()["x"]["status"] == "revoked"
    assert named(desk) == 0
    assert desk.run("campaigns", "list").code == 5
