"""Numbers of variants as a simulated X tells them, beside what it knows to be true."""

from decimal import Decimal
from typing import Any

import pytest
from campaigns.bureau import Bureau, Killed, Telling
from experiments.lab import LINE_ITEM, Lab

from connector.errors import ConfigurationError


@pytest.fixture
def lab(bureau: Bureau) -> Lab:
    """An experiment at twenty past: no hour ends while its numbers are read."""
    bureau.waited.append((1200 - bureau.clock()) % 3600)
    return Lab(bureau=bureau)


def equals_truth(found: dict[str, Any], truth: dict[str, dict[str, Any]]) -> None:
    """Each variant has the true sums of its line item."""
    for one in found["variants"]:
        true = truth.get(one["line_item_id"])
        if true is None:
            assert (one["impressions"], one["spend"]) == (None, None)
            continue
        conversions = [true["conversion_purchases.metric"], true["conversion_custom.metric"]]
        assert one["impressions"] == true["impressions"]
        assert one["clicks"] == true["clicks"]
        assert one["conversions"] == sum(number or 0 for number in conversions)
        assert Decimal(one["spend"]) * 1_000_000 == true["billed_charge_local_micro"]


@pytest.mark.parametrize("days", [2, 9, 40])
def test_variants_have_the_true_sums_whatever_the_span(lab: Lab, days: int) -> None:
    lab.start()
    lab.toggle("low", on=True)
    lab.wait(days=days)
    found = lab.results()
    control, low, other = found["variants"]
    equals_truth(found, lab.truth(days + 1))
    assert control["impressions"] > low["impressions"] > 0
    assert (control["entity_status"], other["entity_status"]) == ("ACTIVE", "PAUSED")
    assert other["hours"] == 0
    assert found["currency"] == "USD"


def test_requests_grow_with_time_and_not_with_variants(lab: Lab) -> None:
    lab.start()
    lab.wait(days=6)
    before = len(lab.bureau.asked("GET"))
    lab.results()
    assert len(lab.bureau.asked("GET")) - before == 6  # two of them of active entities and account


def test_a_variant_that_began_later_is_held_against_its_own_hours(lab: Lab) -> None:
    lab.start()
    lab.wait(days=10)
    lab.toggle("low", on=True)
    lab.wait(days=4)
    control, low, _ = lab.results()["variants"]
    beside = low["against_control"]
    assert low["hours"] < control["hours"] / 2
    assert beside["hours"] == low["hours"]
    assert 0 < beside["control"]["impressions"] < control["impressions"] / 2


def test_numbers_of_several_placements_are_added_up(lab: Lab) -> None:
    lab.write(line_item=LINE_ITEM.replace("ALL_ON_TWITTER", "[ALL_ON_TWITTER, SPOTLIGHT]"))
    lab.start()
    lab.wait(days=3)
    equals_truth(lab.results(), lab.truth(4))


def test_a_variant_that_is_deleted_keeps_its_numbers(lab: Lab) -> None:
    lab.start()
    lab.wait(days=3)
    control = lab.line_items()["bids / control"]["id"]
    before = lab.results()["variants"][0]["impressions"]
    lab.bureau.stranger.done("DELETE", f"line_items/{control}")
    found = lab.results()["variants"][0]
    assert found["entity_status"] == "DELETED"
    assert found["impressions"] == before


def test_right_after_the_start_nothing_is_a_difference_yet(lab: Lab) -> None:
    lab.start()
    for one in lab.results()["variants"][1:]:
        beside = one["against_control"]
        assert not any(beside[key]["is_difference"] for key in ("ctr", "conversion_rate", "cpa"))
        assert beside["ctr"] == {
            "difference": None, "low": None, "high": None, "is_difference": False,
            "words": "not a difference yet: no impressions",
        }  # fmt: skip


def test_results_are_read_though_nothing_may_be_sent_and_the_file_is_gone(lab: Lab) -> None:
    lab.start()
    lab.wait(days=2)
    lab.bureau.configure(live="false")
    (lab.bureau.folder / "experiments" / "bids.yaml").unlink()
    assert lab.results()["variants"][0]["impressions"] > 0


def test_a_start_that_did_not_end_has_no_results(lab: Lab) -> None:
    lab.bureau.killing("recorded", 2)
    with pytest.raises(Killed):
        lab.start()
    lab.bureau.telling = Telling()
    with pytest.raises(ConfigurationError, match="was not started to its end"):
        lab.results()


def test_more_variants_than_x_answers_for_at_once_all_have_their_numbers(lab: Lab) -> None:
    twins = "".join(f"  t{number}: {{bid: 1.{number:02}}}\n" for number in range(1, 22))
    lab.write(f"treatments:\n{twins}")
    lab.start()
    for number in range(1, 22):
        lab.toggle(f"t{number}", on=True)
    lab.wait(days=2)
    found = lab.results()
    equals_truth(found, lab.truth(3))
    assert all(one["impressions"] for one in found["variants"])
    assert len(found["variants"]) == 22
