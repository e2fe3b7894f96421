"""A question about one ad and one day, a job about it, and the answer, as X writes them."""

from datetime import date
from typing import Any

from x.metrics.scripted import Reply

from connector.metrics.days import Days
from connector.x.metrics.questions import AD, EVERYWHERE, NUMBERS, Question
from connector.x.metrics.slots import slots_of_days

DAY = slots_of_days(Days(since=date(2026, 7, 1), until=date(2026, 7, 1)), "Etc/UTC", now=0.0)
ASKED = Question(subject=NUMBERS, entity=AD, ids=("5ft2qa",), placement=EVERYWHERE, first=0, last=1)
JOB = 1833344455566677789  # a double makes ...776 of it
ROW: dict[str, Any] = {
    "id": JOB, "id_str": str(JOB), "status": "PROCESSING", "created_at": "2026-04-20T15:30:01Z",
    "entity": "PROMOTED_TWEET", "entity_ids": ["5ft2qa"], "granularity": "HOUR",
    "placement": "ALL_ON_TWITTER", "metric_groups": ["BILLING", "ENGAGEMENT"],
    "start_time": "2026-07-01T00:00:00Z", "end_time": "2026-07-02T00:00:00Z",
    "segmentation_type": None, "url": None,
}  # fmt: skip


def ok(*data: Any) -> Reply:  # noqa: ANN401 - JSON
    """A success with a list, of one job an object."""
    return "200 OK", {"data": list(data)}


MADE: Reply = ("200 OK", {"data": ROW})


def answer(
    metrics: dict[str, Any], *, id_: str = "5ft2qa", segment: dict[str, str] | None = None
) -> dict[str, Any]:
    """The body of an answer about one ad."""
    rows = [{"id": id_, "id_data": [{"segment": segment, "metrics": metrics}]}]
    return {"data_type": "stats", "time_series_length": 24, "data": rows}
