from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

Make = Callable[..., dict[str, object]]
Send = Callable[..., requests.Response]
Arrived = Callable[..., dict[str, object]]


def test_before_anything_arrives_every_count_is_zero(fresh: Address, arrived: Arrived) -> None:
    assert arrived(fresh) == {
        "requests": 0,
        "receipts": 0,
        "accepted": 0,
        "distinct": 0,
        "counted": 0,
        "receipts_after_acknowledgement": 0,
        "receipts_more_than_48_hours_after_first": 0,
        "by_status": {},
    }


def test_duplicates_show_on_the_wire(
    fresh: Address,
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    send(fresh, conversion(), conversion(conversion_id="order-2"))
    send(fresh, conversion(event_id="o87ne"))
    send(fresh, conversion(conversion_id="order-3"), conversion(value="x"))
    assert arrived(fresh) == {
        "requests": 3,
        "receipts": 3,
        "accepted": 3,
        "distinct": 2,
        "counted": 3,
        "receipts_after_acknowledgement": 1,
        "receipts_more_than_48_hours_after_first": 0,
        "by_status": {"200": 2, "400": 1},
    }


def test_the_switch_for_dedup_of_the_api_changes_what_counts(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    with running(Settings(modes=frozenset({"api_dedup"}))) as address:
        for _ in range(3):
            send(address, conversion())
        counts = arrived(address)
    assert (counts["receipts"], counts["counted"]) == (3, 1)


def test_the_clock_given_decides_what_is_late(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    now = [1_000_000.0]
    with running(Settings(), clock=lambda: now[0]) as address:
        send(address, conversion())
        now[0] += 48 * 3600 + 1
        send(address, conversion())
        assert arrived(address)["receipts_more_than_48_hours_after_first"] == 1


def test_the_detail_lists_each_conversion_with_its_payload(
    fresh: Address,
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    send(fresh, conversion(value="1.00"))
    send(fresh, conversion(value="2.00"))
    listed = arrived(fresh, "?detail=1")["conversions"]
    assert isinstance(listed, list)
    (entry,) = listed
    assert (entry["pixel_id"], entry["event_id"]) == ("o8z6j", "o87ne")
    assert (entry["conversion_id"], entry["receipts"]) == ("order-1", 2)
    assert entry["acknowledged"] is True
    assert entry["payload"] == conversion(value="2.00")


def test_the_detail_does_without_payloads_where_none_are_kept(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    with running(Settings(keep_payloads=False)) as address:
        send(address, conversion())
        listed = arrived(address, "?detail=1")["conversions"]
    assert isinstance(listed, list)
    assert [entry["payload"] for entry in listed] == [None]


def test_the_count_can_be_emptied(
    fresh: Address,
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    send(fresh, conversion())
    emptied = requests.delete(f"{fresh.url}/_simulator/conversions", timeout=5)
    assert emptied.status_code == 200
    assert not any(arrived(fresh).values())
    send(fresh, conversion())
    assert arrived(fresh)["receipts_after_acknowledgement"] == 0


def test_requests_at_the_same_time_are_all_counted(
    fresh: Address,
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    def send_batch(number: int) -> int:
        batch = [conversion(conversion_id=f"order-{number}-{row}") for row in range(50)]
        return send(fresh, *batch).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(send_batch, range(20))) == {200}
    counts = arrived(fresh)
    assert (counts["requests"], counts["accepted"], counts["distinct"]) == (20, 1_000, 1_000)


@pytest.mark.parametrize("path", ["/", "/_simulator/conversions"])
def test_the_simulator_says_what_it_is_without_credentials(shared: Address, path: str) -> None:
    answer = requests.get(f"{shared.url}{path}", timeout=5)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


def test_every_other_call_is_counted_by_its_end_until_the_count_is_emptied(
    fresh: Address,
) -> None:
    url = f"{fresh.url}/_simulator/requests"
    for _ in range(2):
        requests.get(f"{fresh.url}/12/accounts", timeout=5)
    expected = {"method": "GET", "path": "/12/accounts", "ended": "400", "count": 2}
    assert requests.get(url, timeout=5).json() == {"requests": [expected]}
    assert requests.delete(url, timeout=5).json() == {"requests": []}
    assert requests.get(url, timeout=5).json() == {"requests": []}
