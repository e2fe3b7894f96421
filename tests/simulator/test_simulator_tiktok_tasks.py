"""TikTok's asynchronous reports: made in their own time, and fetched as a file."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
import requests
from advertiser import ALL, UNLIMITED, Desk, at_tiktok

from connector.simulator.tiktok_tasks import FILE_SECONDS, TASK_SECONDS

BODY: dict[str, object] = {
    "report_type": "BASIC",
    "data_level": "AUCTION_AD",
    "dimensions": ["ad_id", "stat_time_day"],
    "metrics": ["spend", "ad_name"],
    "start_date": "2026-03-01",
    "end_date": "2026-03-03",
    "output_format": "CSV_DOWNLOAD",
    "file_name": "daily",
    "enable_report_title_translation": False,
}


def created(desk: Desk, **changes: object) -> dict[str, Any]:
    body = {name: value for name, value in {**BODY, **changes}.items() if value is not None}
    return desk.post("/report/task/create/", **body)


def made(desk: Desk, **changes: object) -> str:
    task_id: str = created(desk, **changes)["data"]["task_id"]
    desk.clock.pause(10)
    return task_id


def address(desk: Desk, task_id: str) -> str:
    answer = desk.get("/report/task/download/", task_id=task_id)
    assert answer["code"] == 0, answer
    assert answer["data"]["output_format"] == "CSV_DOWNLOAD"
    assert answer["data"]["file_name"] == "daily.csv"
    url: str = answer["data"]["download_url"]
    return url


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def status(desk: Desk, task_id: str) -> str:
    answer: str = desk.get("/report/task/check/", task_id=task_id)["data"]["status"]
    return answer


def test_a_task_waits_is_made_and_is_done() -> None:
    with at_tiktok() as desk:
        task_id = created(desk)["data"]["task_id"]
        seen = [status(desk, task_id)]
        assert desk.get("/report/task/download/", task_id=task_id)["code"] == 40201
        desk.clock.pause(4)
        seen.append(status(desk, task_id))
        desk.clock.pause(6)
        seen.append(status(desk, task_id))
    assert seen == ["QUEUING", "PROCESSING", "SUCCESS"]


def test_its_file_has_what_a_report_has_and_deleted_ads_unasked() -> None:
    with at_tiktok() as desk:
        told = requests.get(address(desk, made(desk)), timeout=5)
        sync = desk.report(metrics=["spend", "ad_name"])["data"]["list"]
    assert told.headers["content-type"].startswith("text/csv")
    found = {(row["ad_id"], row["stat_time_day"]): row for row in rows(told.text)}
    assert list(rows(told.text)[0]) == ["ad_id", "stat_time_day", "spend", "ad_name"]
    for row in sync:
        key = (row["dimensions"]["ad_id"], row["dimensions"]["stat_time_day"])
        assert found[key]["spend"] == row["metrics"]["spend"]
    assert len(found) == len(sync)


def test_a_file_may_be_of_any_days_and_by_no_day() -> None:
    with at_tiktok() as desk:
        long = made(desk, start_date="2025-01-01", end_date="2026-03-03")
        days = rows(requests.get(address(desk, long), timeout=30).text)
        whole = made(desk, start_date="2025-01-01", end_date="2026-03-03", dimensions=["ad_id"])
        ads = rows(requests.get(address(desk, whole), timeout=30).text)
    assert len({row["stat_time_day"] for row in days}) == 427
    assert sum(Decimal(row["spend"]) for row in days) == sum(Decimal(row["spend"]) for row in ads)
    assert len(ads) == len({row["ad_id"] for row in days})


def test_headings_are_translated_unless_that_is_off() -> None:
    with at_tiktok() as desk:
        task_id = made(desk, enable_report_title_translation=None)
        heading = requests.get(address(desk, task_id), timeout=5).text.splitlines()[0]
    assert heading == "Ad ID,Stat Time Day,Spend,Ad Name"


def test_without_a_format_the_answer_is_the_file_itself() -> None:
    with at_tiktok() as desk:
        task_id = made(desk, output_format=None)
        answer = desk.answer("/report/task/download/", task_id=task_id)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.startswith("ad_id,stat_time_day,spend,ad_name\n")


def test_an_address_is_good_for_an_hour_and_a_new_one_is_given() -> None:
    with at_tiktok() as desk:
        task_id = made(desk)
        first = address(desk, task_id)
        desk.clock.pause(FILE_SECONDS)
        assert requests.get(first, timeout=5).status_code == 403
        assert requests.get(address(desk, task_id), timeout=5).status_code == 200
        forged = address(desk, task_id).replace("sign=", "sign=0")
        assert requests.get(forged, timeout=5).status_code == 403
        assert requests.get(first.partition("?")[0], timeout=5).status_code == 403
        endless = f"{first.partition('?')[0]}?expire={'9' * 5000}&sign=0"
        assert requests.get(endless, timeout=5).status_code == 403


def test_a_task_is_gone_after_a_month_and_others_have_none_of_it() -> None:
    with at_tiktok(further_accounts=1) as desk:
        task_id, other = made(desk), list(desk.address.world.tiktok.advertisers)[1]
        asked = {"task_id": task_id}
        assert desk.get("/report/task/check/", advertiser_id=other, **asked)["code"] == 40002
        assert desk.get("/report/task/check/", task_id="no-such")["code"] == 40002
        desk.clock.pause(TASK_SECONDS)
        assert desk.get("/report/task/check/", **asked)["code"] == 40002


@pytest.mark.parametrize(
    "changes",
    [
        {"filtering": ALL},
        {"output_format": "PDF"},
        {"file_name": "a/b"},
        {"file_name": "x" * 256},
        {"metrics": ["spent"]},
        {"metrics": '["spend"]'},
        {"dimensions": None},
    ],
)
def test_what_a_task_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with at_tiktok() as desk:
        assert created(desk, **changes)["code"] == 40002


def test_one_task_a_second_may_be_created() -> None:
    with at_tiktok(limits={**UNLIMITED, "tiktok_tasks": 1}) as desk:
        assert [created(desk)["code"] for _ in range(2)] == [0, 40100]
        desk.clock.pause(1)
        assert created(desk)["code"] == 0


def test_so_many_tasks_a_day_may_be_created() -> None:
    with at_tiktok(limits={**UNLIMITED, "tiktok_tasks_day": 2}) as desk:
        assert [created(desk)["code"] for _ in range(3)] == [0, 0, 40100]
        desk.clock.pause(86_400)
        assert created(desk)["code"] == 0


def test_a_task_that_is_not_over_is_canceled_once() -> None:
    with at_tiktok() as desk:
        task_id = created(desk)["data"]["task_id"]
        assert desk.post("/report/task/cancel/", task_id=task_id)["code"] == 0
        desk.clock.pause(10)
        assert status(desk, task_id) == "CANCELED"
        assert desk.get("/report/task/download/", task_id=task_id)["code"] == 40201
        assert desk.post("/report/task/cancel/", task_id=task_id)["code"] == 40002
        assert desk.post("/report/task/cancel/", task_id=made(desk))["code"] == 40002


def test_the_first_task_may_fail() -> None:
    with at_tiktok(modes=frozenset({"tiktok_tasks_fail"})) as desk:
        assert status(desk, made(desk)) == "FAILED"
        assert status(desk, made(desk)) == "SUCCESS"
