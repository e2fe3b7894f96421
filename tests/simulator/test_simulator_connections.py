"""Each fault as a client meets it that nobody here wrote, or as a bare socket does."""

import json
import socket
import time
from collections.abc import Callable

import pytest
import requests

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

Make = Callable[..., dict[str, object]]
Send = Callable[..., requests.Response]
Arrived = Callable[..., dict[str, object]]


def request_bytes(address: Address, conversion: dict[str, object]) -> bytes:
    body = json.dumps({"conversions": [conversion]})
    lines = [
        "POST /12/measurement/conversions/o8z6j HTTP/1.1",
        f"Host: 127.0.0.1:{address.port}",
        f"X-Pixel-Token: {address.world.pixels['o8z6j'].token}",
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    return "\r\n".join(lines).encode()


def received(address: Address, request: bytes) -> bytes:
    """Everything the socket gets until its end; raises what the socket raises."""
    with socket.create_connection(("127.0.0.1", address.port), timeout=5) as client:
        client.sendall(request)
        answer = b""
        while part := client.recv(65_536):
            answer += part
        return answer


def counted(counts: dict[str, object]) -> tuple[object, ...]:
    return counts["requests"], counts["receipts"], counts["accepted"], counts["by_status"]


@pytest.mark.parametrize(("fault", "receipts"), [("reset", 0), ("reset_after_commit", 1)])
def test_a_cut_connection_is_reset_without_a_byte_of_an_answer(
    conversion: Make,
    arrived: Arrived,
    fault: str,
    receipts: int,
) -> None:
    with running(Settings(faults={fault: 1})) as address:
        with pytest.raises(ConnectionResetError):
            received(address, request_bytes(address, conversion()))
        assert counted(arrived(address)) == (1, receipts, 0, {fault: 1})


@pytest.mark.parametrize("fault", ["reset", "reset_after_commit"])
def test_requests_sees_a_cut_connection_as_a_connection_error(
    conversion: Make,
    send: Send,
    fault: str,
) -> None:
    with (
        running(Settings(faults={fault: 1})) as address,
        pytest.raises(requests.ConnectionError),
    ):
        send(address, conversion())


def test_a_conversion_lost_after_the_commit_is_a_duplicate_but_not_after_acknowledgement(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    with running(Settings(faults={"reset_after_commit": 1})) as address:
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                send(address, conversion())
        counts = arrived(address)
    assert (counts["receipts"], counts["distinct"], counts["accepted"]) == (2, 1, 0)
    assert counts["receipts_after_acknowledgement"] == 0


def test_a_timeout_stores_nothing_and_answers_nothing(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    with running(Settings(faults={"timeout": 1})) as address:
        with pytest.raises(requests.ReadTimeout):
            send(address, conversion(), timeout=0.3)
        assert counted(arrived(address)) == (1, 0, 0, {"timeout": 1})


def test_an_error_after_the_commit_has_stored_everything(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    with running(Settings(faults={"error_500_after_commit": 1})) as address:
        answer = send(address, conversion())
        assert answer.status_code == 500
        assert answer.json()["errors"][0]["code"] == "INTERNAL_ERROR"
        assert counted(arrived(address)) == (1, 1, 0, {"500": 1})


@pytest.mark.parametrize("modes", [frozenset[str](), frozenset({"no_rate_headers"})])
def test_an_unavailable_service_says_when_to_come_back_if_it_may(
    conversion: Make,
    send: Send,
    arrived: Arrived,
    modes: frozenset[str],
) -> None:
    settings = Settings(faults={"unavailable": 1}, modes=modes)
    with running(settings) as address:
        answer = send(address, conversion())
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["code"] == "SERVICE_UNAVAILABLE"
        assert answer.headers.get("retry-after") == (None if modes else "1")
        assert counted(arrived(address)) == (1, 0, 0, {"503": 1})


def test_a_rate_limit_tells_both_resets_about_a_second_ahead(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    with running(Settings(faults={"rate_limited": 1})) as address:
        before = time.time()
        answer = send(address, conversion())
        after = time.time()
        assert counted(arrived(address)) == (1, 0, 0, {"429": 1})
    assert answer.status_code == 429
    assert answer.json()["errors"][0]["code"] == "TOO_MANY_REQUESTS"
    for family in ("x-rate-limit", "x-account-rate-limit"):
        assert before + 0.5 <= int(answer.headers[f"{family}-reset"]) <= after + 1.5
        assert answer.headers[f"{family}-remaining"] == "0"
        assert answer.headers[f"{family}-limit"] == "60000"


def test_a_short_acknowledgement_stores_all_and_acknowledges_one_less(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    with running(Settings(faults={"short_acknowledgement": 1})) as address:
        answer = send(address, conversion(), conversion(conversion_id="order-2"))
        assert answer.status_code == 200
        assert answer.json()["data"]["conversions_processed"] == 1
        assert counted(arrived(address)) == (1, 2, 0, {"200": 1})
        assert send(address, conversion(event_id="abc")).status_code == 404


def test_a_slow_answer_comes_after_a_second_but_is_stored_at_once(
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    with running(Settings(faults={"slow": 1})) as address:
        started = time.monotonic()
        assert send(address, conversion()).status_code == 200
        assert 1 <= time.monotonic() - started < 3
        with pytest.raises(requests.ReadTimeout):
            send(address, conversion(conversion_id="order-2"), timeout=0.2)
        deadline = time.monotonic() + 2
        while "disconnected" not in str(arrived(address)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert counted(arrived(address)) == (2, 2, 1, {"200": 1, "disconnected": 1})


def test_latency_delays_each_answer(conversion: Make, send: Send) -> None:
    with running(Settings(latency_seconds=0.25)) as address:
        started = time.monotonic()
        assert send(address, conversion()).status_code == 200
        assert time.monotonic() - started >= 0.25


def test_faults_leave_the_count_and_everything_else_alone(arrived: Arrived) -> None:
    with running(Settings(faults={"reset": 1})) as address:
        assert arrived(address)["requests"] == 0
        assert requests.get(address.url, timeout=5).status_code == 200
        nowhere = requests.post(f"{address.url}/12/nowhere", timeout=5)
        assert nowhere.status_code == 404


def test_a_client_that_leaves_in_the_middle_of_its_body_is_counted_as_gone(
    fresh: Address,
    conversion: Make,
    arrived: Arrived,
) -> None:
    whole = request_bytes(fresh, conversion())
    with socket.create_connection(("127.0.0.1", fresh.port), timeout=5) as client:
        client.sendall(whole[:-10])
        while arrived(fresh)["requests"] == 0:
            time.sleep(0.01)
    deadline = time.monotonic() + 2
    while not arrived(fresh)["by_status"] and time.monotonic() < deadline:
        time.sleep(0.01)
    assert counted(arrived(fresh)) == (1, 0, 0, {"disconnected": 1})


def test_answers_are_not_held_back_by_the_network_stack(
    shared: Address,
    conversion: Make,
) -> None:
    url = f"{shared.url}/12/measurement/conversions/o8z6j"
    headers = {"X-Pixel-Token": shared.world.pixels["o8z6j"].token}
    seconds = []
    with requests.Session() as client:
        for _ in range(20):
            started = time.monotonic()
            client.post(url, json={"conversions": [conversion()]}, headers=headers, timeout=5)
            seconds.append(time.monotonic() - started)
    # a delayed acknowledgement takes 40 ms, and Nagle's algorithm would wait for it each time
    assert sorted(seconds)[10] < 0.03
