import gzip
import io
import json
import socket
from typing import Any

import pytest
from raw_server import resetting
from x.metrics.questions import ASKED, DAY, answer
from x.metrics.scripted import Reply, in_turn, playing

from connector.errors import UnreachableError
from connector.x.metrics.files import LARGEST_FILE, FileError, fetched, unpacked

GOOD = gzip.compress(json.dumps(answer({"impressions": [2] * 24})).encode())
FINE: Reply = ("200 OK", GOOD)
PLACE = "/advertiser-api-async-analytics/stats_job_1.json.gz"


def impressions(*replies: Reply) -> tuple[Any, list[float]]:
    """What a file tells after these replies, and the waits between."""
    with playing(in_turn(replies)) as stage:
        (part,) = fetched(stage.asking, f"{stage.server.url}{PLACE}", ASKED, DAY)
        assert stage.asking.requests.sent == len(replies)
        assert stage.asking.requests.retried == len(replies) - 1
    return part.numbers["impressions"], stage.clock.waits


@pytest.mark.parametrize(
    "late",
    [("404 Not Found", b""), ("426 Upgrade Required", b"<html>"), ("503 Down", b""), resetting],
    ids=["not there", "too early", "down", "cut off"],
)
def test_a_file_that_is_not_there_yet_is_asked_for_again(late: Reply) -> None:
    assert impressions(late, late, FINE) == ([48], [2.0, 4.0])


def test_a_file_is_read_packed_or_not() -> None:
    assert impressions(("200 OK", gzip.decompress(GOOD))) == ([48], [])
    encoded: Reply = ("200 OK\nContent-Encoding: gzip", GOOD)
    assert impressions(encoded) == ([48], [])


def test_what_a_broken_answer_began_with_is_forgotten() -> None:
    def broken(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" + b"x" * 300_000)

    assert impressions(broken, FINE) == ([48], [2.0])


def failure(*replies: Reply) -> str:
    with playing(in_turn(replies)) as stage, pytest.raises(FileError) as error:
        fetched(stage.asking, f"{stage.server.url}{PLACE}", ASKED, DAY)
    return str(error.value)


def test_a_file_that_never_comes_is_given_up() -> None:
    gone: Reply = ("404 Not Found", b"")
    assert failure(gone, gone, gone, gone, gone) == "its file did not come: 404"
    assert failure(("403 Forbidden", b"")) == "its file did not come: 403"
    assert failure(*[resetting] * 5) == "its file did not come: the connection failed"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (GOOD[:-30], "its file is broken"),
        (b"\x1f\x8bno gzip", "its file is broken"),
        (b"<html>secret</html>", "not what X documents: no JSON"),
        (b"[" * 100_000, "not what X documents: no JSON"),
        (b'{"data":"\xff"}', "not what X documents: no JSON"),
        (b"[]", "not what X documents: no list of objects"),
        (b'{"data":[5]}', "not what X documents: no list of objects"),
        (b'{"time_series_length":23,"data":[]}', "23 numbers in place of 24"),
    ],
)
def test_a_file_of_another_form_is_no_answer(body: bytes, why: str) -> None:
    told = failure(("200 OK", body))
    assert why in told
    assert "secret" not in told


def test_a_file_that_unpacks_to_more_than_any_answer_is_left() -> None:
    bomb = gzip.compress(bytes(LARGEST_FILE + 1), 9)
    assert len(bomb) < 100_000
    with pytest.raises(FileError, match="larger than 64,000,000 bytes"):
        unpacked(io.BytesIO(bomb))
    encoded: Reply = ("200 OK\nContent-Encoding: gzip", bomb)
    assert failure(encoded) == "its file did not come: the file is too large"


def test_a_file_elsewhere_is_not_asked_for() -> None:
    with playing(in_turn([])) as stage:
        port = stage.server.port + 1
        with pytest.raises(UnreachableError, match="a host that is not X's"):
            fetched(stage.asking, f"http://127.0.0.1:{port}{PLACE}", ASKED, DAY)
    assert stage.calls == []
