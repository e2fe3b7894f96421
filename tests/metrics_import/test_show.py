"""What is shown is what an independent reckoning of the same rows gives."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from adrows import MADRID, ad, group, imported, opened
from adrows import days as october
from imports import Agency
from metrics_import.conftest import MakeAgency

from connector import api
from connector.errors import ConfigurationError
from connector.metrics.rows import Account, Utm
from connector.state import database
from connector.state.place import place_of

D = Decimal
TIKTOK = Account(platform="tiktok", id="7001", timezone="Asia/Tokyo", currency="EUR")


def show(shop: Agency, by: Any = "campaign", days: int = 28) -> dict[str, Any]:  # noqa: ANN401 - a word
    return api.show_metrics(shop.project(), by=by, days=days, edges=shop.edges())


def accept(shop: Agency, *amounts: tuple[str, str, int], target: str | None = None) -> None:
    """Put (day, event, conversions) into the ledger as accepted, in a batch each."""
    project = shop.project()
    api.init_state(project)
    place = place_of(project.config.state.url.get_secret_value(), shop.folder)
    with database.opened(place) as state, state.write() as writing:
        for when, event, number in amounts:
            [destination] = writing.execute(
                "insert into destinations (target, pixel_id, event_id) values (?, 'o8z6j', ?)"
                " on conflict (target, pixel_id, event_id) do update set event_id = event_id"
                " returning id",
                (target or project.config.connections["x"].target, event),
            ).fetchone()
            [batch] = writing.execute(
                "insert into batches (run, mapping, destination, state, rules_digest, claimed_at)"
                " values (1, 'purchases', ?, 'accepted', '', 0) returning id", (destination,),
            ).fetchone()  # fmt: skip
            writing.execute(
                "insert into amounts values (?, ?, 'EUR', ?, '10.00')", (batch, when, number)
            )


def lines(found: dict[str, Any], *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(line[key] for key in keys) for line in found["lines"]]


@pytest.fixture
def reckoned(shop: Agency) -> Agency:
    """A campaign at X with a tweet promoted in two ad groups, and one at TikTok, of two days."""
    x = [
        ad(9, ad_id="a1", conversions=2, conversion_value=D(50), utm=Utm(utm_campaign="u")),
        ad(10, ad_id="a1", cost=D("7.5"), utm=Utm(utm_campaign="u")),
        # The same tweet: X tells both ads the sum of both.
        ad(9, ad_id="b1", ad_group_id="g2", campaign_id="other", campaign_name="autumn"),
        ad(10, ad_id="b1", ad_group_id="g2", campaign_id="other", campaign_name="autumn",
           cost=D("7.5")),
    ]  # fmt: skip
    own = [
        group(9, ad_group_id="w6n4r", cost=D(10), impressions=600, clicks=30, conversions=2,
              conversion_value=D(50)),
        group(10, ad_group_id="w6n4r", cost=D("7.5"), impressions=900, clicks=40),
        group(9, ad_group_id="g2", campaign_id="other", campaign_name="autumn", cost=D("2.5"),
              impressions=300, clicks=10),
        group(10, ad_group_id="g2", campaign_id="other", campaign_name="autumn", cost=D(0),
              impressions=0, clicks=0),
    ]  # fmt: skip
    theirs = [ad(10, ad_id="t1", campaign_id="c3", campaign_name="clips", ad_group_id="g3",
                 cost=D(100), impressions=10_000, clicks=500, conversions=8,
                 conversion_value=D(400))]  # fmt: skip
    shop.clock.now = moment("2026-10-12T10:00:00+00:00")
    with opened(shop.url) as warehouse:
        imported(warehouse, x, october(9, 10), groups=own)
        imported(warehouse, theirs, october(9, 10), account=TIKTOK)
    return shop


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_campaigns_cost_what_their_line_items_cost(reckoned: Agency) -> None:
    found = show(reckoned)
    # In dollars, at 1.1172 for a euro.
    assert lines(found, "name", "platform", "spend", "impressions", "clicks") == [
        ("clips", "tiktok", "111.72", 10_000, 500),
        ("spring", "x", "19.551", 1_500, 70),
        ("autumn", "x", "2.793", 300, 10),
    ]
    assert lines(found, "ctr", "cpc", "cpm") == [
        ("0.05", "0.22344", "11.172"), ("0.046667", "0.2793", "13.034"),
        ("0.033333", "0.2793", "9.31"),
    ]  # fmt: skip
    assert lines(found, "conversions", "value", "cost_per_acquisition", "return_on_ad_spend") == [
        (8, "446.88", "13.965", "4.00"), (2, "55.86", "9.7755", "2.857143"),
        (None, None, None, None),
    ]  # fmt: skip
    [total] = found["totals"]
    assert (total["spend"], total["impressions"], total["currency"]) == ("134.064", 11_800, "USD")
    assert (total["conversions"], total["value"]) == (10, "502.74")
    assert (found["since"], found["until"], found["by"]) == ("2026-09-14", "2026-10-11", "campaign")


@pytest.mark.parametrize(("by", "expected"), [
    ("ad_group", [("g3", "111.72"), ("w6n4r", "19.551"), ("g2", "2.793")]),
    ("ad", [("t1", "111.72"), ("a1", "22.344"), ("b1", "22.344")]),
    ("utm_campaign", [(None, "134.064"), ("u", "22.344")]),
    ("day", [("2026-10-10", "13.965"), ("2026-10-11", "120.099")]),
])  # fmt: skip
def test_other_lines_add_up_the_same_rows(
    reckoned: Agency, by: str, expected: list[tuple[str | None, str]]
) -> None:
    found = show(reckoned, by)
    assert lines(found, "key", "spend") == expected
    assert found["totals"][0]["spend"] == "134.064"


def test_the_days_are_the_last_that_are_over_in_one_of_the_zones(reckoned: Agency) -> None:
    assert show(reckoned, days=1)["since"] == "2026-10-11"
    reckoned.clock.now = moment("2026-10-12T16:00:00+00:00")  # the 13th in Tokyo
    assert show(reckoned, days=2)["until"] == "2026-10-12"
    assert [one["spend"] for one in show(reckoned, days=2)["totals"]] == ["120.099"]


def test_all_accepted_conversions_stand_against_all_spend_on_the_total_alone(
    reckoned: Agency,
) -> None:
    assert show(reckoned)["totals"][0]["blended"] == {"accepted": 0, "cost_per_accepted": None}
    accept(reckoned, ("2026-10-11", "o87ne", 20), ("2026-09-14", "o87ne", 4))
    accept(reckoned, ("2026-10-12", "o87ne", 9), ("2026-09-13", "o87ne", 9))
    accept(reckoned, ("2026-10-11", "o87ne", 500), target="https://rehearsal.example.com")
    found = show(reckoned)
    assert found["totals"][0]["blended"] == {"accepted": 24, "cost_per_accepted": "5.586"}
    assert not [line for line in found["lines"] if "blended" in line]


def test_money_without_a_rate_is_not_added_up_and_blended_with_nothing(reckoned: Agency) -> None:
    with opened(reckoned.url) as warehouse:
        yen = replace(MADRID, id="another", currency="JPY")
        imported(warehouse, [ad(10, campaign_currency="JPY", cost=D(900))], october(10, 10),
                 account=yen)  # fmt: skip
    accept(reckoned, ("2026-10-11", "o87ne", 20))
    found = show(reckoned)
    assert found["unconverted"] == 1
    assert [(one["currency"], one["spend"]) for one in found["totals"]] == [
        ("JPY", "900.00"), ("EUR", "120.00"),
    ]  # fmt: skip
    assert {one["blended"]["cost_per_accepted"] for one in found["totals"]} == {None}


def test_before_the_first_import_there_is_nothing(shop: Agency) -> None:
    found = show(shop)
    assert (found["lines"], found["totals"], found["unconverted"]) == ([], [], 0)


def test_campaigns_of_the_simulated_x_are_right_to_the_cent(
    make_agency: MakeAgency, warehouse: str
) -> None:
    shop = make_agency(account=1, warehouse=warehouse)
    shop.config("{currency: EUR}")
    days = ("2026-04-10", "2026-04-19")
    shop.span(*days, "x")
    truth = shop.truth(*days)
    assert len(truth["doubled"]) > 1
    found = show(shop, days=10)
    assert {line["key"]: D(line["spend"]) * 1_000_000 for line in found["lines"]} == {
        id_: sums["billed_charge_local_micro"] for id_, sums in truth["campaigns"].items()
    }
    [total] = found["totals"]
    assert D(total["spend"]) * 1_000_000 == truth["total"]["billed_charge_local_micro"]
    by_ad = sum(D(line["spend"] or 0) for line in show(shop, "ad", days=10)["lines"])
    assert by_ad > D(total["spend"])


def test_what_x_attributes_stands_beside_what_the_ledger_accepted(shop: Agency) -> None:
    accept(
        shop, ("2026-04-18", "o87ne", 40), ("2026-04-19", "o87ne", 60), ("2026-04-19", "gone0", 5),
        ("2026-04-20", "o87ne", 7),
    )  # fmt: skip
    found = api.reconcile_metrics(shop.project(), days=2, edges=shop.edges())
    assert (found["since"], found["until"], found["currency"]) == (
        "2026-04-18",
        "2026-04-19",
        "USD",
    )
    tags = shop.truth("2026-04-18", "2026-04-19", tags="1")["tags"]
    totals = {one["event"]: one for one in found["totals"]}
    assert {event.rpartition("-")[2]: one["attributed"] for event, one in totals.items()} == {
        **{tag: sums["metric"] for tag, sums in tags.items() if sums["metric"] is not None},
        "gone0": None,
    }
    ours = totals["tw-o8z6j-o87ne"]
    attributed = tags["o87ne"]["metric"]
    assert (ours["accepted"], ours["day"]) == (100, None)
    assert D(ours["share"]) == (D(attributed) / 100).quantize(D("1e-6"))
    assert D(ours["value"]) * 1_000_000 == tags["o87ne"]["sale_amount"]
    by_day = [one for one in found["days"] if one["event"] == "tw-o8z6j-o87ne"]
    assert [(one["day"], one["accepted"]) for one in by_day] == [
        ("2026-04-18", 40), ("2026-04-19", 60),
    ]  # fmt: skip
    assert sum(one["attributed"] for one in by_day) == attributed
    assert (totals["tw-o8z6j-gone0"]["accepted"], totals["tw-o8z6j-gone0"]["share"]) == (5, None)


def test_of_two_connections_of_an_account_one_is_asked(shop: Agency) -> None:
    shop.config("{}", f"again: {shop.x()}")
    once = api.reconcile_metrics(shop.project(), days=1, edges=shop.edges())
    shop.config("{}")
    assert api.reconcile_metrics(shop.project(), days=1, edges=shop.edges()) == once


def test_without_x_there_is_nobody_to_ask(shop: Agency) -> None:
    shop.config(x=shop.tiktok(), tiktok=shop.tiktok(advertiser="1"))
    with pytest.raises(ConfigurationError, match="no connection to X Ads"):
        api.reconcile_metrics(shop.project(), days=1, edges=shop.edges())
