"""The calls that bring a file to X in segments, by version 2 of its upload.

Each may be sent again: a segment takes the place of its earlier self, and an upload that was begun
twice is used once. So a call is sent once here, and whoever called decides what to do next.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlencode

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    TokenRefusedError,
)
from connector.http import FORM, JSON, Answer, Method, NoAnswer, Request
from connector.x.calling import Access, Bearer, Line, header
from connector.x.errors import MEANINGS, NO_CODE, refusal, told_seconds, unreadable
from connector.x.refusals import first

UPLOAD = "media/upload"
_BEGIN = "/initialize"
_ID = re.compile(r"[0-9]{1,19}")
_KEY = re.compile(r"[0-9]{1,2}_[0-9]{1,19}")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,60}")
_GONE, _FORBIDDEN = 404, 403
_PASSING = frozenset({408, 423, 425, 429})
_OF_THE_FILE = frozenset({400, 413, 415, 422})
_SUCCESS = range(200, 300)
_SERVERS_OWN = 500

Meaning = Literal["done", "passing", "gone", "refused"]
Work = Literal["done", "working", "failed"]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call of an upload.

    Attributes:
        step: its path below the upload's, with `:id` in place of the id, as errors name it.
    """

    method: Method = "POST"
    step: str = ""
    media_id: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(repr=False, default=b"")
    content_type: str = FORM

    @property
    def operation(self) -> str:
        """As errors name it."""
        return f"{self.method} {UPLOAD}{self.step}"

    @property
    def path(self) -> str:
        """Below the host, with its query."""
        step = self.step.replace(":id", self.media_id)
        return f"/2/{UPLOAD}{step}{'?' if self.query else ''}{urlencode(self.query)}"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What X says of an upload.

    Attributes:
        media_key: empty where it is not said again.
        expires_seconds: how long it is kept unless it is used.
        is_whole: X has all of it.
        work: whether X is done with it.
        check_seconds: X asks to wait so long before the next look.
        percent: of the work.
        why: X's word for what is wrong with it.
    """

    media_id: str
    media_key: str
    expires_seconds: int = 0
    is_whole: bool = False
    work: Work = "done"
    check_seconds: float = 1.0
    percent: int = 0
    why: str = NO_CODE


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What an answer means.

    Attributes:
        meaning: `passing` may be sent again, `gone` is an upload that X does not know any more.
        told: of what is done, unless it was a segment.
        error: what to say of everything but `done`.
        seconds: X asks to wait so long.
    """

    meaning: Meaning
    told: Told | None = None
    error: ConnectorError | None = None
    seconds: float | None = None


def initialize(
    *, media_type: str, category: str, total_bytes: int, owners: Sequence[str] = ()
) -> Call:
    """Begin an upload; `owners` are users who may use the file, too."""
    document: dict[str, object] = {
        "media_type": media_type, "total_bytes": total_bytes, "media_category": category,
    }  # fmt: skip
    if owners:
        document["additional_owners"] = list(owners)
    return Call(step=_BEGIN, body=json.dumps(document).encode(), content_type=JSON)


def append(media_id: str, *, index: int, segment: bytes) -> Call:
    """Send a segment; they count from 0."""
    # No content holds its own digest, so this parts nothing within it.
    boundary = hashlib.sha256(segment).hexdigest()
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="segment_index"\r\n\r\n{index}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="media"; filename="segment"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    return Call(
        step="/:id/append", media_id=media_id,
        body=b"".join((head.encode(), segment, f"\r\n--{boundary}--\r\n".encode())),
        content_type=f"multipart/form-data; boundary={boundary}",
    )  # fmt: skip


def finalize(media_id: str) -> Call:
    """Say that X has all of it."""
    return Call(step="/:id/finalize", media_id=media_id)


def status(media_id: str) -> Call:
    """Ask how far X is with it."""
    return Call(method="GET", query={"command": "STATUS", "media_id": media_id})


