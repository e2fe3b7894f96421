"""Asynchronous reports: created, looked after while TikTok makes them, and fetched as a file."""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.parse import urlsplit

from connector.errors import UnreachableError
from connector.http import OK, Answer
from connector.tiktok.errors import refusal
from connector.tiktok.metrics.asking import Asking
from connector.tiktok.metrics.pages import Row
from connector.tiktok.metrics.queries import Wanted, task_query

FILE_HOST = "ads.tiktok.com"
LARGEST_FILE = 4_000_000_000
PATIENCE_SECONDS = 3600.0
_TRIES = 3
_PAUSES = (2.0, 4.0, 8.0, 15.0)
_PAUSE_SECONDS = 30.0
_ENDED = ("FAILED", "CANCELED")


@contextmanager
def report_rows(asking: Asking, wanted: Wanted) -> Iterator[Iterator[Row]]:
    """The rows of a report that TikTok makes in its own time.

    Raises:
        ConnectorError: TikTok does not make it, or its file does not come.
    """
    with tempfile.TemporaryFile() as file:
        _download(asking, _made(asking, wanted), file)
        file.seek(0)
        with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
            yield iter(csv.DictReader(text, restkey="", restval=""))


def _made(asking: Asking, wanted: Wanted) -> str:
    """The id of a task that is done; one that fails is begun once more."""
    for _ in range(_TRIES):
        task_id = _created(asking, wanted)
        if _is_done(asking, task_id):
            return task_id
    raise UnreachableError(
        f"TikTok Ads POST report/task/create: {wanted.days.since} to {wanted.days.until}: TikTok"
        " could not make the report; try again later"
    )


def _created(asking: Asking, wanted: Wanted) -> str:
    """A new task; another one of the same report does no harm, so it is tried again."""
    for pause in _PAUSES[:_TRIES]:
        try:
            reply = asking.post("report/task/create/", task_query(wanted))
        except UnreachableError as error:
            failure = error
            asking.line.pause(pause)
            asking.requests.retried += 1
        else:
            return str(reply.data.get("task_id") or "")
    raise failure


def _is_done(asking: Asking, task_id: str) -> bool:
    """Whether a task ended well; False when it did not.

    Raises:
        UnreachableError: it takes too long.
    """
    since, pauses = asking.line.now(), iter(_PAUSES)
    while asking.line.now() < since + PATIENCE_SECONDS:
        asking.line.pause(next(pauses, _PAUSE_SECONDS))
        status = str(asking.get("report/task/check/", {"task_id": task_id}).data.get("status"))
        if status == "SUCCESS" or status in _ENDED:
            return status == "SUCCESS"
    raise UnreachableError(
        f"TikTok Ads GET report/task/check: the report is not made after {PATIENCE_SECONDS:,.0f} s;"
        " try again later"
    )


def _download(asking: Asking, task_id: str, file: IO[bytes]) -> None:
    """Fetch the file of a task; its address is good for an hour, and a new one is given."""
    for attempt in range(1, _TRIES + 1):
        reply = asking.get("report/task/download/", {"task_id": task_id})
        url = str(reply.data.get("download_url") or "")
        _refuse_elsewhere(url, asking.line.base_url)
        answer = asking.fetch(url, file, largest=LARGEST_FILE)
        if isinstance(answer, Answer) and answer.status == OK:
            return
        if attempt == _TRIES:
            raise refusal("GET the file of a report", answer, code=None, text="")
        file.seek(0)
        file.truncate()
        asking.requests.retried += 1
        asking.line.pause(_PAUSES[attempt])


def _refuse_elsewhere(url: str, base_url: str) -> None:
    """Let only TikTok's own host, or the one that stands for all of them, give a file."""
    parts, own = urlsplit(url), urlsplit(base_url)
    is_own = (parts.scheme, parts.netloc) == (own.scheme, own.netloc)
    if not is_own and (parts.scheme, parts.netloc) != ("https", FILE_HOST):
        raise UnreachableError(
            "TikTok Ads GET report/task/download: the file of the report lies on a host that is not"
            " TikTok's; it is not fetched; report it"
        )
