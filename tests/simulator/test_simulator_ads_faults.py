"""What may become of a write, and how late a search finds it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import requests
from manager import UNLIMITED, Manager, managed

from connector.simulator.settings import Settings

PARAMS = {
    "name": "broken", "daily_budget_amount_local_micro": 25_000_000, "entity_status": "PAUSED",
}  # fmt: skip


@pytest.fixture
def failing() -> Iterator[Callable[[str], Manager]]:
    """Makes a simulator whose every call meets a fault."""
    with ExitStack() as stack:
        yield lambda fault: stack.enter_context(
            managed(Settings(faults={fault: 1.0}, limits=UNLIMITED))
        )


def made(manager: Manager) -> int:
    """How many campaigns the simulator says were made, past its faults."""
    answer = requests.get(f"{manager.address.url}/_simulator/ads", timeout=5)
    return sum(account["campaigns"] for account in answer.json()["accounts"])


def broken(manager: Manager) -> str:
    """What comes of a POST: a status, or the name of an error."""
    world = manager.address.world
    funding = next(iter(world.funding_instruments))
    try:
        answer = manager.ask("POST", "campaigns", **PARAMS, funding_instrument_id=funding)
    except requests.ConnectionError:
        return "reset"
    return str(answer.status_code)


@pytest.mark.parametrize(
    ("fault", "end", "campaigns"),
    [
        ("reset", "reset", 0),
        ("reset_after_commit", "reset", 8),
        ("error_500_after_commit", "500", 8),
        ("unavailable", "503", 0),
        ("rate_limited", "429", 0),
        ("slow", "200", 8),
    ],
)
def test_a_fault_meets_a_write(
    failing: Callable[[str], Manager], fault: str, end: str, campaigns: int
) -> None:
    manager = failing(fault)
    assert broken(manager) == end
    # the ads of an account are founded when they are first asked for
    assert made(manager) == campaigns


def test_a_search_lags_by_the_seconds_that_are_set() -> None:
    with managed(Settings(search_lag_seconds=1.5, limits=UNLIMITED)) as manager:
        manager.campaign(name="token 7k2f9")
        assert manager.rows("campaigns", q="7k2f9") == []
        assert any(row["name"] == "token 7k2f9" for row in manager.rows("campaigns"))
        found: list[object] = []
        while not found:
            found = list(manager.rows("campaigns", q="7k2f9"))
        assert len(found) == 1


def test_the_simulator_tells_what_was_made_twice() -> None:
    with managed() as manager:
        for _ in range(2):
            manager.campaign(name="once more")
        item = manager.line_item()
        for name in ("a", "b"):
            manager.line_item(name=name, campaign_id=item["campaign_id"])
        tweet = manager.tweet("promoted twice")["tweet_id"]
        for _ in range(3):
            manager.done("POST", "promoted_tweets", line_item_id=item["id"], tweet_ids=tweet)
        answer = requests.get(f"{manager.address.url}/_simulator/ads", timeout=5)
    (account,) = answer.json()["accounts"]
    assert account["account_id"] == manager.account_id
    assert account["twice"] == {
        "campaigns": {"once more": 2},
        "line_items": {},
        "promoted_tweets": {f"{item['id']} {tweet}": 3},
    }
    # one line item is not deleted itself, but its campaign is
    assert (account["campaigns"], account["line_items"]) == (7 + 3, 11 + 3)
    assert account["tweets"] == 21
