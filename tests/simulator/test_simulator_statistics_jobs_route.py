from collections.abc import Callable, Iterator

import pytest
import requests
from job_desk import SOUND, START, Desk, sitting
from requests_oauthlib import OAuth1Session

from connector.simulator.server import running
from connector.simulator.settings import Settings

SignedIn = Callable[..., OAuth1Session]


@pytest.fixture
def desk(signed_in: SignedIn) -> Iterator[Desk]:
    with sitting(signed_in) as one:
        yield one


def refusal(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_a_new_job_is_told_as_x_does(desk: Desk) -> None:
    answer = desk.make(entity_ids="w6n4r,w6n5s")
    assert answer.status_code == 200
    assert answer.headers["x-concurrent-job-limit"] == "100"
    assert answer.headers["x-concurrent-job-limit-remaining"] == "99"
    body = answer.json()
    account = next(iter(desk.address.world.accounts))
    assert body["request"]["params"] == {
        **SOUND,
        "entity_ids": ["w6n4r", "w6n5s"],
        "metric_groups": ["ENGAGEMENT", "BILLING"],
        "account_id": account,
    }
    row = body["data"]
    assert (row["status"], row["url"], row["expires_at"]) == ("PROCESSING", None, None)
    assert (row["account_id"], row["id_str"]) == (account, str(row["id"]))
    assert row["start_time"] == "2026-07-01T04:00:00Z"
    assert row["created_at"] == "2026-09-20T16:30:00Z"


def test_a_question_may_be_put_in_the_body(desk: Desk) -> None:
    desk.session.auth.client.timestamp = str(int(START))
    account = next(iter(desk.address.world.accounts))
    url = f"{desk.address.url}/12/stats/jobs/accounts/{account}"
    assert desk.session.post(url, data={"entity_ids": "w6n4r", **SOUND}).status_code == 200


def test_a_job_goes_on_until_it_is_done(desk: Desk) -> None:
    desk.made()
    job = desk.made()
    assert desk.told()["jobs"][1]["status"] == "QUEUED"
    (first,) = desk.look(job)
    (second,) = desk.look(job)
    assert (first["status"], first["url"]) == ("PROCESSING", None)
    assert second["status"] == "SUCCESS"
    assert second["expires_at"] == "2026-09-22T16:30:00Z"
    assert second["url"] == (
        f"{desk.address.url}/advertiser-api-async-analytics/stats_job_{job}.json.gz"
    )


def test_a_job_is_done_in_its_time(signed_in: SignedIn) -> None:
    with sitting(signed_in, job_seconds=2.0) as desk:
        job = desk.made()
        desk.now[0] += 3
        (row,) = desk.look(job)
        assert (row["status"], row["updated_at"]) == ("SUCCESS", "2026-09-20T16:30:02Z")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"end_time": "2026-09-30"}, "INVALID_TIME_WINDOW"),
        ({"entity_ids": ",".join(["a1"] * 21)}, "INVALID_PARAMETER"),
        ({"segmentation_type": "METROS"}, "MISSING_PARAMETER"),
        ({"placement": ""}, "MISSING_PARAMETER"),
    ],
)
def test_a_job_that_breaks_a_rule_is_not_made(
    desk: Desk, changes: dict[str, str], code: str
) -> None:
    assert refusal(desk.make(**changes)) == (400, code)
    assert desk.told()["jobs"] == []


def test_too_many_jobs_are_refused_until_one_is_done(signed_in: SignedIn) -> None:
    with sitting(signed_in, jobs=2) as desk:
        first, _ = desk.made(), desk.made()
        refused = desk.make()
        assert refusal(refused) == (400, "TOO_MANY_JOBS")
        assert refused.json()["errors"][0]["message"] == (
            "A maximum of 2 jobs can be in processing state"
        )
        assert refused.headers["x-concurrent-job-limit-remaining"] == "0"
        desk.look(first)
        desk.look(first)
        answer = desk.make()
        assert answer.status_code == 200
        assert answer.headers["x-concurrent-job-limit-remaining"] == "0"


def test_the_limit_of_jobs_can_be_taken_away(signed_in: SignedIn) -> None:
    with sitting(signed_in, jobs=0) as desk:
        answer = desk.make()
    assert answer.status_code == 200
    assert "x-concurrent-job-limit" not in answer.headers


def test_a_page_names_a_next_one_even_when_there_is_none(desk: Desk) -> None:
    jobs = [desk.made() for _ in range(3)]
    every = desk.call("GET", job_ids=",".join(jobs)).json()
    assert [row["id_str"] for row in every["data"]] == jobs[::-1]
    assert every["next_cursor"] == jobs[0]
    assert every["request"]["params"]["job_ids"] == [int(job) for job in jobs]
    rest = desk.call("GET", cursor=jobs[0]).json()
    assert (rest["data"], rest["next_cursor"]) == ([], None)
    page = desk.call("GET", count="2").json()
    after = desk.call("GET", count="2", cursor=page["next_cursor"]).json()
    assert [row["id_str"] for row in (*page["data"], *after["data"])] == jobs[::-1]


def test_jobs_that_do_not_exist_are_left_out(desk: Desk) -> None:
    assert desk.look("1") == []
    for wrong in ("x", "1,,2", ",".join(["1"] * 201), "9" * 20):
        assert refusal(desk.call("GET", job_ids=wrong)) == (400, "INVALID_PARAMETER")
    assert refusal(desk.call("GET", cursor="c-0")) == (400, "INVALID_PARAMETER")


def test_a_job_can_be_given_up(desk: Desk) -> None:
    job = desk.made()
    answer = desk.call("DELETE", f"/{job}")
    assert (answer.status_code, answer.json()["data"]["status"]) == (200, "CANCELLED")
    (row,) = desk.look(job)
    assert (row["status"], row["url"]) == ("CANCELLED", None)
    assert refusal(desk.call("DELETE", "/1")) == (404, "NOT_FOUND")
    assert desk.make().headers["x-concurrent-job-limit-remaining"] == "99"


def test_the_jobs_of_another_account_are_not_told(desk: Desk, signed_in: SignedIn) -> None:
    job = desk.made()
    foreign = list(desk.address.world.accounts)[1]
    url = f"{desk.address.url}/12/stats/jobs/accounts/{foreign}"
    desk.session.auth.client.timestamp = str(int(START))
    answer = desk.session.get(url, params={"job_ids": job})
    assert refusal(answer) == (403, "ACCOUNT_NOT_FOUND")


def test_a_job_that_was_made_is_there_though_the_answer_never_came(signed_in: SignedIn) -> None:
    faults = {"error_500_after_commit": 1.0}
    settings = Settings(founded_at=START, faults=faults)
    with running(settings, clock=lambda: START) as address:
        desk = Desk(address=address, session=signed_in(address))
        assert desk.make().status_code == 500
        assert len(desk.told()["jobs"]) == 1
