"""The file of a job: fetched from X's own place alone, without credentials, and unpacked."""

import gzip
import json
import tempfile
import zlib
from typing import IO, Any
from urllib.parse import urlsplit

from connector.errors import UnreachableError
from connector.http import OK, Answer, NoAnswer
from connector.x.metrics.answers import Part, parts_of, slimming
from connector.x.metrics.asking import Asking
from connector.x.metrics.questions import Question
from connector.x.metrics.slots import Slots

FILE_HOST = "ton.twimg.com"
LARGEST_FILE = 64_000_000
"""Packed or not: 20 ids, 30 days, and all of X's conversions with six digits an hour."""
_PAUSES = (2.0, 4.0, 8.0, 15.0)
# A file that is not there yet, and what passes by itself.
_PASSING = frozenset({404, 408, 423, 426, 429, 500, 502, 503, 504})
_GZIP = b"\x1f\x8b"


class FileError(Exception):
    """A file can't be had, or can't be used; another job may give one. The text is a few words."""


def refuse_elsewhere(url: str, own: str) -> None:
    """Let only X's own host of files, or the one that stands for all its hosts, give a file.

    Raises:
        UnreachableError: it lies elsewhere.
    """
    parts, mine = urlsplit(url), urlsplit(own)
    places = {("https", FILE_HOST), (mine.scheme, mine.netloc)}
    if (parts.scheme, parts.netloc) not in places:
        raise UnreachableError(
            "X Ads GET stats/jobs/accounts/:id: 200 SUCCESS: the file of the job lies on a host"
            " that is not X's; it is not fetched; report it"
        )


def fetched(asking: Asking, url: str, question: Question, slots: Slots) -> list[Part]:
    """What the file of a job tells.

    Raises:
        FileError: it does not come, or is none.
        UnreachableError: it lies elsewhere.
    """
    refuse_elsewhere(url, asking.line.hosts.ads)
    with tempfile.TemporaryFile() as file:
        _download(asking, url, file)
        text = unpacked(file)
    try:
        body = json.loads(text, object_pairs_hook=slimming(question))
        return parts_of(body if isinstance(body, dict) else {}, question, slots)
    except (ValueError, RecursionError) as error:
        raise FileError(f"its file is not what X documents: {_told(error)}") from None


def _told(error: Exception) -> str:
    """Our own words about a file; those of the JSON reader may repeat what is in it."""
    is_own = isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError)
    return str(error) if is_own and not isinstance(error, UnicodeError) else "no JSON"


def _download(asking: Asking, url: str, file: IO[bytes]) -> None:
    for pause in (*_PAUSES, None):
        file.seek(0)
        file.truncate()
        answer = asking.fetch(url, file, largest=LARGEST_FILE)
        if isinstance(answer, Answer) and answer.status == OK:
            return
        is_passing = isinstance(answer, NoAnswer) or answer.status in _PASSING
        if pause is None or not is_passing or file.tell() > LARGEST_FILE:
            break
        asking.requests.retried += 1
        asking.line.pause(pause)
    raise FileError(f"its file did not come: {_why(answer)}")


def _why(answer: Answer | NoAnswer) -> Any:  # noqa: ANN401 - a status or a few words
    return answer.why if isinstance(answer, NoAnswer) else answer.status


def unpacked(file: IO[bytes]) -> bytes:
    """What is in a file, which is packed or not.

    Raises:
        FileError: it is broken, or larger than any answer.
    """
    file.seek(0)
    is_packed = file.read(len(_GZIP)) == _GZIP
    file.seek(0)
    try:
        text = (gzip.GzipFile(fileobj=file) if is_packed else file).read(LARGEST_FILE + 1)
    except (OSError, EOFError, zlib.error):
        raise FileError("its file is broken") from None
    if len(text) > LARGEST_FILE:
        raise FileError(f"its file is larger than {LARGEST_FILE:,} bytes")
    return text
