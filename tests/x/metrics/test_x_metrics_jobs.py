import gzip
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from x.metrics.account import ads_of, at_x, expected, groups_of, read
from x.metrics.questions import ASKED, DAY, ROW, answer, ok
from x.metrics.scripted import Call, Reply, Stage, errors, playing

from connector.errors import UnreachableError
from connector.x.metrics.answers import Part
from connector.x.metrics.jobs import answered_by_files
from connector.x.metrics.questions import Question

SINCE, UNTIL = "2026-03-21", "2026-04-19"
Status = Callable[[dict[str, str], int], str]


@pytest.mark.parametrize(
    "settings",
    [
        {"modes": ["jobs_fail"]},
        {"modes": ["files_late"]},
        {"limits": {"jobs": 3}},
        {"limits": {"jobs": 3}, "modes": ["jobs_fail", "files_late"]},
        {"faults": {"unavailable": 0.15, "rate_limited": 0.15}},
        {"faults": {"rate_limited": 0.3}, "modes": frozenset({"no_rate_headers"})},
        {"faults": {"reset": 0.15, "error_500_after_commit": 0.05}, "seed": 2},
    ],
    ids=str,
)
def test_the_numbers_are_true_whatever_happens_on_the_way(settings: dict[str, Any]) -> None:
    modes = frozenset(settings.get("modes", ()))
    with at_x(**{**settings, "modes": modes}) as desk:
        rows, reading = read(desk.source(), SINCE, UNTIL)
        told = desk.truth(SINCE, UNTIL, by="day")
        asked = desk.asked()
    assert ads_of(rows) == expected({**told["ads"], **told["doubled"]})
    assert groups_of(reading.groups) == expected(told["line_items"])
    assert reading.requests.sent == sum(asked.values())
    if "faults" in settings:
        assert reading.requests.retried > 3


class Works:
    """X's jobs as a script: `status` says how one ends, by its question and how often it came."""

    def __init__(self, status: Status = lambda _query, _times: "SUCCESS") -> None:
        self.status = status
        self.made: list[dict[str, str]] = []
        self.most = 0
        self.seen: set[str] = set()

    def __call__(self, call: Call) -> Reply:
        if call.method == "POST":
            self.made.append(dict(call.query))
            self.most = max(self.most, len(self.made) - len(self.seen))
            return "200 OK", {"data": {**ROW, "id_str": str(len(self.made))}}
        if "job_ids" in call.query:
            return ok(*map(self.row, call.query["job_ids"].split(",")))
        query = self.made[int(call.path.rpartition("/")[2]) - 1]
        rows = [answer({"likes": [1] * 24}, id_=id_) for id_ in query["entity_ids"].split(",")]
        body = {**rows[0], "data": [row["data"][0] for row in rows]}
        return "200 OK", gzip.compress(json.dumps(body).encode())

    def row(self, job: str) -> dict[str, Any]:
        self.seen.add(job)
        query = self.made[int(job) - 1]
        status = self.status(query, self.made.count(query))
        if status == "unknown":
            return {}
        url = None if status == "no url" else f"{self.url}/{job}"
        return {**ROW, "id_str": job, "url": url, "status": status.replace("no url", "SUCCESS")}

    url = ""


def run(works: Works, questions: Sequence[Question]) -> tuple[list[Part], Stage]:
    """The parts that a script gives for questions."""
    with playing(works) as stage:
        works.url = stage.server.url
        found = answered_by_files(stage.asking, questions, DAY, refused=set())
        return [part for _, parts in found for part in parts], stage


def about(*ids: str) -> Question:
    return replace(ASKED, ids=ids)


def test_as_many_jobs_as_x_takes_are_made_at_once_and_few_looks_are_taken() -> None:
    works = Works()
    parts, stage = run(works, [about(f"a{number}") for number in range(230)])
    assert {part.id for part in parts} == {f"a{number}" for number in range(230)}
    assert works.most == 100
    looks = [call for call in stage.calls if "job_ids" in call.query]
    assert len(looks) == 3
    assert stage.asking.requests.sent == 2 * 230 + 3


