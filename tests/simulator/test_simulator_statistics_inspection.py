from collections.abc import Iterator
from typing import Any

import pytest
import requests
from ad_numbers import at

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

NOW = at("2026-09-20 12:30")


@pytest.fixture(scope="module")
def address() -> Iterator[Address]:
    with running(Settings(founded_at=NOW, further_accounts=1), clock=lambda: NOW) as one:
        yield one


def told(address: Address, **params: str) -> dict[str, Any]:
    answer = requests.get(f"{address.url}/_simulator/metrics", params=params, timeout=9)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_last_four_weeks_of_the_first_account_are_told(address: Address) -> None:
    found = told(address)
    assert found["account"] == next(iter(address.world.accounts))
    assert (found["since"], found["until"]) == ("2026-08-23", "2026-09-19")
    assert len(found["days"]) == 28
    assert found["total"]["impressions"] > 1_000
    assert "tags" not in found


def test_an_account_has_its_own_numbers_in_its_own_zone(address: Address) -> None:
    first, _, third = address.world.accounts
    mine, other = told(address, account=first), told(address, account=third)
    assert (other["timezone"], other["currency"]) == ("Europe/Madrid", "EUR")
    assert mine["total"] != other["total"]
    assert not set(mine["ads"]) & set(other["ads"])


def test_two_simulators_of_one_seed_have_the_same_numbers(address: Address) -> None:
    settings = Settings(founded_at=NOW, further_accounts=1)
    with running(settings, clock=lambda: NOW) as again:
        assert told(again, by="day") == told(address, by="day")
    with running(Settings(founded_at=NOW, seed=1), clock=lambda: NOW) as other:
        assert told(other)["total"] != told(address)["total"]


def test_more_can_be_asked_for(address: Address) -> None:
    days = {"since": "2026-09-18", "until": "2026-09-19"}
    whole, final = told(address, **days), told(address, settled="1", **days)
    assert (
        final["total"]["conversion_purchases.metric"]
        > (whole["total"]["conversion_purchases.metric"])
    )
    by_day = told(address, by="day", **days)
    assert set(next(iter(by_day["ads"].values()))) <= {"2026-09-18", "2026-09-19"}
    live = [event.id for event in address.world.events.values() if not event.deleted]
    assert set(told(address, tags="1", **days)["tags"]) < set(live)


@pytest.mark.parametrize(
    "params",
    [
        {"account": "nobody"},
        {"since": "yesterday"},
        {"since": "2026-09-10", "until": "2026-09-09"},
        {"since": "9999-12-30", "until": "9999-12-31"},
    ],
)
def test_what_cannot_be_asked_is_refused(address: Address, params: dict[str, str]) -> None:
    answer = requests.get(f"{address.url}/_simulator/metrics", params=params, timeout=5)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_deleted_ad_has_its_past(address: Address) -> None:
    late, early = (
        told(address, since=f"2026-{month}-01", until=f"2026-{month}-28")["campaigns"]
        for month in ("09", "06")
    )
    assert set(early) - set(late)


def test_no_jobs_are_told_before_there_are_any(address: Address) -> None:
    answer = requests.get(f"{address.url}/_simulator/jobs", timeout=5).json()
    assert answer == {"jobs": [], "downloads": 0, "downloads_with_credentials": 0}
