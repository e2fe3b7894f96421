"""The calls that list, show, create, change and delete what an ad account has.

A call is sent once: what its answer means is told, and whoever called decides what to do next.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

from connector.errors import ConfigurationError, ConnectorError
from connector.http import FORM, JSON, Answer, Method, NoAnswer, Request
from connector.x.calling import Access, Line, get, header
from connector.x.errors import NO_CODE, refusal, told_seconds, unreadable
from connector.x.limits import Told, told
from connector.x.refusals import first, refusal_of

LARGEST_BATCH = 40
_MOST_PAGES = 1000
_TOO_MANY, _UNAVAILABLE = 429, 503
# Not processed, and worth trying again; 503 only where it says when.
_PASSING = frozenset({423, 425, _TOO_MANY})
_REFUSED = range(300, 500)
_CANCELLED = 408

Row = dict[str, Any]
Meaning = Literal["done", "refused", "passing", "unclear"]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that changes something.

    Attributes:
        path: below the ad account, with the id where it names one.
        params: as a query says them.
        key: the idempotency key; X is not known to heed it.
        document: the operations of a batch.
    """

    method: Method
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    key: str
    document: Sequence[Mapping[str, object]] | None = None

    @property
    def operation(self) -> str:
        """Method and path without ids, as errors name it."""
        before = "batch/" if self.document is not None else ""
        path, _, id_ = self.path.partition("/")
        return f"{self.method} {before}accounts/:id/{path}{'/:id' if id_ else ''}"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What an answer means.

    Attributes:
        meaning: `passing` was not processed and may be sent again, `unclear` may have been done.
        rows: what was made, changed or deleted.
        error: what to say of everything but `done`.
        code: X's, or what stands for it.
        status: of HTTP, None where there is none.
        seconds: X asks to wait so long.
        item: the operation of a batch that it is about, counted from 1.
        told: what X says is left of a limit.
    """

    meaning: Meaning
    rows: tuple[Row, ...] = ()
    error: ConnectorError | None = None
    code: str = NO_CODE
    status: int | None = None
    seconds: float | None = None
    item: int | None = None
    told: Told | None = None


def rows(
    line: Line, access: Access, account_id: str, path: str, *, page: int, once: bool = False,
    **query: str,
) -> Iterator[Row]:  # fmt: skip
    """The rows of a list, page by page, each with the account's id; a cursor that repeats ends it.

    Args:
        line: to X.
        access: lets in.
        account_id: the ad account.
        path: below it.
        page: rows of a page.
        once: the first page alone.
        query: what else is asked.

    Raises:
        ConnectorError: X refuses.
    """
    seen, cursor = {""}, ""
    for _ in range(_MOST_PAGES):
        asked = {"count": str(page), **query, **({"cursor": cursor} if cursor else {})}
        body, _answer = get(
            line, access, f"accounts/{account_id}/{path}", operation=f"accounts/:id/{path}",
            query=asked,
        )  # fmt: skip
        data = body.get("data")
        found = data if isinstance(data, list) else []
        yield from ({**one, "account_id": account_id} for one in found if isinstance(one, dict))
        cursor = str(body.get("next_cursor") or "")
        if cursor in seen or once:
            return
        seen.add(cursor)


def row(
    line: Line, access: Access, account_id: str, path: str, id_: str, **query: str
) -> Row:  # fmt: skip
    """One row, with the account's id.

    Raises:
        ConfigurationError: there is none.
        ConnectorError: X refuses.
    """
    operation = f"accounts/:id/{path}/:id"
    body, answer = get(
        line, access, f"accounts/{account_id}/{path}/{quote(id_, safe='')}", operation=operation,
        query=query,
    )  # fmt: skip
    data = body.get("data")
    if not isinstance(data, dict):
        raise unreadable(f"GET {operation}", answer)
    return {**data, "account_id": account_id}


def send(
    line: Line, access: Access, account_id: str, call: Call, *,
    in_time: Callable[[], bool] = lambda: True,
) -> Reply:  # fmt: skip
    """Send a call once; `in_time` is asked right before its body leaves."""
    answer = line.session.send(_request(line, access, account_id, call, in_time))
    return _reply(call, answer, now=line.now())


def _request(
    line: Line, access: Access, account_id: str, call: Call, in_time: Callable[[], bool]
) -> Request:
    """Parameters are a form, as X takes them beside a query: what has a body leaves with it alone.

    JSON stands for them in a batch.
    """
    is_batch = call.document is not None
    url = f"{line.hosts.ads}/12/{'batch/' if is_batch else ''}accounts/{account_id}/{call.path}"
    form = "" if is_batch else urlencode(call.params, quote_via=quote)
    headers = header(access, call.method, url, now=line.now(), form=form)
    return Request(
        method=call.method, url=url, headers={**headers, "Idempotency-Key": call.key},
        body=(json.dumps(call.document) if is_batch else form).encode(),
        content_type=JSON if is_batch else FORM, in_time=in_time,
    )  # fmt: skip


def _reply(call: Call, answer: Answer | NoAnswer, *, now: float) -> Reply:
    if isinstance(answer, NoAnswer):
        error = refusal(call.operation, answer, now=now)
        meaning: Meaning = "unclear" if answer.left else "passing"
        return Reply(meaning=meaning, error=error, code="no answer")
    if answer.status in range(200, 300):
        return _success(call, answer, now=now)
    return Reply(
        meaning=_meaning(answer), status=answer.status, code=first(answer).code,
        error=refusal_of(call.operation, answer, now=now, sent=_names(call)),
        seconds=told_seconds(answer, now=now), item=first(answer).item,
        told=told(answer, now=now),
    )  # fmt: skip


def _names(call: Call) -> set[str]:
    """The parameters that X may name."""
    operations = call.document or ()
    inner = (params for one in operations if isinstance(params := one.get("params"), Mapping))
    return {*call.params, *(name for params in inner for name in params)}


def _meaning(answer: Answer) -> Meaning:
    if answer.status in _PASSING:
        return "passing"
    if answer.status == _UNAVAILABLE and "retry-after" in answer.headers:
        return "passing"
    is_refused = answer.status in _REFUSED and answer.status != _CANCELLED
    return "refused" if is_refused else "unclear"


def _success(call: Call, answer: Answer, *, now: float) -> Reply:
    """The rows of a success; one that can't be read was done, and nobody knows with what id."""
    try:
        data = json.loads(answer.body)["data"]
    except (ValueError, RecursionError, KeyError, TypeError):
        data = None
    found = data if isinstance(data, list) else [data]
    if not found or not all(map(_is_row, found)):
        error = unreadable(call.operation, answer)
        return Reply(meaning="unclear", error=error, code="unreadable", status=answer.status)
    return Reply(
        meaning="done", rows=tuple(found), status=answer.status, told=told(answer, now=now)
    )


def _is_row(one: object) -> bool:
    """Whether it says what it is."""
    return isinstance(one, dict) and isinstance(one.get("id") or one.get("media_key"), str)


def batch(path: str, operations: Sequence[Mapping[str, object]], *, key: str) -> Call:
    """A batch of operations on one kind of thing, done as a whole or not at all.

    Args:
        path: `campaigns` or `line_items`.
        operations: each with `operation_type` Create, Update or Delete, and `params`.
        key: the idempotency key.

    Raises:
        ConfigurationError: there are none, or more than X takes.
    """
    if not 0 < len(operations) <= LARGEST_BATCH:
        raise ConfigurationError(
            f"a batch has 1 to {LARGEST_BATCH} operations, and this one {len(operations)}"
        )
    return Call(method="POST", path=path, key=key, document=operations)