def send(line: Line, access: Access, call: Call) -> Reply:
    """Send a call once.

    Raises:
        TokenRefusedError: X does not take the token.
    """
    url = f"{line.hosts.api}{call.path}"
    answer = line.session.send(
        Request(
            method=call.method, url=url, body=call.body, content_type=call.content_type,
            headers=header(access, call.method, url, now=line.now()),
        )
    )  # fmt: skip
    found = reply(call, answer, now=line.now(), has_scopes=isinstance(access, Bearer))
    if isinstance(found.error, TokenRefusedError):
        raise found.error
    return found


def reply(call: Call, answer: Answer | NoAnswer, *, now: float, has_scopes: bool = False) -> Reply:
    """What an answer means; `now` in epoch seconds.

    `has_scopes` is a token of OAuth 2.0, which may lack the one for uploads.
    """
    if isinstance(answer, NoAnswer):
        return Reply(meaning="passing", error=refusal(call.operation, answer, now=now))
    if answer.status in _SUCCESS:
        return _success(call, answer)
    return Reply(
        meaning=_meaning(call, answer.status), seconds=told_seconds(answer, now=now),
        error=_refusal(call, answer, now=now, has_scopes=has_scopes),
    )  # fmt: skip


def _meaning(call: Call, status: int) -> Meaning:
    if status in _PASSING or status >= _SERVERS_OWN:
        return "passing"
    is_known = status == _GONE and (call.media_id or call.query)
    return "gone" if is_known else "refused"


def _refusal(call: Call, answer: Answer, *, now: float, has_scopes: bool) -> ConnectorError:
    code = first(answer).code
    is_plain = code not in MEANINGS
    if answer.status in _OF_THE_FILE and is_plain:
        again = "" if call.step == _BEGIN else ", then run the same command again: it begins anew"
        return ConfigurationError(
            f"X Ads {call.operation}: {answer.status} {code}: X does not take the file; compare its"
            f" format with what X documents of media{again}"
        )
    if answer.status == _FORBIDDEN and is_plain and has_scopes:
        return CredentialsError(
            f"X Ads {call.operation}: {answer.status} {code}: the token is not for uploads, which"
            " need the scope media.write; run `connector connect NAME --flow oauth1`"
        )
    return refusal(call.operation, answer, now=now)


def _success(call: Call, answer: Answer) -> Reply:
    if call.step.endswith("/append"):
        return Reply(meaning="done")
    told = _told(answer)
    if told is None or (call.step == _BEGIN and not told.media_key):
        return Reply(meaning="passing", error=unreadable(call.operation, answer))
    return Reply(meaning="done", told=told)


def _told(answer: Answer) -> Told | None:
    """What a success says, None where it is not what X documents."""
    try:
        data = json.loads(answer.body)["data"]
        media_id, media_key = str(data["id"]), str(data.get("media_key") or "")
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    if not _ID.fullmatch(media_id) or (media_key and not _KEY.fullmatch(media_key)):
        return None
    working = data.get("processing_info")
    return Told(
        media_id=media_id, media_key=media_key,
        expires_seconds=_whole(data.get("expires_after_secs")),
        is_whole=bool(data.get("size") or working),
        **(_work(working) if isinstance(working, dict) else {}),
    )  # fmt: skip


_WORK: Mapping[object, Work] = {"succeeded": "done", "failed": "failed"}


def _work(info: Mapping[str, Any]) -> dict[str, Any]:
    error = info.get("error")
    word = str(error.get("name") or error.get("code") or "") if isinstance(error, dict) else ""
    return {
        "work": _WORK.get(info.get("state"), "working"),
        "check_seconds": float(_whole(info.get("check_after_secs")) or 1),
        "percent": min(_whole(info.get("progress_percent")), 100),
        "why": word if _WORD.fullmatch(word) else NO_CODE,
    }


def _whole(number: object) -> int:
    """A whole number that X says, 0 for anything else."""
    if isinstance(number, bool) or not isinstance(number, int):
        return 0
    return max(number, 0)
