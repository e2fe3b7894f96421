"""A file that is fetched: written as it comes, unpacked, and never beyond its limit."""

import errno
import gzip
import io
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from raw_server import Handle, RawServer, answering, resetting, serving

from connector.http import Answer, NoAnswer, Request, Session

LARGEST = 1_000_000


@pytest.fixture
def session() -> Iterator[Session]:
    with closing(Session(read=5)) as made:
        yield made


def fetched(
    session: Session, handle: Handle, *, largest: int = LARGEST
) -> tuple[Answer | NoAnswer, bytes, RawServer]:
    into = io.BytesIO()
    with serving(handle) as server:
        request = Request(url=f"{server.url}/file", headers={"X-One": "1"}, method="GET")
        answer = session.fetch(request, into, largest=largest)
    return answer, into.getvalue(), server


def test_what_a_success_holds_is_in_the_file_alone(session: Session) -> None:
    answer, written, server = fetched(session, answering("200 OK\nX-Two: 2", b"a,b\n" * 50_000))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.headers["x-two"]) == (200, b"", "2")
    assert written == b"a,b\n" * 50_000
    [received] = server.received
    assert received.line == "GET /file HTTP/1.1"
    assert received.headers["x-one"] == "1"


def test_a_packed_answer_is_unpacked_and_counted_so(session: Session) -> None:
    packed = gzip.compress(b"0" * LARGEST)
    handle = answering("200 OK\nContent-Encoding: gzip", packed)
    answer, written, _ = fetched(session, handle)
    assert isinstance(answer, Answer)
    assert len(written) == LARGEST
    answer, written, _ = fetched(session, handle, largest=LARGEST - 1)
    assert answer == NoAnswer(left=True, why="the file is too large")
    assert len(written) < LARGEST + 200_000


def test_another_answer_is_given_and_not_written(session: Session) -> None:
    answer, written, _ = fetched(session, answering("403 Forbidden", b"<h1>"))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, written) == (403, b"<h1>", b"")


def test_a_redirect_of_a_file_is_not_followed(session: Session) -> None:
    answer, written, server = fetched(session, answering("302 Found\nLocation: /other", b""))
    assert isinstance(answer, Answer)
    assert (answer.status, written, len(server.received)) == (302, b"", 1)


def test_a_file_that_breaks_off_is_no_answer(session: Session) -> None:
    def short(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nshort"
        )

    for handle in (short, resetting):
        answer, _, _ = fetched(session, handle)
        assert isinstance(answer, NoAnswer)
        assert answer.left


def test_a_disk_that_is_full_is_no_fault_of_the_platform(session: Session) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "full")

    with serving(answering("200 OK", b"a,b\n")) as server:
        request = Request(url=server.url, headers={}, method="GET")
        with pytest.raises(OSError, match="full"):
            session.fetch(request, Full(), largest=LARGEST)


def test_a_file_does_not_come_in_the_clear(session: Session) -> None:
    request = Request(url="http://ads.tiktok.com/file", headers={}, method="GET")
    with pytest.raises(ValueError, match="only https"):
        session.fetch(request, io.BytesIO(), largest=1)
