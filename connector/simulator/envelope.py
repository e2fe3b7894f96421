"""X's way of putting answers: one JSON envelope for data, one for errors."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

CURRENT_VERSION = "12"

Error = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An HTTP answer that has not left yet; `body` is JSON."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """The request ends here; `answer` says why."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(f"refused with HTTP {answer.status}")


def error(code: str, message: str, parameter: str | None = None) -> Error:
    """One entry of `errors`; without a parameter the key is absent, as X has it."""
    entry = {"code": code, "message": message}
    return entry if parameter is None else entry | {"parameter": parameter}


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
    return Response(
        # ASCII: a message may repeat half a surrogate pair, which UTF-8 cannot say
        content=json.dumps(answer.body, separators=(",", ":")),
        status_code=answer.status,
        headers={"x-current-api-version": CURRENT_VERSION, **answer.headers},
        media_type="application/json",
    )


def _params(account_id: str | None) -> dict[str, str]:
    return {} if account_id is None else {"account_id": account_id}
