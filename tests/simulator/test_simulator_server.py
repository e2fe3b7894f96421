import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests

from connector.simulator.server import Address, running, serve
from connector.simulator.settings import Settings

Make = Callable[..., dict[str, object]]
Send = Callable[..., requests.Response]

SERVE = """
import json, sys
from connector.simulator.server import serve
from connector.simulator.settings import Settings
settings = Settings(port=0, faults=json.loads(sys.argv[1]))
serve(settings, announce=lambda described: print(json.dumps(described), flush=True))
print("ended")
"""


@contextmanager
def served(**faults: float) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A simulator in the foreground of its own process, and its announcement."""
    command = [sys.executable, "-W", "error", "-c", SERVE, json.dumps(faults)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def ended(process: subprocess.Popen[str], number: signal.Signals) -> tuple[str, str]:
    """Tell the process to stop and hold it to a second; what it printed since."""
    started = time.monotonic()
    process.send_signal(number)
    output, errors = process.communicate(timeout=5)
    assert time.monotonic() - started < 1
    assert process.returncode == 0
    return output, errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_cleanly_and_quietly(number: signal.Signals) -> None:
    with served() as (process, described):
        assert requests.get(described["url"], timeout=5).status_code == 200
        assert requests.get(f"{described['url']}/nowhere", timeout=5).status_code == 404
        assert ended(process, number) == ("ended\n", "")


def test_a_client_that_holds_its_connection_holds_nothing_up() -> None:
    with served() as (process, described), requests.Session() as client:
        assert client.get(described["url"], timeout=5).status_code == 200
        port = int(described["url"].rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as half:
            half.sendall(b"POST /12/measurement/conversions/o8z6j HTTP/1.1\r\nHost: x\r\n")
            with socket.create_connection(("127.0.0.1", port)) as silent:
                assert ended(process, signal.SIGTERM) == ("ended\n", "")
                silent.settimeout(1)
                assert silent.recv(1) == b""


def test_a_pending_timeout_holds_nothing_up_and_gets_no_answer() -> None:
    outcomes: list[str] = []
    with served(timeout=1) as (process, described):
        url = f"{described['url']}/12/measurement/conversions/o8z6j"

        def wait_for_answer() -> None:
            try:
                outcomes.append(str(requests.post(url, data=b"{}", timeout=30).status_code))
            except requests.ConnectionError:
                outcomes.append("cut")

        waiting = threading.Thread(target=wait_for_answer)
        waiting.start()
        count = f"{described['url']}/_simulator/conversions"
        while requests.get(count, timeout=5).json()["by_status"] != {"timeout": 1}:
            time.sleep(0.01)
        assert ended(process, signal.SIGTERM) == ("ended\n", "")
        waiting.join(5)
    assert outcomes == ["cut"]


def test_a_port_that_is_taken_is_named() -> None:
    with running() as address, pytest.raises(OSError, match="Address already in use") as refused:
        serve(Settings(port=address.port), announce=lambda _: None)
    assert str(address.port) in str(refused.value)


def test_handlers_of_signals_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    described: list[dict[str, object]] = []

    def announce(announced: dict[str, object]) -> None:
        described.append(announced)
        signal.raise_signal(signal.SIGINT)

    serve(Settings(port=0), announce=announce)
    assert signal.getsignal(signal.SIGINT) is before
    assert str(described[0]["url"]).startswith("http://127.0.0.1:")


def test_clients_can_connect_when_the_server_is_announced() -> None:
    statuses: list[int] = []

    def announce(announced: dict[str, object]) -> None:
        statuses.append(requests.get(str(announced["url"]), timeout=5).status_code)
        signal.raise_signal(signal.SIGTERM)

    serve(Settings(port=0), announce=announce)
    assert statuses == [200]


def test_a_server_in_a_thread_takes_a_free_port_and_gives_it_back() -> None:
    with running(Settings()) as first, running(Settings()) as second:
        assert first.port != second.port
        assert first.url == f"http://127.0.0.1:{first.port}"
    with pytest.raises(requests.ConnectionError):
        requests.get(first.url, timeout=1)


def test_a_block_that_fails_does_not_leave_its_server_behind() -> None:
    addresses: list[Address] = []

    def fail() -> None:
        with running() as address:
            addresses.append(address)
            raise RuntimeError("of the test")

    with pytest.raises(RuntimeError, match="of the test"):
        fail()
    with pytest.raises(requests.ConnectionError):
        requests.get(addresses[0].url, timeout=1)


def test_the_seed_makes_the_account_that_is_served(conversion: Make, send: Send) -> None:
    with running(Settings(seed=7)) as address:
        described = address.describe()
        pixel_id = str(described["pixel_id"])
        answer = send(address, conversion(event_id=described["event_id"]), pixel_id=pixel_id)
    assert pixel_id != "o8z6j"
    assert answer.status_code == 200
    assert answer.json()["request"]["params"]["account_id"] == described["ad_account_id"]


def test_another_clock_than_the_machines_tells_no_date() -> None:
    with running() as machines, running(clock=lambda: 0.0) as other:
        assert "date" in requests.get(machines.url, timeout=5).headers
        assert "date" not in requests.get(other.url, timeout=5).headers
