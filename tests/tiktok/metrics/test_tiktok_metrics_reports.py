"""All rows of some days: in reports of a size that TikTok answers, by page or as a file."""

import json
import socket
from collections.abc import Callable
from contextlib import closing
from datetime import date

import pytest
from advertiser import Desk, at_tiktok
from raw_server import Handle, RawServer, answering, serving

from connector.errors import CredentialsError, UnreachableError
from connector.http import Session
from connector.metrics.days import Days
from connector.metrics.rows import Requests
from connector.tiktok.calling import Line
from connector.tiktok.metrics.asking import Asking
from connector.tiktok.metrics.pages import MOST_ADS, Row, Seen
from connector.tiktok.metrics.queries import DAY, HOUR, Wanted
from connector.tiktok.metrics.reports import PASSES, Gathering, Size, gather, new_rows
from connector.tiktok.metrics.spool import spooled

ADS = 17  # that a report by ad has, without TopView


def wanted(since: int = 1, until: int = 14, time: str = DAY) -> Wanted:
    days = Days(since=date(2026, 3, since), until=date(2026, 3, until))
    return Wanted(time=time, days=days)


def gathered(
    asking: Asking, asked: Wanted, size: Size | None = None
) -> tuple[list[Row], list[str]]:
    """The rows, and what was warned of; each row once."""
    with spooled(asked.columns) as spool:
        gathering = Gathering(asking=asking, spool=spool, size=size or Size())
        gather(gathering, asked)
        rows = list(spool.rows())
    keys = [(row["ad_id"], row[asked.time]) for row in rows]
    assert len(set(keys)) == len(keys)
    return rows, gathering.warnings


def asking(desk: Desk) -> Asking:
    return Asking(line=desk.line, token=desk.token, advertiser_id=desk.id)


def number_of(desk: Desk, since: int, until: int) -> int:
    days = desk.report(start_date=f"2026-03-{since:02d}", end_date=f"2026-03-{until:02d}")
    desk.asked()
    number: int = days["data"]["page_info"]["total_number"]
    return number


def test_days_are_one_report_where_nothing_is_in_the_way() -> None:
    with at_tiktok() as desk:
        number = number_of(desk, 1, 19)
        rows, warnings = gathered(asking(desk), wanted(1, 19))
        assert desk.asked() == {"report/integrated/get": 1}
    assert len(rows) == number
    assert not warnings


def test_a_report_that_is_too_large_is_halved_and_the_size_is_kept() -> None:
    with at_tiktok(tiktok_largest=ADS * 4) as desk:
        number, size, own = number_of(desk, 1, 4) + number_of(desk, 5, 8), Size(), asking(desk)
        rows, _ = gathered(own, wanted(1, 8), size)
        # 8 and then twice 4
        assert (desk.asked(), size.days) == ({"report/integrated/get": 3}, 4)
        again, _ = gathered(own, wanted(1, 8), size)
        assert desk.asked() == {"report/integrated/get": 2}
    assert len(rows) == number
    assert again == rows


def test_a_day_that_is_too_large_is_made_asynchronously_and_so_are_all_others() -> None:
    with at_tiktok(tiktok_largest=ADS - 1) as desk:
        size, own = Size(), asking(desk)
        rows, _ = gathered(own, wanted(1, 3), size)
        assert size.by_task
        asked = desk.asked()
        assert asked["report/integrated/get"] == 3  # 3 days, 2, 1
        assert asked["report/task/create"] == 1
        assert {row["stat_time_day"][:10] for row in rows} == {
            f"2026-03-0{day}" for day in (1, 2, 3)
        }
        gathered(own, wanted(4, 5), size)
        assert "report/integrated/get" not in desk.asked()


def test_a_cut_is_noticed_on_its_first_page_and_all_ads_come_as_a_file() -> None:
    with at_tiktok(ads=20_100) as desk:
        size = Size()
        rows, warnings = gathered(asking(desk), wanted(1, 1), size)
        asked = desk.asked()
        [day] = desk.truth("2026-03-01", "2026-03-01")
    assert asked["report/integrated/get"] == 1
    assert asked["file"] == 1
    assert day["rows"] - 1 <= len(rows) <= day["rows"]  # but for TopView
    assert not warnings


