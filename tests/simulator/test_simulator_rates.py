from collections.abc import Callable

import requests

from connector.simulator.server import running
from connector.simulator.settings import Settings

Make = Callable[..., dict[str, object]]
Send = Callable[..., requests.Response]
Arrived = Callable[..., dict[str, object]]


def rates(answer: requests.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if "rate-limit" in name}


def test_the_limit_counts_events_of_the_account_and_ends_with_its_window(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    now = [1_000.0]
    with running(Settings(events_per_window=5), clock=lambda: now[0]) as address:
        _, second, _ = address.world.pixels
        assert send(address, conversion(), conversion()).status_code == 200
        event = next(e for e in address.world.events.values() if e.pixel_id == second)
        other = [conversion(event_id=event.id)] * 2
        assert send(address, *other, pixel_id=second).status_code == 200
        refused = send(address, conversion(), conversion())
        assert refused.status_code == 429
        assert refused.json()["errors"][0]["code"] == "TOO_MANY_REQUESTS"
        assert rates(refused) == {
            "x-rate-limit-limit": "5",
            "x-rate-limit-remaining": "1",
            "x-rate-limit-reset": "1900",
            "x-account-rate-limit-limit": "5",
            "x-account-rate-limit-remaining": "1",
            "x-account-rate-limit-reset": "1900",
        }
        assert send(address, conversion()).status_code == 200
        assert arrived(address)["receipts"] == 5
        now[0] = 1_900.0
        again = send(address, conversion(), conversion())
        assert again.status_code == 200
        assert rates(again)["x-account-rate-limit-remaining"] == "3"


def test_a_refused_batch_spends_the_limit_too(conversion: Make, send: Send) -> None:
    with running(Settings(events_per_window=2)) as address:
        refused = send(address, conversion(value="x"), conversion())
        assert refused.status_code == 400
        assert rates(refused)["x-rate-limit-remaining"] == "0"
        assert send(address, conversion()).status_code == 429


def test_without_a_limit_there_is_nothing_to_tell(
    conversion: Make,
    send: Send,
) -> None:
    with running(Settings(events_per_window=None)) as address:
        answer = send(address, conversion())
    assert answer.status_code == 200
    assert not rates(answer)


def test_headers_can_be_kept_from_the_client(conversion: Make, send: Send) -> None:
    with running(Settings(events_per_window=1, modes=frozenset({"no_rate_headers"}))) as address:
        taken, refused = send(address, conversion()), send(address, conversion())
    assert (taken.status_code, refused.status_code) == (200, 429)
    assert not rates(taken)
    assert not rates(refused)
