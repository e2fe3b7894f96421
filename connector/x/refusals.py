"""What X's refusals of management calls mean, beside what `connector.x.errors` knows.

Of an answer its codes are repeated, and the name of a parameter where it is one that was sent.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import ConfigurationError, ConnectorError, UnreachableError
from connector.http import Answer
from connector.x.errors import MEANINGS, NO_CODE, refusal


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry of X's `errors`; `item` counts from 1 in a batch."""

    code: str
    parameter: str
    item: int | None = None


@dataclass(frozen=True, kw_only=True)
class _Refused:
    means: str
    do: str
    error: type[ConnectorError] = ConfigurationError


_COMPARE = "compare the id with `list`"
_OTHERS = "end or delete others first"
_BAD = _Refused(means="X does not take {parameter}", do="compare it with what X documents")
_BUDGET = _Refused(means="{parameter} is more than a budget allows", do="lower it, or raise that")
_FUNDING = _Refused(
    means="the funding instrument can't pay for it", do="choose another, or look at X's billing"
)
_TEXTS: Mapping[str, _Refused] = {
    "INVALID_PARAMETER": _BAD,
    "INVALID_TIME_WINDOW": _Refused(
        means="the times do not go together", do="let end_time be after start_time"
    ),
    "INVALID_PLACEMENT_TYPE": _Refused(
        means="the placements do not go with the product", do="choose others"
    ),
    "MISSING_PARAMETER": _Refused(means="{parameter} is missing", do="give it"),
    "INCLUSIVE_PARAMETERS": _Refused(means="{parameter} does not go alone", do="give both"),
    "EXCLUSIVE_PARAMETERS": _Refused(means="{parameter} does not go with another", do="give one"),
    "INVALID_DENOMINATION": _Refused(
        means="{parameter} is finer than the currency's smallest step", do="round it"
    ),
    "ILLEGAL_CHARACTERS": _Refused(
        means="{parameter} has characters that X does not take", do="leave them out"
    ),
    "SPEND_EXCEEDS_BUDGET": _BUDGET,
    "INVALID_FUNDING_INSTRUMENT": _FUNDING,
    "FUNDING_INSTRUMENT_ACCESS_NOT_ALLOWED": _FUNDING,
    "FUNDING_INSTRUMENT_EXCEEDS_AVAILABLE_CREDIT_LIMIT": _FUNDING,
    "TOO_MANY_CAMPAIGNS": _Refused(
        means="the account has as many active campaigns as it may", do=_OTHERS
    ),
    "TOO_MANY_LINE_ITEMS": _Refused(means="there are as many line items as may be", do=_OTHERS),
    "INVALID_TWEET": _Refused(means="the tweet can't be promoted", do="choose a published one"),
    "TWEET_NOT_FOUND": _Refused(means="there is no such tweet", do="compare the tweet's id"),
    "DUPLICATE_TWEET": _Refused(means="the same tweet is there already", do="use that one"),
    "DUPLICATE_PROMOTABLE_ENTITY": _Refused(
        means="the line item promotes this tweet already", do="use that promoted tweet"
    ),
    "FEATURE_NOT_AVAILABLE": _Refused(
        means="the account may not use this", do="ask X, or leave it out"
    ),
    "METHOD_NOT_ALLOWED": _Refused(means="X can't do this", do="delete it and create another one"),
    "INVALID_MEDIA": _Refused(means="X does not take this file", do="compare its type and size"),
    "LOCK_ACQUISITION_TIMEOUT": _Refused(
        means="somebody else changes the same now", do="try again", error=UnreachableError
    ),
}
_MISSING = "_NOT_FOUND"
_UNKNOWN = _Refused(means="X refuses it", do="look the code up in X's documentation")


def refusal_of(
    operation: str, answer: Answer, *, now: float, sent: Collection[str]
) -> ConnectorError:
    """The error for a management call that X refused.

    Args:
        operation: method and path without ids.
        answer: what came.
        now: this machine's clock in epoch seconds.
        sent: the names of the parameters, which may be repeated.
    """
    entry = first(answer)
    known = _known(entry.code, answer.status)
    if known is None:
        return refusal(operation, answer, now=now)
    told = known.means.format(
        parameter=entry.parameter if entry.parameter in sent else "a parameter"
    )
    item = f"operation {entry.item}: " if entry.item is not None else ""
    return known.error(f"X Ads {operation}: {answer.status} {entry.code}: {item}{told}; {known.do}")


def first(answer: Answer) -> Entry:
    """The first error of an answer, in a batch that of the first operation that has one."""
    found = [*_of_operations(_body(answer)), *_entries(_body(answer).get("errors"))]
    return next(iter(found), Entry(code=NO_CODE, parameter=""))


def _known(code: str, status: int) -> _Refused | None:
    """What is known of a code here; None leaves it to the codes of all calls."""
    if code in _TEXTS:
        return _TEXTS[code]
    if code.endswith(_MISSING) and code not in MEANINGS:
        what = code.removesuffix(_MISSING).replace("_", " ").lower()
        return _Refused(means=f"there is no such {what}, or it is deleted", do=_COMPARE)
    is_plain = status == 400 and code not in MEANINGS and code != NO_CODE  # noqa: PLR2004 - a request that is wrong
    return _UNKNOWN if is_plain else None


def _body(answer: Answer) -> dict[str, Any]:
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else {}


def _of_operations(body: Mapping[str, Any]) -> Iterator[Entry]:
    """What is wrong with the operations of a batch; its form is not documented."""
    lists = body.get("operation_errors")
    for number, errors in enumerate(lists if isinstance(lists, list) else (), 1):
        yield from _entries(errors, item=number)


def _entries(errors: object, *, item: int | None = None) -> Iterator[Entry]:
    for error in errors if isinstance(errors, list) else [errors]:
        if isinstance(error, dict) and isinstance(error.get("code"), str | int):
            code = str(error["code"])
            if code.isascii() and code.replace("_", "").isalnum() and len(code) <= 80:  # noqa: PLR2004 - longer than any
                yield Entry(code=code, parameter=str(error.get("parameter") or ""), item=item)