def test_looks_become_rarer_until_there_are_new_jobs() -> None:
    looks = Counter[str]()

    def slow(query: dict[str, str], _times: int) -> str:
        looks[query["entity_ids"]] += 1
        return "SUCCESS" if looks[query["entity_ids"]] == 7 else "QUEUED"

    parts, stage = run(Works(slow), [about("a")])
    assert len(parts) == 1
    assert stage.clock.waits == [5.0, 10.0, 15.0, 20.0, 30.0, 30.0, 30.0]


def test_new_jobs_wait_until_some_places_are_free_so_that_looks_stay_rare() -> None:
    asked = 0

    def now_and_then(_query: dict[str, str], _times: int) -> str:
        nonlocal asked
        asked += 1
        return "PROCESSING" if asked % 20 else "SUCCESS"

    parts, stage = run(Works(now_and_then), [about(f"a{number}") for number in range(110)])
    assert len(parts) == 110
    assert stage.clock.waits.count(5.0) == 2


@pytest.mark.parametrize("end", ["FAILED", "CANCELLED", "unknown", "no url"])
def test_a_job_that_ends_badly_is_made_once_more(end: str) -> None:
    works = Works(lambda _query, times: end if times == 1 else "SUCCESS")
    parts, _ = run(works, [about("a", "b")])
    assert [part.id for part in parts] == ["a", "b"]
    assert len(works.made) == 2
    assert works.made[0] == works.made[1]


def test_a_job_that_fails_twice_is_made_in_halves() -> None:
    works = Works(lambda query, _times: "FAILED" if "," in query["entity_ids"] else "SUCCESS")
    parts, _ = run(works, [about("a", "b", "c")])
    assert [part.id for part in parts] == ["a", "b", "c"]
    asked = [query["entity_ids"] for query in works.made]
    assert asked == ["a,b,c", "a,b,c", "a", "b,c", "b,c", "b", "c"]


def test_when_most_jobs_fail_nobody_goes_on_for_ever() -> None:
    works = Works(lambda _query, _times: "FAILED")
    with pytest.raises(UnreachableError, match=r"again and again \(FAILED\)") as error:
        run(works, [about("a", "b", "c", f"d{number}") for number in range(30)])
    assert len(works.made) < 100
    assert "questions more are missing, so nothing is imported" in str(error.value)


def test_while_others_have_all_places_it_waits_and_then_says_so() -> None:
    def script(_: Call) -> Reply:
        return "400 Bad Request", errors("TOO_MANY_JOBS")

    with (
        playing(script) as stage,
        pytest.raises(UnreachableError, match="400 TOO_MANY_JOBS: nothing came of any job"),
    ):
        list(answered_by_files(stage.asking, [ASKED], DAY, refused=set()))
    assert {call.method for call in stage.calls} == {"POST"}
    assert 3600 <= sum(stage.clock.waits) < 3700


def test_a_refused_question_is_an_error_unless_it_is_for_its_placement() -> None:
    def script(_: Call) -> Reply:
        return "403 Forbidden", errors("ACTION_NOT_ALLOWED")

    with playing(script) as stage, pytest.raises(Exception, match="403 ACTION_NOT_ALLOWED"):
        list(answered_by_files(stage.asking, [ASKED], DAY, refused=set()))
    elsewhere = replace(ASKED, placement="TREND")
    with playing(lambda _: ("400 Bad Request", errors("INVALID_PARAMETER"))) as stage:
        refused = set[str]()
        found = answered_by_files(stage.asking, [elsewhere] * 3, DAY, refused=refused)
        assert list(found) == [(elsewhere, ())] * 3
        assert refused == {"TREND"}
    assert len(stage.calls) == 1
    assert stage.clock.waits == []


def test_a_question_that_nobody_asks_takes_no_request() -> None:
    parts, stage = run(Works(), [])
    assert (parts, stage.calls) == ([], [])
