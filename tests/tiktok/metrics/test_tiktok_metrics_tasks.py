"""Asynchronous reports, and the files they end in."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date

import pytest
from advertiser import Desk, at_tiktok
from raw_server import RawServer, answering, serving

from connector.errors import ConfigurationError, UnreachableError
from connector.http import Session
from connector.metrics.days import Days
from connector.metrics.rows import Requests
from connector.tiktok.calling import Line
from connector.tiktok.metrics.asking import Asking
from connector.tiktok.metrics.pages import Row
from connector.tiktok.metrics.queries import DAY, LINK, METRICS, Wanted
from connector.tiktok.metrics.tasks import report_rows

WANTED = Wanted(time=DAY, days=Days(since=date(2026, 3, 1), until=date(2026, 3, 3)))
FILE = '\ufeffad_id,stat_time_day,ad_name\n1,2026-03-01 00:00:00,"a, b"\n2,2026-03-01 00:00:00\n'


def rows(asking: Asking) -> list[Row]:
    with report_rows(asking, WANTED) as found:
        return list(found)


def of(desk: Desk) -> Asking:
    return Asking(line=desk.line, token=desk.token, advertiser_id=desk.id)


def test_a_file_has_the_rows_of_the_report_and_waiting_grows_longer() -> None:
    with at_tiktok() as desk:
        asking = of(desk)
        found = rows(asking)
        sync = desk.report()["data"]["list"]
    assert len(found) == len(sync)
    assert set(found[0]) == {"ad_id", DAY, *METRICS} - {LINK}
    assert asking.requests == Requests(sent=6)  # create, check three times, download, file
    assert desk.clock.waited == 2 + 4 + 8


def test_a_task_that_fails_is_begun_again() -> None:
    with at_tiktok(modes=frozenset({"tiktok_tasks_fail"})) as desk:
        assert rows(of(desk))
        assert desk.asked()["report/task/create"] == 2


def test_a_limit_of_tasks_is_waited_for() -> None:
    limits = {"tiktok_seconds": 0, "tiktok_minutes": 0, "tiktok_advertiser": 0, "tiktok_tasks": 1}
    with at_tiktok(limits=limits) as desk:
        desk.post("/report/task/create/")
        asking = of(desk)
        assert rows(asking)
    assert asking.requests.retried == 1


def test_a_body_that_is_not_allowed_is_not_sent_again() -> None:
    late = Wanted(time=DAY, days=Days(since=date(2026, 3, 3), until=date(2026, 3, 1)))
    with at_tiktok() as desk:
        asking = of(desk)
        with pytest.raises(ConfigurationError, match="POST report/task/create: 200 40002"):
            report_rows(asking, late).__enter__()
    assert asking.requests == Requests(sent=1)


class Answers:
    """What a made-up TikTok answers, by the end of the path; the last of several goes on."""

    def __init__(self, **answers: list[tuple[str, bytes]]) -> None:
        self.left = answers

    def next(self, server: RawServer) -> tuple[str, bytes]:
        path = server.received[-1].line.split()[1].partition("?")[0].strip("/")
        left = self.left[path.rpartition("/")[2]]
        status, body = left.pop(0) if len(left) > 1 else left[0]
        return status, body.replace(b"HERE", server.url.encode())


def said(**data: object) -> tuple[str, bytes]:
    return "200 OK", json.dumps({"code": 0, "data": data}).encode()


GOOD: dict[str, list[tuple[str, bytes]]] = {
    "create": [said(task_id="t")],
    "check": [said(status="SUCCESS")],
    "download": [said(download_url="HERE/file")],
    "file": [("200 OK", FILE.encode())],
}


@contextmanager
def tiktok(**changes: list[tuple[str, bytes]]) -> Iterator[tuple[Asking, RawServer, list[float]]]:
    answers = Answers(**{**GOOD, **changes})
    clock = [0.0]
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        clock[0] += seconds
        pauses.append(seconds)

    servers: list[RawServer] = []

    def handle(connection: socket.socket) -> None:
        answering(*answers.next(servers[0]))(connection)

    with serving(handle) as server, closing(Session()) as session:
        servers.append(server)
        line = Line(
            session=session, base_url=server.url, consent=server.url, now=lambda: clock[0],
            pause=pause,
        )  # fmt: skip
        yield Asking(line=line, token="sim-t", advertiser_id="7"), server, pauses


def test_what_a_file_lacks_of_a_row_is_empty_and_a_mark_before_it_does_not_matter() -> None:
    with tiktok() as (asking, _, _):
        assert rows(asking) == [
            {"ad_id": "1", DAY: "2026-03-01 00:00:00", "ad_name": "a, b"},
            {"ad_id": "2", DAY: "2026-03-01 00:00:00", "ad_name": ""},
        ]


def test_a_file_is_fetched_without_credentials() -> None:
    with tiktok() as (asking, server, _):
        rows(asking)
    tokens = [one.headers.get("access-token") for one in server.received]
    assert tokens == ["sim-t", "sim-t", "sim-t", None]
    assert "authorization" not in server.received[-1].headers


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example.com/report.csv",
        "http://ads.tiktok.com/report.csv",
        "https://ads.tiktok.com.example.com/report.csv",
        "https://ads.tiktok.com@example.com/report.csv",
        "HERE.example.com/report.csv",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_file_elsewhere_is_not_fetched(url: str) -> None:
    with (
        tiktok(download=[said(download_url=url)]) as (asking, server, _),
        pytest.raises(UnreachableError, match="a host that is not TikTok's"),
    ):
        rows(asking)
    assert len(server.received) == 3


def test_an_address_that_has_expired_is_asked_for_anew() -> None:
    late = ("403 Forbidden", b"<h1>403")
    with tiktok(file=[late, ("200 OK", FILE.encode())]) as (asking, server, _):
        assert len(rows(asking)) == 2
    ends = [
        one.line.split()[1].partition("?")[0].strip("/").rpartition("/")[2]
        for one in server.received
    ]
    assert ends == ["create", "check", "download", "file", "download", "file"]
    assert asking.requests == Requests(sent=6, retried=1)


@pytest.mark.parametrize(
    ("file", "kind", "about"),
    [
        (("403 Forbidden", b""), ConfigurationError, "403 no code"),
        (("503 Unavailable", b""), UnreachableError, "503 no code"),
        (("302 Found\nLocation: https://example.com", b""), ConfigurationError, "302 no code"),
    ],
)
def test_a_file_that_does_not_come_ends_the_reading(
    file: tuple[str, bytes], kind: type[Exception], about: str
) -> None:
    with tiktok(file=[file]) as (asking, _, _), pytest.raises(kind, match=about):
        rows(asking)


def test_a_task_that_is_not_made_within_an_hour_is_given_up() -> None:
    with tiktok(check=[said(status="PROCESSING")]) as (asking, _, pauses):
        with pytest.raises(UnreachableError, match=r"not made after 3,600 s"):
            rows(asking)
        assert 3600 <= sum(pauses) <= 3630


@pytest.mark.parametrize("status", ["FAILED", "CANCELED"])
def test_a_task_that_always_fails_is_given_up(status: str) -> None:
    with tiktok(check=[said(status=status)]) as (asking, server, _):
        with pytest.raises(UnreachableError, match="could not make the report"):
            rows(asking)
        assert sum("create" in one.line for one in server.received) == 3


def test_what_is_created_is_a_body_and_not_a_query() -> None:
    with tiktok() as (asking, server, _):
        rows(asking)
    body = json.loads(server.received[0].body)
    assert body["advertiser_id"] == "7"
    assert body["dimensions"] == ["ad_id", DAY]
    assert body["enable_report_title_translation"] is False
    assert "filtering" not in body
