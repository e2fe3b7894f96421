"""What X's refusals mean and what to do about each, as sentences of one form.

`X Ads <operation>: <status> <code>: <what it means>; <what to do>`. Of an answer only its status
and codes are repeated: its texts may hold anything.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    TokenRefusedError,
    UnreachableError,
)
from connector.http import Answer, NoAnswer

MOST_SKEW_SECONDS = 60.0
NO_CODE = "no code"


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a refusal means, what to do, and who must act."""

    means: str
    do: str
    error: type[ConnectorError] = CredentialsError


_CONNECT = "run `connector connect NAME` again"
_ACCESS_FORM = (
    "ask for access at docs.x.com/forms/ads-api-access; where the app has it and tokens of OAuth"
    " 2.0 are refused, use --flow oauth1"
)
_LATER = "try again later"
_SECOND_LOGIN = "by OAuth 2.0 a second login of the same user and app elsewhere revokes the first"
_TOKEN = Meaning(
    means="the token is not valid, or was revoked",
    do=f"{_SECOND_LOGIN}; {_CONNECT}",
    error=TokenRefusedError,
)
_SIGNATURE = Meaning(
    means="X does not take the token or the signature",
    do=f"compare the consumer key and secret with the app's; {_SECOND_LOGIN}; {_CONNECT}",
    error=TokenRefusedError,
)
_DOWN = Meaning(means="X is not able to answer now", do=_LATER, error=UnreachableError)
_NOT_THERE = Meaning(
    means="there is no such thing, or this user may not see it",
    do="compare the ids and base_url in config.yaml",
    error=ConfigurationError,
)

MEANINGS: Mapping[str, Meaning] = {
    "32": Meaning(
        means="the consumer key or the signature is wrong",
        do="compare the consumer key and secret with those of the app",
    ),
    "89": _TOKEN,
    "135": Meaning(means="the timestamp is out of bounds", do="set this machine's clock"),
    "215": Meaning(means="the credentials are missing or malformed", do=_CONNECT),
    "415": Meaning(
        means="the callback address is not registered",
        do="register it at the app, letter for letter, or use --pin",
        error=ConfigurationError,
    ),
    "UNAUTHORIZED_ACCESS": _SIGNATURE,
    "UNAUTHORIZED_CLIENT_APPLICATION": Meaning(
        means="the app has no access to the Ads API", do=_ACCESS_FORM
    ),
    "INSUFFICIENT_USER_AUTHORIZED_PERMISSION": Meaning(
        means="the token is from before the app was approved, or has too few scopes",
        do=f"set the app to Read and Write, then {_CONNECT}",
    ),
    "READONLY_CLIENT_APPLICATION": Meaning(
        means="the app may only read", do=f"set the app to Read and Write, then {_CONNECT}"
    ),
    "ACCOUNT_NOT_FOUND": Meaning(
        means="the user does not reach this ad account",
        do="compare ad_account_id in config.yaml, or let an administrator add the user",
    ),
    "INVALID_ACCOUNT_SERVICE_LEVEL": Meaning(
        means="X does not serve this kind of request for the ad account",
        do="ask X's support what the account lacks; nothing was changed here",
        error=ConfigurationError,
    ),
    "USER_NOT_FOUND": Meaning(
        means="the user is not on this ad account", do="let an administrator add the user"
    ),
    "ACTION_NOT_ALLOWED": Meaning(
        means="the user's role does not allow it",
        do="let an administrator of the ad account give the user another role",
    ),
    "ACCOUNT_LOCKED_OUT": Meaning(means="the user is locked out", do="sign in at x.com"),
    "CURRENT_USER_SUSPENDED": Meaning(means="the user is suspended", do="sign in at x.com"),
    "TOO_MANY_REQUESTS": Meaning(
        means="the limit is used up", do=_LATER, error=UnreachableError
    ),
    "invalid_verifier": Meaning(
        means="the verifier or PIN is wrong, or was used already",
        do=f"{_CONNECT} and give the newest one",
    ),
    "wrong_code_verifier": Meaning(
        means="the code belongs to another attempt to connect (its verifier does not match)",
        do=_CONNECT,
    ),
    "wrong_code": Meaning(
        means="the code is wrong, was used already, or is older than 30 seconds",
        do=f"{_CONNECT} and hand the answer over at once",
    ),
    "wrong_redirect": Meaning(
        means="the redirect address is not the one of the app",
        do="register it at the app, letter for letter",
        error=ConfigurationError,
    ),
    "wrong_token": Meaning(
        means="the refresh token was used or revoked, or a second login ended it", do=_CONNECT,
        error=TokenRefusedError,
    ),
    "invalid_grant": Meaning(
        means="the code or refresh token is not valid any more", do=_CONNECT,
        error=TokenRefusedError,
    ),
    "invalid_client": Meaning(
        means="X does not know the app", do="compare client_id in config.yaml with the app's",
        error=ConfigurationError,
    ),
    "unauthorized_client": Meaning(
        means="the app did not prove who it is",
        do="compare client_id and client_secret in config.yaml with the app's",
        error=ConfigurationError,
    ),
    "invalid_scope": Meaning(
        means="a scope was refused",
        do="let the app have ads.read, ads.write and offline.access, or use --flow oauth1",
        error=ConfigurationError,
    ),
}  # fmt: skip
"""By code: X's own, and the finer names that `codes` gives to what has none."""

