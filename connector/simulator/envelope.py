"""X's way of putting answers: one JSON envelope for data, one for errors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

CURRENT_VERSION = "12"

# The versions X still lists; the others are dead.
VERSIONS = (CURRENT_VERSION, "11")

JSON, FORM, HTML, TEXT, GZIP = (
    "application/json",
    "application/x-www-form-urlencoded",
    "text/html",
    "text/plain",
    "application/gzip",
)

Error = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer that has not left yet.

    `body` leaves as JSON, unless there is `text`, which leaves as it is, as `media_type`; bytes
    are a file.
    """

    status: int
    body: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str | bytes | None = None
    media_type: str = JSON


class RefusedError(Exception):
    """The request ends here; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"refused with HTTP {answer.status}")


def error(code: str, message: str, parameter: str | None = None) -> Error:
    """One entry of `errors`; without a parameter the key is absent, as X has it."""
    entry = {"code": code, "message": message}
    return entry if parameter is None else entry | {"parameter": parameter}


ROUTE_NOT_FOUND = error("ROUTE_NOT_FOUND", "The requested resource could not be found")


def refusal(
    status: int,
    errors: Sequence[Error],
    *,
    account_id: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """An answer that names errors; `account_id` once it is known whom the request is about."""
    body = {"errors": list(errors), "request": {"params": _params(account_id)}}
    return Answer(status=status, body=body, headers=headers or {})


def gateway_refusal(status: int, code: int, message: str) -> Answer:
    """An answer of what stands before the Ads API: its codes are numbers, it repeats nothing."""
    return Answer(status=status, body={"errors": [{"code": code, "message": message}]})


def success(
    data: Mapping[str, object],
    *,
    account_id: str,
    headers: Mapping[str, str],
) -> Answer:
    """An answer with `data` about an account."""
    body = {"request": {"params": _params(account_id)}, "data": data}
    return Answer(status=200, body=body, headers=headers)


def response(answer: Answer) -> Response:
    """The answer as Starlette sends it, with the version header every reply of X has."""
    # ASCII: a message may repeat half a surrogate pair, which UTF-8 cannot say
    as_json = json.dumps(answer.body, separators=(",", ":"))
    return Response(
        content=as_json if answer.text is None else answer.text,
        status_code=answer.status,
        headers={"x-current-api-version": CURRENT_VERSION, **answer.headers},
        media_type=answer.media_type,
    )


def _params(account_id: str | None) -> dict[str, str]:
    return {} if account_id is None else {"account_id": account_id}
