"""A token that X does not take before its end is renewed once, whenever that shows."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from desk import led_to, query_of
from imports import Agency, Heard, day, entry
from metrics_import.conftest import MakeAgency

from connector.api.stored import facts_of, vault_opened
from connector.credentials import Connection, Kept, OAuth2Tokens, keep, kept
from connector.http import Session
from connector.x import authorization as x
from connector.x.calling import Line, hosts_of

SPAN: dict[str, Any] = {"since": day("2026-04-18"), "until": day("2026-04-19")}
GOOD_SECONDS = 600
OF_APP = (
    "{{platform: x_ads, ad_account_id: {account}, base_url: {url},"
    " auth: {{stored: true, client_id: {client_id}, client_secret: {client_secret}}}}}"
)
CALLBACK = "http://127.0.0.1:8765/callback"


@pytest.fixture
def connected(make_agency: MakeAgency) -> Agency:
    """An agency whose token is believed to be good for two hours, and is for ten minutes."""
    shop = make_agency(consent="allow", token_seconds=GOOD_SECONDS)
    facts = {key: str(value) for key, value in shop.address.describe().items()}
    shop.config(x=OF_APP.format(account=shop.x_id, **facts))
    now = shop.edges().now()
    with closing(Session()) as session, vault_opened(shop.project()) as vault:
        line = Line(session=session, hosts=hosts_of(shop.address.url, own=False), now=shop.clock)
        pair = granted(
            line, x.App(client_id=facts["client_id"], client_secret=facts["client_secret"])
        )
        tokens = OAuth2Tokens(
            access_token=pair.access_token, refresh_token=pair.refresh_token, scopes=pair.scopes,
            expires_at=now + timedelta(hours=2),
        )  # fmt: skip
        keep(vault, Connection(name="x", platform="x_ads", ad_account_ids=(shop.x_id,)), tokens)
    return shop


def granted(line: Line, app: x.App) -> x.Pair:
    verifier = x.verifier_of(bytes(range(x.VERIFIER_BYTES)))
    page = x.authorize_address(line, app, redirect_uri=CALLBACK, state="s", verifier=verifier)
    code = query_of(led_to(page))["code"]
    return x.exchange(line, app, code=code, redirect_uri=CALLBACK, verifier=verifier)


def skipping(shop: Agency, step: str) -> Callable[[list[str]], None]:
    """Let the token end when a step is reached for the first time."""

    def then(steps: list[str]) -> None:
        if steps[-1] == step and steps.count(step) == 1:
            shop.clock.skip(minutes=11)

    return then


def held(shop: Agency) -> Kept:
    with vault_opened(shop.project()) as vault:
        return kept(vault, "x")


@pytest.mark.parametrize("step", ["remembered", "opened", "written"])
def test_a_token_that_is_over_too_early_is_renewed(connected: Agency, step: str) -> None:
    before = held(connected)
    edges = connected.edges(progress=Heard(then=skipping(connected, step)))
    summary = connected.run("x", edges=edges, backfill=35)
    one = entry(summary, "x")
    assert (one["status"], one["days"]) == ("succeeded", 35)
    after = held(connected)
    assert after.secret != before.secret
    assert after.connection.status == "connected"
    assert connected.asked()["/2/oauth2/token"] == 2
    [(cost,)] = connected.rows("sum(cost) * 1000000", "daily_ad_group_metrics")
    days = (one["since"], one["until"])
    assert cost == connected.truth(*days)["total"]["billed_charge_local_micro"]


def test_a_token_that_ends_while_spans_are_read_is_renewed_before_the_next(
    connected: Agency,
) -> None:
    then = skipping(connected, "written")

    def long(steps: list[str]) -> None:
        before = connected.clock()
        then(steps)
        if connected.clock() > before:
            connected.clock.skip(hours=2)

    edges = connected.edges(progress=Heard(then=long))
    assert connected.run("x", edges=edges, backfill=35)["exit_code"] == 0
    # The refresh leaves by itself: nobody was refused before.
    assert connected.asked()["/2/oauth2/token"] == 2


def test_a_consent_that_was_taken_back_is_told_and_noted(connected: Agency) -> None:
    secret = held(connected).secret
    assert isinstance(secret, OAuth2Tokens)
    assert secret.refresh_token is not None
    facts = {key: str(value) for key, value in connected.address.describe().items()}
    with closing(Session()) as session:
        hosts = hosts_of(connected.address.url, own=False)
        line = Line(session=session, hosts=hosts, now=connected.clock)
        app = x.App(client_id=facts["client_id"], client_secret=facts["client_secret"])
        x.revoke(line, app, secret.refresh_token)
    summary = connected.run(**SPAN)
    assert [one["status"] for one in summary["imports"]] == ["unauthorized", "succeeded"]
    assert "connector connect x" in entry(summary, "x")["warnings"][0]
    with vault_opened(connected.project()) as vault:
        known = facts_of(vault, "x")
    assert known is not None
    assert known.status == "revoked"
