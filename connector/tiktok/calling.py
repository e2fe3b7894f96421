"""How TikTok is called, and the envelope it answers in."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from connector.http import Answer, NoAnswer, Request, Session
from connector.tiktok.errors import refusal

PREFIX = "/open_api/v1.3/"
TRIES = 3
PAUSE_SECONDS = 1.0
OK = 0
_PASSING_CODES = frozenset({40016, 40100, 40132, 40133, 60001, *range(50_000, 60_000)})


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line to TikTok; `consent` is where its page is, `now` in epoch seconds."""

    session: Session
    base_url: str
    consent: str
    now: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a call gave."""

    data: Mapping[str, Any]
    answer: Answer


def get(line: Line, token: str, path: str, query: Mapping[str, str] | None = None) -> Reply:
    """A read; what passes by itself is tried again.

    Raises:
        ConnectorError: TikTok does not give it; of the kind of who must act.
    """
    asked = f"?{urlencode(query)}" if query else ""
    made = Request(
        url=f"{line.base_url}{PREFIX}{path}{asked}", headers={"Access-Token": token}, method="GET"
    )
    for attempt in range(1, TRIES + 1):
        answer = line.session.send(made)
        if attempt == TRIES or not _is_passing(answer):
            break
        line.pause(PAUSE_SECONDS * attempt)
    return read(f"GET {path.strip('/')}", answer)


def post(line: Line, path: str, body: Mapping[str, object]) -> Reply:
    """A call with a JSON body, once.

    Raises:
        ConnectorError: TikTok refuses.
    """
    made = Request(url=f"{line.base_url}{PREFIX}{path}", headers={}, body=json.dumps(body).encode())
    return read(f"POST {path.strip('/')}", line.session.send(made))


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
