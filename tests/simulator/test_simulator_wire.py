import json
from collections.abc import Sequence

import pytest

from connector.simulator.wire import Arrivals, Tally

HOUR = 3600.0

Conversion = dict[str, object]


def order(number: int, **more: object) -> Conversion:
    return {"event_id": "tw-o8z6j-o87ne", "conversion_id": f"order-{number}", **more}


def receive(tally: Tally, *conversions: Conversion, now: float = 0.0) -> Sequence[Arrivals]:
    raw = json.dumps({"conversions": conversions}).encode()
    return tally.receive(conversions, pixel_id="o8z6j", raw=raw, now=now)


def counts(tally: Tally) -> tuple[object, ...]:
    names = ("receipts", "accepted", "distinct", "receipts_after_acknowledgement")
    summary = tally.summary()
    return tuple(summary[name] for name in names)


def test_what_was_received_is_accepted_only_once_it_is_acknowledged() -> None:
    tally = Tally()
    batch = receive(tally, order(1), order(2))
    assert counts(tally) == (2, 0, 2, 0)
    tally.acknowledge(batch)
    assert counts(tally) == (2, 2, 2, 0)


def test_a_duplicate_before_the_acknowledgement_is_no_harm_of_the_sender() -> None:
    tally = Tally()
    receive(tally, order(1))
    tally.acknowledge(receive(tally, order(1)))
    assert counts(tally) == (2, 1, 1, 0)


def test_a_duplicate_after_the_acknowledgement_is_counted() -> None:
    tally = Tally()
    tally.acknowledge(receive(tally, order(1), order(2)))
    receive(tally, order(1), order(3))
    assert counts(tally) == (4, 2, 3, 1)


def test_a_duplicate_in_one_request_counts_twice_on_the_wire() -> None:
    tally = Tally()
    tally.acknowledge(receive(tally, order(1), order(1)))
    assert counts(tally) == (2, 2, 1, 0)


def test_the_short_and_the_full_event_are_one() -> None:
    tally = Tally()
    receive(tally, order(1))
    receive(tally, order(1, event_id="o87ne"))
    receive(tally, order(1, event_id="other"))
    assert tally.summary()["distinct"] == 2


def test_conversions_without_an_id_are_each_their_own() -> None:
    tally = Tally()
    nameless: Conversion = {"event_id": "o87ne"}
    tally.acknowledge(receive(tally, nameless, nameless | {"conversion_id": ""}))
    receive(tally, nameless)
    assert counts(tally) == (3, 2, 3, 0)
    assert {entry["conversion_id"] for entry in tally.details()} == {None}


@pytest.mark.parametrize(("after", "late"), [(48 * HOUR, 0), (48 * HOUR + 1, 1)])
def test_a_receipt_is_late_more_than_48_hours_after_the_first(after: float, late: int) -> None:
    tally = Tally()
    receive(tally, order(1), now=1.0)
    receive(tally, order(1), now=1.0 + HOUR)
    receive(tally, order(1), now=1.0 + after)
    assert tally.summary()["receipts_more_than_48_hours_after_first"] == late


def test_without_dedup_of_the_api_each_receipt_counts() -> None:
    tally = Tally()
    for _ in range(3):
        receive(tally, order(1))
    assert tally.summary()["counted"] == 3


def test_with_dedup_of_the_api_one_counts_in_48_hours() -> None:
    tally = Tally(api_dedup=True)
    for hours in (0, 1, 48, 49, 97, 98):
        receive(tally, order(1), order(2), now=hours * HOUR)
    assert tally.summary()["counted"] == 2 * 3  # at 0, 49 and 98 hours


def test_the_detail_has_the_last_payload_of_each_conversion() -> None:
    tally = Tally()
    tally.acknowledge(receive(tally, order(1, value="1.00"), order(2), now=0.5))
    receive(tally, order(3), order(1, value="2.00"), now=60.0)
    first, second, third = tally.details()
    assert first == {
        "pixel_id": "o8z6j",
        "event_id": "o87ne",
        "conversion_id": "order-1",
        "receipts": 2,
        "acknowledged": True,
        "first_received_at": "1970-01-01T00:00:00.500Z",
        "last_received_at": "1970-01-01T00:01:00.000Z",
        "payload": order(1, value="2.00"),
    }
    assert second["payload"] == order(2)
    assert (third["receipts"], third["acknowledged"]) == (1, False)


def test_payloads_are_not_kept_where_nobody_wants_them() -> None:
    tally = Tally(keep_payloads=False)
    receive(tally, order(1))
    assert [entry["payload"] for entry in tally.details()] == [None]
    assert not tally.bodies


def test_the_oldest_payloads_go_when_there_are_too_many() -> None:
    tally = Tally(max_payload_bytes=400)
    for number in range(20):
        receive(tally, order(number))
    payloads = [entry["payload"] for entry in tally.details()]
    kept = [payload for payload in payloads if payload is not None]
    assert kept
    assert payloads[-len(kept) :] == kept
    assert 200 < tally.payload_bytes <= 400
    assert tally.summary()["distinct"] == 20


def test_an_emptied_count_starts_from_nothing_with_the_same_switches() -> None:
    tally = Tally(api_dedup=True, keep_payloads=False, max_payload_bytes=5)
    receive(tally, order(1))
    tally.endings["200"] += 1
    emptied = tally.emptied()
    assert not any(emptied.summary().values())
    assert (emptied.api_dedup, emptied.keep_payloads, emptied.max_payload_bytes) == (True, False, 5)


def test_no_payload_shows_in_a_repr() -> None:
    tally = Tally()
    batch = receive(tally, order(1, description="ana.lima@example.org"))
    assert "ana" not in repr(tally) + repr(batch) + repr(tally.bodies)