BY_STATUS: Mapping[int, Meaning] = {
    400: Meaning(
        means="X does not understand the request", do="compare base_url with the documented one",
        error=ConfigurationError,
    ),
    401: _SIGNATURE,
    403: Meaning(means="X refuses it to this user or app", do="compare the user's role"),
    404: _NOT_THERE,
    405: _NOT_THERE,
    408: _DOWN,
    423: _DOWN,
    429: MEANINGS["TOO_MANY_REQUESTS"],
}  # fmt: skip
_REDIRECTED = Meaning(
    means="the address redirects", do="write X's own address as base_url", error=ConfigurationError
)
_SERVERS_OWN = range(500, 600)
_ELSE = Meaning(means="X answered something unknown", do="look for it in X's documentation")

# X's words for what has no code of its own.
_TEXTS = (
    ("wrong_code_verifier", re.compile(r"code.verifier", re.IGNORECASE)),
    ("wrong_code", re.compile(r"authorization code", re.IGNORECASE)),
    ("wrong_redirect", re.compile(r"redirect.uri", re.IGNORECASE)),
    ("wrong_token", re.compile(r"for the token", re.IGNORECASE)),
    ("invalid_verifier", re.compile(r"oauth_verifier", re.IGNORECASE)),
)
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,60}|[0-9]{1,6}")


def refusal(operation: str, answer: Answer | NoAnswer, *, now: float) -> ConnectorError:
    """The error for an answer that is none of success.

    Args:
        operation: method and path without ids, such as `GET accounts`.
        answer: what came.
        now: this machine's clock in epoch seconds.
    """
    if isinstance(answer, NoAnswer):
        return UnreachableError(
            f"X Ads {operation}: no answer: {answer.why}; look at the network and at base_url,"
            " then try again"
        )
    shown, code = _code(answer)
    # An error of the server's own says nothing of the request, whatever its page repeats.
    known = None if answer.status in _SERVERS_OWN else MEANINGS.get(code)
    found = known or _of_status(answer.status)
    says, kind = found.do, found.error
    if kind is UnreachableError and (wait := told_seconds(answer, now=now)):
        says = f"try again in {wait:,.0f} s"
    skew = skew_of(answer, now=now)
    if answer.status == 401 and skew is not None and abs(skew) > MOST_SKEW_SECONDS:  # noqa: PLR2004 - what a clock can cause
        says = f"{skew_sentence('X', skew)}; set it (NTP), then try again"
        kind = CredentialsError if kind is TokenRefusedError else kind
    return kind(f"X Ads {operation}: {answer.status} {shown}: {found.means}; {says}")


def unreadable(operation: str, answer: Answer) -> ConnectorError:
    """The error for a success whose body is not what X documents."""
    return UnreachableError(
        f"X Ads {operation}: {answer.status} {NO_CODE}: the answer is not what X documents;"
        " compare base_url, then try again"
    )


def skew_of(answer: Answer, *, now: float) -> float | None:
    """How many seconds the platform's clock is ahead of this machine's, None when untold."""
    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp() - now
    except ValueError:
        return None


def skew_sentence(platform: str, skew: float) -> str:
    """How this machine's clock differs from a platform's."""
    way = "behind" if skew > 0 else "ahead of"
    return f"this machine's clock is {abs(skew):,.0f} s {way} {platform}'s"


def told_seconds(answer: Answer, *, now: float) -> float | None:
    """Seconds that an answer asks to wait, None when it does not say."""
    after = answer.headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    here = now + (skew_of(answer, now=now) or 0.0)
    for name in ("x-account-rate-limit-reset", "x-rate-limit-reset"):
        moment = answer.headers.get(name, "")
        if moment.isdecimal() and float(moment) > here:
            return float(moment) - here
    return None


def _of_status(status: int) -> Meaning:
    if status in range(300, 400):
        return _REDIRECTED
    return BY_STATUS.get(status) or (_DOWN if status in _SERVERS_OWN else _ELSE)


def _code(answer: Answer) -> tuple[str, str]:
    """The code as it is shown, and the key of `MEANINGS`."""
    body, codes = _body(answer), []
    for code, text in _entries(body):
        shown = code if _CODE.fullmatch(code) else NO_CODE
        finer = next((name for name, words in _TEXTS if words.search(text)), None)
        vague = shown in {NO_CODE, "invalid_request"}
        codes.append((shown, finer if vague and finer else shown))
    return next((each for each in codes if each[1] in MEANINGS), (codes or [(NO_CODE, "")])[0])


def _body(answer: Answer) -> object:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return answer.body[:1000].decode("utf-8", "replace")


def _entries(body: object) -> Iterator[tuple[str, str]]:
    """Codes and texts of the three forms: X's, that of OAuth 2.0, and plain text."""
    if isinstance(body, str):
        yield "", body
    if not isinstance(body, dict):
        return
    errors = body.get("errors")
    for entry in errors if isinstance(errors, list) else [errors]:
        if isinstance(entry, dict):
            yield str(entry.get("code") or ""), str(entry.get("message") or "")
    if isinstance(body.get("error"), str):
        yield body["error"], str(body.get("error_description") or "")
