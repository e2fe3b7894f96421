import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from job_desk import SOUND, START, Desk, sitting
from requests_oauthlib import OAuth1Session

SignedIn = Callable[..., OAuth1Session]


@pytest.fixture
def desk(signed_in: SignedIn) -> Iterator[Desk]:
    with sitting(signed_in) as one:
        yield one


def unpacked(row: dict[str, Any]) -> dict[str, Any]:
    answer = requests.get(row["url"], timeout=9)
    assert answer.status_code == 200
    body: dict[str, Any] = json.loads(gzip.decompress(answer.content))
    return body


def test_the_file_is_packed_and_says_what_a_call_would(desk: Desk) -> None:
    span = {"start_time": "2026-09-10", "end_time": "2026-09-17"}
    lines = desk.lines()
    row = desk.done(**span, entity_ids=lines)
    answer = requests.get(row["url"], timeout=9)
    assert answer.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in answer.headers
    account = next(iter(desk.address.world.accounts))
    desk.session.auth.client.timestamp = str(int(START))
    call = desk.session.get(
        f"{desk.address.url}/12/stats/accounts/{account}",
        params={**SOUND, **span, "entity_ids": lines},
    )
    assert unpacked(row) == call.json()
    assert len(call.json()["data"]) > 3


def test_a_file_has_ninety_days_and_the_numbers_of_the_moment_it_was_done(desk: Desk) -> None:
    lines = desk.lines()
    row = desk.done(entity_ids=lines)
    before = unpacked(row)
    assert before["time_series_length"] == 90
    desk.now[0] += 86_400
    assert unpacked(row) == before
    assert unpacked(desk.done(entity_ids=lines)) != before


def test_segments_come_by_jobs(desk: Desk) -> None:
    asked = {"segmentation_type": "CONVERSION_TAGS", "metric_groups": "WEB_CONVERSION"}
    body = unpacked(
        desk.done(**asked, entity_ids=desk.lines(), start_time="2026-08-15", granularity="TOTAL")
    )
    events = desk.address.world.events
    names = {
        (one["segment"]["segment_value"], one["segment"]["segment_name"])
        for one in body["data"][0]["id_data"]
    }
    assert names <= {(event.id, event.name) for event in events.values() if not event.deleted}
    assert len(names) > 2
    longer = desk.make(**asked)
    assert longer.json()["errors"][0]["code"] == "INVALID_TIME_WINDOW"


def test_some_jobs_fail_where_they_do(signed_in: SignedIn) -> None:
    with sitting(signed_in, "jobs_fail") as desk:
        jobs = [desk.made() for _ in range(3)]
        desk.look(*jobs)
        rows = {row["id_str"]: row for row in desk.look(*jobs)}
        assert [rows[job]["status"] for job in jobs] == ["FAILED", "SUCCESS", "SUCCESS"]
        assert rows[jobs[0]]["url"] is None
        gone = rows[jobs[1]]["url"].replace(jobs[1], jobs[0])
        assert requests.get(gone, timeout=5).status_code == 404


def test_a_file_can_be_late(signed_in: SignedIn) -> None:
    with sitting(signed_in, "files_late") as desk:
        job = desk.made()
        desk.look(job)
        (first,), (second,) = desk.look(job), desk.look(job)
        assert (first["status"], first["url"]) == ("SUCCESS", None)
        answers = [requests.get(second["url"], timeout=5).status_code for _ in range(3)]
        assert answers == [404, 426, 200]


def test_a_file_is_kept_for_two_days(desk: Desk) -> None:
    row = desk.done()
    desk.now[0] += 48 * 3600 - 1
    assert requests.get(row["url"], timeout=5).status_code == 200
    desk.now[0] += 1
    gone = requests.get(row["url"], timeout=5)
    assert (gone.status_code, gone.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("name", ["stats_job_1.json.gz", "stats_job_x.json.gz", "other.json.gz"])
def test_a_file_that_is_none_is_not_found(desk: Desk, name: str) -> None:
    url = f"{desk.address.url}/advertiser-api-async-analytics/{name}"
    assert requests.get(url, timeout=5).status_code == 404


def test_credentials_for_a_file_are_no_use_and_are_counted(desk: Desk) -> None:
    row = desk.done()
    assert unpacked(row)["data_type"] == "stats"
    assert (desk.told()["downloads"], desk.told()["downloads_with_credentials"]) == (1, 0)
    headers = {"Authorization": "Bearer whatever"}
    assert requests.get(row["url"], headers=headers, timeout=5).status_code == 200
    assert (desk.told()["downloads"], desk.told()["downloads_with_credentials"]) == (2, 1)
