import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from raw_server import Handle, RawServer, answering, resetting, serving, silent

from connector import http
from connector.http import Answer, NoAnswer, Request, Session

OK = answering("200 OK\nX-Rate-Limit-Reset: 5", b'{"data":{}}')
BODY = b'{"conversions":[]}'


def request(url: str, **headers: str) -> Request:
    return Request(url=f"{url}/12/x", body=BODY, headers={"X-Pixel-Token": "token", **headers})


@pytest.fixture
def session() -> Iterator[Session]:
    opened = Session(connect=0.5, read=0.5)
    yield opened
    opened.close()


def sent_to(session: Session, handle: Handle) -> tuple[Answer | NoAnswer, RawServer]:
    with serving(handle) as server:
        return session.post(request(server.url)), server


def test_an_answer_is_plain_values(session: Session) -> None:
    answer, server = sent_to(session, OK)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (200, b'{"data":{}}')
    assert answer.headers["x-rate-limit-reset"] == "5"
    [received] = server.received
    assert received.line == "POST /12/x HTTP/1.1"
    assert received.body == BODY
    assert received.headers["content-type"] == "application/json"
    assert received.headers["content-length"] == str(len(BODY))
    assert received.headers["x-pixel-token"] == "token"
    assert "authorization" not in received.headers
    assert received.headers["user-agent"].startswith("ads-connector/")


def test_a_connection_is_used_again() -> None:

    def answer_twice(connection: socket.socket) -> None:
        for _ in range(2):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            connection.recv(65_536)

    with serving(answer_twice) as server, closing(Session(read=5)) as session:
        answers = [session.post(request(server.url)) for _ in range(2)]
    assert [isinstance(answer, Answer) for answer in answers] == [True, True]
    assert len(server.received) == 1