def test_rows_that_move_between_pages_are_all_there_once() -> None:
    with at_tiktok(ads=300, modes=frozenset({"moving_pages"})) as desk:
        number = number_of(desk, 1, 10)
        assert number > 2000
        rows, warnings = gathered(asking(desk), wanted(1, 10))
        asked = desk.asked()["report/integrated/get"]
    assert len(rows) == number
    assert not warnings
    assert -(-number // 1000) < asked <= 2 * -(-number // 1000)


def test_hours_are_a_report_a_day() -> None:
    with at_tiktok() as desk:
        rows, _ = gathered(asking(desk), wanted(1, 3, HOUR))
        assert desk.asked() == {"report/integrated/get": 3}
    assert len({row[HOUR] for row in rows}) == 72


def test_hours_that_are_too_many_are_made_asynchronously() -> None:
    with at_tiktok(tiktok_largest=ADS * 24 - 1) as desk, at_tiktok() as whole:
        rows, _ = gathered(asking(desk), wanted(1, 2, HOUR))
        assert desk.asked()["report/task/create"] == 1
        expected, _ = gathered(asking(whole), wanted(1, 2, HOUR))
    kept = {(row["ad_id"], row[HOUR]): row["spend"] for row in rows}
    assert kept == {(row["ad_id"], row[HOUR]): row["spend"] for row in expected}


@pytest.mark.parametrize(
    ("row", "is_kept"),
    [
        ({"ad_id": "1", DAY: "2026-03-01 00:00:00"}, True),
        ({"ad_id": "1", DAY: "2026-03-02 00:00:00"}, True),
        ({"ad_id": "1", DAY: "2026-03-03 00:00:00"}, False),
        ({"ad_id": "1", DAY: "2026-02-28 00:00:00"}, False),
        ({"ad_id": "1", DAY: "-"}, False),
        ({"ad_id": "1", DAY: "2026-03-01T00:00:00Z"}, False),
        ({"ad_id": "1"}, False),
        ({"ad_id": "", DAY: "2026-03-01 00:00:00"}, False),
        ({DAY: "2026-03-01 00:00:00"}, False),
    ],
)
def test_a_row_is_of_an_ad_and_of_the_days_asked_for(row: Row, *, is_kept: bool) -> None:
    assert list(new_rows([row, row], wanted(1, 2), Seen())) == ([row] if is_kept else [])


def page(*ads: int, number: int, pages: int = 1) -> bytes:
    listed = [
        {"dimensions": {"ad_id": str(ad), DAY: "2026-03-01 00:00:00"}, "metrics": {"spend": "1.00"}}
        for ad in ads
    ]
    info = {"page": 1, "page_size": 1000, "total_page": pages, "total_number": number}
    return json.dumps({"code": 0, "data": {"list": listed, "page_info": info}}).encode()


def each(*answers: tuple[str, bytes]) -> Handle:
    """One answer after the other."""
    left = iter(answers)

    def handle(connection: socket.socket) -> None:
        answering(*next(left))(connection)

    return handle


def answered_by(server: RawServer, then: Callable[[Asking], None], pauses: list[float]) -> Requests:
    with closing(Session()) as session:
        line = Line(session=session, base_url=server.url, consent=server.url, pause=pauses.append)
        own = Asking(line=line, token="sim-t", advertiser_id="7")
        then(own)
    return own.requests


def test_a_row_that_no_page_has_is_told() -> None:
    def read(own: Asking) -> None:
        rows, [warning] = gathered(own, wanted(1, 1))
        assert len(rows) == 2
        assert warning == (
            "TikTok Ads: 2026-03-01 to 2026-03-01: of 3 rows of the report 1 came on no page;"
            " import these days again"
        )

    with serving(answering("200 OK", page(1, 2, number=3))) as server:
        assert answered_by(server, read, []) == Requests(sent=PASSES)


def test_without_a_number_of_rows_all_pages_are_read() -> None:
    ok = "200 OK"
    pages = each((ok, page(1, number=0, pages=2)), (ok, page(2, number=0, pages=2)))

    def read(own: Asking) -> None:
        rows, warnings = gathered(own, wanted(1, 1))
        assert ([row["ad_id"] for row in rows], warnings) == (["1", "2"], [])

    with serving(pages) as server:
        assert answered_by(server, read, []) == Requests(sent=2)


def test_as_many_ads_as_an_answer_is_about_are_a_cut_without_its_header() -> None:
    whole = ("200 OK", page(*range(1, MOST_ADS + 1), number=MOST_ADS))
    refused = ("200 OK", b'{"code": 40001}')

    def read(own: Asking) -> None:
        size = Size()
        with pytest.raises(CredentialsError, match="POST report/task/create"):
            gathered(own, wanted(1, 1), size)
        assert size.by_task

    with serving(each(whole, refused)) as server:
        answered_by(server, read, [])


def test_a_gateways_page_is_asked_again_and_counted() -> None:
    answers = each(("504 Gateway Time-out", b"<html>"), ("200 OK", page(1, number=1)))
    pauses: list[float] = []

    def read(own: Asking) -> None:
        assert len(gathered(own, wanted(1, 1))[0]) == 1

    with serving(answers) as server:
        assert answered_by(server, read, pauses) == Requests(sent=2, retried=1)
    assert pauses == [1.0]


def test_a_report_that_does_not_come_ends_the_reading() -> None:
    def read(own: Asking) -> None:
        with pytest.raises(UnreachableError, match="GET report/integrated/get: 502 no code"):
            gathered(own, wanted(1, 1))

    with serving(answering("502 Bad Gateway", b"<html>")) as server:
        assert answered_by(server, read, []) == Requests(sent=3, retried=2)
