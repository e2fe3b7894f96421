"""How TikTok is called, and the envelope it answers in."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any, NoReturn, Protocol
from urllib.parse import urlencode

from connector.errors import UnreachableError
from connector.http import Answer, NoAnswer, Request
from connector.tiktok.errors import MEANINGS, meaning_of, refusal

PREFIX = "/open_api/v1.3/"
TRIES = 3
PAUSE_SECONDS = 1.0
OK = 0
_PASSING_CODES = frozenset({40016, 40100, 40132, 40133, 60001, *range(50_000, 60_000)})
_TOO_MANY = 40100


class Sender(Protocol):
    """What requests leave by, see `connector.http.Session`."""

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send once and read the answer."""

    def fetch(self, request: Request, into: IO[bytes], *, largest: int) -> Answer | NoAnswer:
        """Send once; what a 200 holds goes into a file."""


class Pacing(Protocol):
    """Who slows requests down before an app's limits, for all who share it."""

    def leave(self, operation: str, *, since: float) -> float:
        """0.0 when a request may leave, maybe after a wait, else the seconds that are too long."""

    def refused(self, *, times: int, seconds: float | None) -> bool:
        """TikTok refused for a limit so many times in a row; whether to ask for leave again."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line to TikTok; `consent` is where its page is, `now` in epoch seconds.

    Without `pacing` requests leave at once, and a limit is one of the things that pass by
    themselves.
    """

    session: Sender
    base_url: str
    consent: str
    now: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep
    pacing: Pacing | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a call gave."""

    data: Mapping[str, Any]
    answer: Answer


def get(line: Line, token: str, path: str, query: Mapping[str, str] | None = None) -> Reply:
    """A read; what passes by itself is tried again.

    It leaves when the line's pacing lets it, which may take a while.

    Raises:
        ConnectorError: TikTok does not give it; of the kind of who must act.
    """
    asked = f"?{urlencode(query)}" if query else ""
    made = Request(
        url=f"{line.base_url}{PREFIX}{path}{asked}", headers={"Access-Token": token}, method="GET"
    )
    operation = f"GET {path.strip('/')}"
    return read(operation, _last_answer(line, operation, made))


def _last_answer(line: Line, operation: str, made: Request) -> Answer | NoAnswer:
    """The answer after which nothing is tried again."""
    since, failed, refused = line.now(), 0, 0
    answer: Answer | NoAnswer | None = None
    while True:
        seconds = _seconds_too_long(line, operation, since=since)
        if seconds:
            return answer or _not_sent(operation, seconds)
        answer = line.session.send(made)
        if line.pacing is not None and _is_refused_for_a_limit(answer):
            refused += 1
            if not line.pacing.refused(times=refused, seconds=_told_seconds(answer)):
                return answer
        elif _is_passing(answer):
            failed += 1
            if failed == TRIES:
                return answer
            line.pause(PAUSE_SECONDS * failed)
        else:
            return answer


def _seconds_too_long(line: Line, operation: str, *, since: float) -> float:
    """Wait until a request may leave; 0.0, or what that would take."""
    return line.pacing.leave(f"TikTok Ads {operation}", since=since) if line.pacing else 0.0


def _not_sent(operation: str, seconds: float) -> NoReturn:
    raise UnreachableError(
        f"TikTok Ads {operation}: not sent: the app's limit is used up by requests before this one;"
        f" try again in {seconds:,.0f} s"
    )


def post(line: Line, path: str, body: Mapping[str, object], *, token: str = "") -> Reply:
    """A call with a JSON body, once; it leaves when the line's pacing lets it.

    Without a token the body tells who calls.

    Raises:
        ConnectorError: TikTok refuses.
    """
    operation = f"POST {path.strip('/')}"
    seconds = _seconds_too_long(line, operation, since=line.now())
    if seconds:
        _not_sent(operation, seconds)
    made = Request(
        url=f"{line.base_url}{PREFIX}{path}", headers={"Access-Token": token} if token else {},
        body=json.dumps(body).encode(),
    )  # fmt: skip
    return read(operation, line.session.send(made))


def read(operation: str, answer: Answer | NoAnswer) -> Reply:
    """The data of a success; a code that is not 0 is none, and neither is no code.

    Raises:
        ConnectorError: it is none.
    """
    body = _body(answer)
    code = _code(body)
    if isinstance(answer, NoAnswer) or code != OK:
        raise refusal(operation, answer, code=code, text=str(body.get("message") or ""))
    data = body.get("data")
    return Reply(data=data if isinstance(data, dict) else {}, answer=answer)


def _is_passing(answer: Answer | NoAnswer) -> bool:
    code = _code(_body(answer))
    return isinstance(answer, NoAnswer) or code in _PASSING_CODES or (
        code is None and answer.status >= 500  # noqa: PLR2004 - a gateway's own page
    )  # fmt: skip


def _is_refused_for_a_limit(answer: Answer | NoAnswer) -> bool:
    if isinstance(answer, NoAnswer):
        return False
    body = _body(answer)
    text = str(body.get("message") or "")
    return meaning_of(_code(body), text, status=answer.status) is MEANINGS[_TOO_MANY]


def _told_seconds(answer: Answer | NoAnswer) -> float | None:
    """What an answer asks to wait, which TikTok is not known to say."""
    told = "" if isinstance(answer, NoAnswer) else answer.headers.get("retry-after", "").strip()
    return float(told) if told.isascii() and told.isdigit() else None


def _code(body: Mapping[str, Any]) -> int | None:
    code = body.get("code")
    if isinstance(code, str) and code.isdecimal():
        return int(code)
    return code if type(code) is int else None


def _body(answer: Answer | NoAnswer) -> Mapping[str, Any]:
    if isinstance(answer, NoAnswer):
        return {}
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
