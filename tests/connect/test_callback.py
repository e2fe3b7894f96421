"""The server that takes one answer, before a stand-in for a browser."""

import socket
import threading
from collections.abc import Mapping
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from desk import browse
from servers import free_port

from connector.connecting.attempt import PKCE, Attempt, Outcome
from connector.connecting.callback import address_of, listening
from connector.errors import ConfigurationError, UnreachableError


def granted(answer: Mapping[str, str]) -> Outcome:
    return "granted"


def test_the_first_answer_is_taken_and_no_other() -> None:
    port = free_port()
    with listening(port) as listener:
        listener.expect(PKCE, granted)
        assert browse(f"{address_of(port)}?code=first").status == 200
        assert browse(f"{address_of(port)}?code=second").status == 410
        assert listener.wait(1).answer == {"code": "first"}
    with pytest.raises(OSError, match="refused"):
        browse(address_of(port))


def test_other_paths_and_hosts_are_not_taken() -> None:
    port = free_port()
    with listening(port) as listener:
        listener.expect(PKCE, granted)
        assert browse(f"http://127.0.0.1:{port}/favicon.ico").status == 404
        for host in ("evil.example", f"localhost:{port}", "127.0.0.1", f"127.0.0.1:{port}.evil"):
            assert browse(f"{address_of(port)}?code=x", Host=host).status == 421
        assert listener.came is None
        assert browse(f"{address_of(port)}?code=right").status == 200


def test_a_form_is_not_taken() -> None:
    port = free_port()
    with listening(port) as listener:
        listener.expect(PKCE, granted)
        opener = build_opener(ProxyHandler({}))
        with pytest.raises(OSError, match="501"):
            opener.open(Request(address_of(port), data=b"code=x"))
        assert listener.came is None


def test_an_answer_before_anything_is_expected_is_not_taken() -> None:
    port = free_port()
    with listening(port) as listener:
        assert browse(f"{address_of(port)}?code=early").status == 410
        listener.expect(PKCE, granted)
        assert browse(f"{address_of(port)}?code=right").status == 200


def test_connections_that_say_nothing_do_not_stop_the_answer() -> None:
    port = free_port()
    with listening(port) as listener, socket.create_connection(("127.0.0.1", port)):
        listener.expect(PKCE, granted)
        assert browse(f"{address_of(port)}?code=right").status == 200


def test_what_a_page_repeats_is_escaped() -> None:
    port = free_port()
    attempt = Attempt(expected=PKCE, state="right", began=0.0)
    with listening(port) as listener:
        listener.expect(PKCE, lambda answer: attempt.judge(answer, 0.0))
        page = browse(f"{address_of(port)}?state=right&error=%3Cscript%3E")
    assert page.status == 400
    assert "<script>" not in page.text


def test_a_page_may_not_be_framed_kept_or_told_on() -> None:
    port = free_port()
    with listening(port) as listener:
        listener.expect(PKCE, granted)
        with build_opener(ProxyHandler({})).open(f"{address_of(port)}?code=x") as answer:
            headers = answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Server"] == "connector"


def test_a_browser_that_leaves_has_still_answered() -> None:
    port = free_port()
    with listening(port) as listener:
        listener.expect(PKCE, granted)
        with socket.create_connection(("127.0.0.1", port)) as browser:
            browser.sendall(
                f"GET /callback?code=x HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
            )
        assert listener.wait(5).answer == {"code": "x"}


def test_nobody_who_comes_ends_with_an_error() -> None:
    with listening(free_port()) as listener:
        listener.expect(PKCE, granted)
        with pytest.raises(UnreachableError, match="no answer came back"):
            listener.wait(0.05)


def test_a_port_that_is_taken_is_an_error() -> None:
    port = free_port()
    with listening(port), pytest.raises(ConfigurationError, match=f"port {port}"), listening(port):
        pass


def test_it_listens_on_this_machine_alone_and_leaves_no_thread() -> None:
    before = threading.active_count()
    port = free_port()
    with listening(port), pytest.raises(OSError, match=r"refused|unreachable|not permitted"):
        socket.create_connection(("::1", port), timeout=1)
    assert threading.active_count() == before