@pytest.mark.parametrize("body", [BODY, b""])
def test_what_a_closed_connection_may_have_taken_is_not_sent_again(body: bytes) -> None:
    requests: list[bytes] = []

    def answer_the_first(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        requests.append(connection.recv(65_536))

    with serving(answer_the_first) as server, closing(Session(read=5)) as session:
        ask = replace(request(server.url), body=body)
        assert isinstance(session.post(ask), Answer)
        assert session.post(ask) == NoAnswer(left=True, why="the connection failed")
    assert len(server.received) == 1
    assert len(requests) == 1


def test_a_packed_answer_is_unpacked(session: Session) -> None:
    answer, _ = sent_to(session, answering("200 OK\nContent-Encoding: gzip", gzip.compress(b"{}")))
    assert isinstance(answer, Answer)
    assert answer.body == b"{}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(session: Session, status: int) -> None:
    with (
        serving(OK) as elsewhere,
        serving(answering(f"{status} Moved\nLocation: {elsewhere.url}/stolen")) as server,
    ):
        answer = session.post(request(server.url))
    assert isinstance(answer, Answer)
    assert answer.status == status
    assert elsewhere.received == []
    assert len(server.received) == 1


def test_the_netrc_of_the_user_is_left_alone(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login someone password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    _, server = sent_to(session, OK)
    assert "authorization" not in server.received[0].headers


def test_a_proxy_of_the_environment_is_left_alone(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(OK) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        answer, server = sent_to(session, OK)
    assert isinstance(answer, Answer)
    assert proxy.received == []
    assert len(server.received) == 1


def test_a_cookie_is_never_sent_back(session: Session) -> None:
    with serving(answering("200 OK\nSet-Cookie: guest_id=1; Path=/", b"{}")) as server:
        for _ in range(2):
            session.post(request(server.url))
    assert len(server.received) == 2
    assert not any("cookie" in received.headers for received in server.received)


def test_a_refused_port_has_processed_nothing(session: Session) -> None:
    with serving(OK) as server:
        pass
    assert session.post(request(server.url)) == NoAnswer(
        left=False, why="the connection was refused"
    )


def test_what_is_too_late_by_the_time_it_would_leave_does_not_leave(session: Session) -> None:
    with serving(OK) as server:
        late = replace(request(server.url), in_time=lambda: False)
        assert session.post(late) == NoAnswer(left=False, why="too late to leave")
        assert session.post(request(server.url)).status == 200  # type: ignore[union-attr]
    assert [received.body for received in server.received] == [BODY]


def test_a_name_that_nobody_has_has_processed_nothing(session: Session) -> None:
    answer = session.post(request("https://ads-api.invalid"))
    assert answer == NoAnswer(left=False, why="the name was not found")


def test_a_failed_handshake_has_processed_nothing(session: Session) -> None:
    def greet(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"220 mail.example.com ready\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=greet, args=(listener,))
        thread.start()
        answer = session.post(request(f"https://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join(5)
    assert answer == NoAnswer(left=False, why="no secure connection")


def test_a_handshake_that_never_ends_has_processed_nothing(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answer = session.post(request(f"https://127.0.0.1:{listener.getsockname()[1]}"))
    assert isinstance(answer, NoAnswer)
    assert not answer.left


@contextmanager
def full() -> Iterator[int]:
    """A port whose queue of connections is full, so that no other one is made."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = listener.getsockname()[1]
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        yield port


def test_a_connection_that_is_not_made_in_time_has_processed_nothing(session: Session) -> None:
    with full() as port:
        answer = session.post(request(f"http://127.0.0.1:{port}"))
    assert answer == NoAnswer(left=False, why="no connection in time")


def test_a_reset_after_the_body_may_have_processed_it(session: Session) -> None:
    answer, server = sent_to(session, resetting)
    assert answer == NoAnswer(left=True, why="the connection failed")
    assert server.received[0].body == BODY


def test_an_end_without_an_answer_may_have_processed_it(session: Session) -> None:
    answer, _ = sent_to(session, lambda _: None)
    assert answer == NoAnswer(left=True, why="the connection failed")


def test_no_answer_in_time_may_have_processed_it(session: Session) -> None:
    answer, _ = sent_to(session, silent)
    assert answer == NoAnswer(left=True, why="no answer in time")


def test_an_answer_that_breaks_off_may_have_processed_it(session: Session) -> None:
    def half(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")

    answer, _ = sent_to(session, half)
    assert isinstance(answer, NoAnswer)
    assert answer.left


def test_a_body_that_stops_coming_may_have_processed_it(session: Session) -> None:
    def stall(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        silent(connection)

    answer, _ = sent_to(session, stall)
    assert isinstance(answer, NoAnswer)
    assert answer.left


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 60_000, b"what?\r\n\r\n"])
def test_an_answer_that_is_not_http_may_have_processed_it(session: Session, head: bytes) -> None:
    answer, _ = sent_to(session, lambda connection: connection.sendall(head + b"\r\n"))
    assert isinstance(answer, NoAnswer)
    assert answer.left


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    session: Session, monkeypatch: pytest.MonkeyPatch, *, packed: bool
) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 100_000)
    body = b" " * 10_000_000
    head = "200 OK\nContent-Encoding: gzip" if packed else "200 OK"
    answer, _ = sent_to(session, answering(head, gzip.compress(body) if packed else body))
    assert answer == NoAnswer(left=True, why="the answer is too large")


def test_no_more_of_an_answer_is_read_than_is_kept(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LARGEST_ANSWER", 100_000)
    pieces = iter(range(1000))

    def overflow(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in pieces:
            connection.sendall(b" " * 65_536)

    answer, _ = sent_to(session, overflow)
    assert answer == NoAnswer(left=True, why="the answer is too large")
    assert next(pieces, None) is not None


def test_a_body_that_is_packed_wrongly_may_have_processed_it(session: Session) -> None:
    answer, _ = sent_to(session, answering("200 OK\nContent-Encoding: gzip", b"not gzip"))
    assert isinstance(answer, NoAnswer)
    assert answer.left


def test_a_token_no_header_can_carry_never_leaves_nor_shows(session: Session) -> None:
    with serving(OK) as server:
        answer = session.post(request(server.url, **{"X-Pixel-Token": "se\ncret"}))
    assert answer == NoAnswer(left=False, why="the request failed")
    assert server.received == []


@pytest.mark.parametrize("url", ["http://ads-api.x.com", "http://10.0.0.1", "ftp://localhost", ""])
def test_nothing_crosses_a_network_in_the_clear(session: Session, url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        session.post(request(url))


@pytest.mark.parametrize(
    "url", ["https://ads-api.x.com", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"]
)
def test_https_and_this_machine_are_fine(url: str) -> None:
    http.refuse_plain_http(url)


def test_nothing_of_a_request_or_an_answer_is_shown() -> None:
    shown = repr(request("https://ads-api.x.com"))
    shown += repr(Answer(status=400, headers={"x": "secret"}, body=b"secret"))
    assert "token" not in shown
    assert "conversions" not in shown
    assert "secret" not in shown


def test_a_read_has_no_body(session: Session) -> None:
    with serving(OK) as server:
        session.send(Request(url=f"{server.url}/x?a=%2C", headers={"X": "y"}, method="GET"))
    [received] = server.received
    assert received.line == "GET /x?a=%2C HTTP/1.1"
    assert received.headers["x"] == "y"
    assert not {"content-type", "content-length", "transfer-encoding"} & set(received.headers)


def test_a_form_says_that_it_is_one(session: Session) -> None:
    with serving(OK) as server:
        session.send(Request(url=server.url, headers={}, body=b"a=b", content_type=http.FORM))
    [received] = server.received
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    assert received.body == b"a=b"


def test_no_log_has_the_query_of_a_url(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with serving(OK) as server:
        session.send(Request(url=f"{server.url}/x?secret=canary", headers={}, method="GET"))
    assert "canary" not in caplog.text
