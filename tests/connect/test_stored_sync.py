"""Syncs over what `connect` stored, as a shell runs them."""

import time
from collections import Counter
from datetime import datetime

import duckdb
import pytest
from desk import APP, KEY, Desk, MakeDesk


def by_oauth1(desk: Desk, *words: str) -> None:
    ended, _ = desk.connect("x", "--flow", "oauth1", *words, typed=desk.consumer)
    assert ended.code == 0, ended.err


def test_a_sync_uses_the_stored_signature_and_notes_it(make_shop: MakeDesk) -> None:
    desk = make_shop()
    by_oauth1(desk)
    assert desk.listed()["x"]["last_used_at"] is None
    ended = desk.run("sync", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["mappings"][0]["rows"]["accepted"] == 12
    used = datetime.fromisoformat(desk.listed()["x"]["last_used_at"])
    assert abs(used.timestamp() - time.time()) < 60
    assert desk.run("connections", "show", "x", "--json").json["budgets"][0]["used"] == 12


def test_a_sync_uses_the_stored_token_of_a_pixel(make_shop: MakeDesk) -> None:
    desk = make_shop()
    assert desk.run("connect", "x", typed=f"{desk.facts['pixel_token']}\n").code == 0
    assert desk.run("sync", "--json").json["mappings"][0]["rows"]["accepted"] == 12


def test_a_sync_without_a_session_uses_what_is_shared(make_shop: MakeDesk) -> None:
    desk = make_shop()
    by_oauth1(desk)
    share = ("connections", "share", "x", "--with", "workspace")
    assert desk.run(*share, CONNECTOR_SECRET_KEY=KEY).code == 0
    without = desk.run("sync")
    assert without.code == 2
    assert "CONNECTOR_SECRET_KEY must be set" in without.err
    assert desk.run("sync", CONNECTOR_SECRET_KEY=KEY).code == 0


@pytest.mark.parametrize(("visibility", "keys"), [
    ("private", {}),
    ("workspace", {"CONNECTOR_SECRET_KEY": KEY}),
    ("team:ads", {"CONNECTOR_SECRET_KEY_ADS": KEY}),
])  # fmt: skip
def test_cron_reads_what_connect_stored(
    make_shop: MakeDesk, visibility: str, keys: dict[str, str]
) -> None:
    desk = make_shop()
    by_oauth1(desk)
    if keys:
        assert desk.run("connections", "share", "x", "--with", visibility, **keys).code == 0
    # As `env -i`: no home, no path, no session bus, no keyring, nobody's terminal.
    with desk.apart("sync", "--json", environment=keys) as running:
        ended = running.ended()
    assert ended.code == 0, ended.err
    assert ended.json["mappings"][0]["rows"]["accepted"] == 12
    assert desk.listed()["x"]["last_used_at"] is not None


def test_nothing_stored_names_the_command_and_stops_no_plan(make_shop: MakeDesk) -> None:
    desk = make_shop()
    ended = desk.run("sync")
    assert ended.code == 2
    assert "`connector connect x`" in ended.err
    assert desk.run("plan").code == 0
    assert desk.run("sync", "--dry-run").code == 0


def test_oauth_2_sends_no_conversions_and_says_what_does(make_shop: MakeDesk) -> None:
    desk = make_shop()
    desk.config(APP)
    assert desk.connect("x")[0].code == 0
    ended = desk.run("sync")
    assert ended.code == 5
    assert "--flow pixel-token" in ended.err


@pytest.mark.parametrize(
    "role",
    ["CREATIVE_MANAGER", "CAMPAIGN_ANALYST", "ANALYST", "PARTNER_AUDIENCE_MANAGER",
     "TWEET_COMPOSER"],
)  # fmt: skip
def test_a_role_that_may_not_send_is_asked_for_once_and_stops_before_the_first_conversion(
    make_shop: MakeDesk, role: str
) -> None:
    desk = make_shop(roles=(role,))
    by_oauth1(desk)
    for _ in range(2):
        before = counted(desk)
        ended = desk.run("sync")
        assert ended.code == 5
        assert f"has {role} on the ad account" in ended.err
        assert "needs ACCOUNT_ADMIN or AD_MANAGER" in ended.err
        asked = counted(desk) - before
        assert asked == Counter({"/12/accounts/18ce54d4x5t/authenticated_user_access": 1})


def counted(desk: Desk) -> Counter[str]:
    """How often each path was called."""
    found: Counter[str] = Counter()
    for each in desk.requests():
        found[each["path"]] += each["count"]
    return found


def test_a_role_that_may_is_not_asked_for_again(make_shop: MakeDesk) -> None:
    desk = make_shop()
    by_oauth1(desk)
    before = counted(desk)
    assert desk.run("sync").code == 0
    assert counted(desk) == before  # conversions are counted elsewhere


def test_a_role_that_was_given_meanwhile_is_seen(make_shop: MakeDesk) -> None:
    desk = make_shop(limits={"accounts": 1})
    by_oauth1(desk)
    # The second time the accounts cannot be asked for, so the role is not known yet.
    desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    assert desk.listed()["x"]["role"] is None
    assert desk.run("sync").code == 0
    assert desk.listed()["x"]["role"] == "AD_MANAGER"


def test_the_simulators_secrets_stay_when_the_address_changes(make_shop: MakeDesk) -> None:
    desk = make_shop()
    by_oauth1(desk)
    desk.config(url="https://ads-api.x.com", app_secret="real")
    ended = desk.run("sync")
    assert ended.code == 2
    assert "a secret of the simulator" in ended.err


def test_a_token_is_renewed_before_it_ends(make_desk: MakeDesk) -> None:
    desk = make_desk(token_seconds=200)  # less than the margin
    duckdb.connect(str(desk.folder / "shop.duckdb")).close()
    desk.config(APP)
    assert desk.connect("x")[0].code == 0
    before = desk.listed()["x"]["expires_at"]
    ended = desk.run("check", "--online", "--json")
    findings = {
        (each["connection"], each["subject"]): each["outcome"] for each in ended.json["online"]
    }
    assert findings["x", "credentials"] == "right"
    assert desk.listed()["x"]["expires_at"] > before


def test_a_second_login_elsewhere_is_named(make_desk: MakeDesk) -> None:
    desk = make_desk(token_seconds=200)
    duckdb.connect(str(desk.folder / "shop.duckdb")).close()
    desk.config(APP)
    assert desk.connect("x")[0].code == 0
    assert desk.run("connections", "rename", "x", "first").code == 0
    assert desk.connect("x")[0].code == 0
    assert desk.run("connections", "remove", "x", "--only-here").code == 0
    assert desk.run("connections", "rename", "first", "x").code == 0
    assert desk.connect("tok")[0].code == 0
    ended = desk.run("check", "--online")
    assert ended.code == 5
    assert "second login" in ended.out
    assert desk.listed()["x"]["status"] == "revoked"
