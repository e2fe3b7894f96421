"""Who may not read, and what nobody can mean, is refused before it costs anything."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from adrows import opened
from imports import Agency, day, entry
from metrics_import.conftest import MakeAgency

from connector.api.stored import facts_of, vault_opened
from connector.credentials import Connection, OAuth1Tokens, PixelTokens, keep
from connector.errors import ConfigurationError

DAYS = ("2026-04-16", "2026-04-19")
SPAN: dict[str, Any] = {"since": day(DAYS[0]), "until": day(DAYS[1])}
OF_STORED = "{{platform: x_ads, ad_account_id: {account}, base_url: {url}, auth: {{stored: true}}}}"


@pytest.mark.parametrize("role", ["ANALYST", "PARTNER_AUDIENCE_MANAGER", "TWEET_COMPOSER"])
def test_a_role_that_may_not_is_asked_for_once_and_nothing_else_is(
    make_agency: MakeAgency, role: str
) -> None:
    shop = make_agency(roles=(role,))
    summary = shop.run("x", **SPAN)
    one = entry(summary, "x")
    assert (one["status"], one["requests"]["sent"], summary["exit_code"]) == ("unauthorized", 1, 5)
    assert f"has {role} on the ad account" in one["warnings"][0]
    needed = "ACCOUNT_ADMIN or AD_MANAGER or CREATIVE_MANAGER or CAMPAIGN_ANALYST"
    assert needed in one["warnings"][0]
    path = f"/12/accounts/{shop.x_id}/authenticated_user_access"
    assert dict(shop.asked()) == {path: 1}


@pytest.mark.parametrize("role", ["CREATIVE_MANAGER", "CAMPAIGN_ANALYST"])
def test_a_role_that_may_only_look_sees_all_of_it(make_agency: MakeAgency, role: str) -> None:
    shop = make_agency(roles=("TWEET_COMPOSER", role))
    assert entry(shop.span(*DAYS, "x"), "x")["rows"] > 0


def stored(shop: Agency, roles: tuple[str, ...]) -> None:
    """Keep the credentials of X as `connect` does, with roles that were known then."""
    facts: dict[str, str] = shop.address.describe()["oauth1"]  # type: ignore[assignment]
    connection = Connection(name="x", platform="x_ads", roles=roles, ad_account_ids=(shop.x_id,))
    shop.config(x=OF_STORED.format(account=shop.x_id, url=shop.address.url))
    with vault_opened(shop.project()) as vault:
        keep(vault, connection, OAuth1Tokens(**facts))


def test_a_role_that_was_given_meanwhile_is_asked_for_once_and_remembered(shop: Agency) -> None:
    stored(shop, ("ANALYST",))
    path = f"/12/accounts/{shop.x_id}/authenticated_user_access"
    shop.span(*DAYS, "x")
    assert shop.asked()[path] == 1
    shop.span(*DAYS, "x")
    assert shop.asked()[path] == 0
    with vault_opened(shop.project()) as vault:
        facts = facts_of(vault, "x")
    assert facts is not None
    assert (facts.roles, facts.status) == (("AD_MANAGER",), "connected")
    assert facts.last_used_at is not None


def test_the_token_of_a_pixel_is_for_conversions_alone(shop: Agency) -> None:
    pixel = OF_STORED.replace("stored: true", "pixel_token: t0ken")
    other = pixel.format(account=shop.x_id, url=shop.address.url)
    shop.config("{}", f"sending: {other}")
    assert [one["connection"] for one in shop.run(**SPAN)["imports"]] == ["x", "tiktok"]
    shop.asked()
    summary = shop.run("sending", **SPAN)
    assert summary["exit_code"] == 2
    assert "--flow oauth1" in entry(summary, "sending")["warnings"][0]
    assert not shop.asked()


def test_a_stored_token_of_a_pixel_is_left_out_too(shop: Agency) -> None:
    other = OF_STORED.format(account=shop.x_id, url=shop.address.url)
    shop.config("{}", f"sending: {other}")
    facts = Connection(name="sending", platform="x_ads", ad_account_ids=(shop.x_id,))
    with vault_opened(shop.project()) as vault:
        keep(vault, facts, PixelTokens(tokens={"": "t0ken"}))
    assert [one["connection"] for one in shop.run(**SPAN)["imports"]] == ["x", "tiktok"]


def test_where_all_are_for_conversions_alone_that_is_said(shop: Agency) -> None:
    pixel = OF_STORED.replace("stored: true", "pixel_token: t0ken")
    (shop.folder / "config.yaml").write_text(
        'warehouse: {url: "duckdb:///shop.duckdb"}\nstate: {url: "sqlite:///state/c.db"}\n'
        f"connections:\n  x: {pixel.format(account=shop.x_id, url=shop.address.url)}\n"
    )
    summary = shop.run()
    assert summary["exit_code"] == 2
    assert "which lets conversions in alone" in entry(summary, "x")["warnings"][0]


@pytest.mark.parametrize(("names", "told"), [
    ((), "connections x and again are both of ad account"),
    (("again", "x"), "connections again and x are both of ad account"),
])  # fmt: skip
def test_two_connections_of_one_account_are_refused_before_any_request(
    shop: Agency, names: tuple[str, ...], told: str
) -> None:
    shop.config("{}", f"again: {shop.x()}")
    with pytest.raises(ConfigurationError, match=told):
        shop.run(*names)
    assert not shop.asked()
    assert shop.run("again", "again", "tiktok", **SPAN)["exit_code"] == 0


def test_what_nobody_can_mean_is_refused_before_any_request(shop: Agency) -> None:
    for wanted, told in (
        ({"since": day("2026-04-01"), "backfill": 5}, "--backfill and --since"),
        ({"backfill": 366}, "1 to 365"),
        ({"since": day("2026-04-02"), "until": day("2026-04-01")}, "is after --until"),
        ({"until": day("2026-04-21")}, "2026-04-21 is not over yet, in whatever time zone"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            shop.run(**wanted)
    with pytest.raises(ConfigurationError, match=r"no connection 'y'; known there: x, tiktok"):
        shop.run("y")
    assert not shop.asked()


def test_a_day_that_is_not_over_in_the_accounts_zone_is_refused(make_agency: MakeAgency) -> None:
    shop = make_agency()
    shop.clock.now = day_moment("2026-04-20T03:30:00+00:00")  # still the 19th in New York
    summary = shop.run(since=day("2026-04-18"), until=day("2026-04-19"))
    assert summary["exit_code"] == 2
    told = entry(summary, "x")["warnings"][0]
    assert "--until 2026-04-19 is not over yet" in told
    assert "America/New_York" in told
    assert shop.run(since=day("2026-04-18"), until=day("2026-04-18"))["exit_code"] == 0


def day_moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_warehouse_of_another_kind_is_refused_before_any_request(shop: Agency) -> None:
    shop.config(warehouse="sqlite:///shop.db")
    with pytest.raises(ConfigurationError, match=r"DuckDB .* and PostgreSQL"):
        shop.run()
    assert not shop.asked()


def test_a_table_that_cannot_take_the_rows_is_told_and_left_alone(shop: Agency) -> None:
    with duckdb.connect(str(shop.folder / "shop.duckdb")) as connection:
        connection.execute("create table daily_ad_metrics as select 1 as date")
    summary = shop.run("tiktok", **SPAN)
    assert summary["exit_code"] == 2
    assert "the table daily_ad_metrics" in entry(summary, "tiktok")["warnings"][-1]
    assert shop.rows("*") == [(1,)]


@pytest.mark.parametrize(("table", "told"), [
    ("create table fx as select 1 as x", "metrics.exchange_rates: the table fx has no column date"),
    ("select 1", "metrics.exchange_rates: the warehouse has no table 'fx'"),
])  # fmt: skip
def test_a_table_of_rates_that_is_none_is_told_before_a_number_is_asked_for(
    shop: Agency, table: str, told: str
) -> None:
    shop.config("{exchange_rates: fx}")
    with duckdb.connect(str(shop.folder / "shop.duckdb")) as connection:
        connection.execute(table)
    summary = shop.run("x", **SPAN)
    assert summary["exit_code"] == 2
    assert entry(summary, "x")["warnings"][0].startswith(told)
    assert not any("stats" in path for path in shop.asked())


def test_a_rate_that_is_missing_leaves_null_and_is_said(make_agency: MakeAgency) -> None:
    shop = make_agency(account=1)
    shop.config("{currency: XAU}")
    one = entry(shop.span(*DAYS, "tiktok"), "tiktok")
    assert one["cost_converted"] is None
    [told] = one["warnings"]
    assert told.startswith(f"no exchange rate to XAU for EUR ({DAYS[0]} to {DAYS[1]})")
    assert shop.rows("count(*)", rest="where cost_converted is not null") == [(0,)]


def test_a_table_of_rates_comes_before_the_ecb(make_agency: MakeAgency, warehouse: str) -> None:
    shop = make_agency(account=1, warehouse=warehouse)
    shop.config("{exchange_rates: fx}")
    with opened(shop.url) as database:
        database.run(
            "create table fx as select date '2026-04-01' as date, 'EUR' as currency, 2.5 as rate"
        )
    one = entry(shop.span(*DAYS, "tiktok"), "tiktok")
    assert Decimal(one["cost_converted"]) == Decimal(one["cost"]["EUR"]) * Decimal("2.5")
    assert "more than 7 days older" in one["warnings"][0]
