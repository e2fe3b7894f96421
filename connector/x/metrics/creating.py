"""Making a job: a POST that is never simply sent again, since X may have made one all the same."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from connector.http import OK, Answer, NoAnswer
from connector.x.errors import refusal
from connector.x.metrics.asking import Asking, Json, is_to_wait
from connector.x.metrics.questions import Question, query_of
from connector.x.metrics.slots import Slots

JOBS = "stats/jobs/accounts/:id"
TOO_MANY_JOBS = "TOO_MANY_JOBS"
PAUSES = (1.0, 2.0, 4.0)
"""After each try that was not clear, or was not processed."""
# How far X's clock may be from this one.
_SLACK_SECONDS = 120.0
_LEFT = "x-concurrent-job-limit-remaining"
_UNCLEAR = frozenset({OK, 408, 500, 502, 503, 504})
_WORDS = ("entity", "start_time", "end_time", "granularity", "placement", "segmentation_type")
_LISTS = ("entity_ids", "metric_groups")

Verdict = Literal["made", "full", "again", "unclear", "refused"]


class TooManyJobsError(Exception):
    """X works on as many jobs of the ad account as it does."""


@dataclass(frozen=True, kw_only=True)
class MadeJob:
    """A job, and how many more X would take now, None where it did not say."""

    id: str
    left: int | None = None


def made(asking: Asking, question: Question, slots: Slots, *, known: Collection[str]) -> MadeJob:
    """The job of a question; after an unclear answer it is looked for before another is made.

    Args:
        asking: whom to ask.
        question: what it is about.
        slots: the time it is about.
        known: the jobs that are of other questions.

    Raises:
        TooManyJobsError: it is to be made later.
        ConnectorError: X refuses it.
    """
    query, since = query_of(question, slots), asking.line.now()
    for pause in PAUSES:
        answer = asking.post(JOBS, query)
        found = verdict(answer)
        if found == "made" and isinstance(answer, Answer):
            left = answer.headers.get(_LEFT, "")
            return MadeJob(id=job_id(_data(answer)), left=int(left) if left.isdecimal() else None)
        if found == "full":
            raise TooManyJobsError
        if found == "refused":
            break
        asking.line.pause(pause)
        asking.requests.retried += 1
        if found == "unclear" and (job := _like(asking, query, since, known)):
            return MadeJob(id=job)
    raise refusal(f"POST {JOBS}", answer, now=asking.line.now())


def verdict(answer: Answer | NoAnswer) -> Verdict:
    """What became of a POST; one that was not processed for certain may be sent again."""
    if isinstance(answer, NoAnswer):
        return "unclear" if answer.left else "again"
    if answer.status == OK and job_id(_data(answer)):
        return "made"
    if TOO_MANY_JOBS in _codes(answer):
        return "full"
    if answer.status == 423:  # noqa: PLR2004 - locked
        return "again"
    if is_to_wait(answer):  # for longer than anybody waits
        return "refused"
    return "unclear" if answer.status in _UNCLEAR else "refused"


def job_id(row: object) -> str:
    """The id of a job, a text as X's is larger than others' numbers; empty where there is none."""
    found = row.get("id_str") or row.get("id") if isinstance(row, Mapping) else None
    return str(found) if isinstance(found, str | int) else ""


def _like(asking: Asking, query: Mapping[str, str], since: float, known: Collection[str]) -> str:
    """The job that X made of a call it did not answer; empty where it made none."""
    for row in asking.rows(JOBS, {"count": "200"}):
        is_new = _moment(row.get("created_at")) >= since - _SLACK_SECONDS
        if is_new and job_id(row) not in known and row.get("status") != "FAILED":
            words = {name: row.get(name) for name in _WORDS}
            lists = {name: set(row.get(name) or ()) for name in _LISTS}
            if words == {name: query.get(name) for name in _WORDS} and lists == {
                name: set(query[name].split(",")) for name in _LISTS
            }:
                return job_id(row)
    return ""


def _moment(text: object) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0


def _data(answer: Answer) -> object:
    return _body(answer).get("data")


def _codes(answer: Answer) -> set[str]:
    errors = _body(answer).get("errors")
    listed = errors if isinstance(errors, list) else []
    return {str(entry.get("code")) for entry in listed if isinstance(entry, Mapping)}


def _body(answer: Answer) -> Json:
    """The object of a body; an empty one for what is none, such as a page of HTML."""
    try:
        body: Any = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, Mapping) else {}
