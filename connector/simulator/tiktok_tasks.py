"""Reports that are made in their own time: created, looked after, and fetched as a file."""

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from connector.simulator.envelope import Answer
from connector.simulator.tiktok_ads import Stock
from connector.simulator.tiktok_calls import (
    BAD_PARAMETER,
    TASK_NOT_READY,
    TOO_MANY,
    TikTokCall,
    needed,
    take,
    tiktok_refusal,
)
from connector.simulator.tiktok_query import read_query
from connector.simulator.tiktok_report import columns, found, report_of
from connector.simulator.tiktok_reporting import Reporting, Task, stock_for

FILE_PATH = "/wsos_v2/statistics/object/{id}"
FILE_SECONDS = 3600
TASK_SECONDS = 30 * 86_400
_QUEUED_SECONDS, _MADE_SECONDS = 3, 10
_OUTPUTS = ("CSV_STRING", "CSV_DOWNLOAD")
_FORBIDDEN = frozenset("/\t\b@#$%^&*()[]")
_MOST_NAME = 255


def created(reporting: Reporting, call: TikTokCall) -> object:
    """A new task.

    Raises:
        RefusedError: something is wrong with it, or there are too many.
    """
    for group in ("tiktok_tasks", "tiktok_tasks_day"):
        take(call.simulation, group, (call.app.id,), (TOO_MANY, "App reaches the QPS limit."))
    stock_for(reporting, "/report/task/create/", call)
    output = str(call.values.get("output_format", _OUTPUTS[0]))
    name = str(call.values.get("file_name", "report"))
    if output not in _OUTPUTS or len(name) > _MOST_NAME or _FORBIDDEN & set(name):
        message = "output_format or file_name: Not a valid value."
        raise tiktok_refusal(call.simulation, BAD_PARAMETER, message)
    modes, is_translated = (
        call.simulation.settings.modes, call.values.get("enable_report_title_translation", True)
    )  # fmt: skip
    task = Task(
        id=call.simulation.draw(12), advertiser_id=needed(call, "advertiser_id"),
        query=read_query(call, is_task=True), made=call.simulation.clock(), output=output,
        file_name=name, is_translated=bool(is_translated),
        fails="tiktok_tasks_fail" in modes and not reporting.tasks,
    )  # fmt: skip
    reporting.tasks[task.id] = task
    return {"task_id": task.id}


def checked(reporting: Reporting, call: TikTokCall) -> object:
    """How far a task has come.

    Raises:
        RefusedError: there is none.
    """
    task = _task(reporting, "/report/task/check/", call)
    status = status_of(task, now=call.simulation.clock())
    return {"status": status, "message": "Internal error." if status == "FAILED" else ""}


def canceled(reporting: Reporting, call: TikTokCall) -> object:
    """A task that is no longer wanted.

    Raises:
        RefusedError: there is none, or it is over.
    """
    task = _task(reporting, "/report/task/cancel/", call)
    if status_of(task, now=call.simulation.clock()) not in {"QUEUING", "PROCESSING"}:
        raise tiktok_refusal(call.simulation, BAD_PARAMETER, "task_id: The task is over.")
    reporting.tasks[task.id] = replace(task, is_canceled=True)
    return {"task_id": task.id}


def status_of(task: Task, *, now: float) -> str:
    """QUEUING, PROCESSING, and then SUCCESS or FAILED; or CANCELED before that."""
    if task.is_canceled:
        return "CANCELED"
    passed = now - task.made
    if passed < _MADE_SECONDS:
        return "QUEUING" if passed < _QUEUED_SECONDS else "PROCESSING"
    return "FAILED" if task.fails else "SUCCESS"


def downloaded(reporting: Reporting, call: TikTokCall) -> object:
    """Where the file of a task is; or the file itself, as the task asked.

    Raises:
        RefusedError: there is none, or not yet.
    """
    task = _task(reporting, "/report/task/download/", call)
    now = call.simulation.clock()
    if status_of(task, now=now) != "SUCCESS":
        raise tiktok_refusal(call.simulation, TASK_NOT_READY, "The task is not ready.")
    if task.output == "CSV_STRING":
        text = "".join(lines(reporting.stock(task.advertiser_id), task))
        return Answer(status=200, text=text, media_type="text/csv")
    expires = int(now + FILE_SECONDS)
    path = FILE_PATH.format(id=task.id)
    signed = f"expire={expires}&sign={signature(task, expires)}"
    return {
        "download_url": f"{call.origin}{path}?{signed}",
        "file_name": f"{task.file_name}.csv",
        "output_format": task.output,
    }


def signature(task: Task, expires: int) -> str:
    """What lets anybody have the file until `expires` (epoch seconds)."""
    return hashlib.sha256(f"{task.id} {expires} {task.made}".encode()).hexdigest()


def lines(stock: Stock, task: Task) -> Iterator[str]:
    """The file in parts, a day at a time where the report is by day: it may be large."""
    is_first = True
    for since, until in _spans(task):
        query = replace(task.query, since=since, until=until)
        report = report_of(stock, query, now=task.made + _MADE_SECONDS, whole=True)
        named = list(columns(report, found(report)))
        text = io.StringIO()
        write = csv.writer(text, lineterminator="\n")
        if is_first:
            names = [name for name, _ in named]
            write.writerow(map(_translated, names) if task.is_translated else names)
        write.writerows(zip(*(texts for _, texts in named), strict=True))
        is_first = False
        yield text.getvalue()


def _spans(task: Task) -> Iterator[tuple[date, date]]:
    since, until = task.query.since, task.query.until
    if not task.query.time:
        yield since, until
        return
    for number in range((until - since).days + 1):
        day = since + timedelta(days=number)
        yield day, day


def _task(reporting: Reporting, path: str, call: TikTokCall) -> Task:
    stock_for(reporting, path, call)
    task = reporting.tasks.get(needed(call, "task_id"))
    is_there = (
        task is not None
        and task.advertiser_id == needed(call, "advertiser_id")
        and call.simulation.clock() < task.made + TASK_SECONDS
    )
    if task is None or not is_there:
        message = "task_id: The task does not exist."
        raise tiktok_refusal(call.simulation, BAD_PARAMETER, message)
    return task


def _translated(name: str) -> str:
    """A heading as a person reads it."""
    return " ".join(
        word.upper() if word in {"id", "ctr"} else word.title() for word in name.split("_")
    )
