import json

from ad_numbers import NEW_YORK

from connector.simulator.statistics.jobs import Job, Jobs, row_of
from connector.simulator.statistics.questions import Question

QUESTION = Question(
    entity="LINE_ITEM", entity_ids=("w6n4r",), start=1_772_427_600, end=1_772_600_400,
    granularity="TOTAL", placement="ALL_ON_TWITTER", groups=("ENGAGEMENT",), zone=NEW_YORK,
)  # fmt: skip


def a_job(jobs: Jobs, *, now: float = 1_000.0) -> Job:
    return jobs.add("acc", QUESTION, now=now)


def test_a_job_waits_and_is_done_at_the_second_look() -> None:
    jobs = Jobs(seconds=60)
    first, second = a_job(jobs), a_job(jobs)
    assert (first.status, second.status) == ("PROCESSING", "QUEUED")
    assert jobs.looked_at(second, now=1_001).status == "PROCESSING"
    done = jobs.looked_at(second, now=1_002)
    assert (done.status, done.ended) == ("SUCCESS", 1_002)
    assert first.status == "PROCESSING"


def test_a_job_nobody_asks_about_is_done_in_time() -> None:
    jobs = Jobs(seconds=2)
    job = a_job(jobs)
    assert jobs.under_way("acc", now=1_001.9) == 1
    assert jobs.under_way("acc", now=1_005) == 0
    assert (job.status, job.ended) == ("SUCCESS", 1_002)


def test_every_third_job_fails_where_jobs_fail() -> None:
    jobs = Jobs(seconds=0, some_fail=True)
    made = [a_job(jobs) for _ in range(6)]
    jobs.of("acc", now=1_000)
    ends = ["FAILED", "SUCCESS", "SUCCESS"] * 2
    assert [job.status for job in made] == ends
    assert jobs.file(made[0].id, now=1_000) is None
    assert made[0].expires is None


def test_a_job_that_was_given_up_stays_so() -> None:
    jobs = Jobs(seconds=2)
    job = a_job(jobs)
    job.end("CANCELLED", 1_001)
    assert [one.status for one in jobs.of("acc", now=9_000)] == ["CANCELLED"]
    assert jobs.looked_at(job, now=9_000).status == "CANCELLED"
    assert jobs.file(job.id, now=9_000) is None


def test_the_jobs_of_an_account_are_its_own_the_newest_first() -> None:
    jobs = Jobs()
    first, second = a_job(jobs), a_job(jobs)
    jobs.add("other", QUESTION, now=1_000)
    assert [job.id for job in jobs.of("acc", now=1_000)] == [second.id, first.id]
    assert jobs.under_way("acc", now=1_000) == 2


def test_a_file_is_there_for_two_days() -> None:
    jobs = Jobs(seconds=2)
    job = a_job(jobs)
    assert jobs.file(job.id, now=1_001) is None
    assert jobs.file(job.id, now=1_002) is job
    last = 1_002 + 48 * 3600
    assert jobs.file(job.id, now=last - 1) is job
    assert jobs.file(job.id, now=last) is None
    assert jobs.file(1, now=1_002) is None
    assert job.fetches == 2


def test_ids_do_not_survive_a_double() -> None:
    jobs = Jobs()
    ids = [a_job(jobs).id for _ in range(50)]
    assert len(set(ids)) == 50
    assert not [one for one in ids if int(float(one)) == one]
    assert max(ids) < 2**63


def test_a_row_has_every_field_of_x() -> None:
    jobs = Jobs()
    job = a_job(jobs, now=1_772_700_000.6)
    waiting = row_of(job, url=None)
    assert waiting == {
        "start_time": "2026-03-02T05:00:00Z",
        "segmentation_type": None,
        "url": None,
        "id_str": str(job.id),
        "entity_ids": ["w6n4r"],
        "end_time": "2026-03-04T05:00:00Z",
        "country": None,
        "placement": "ALL_ON_TWITTER",
        "id": job.id,
        "expires_at": None,
        "account_id": "acc",
        "status": "PROCESSING",
        "granularity": "TOTAL",
        "entity": "LINE_ITEM",
        "created_at": "2026-03-05T08:40:00Z",
        "platform": None,
        "updated_at": "2026-03-05T08:40:00Z",
        "metric_groups": ["ENGAGEMENT"],
    }
    job.end("SUCCESS", 1_772_700_060)
    done = row_of(job, url="http://127.0.0.1/x")
    assert (done["status"], done["url"]) == ("SUCCESS", "http://127.0.0.1/x")
    assert (done["updated_at"], done["expires_at"]) == (
        "2026-03-05T08:41:00Z",
        "2026-03-07T08:41:00Z",
    )
    assert json.loads(json.dumps(done)) == done
