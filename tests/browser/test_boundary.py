"""The browser of these tests reaches this machine alone; its network log is read at its end."""

import json
from pathlib import Path

import pytest
from browser.chromium import Tab, reached

_TYPES = {"UDP_CONNECT": 1, "UDP_BYTES_SENT": 2, "TCP_CONNECT_ATTEMPT": 3, "OTHER": 4}


@pytest.mark.parametrize(
    "address",
    ["http://example.com/", "https://x.com/", "http://192.0.2.1/", "http://[2001:db8::1]/"],
)
def test_what_is_elsewhere_is_refused(tab: Tab, address: str) -> None:
    go = "address => { setTimeout(() => location = address) }"
    assert tab.lost(lambda: tab.page.evaluate(go, address)) == address


def test_the_log_tells_what_was_connected_or_sent(tmp_path: Path) -> None:
    events = [
        ("UDP_CONNECT", 1, "192.0.2.1:53"),
        ("UDP_CONNECT", 1, None),
        ("UDP_BYTES_SENT", 1, None),
        ("UDP_CONNECT", 2, "[2001:db8::2]:443"),
        ("TCP_CONNECT_ATTEMPT", 3, "[::1]:80"),
        ("TCP_CONNECT_ATTEMPT", 3, None),
        ("OTHER", 4, "192.0.2.4:80"),
    ]
    log = tmp_path / "network.json"
    told = [
        {"type": _TYPES[name], "source": {"id": id_}, "params": {"address": peer} if peer else {}}
        for name, id_, peer in events
    ]
    log.write_text(json.dumps({"constants": {"logEventTypes": _TYPES}, "events": told}), "utf-8")
    assert set(reached(log)) == {"192.0.2.1", "[::1]"}
