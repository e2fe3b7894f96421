"""What TikTok's refusals mean and what to do about each, as sentences of one form.

`TikTok Ads <operation>: <status> <code>: <what it means>; <what to do>`. HTTP says 200 whatever
happens, so the code decides. Of an answer only the code is repeated: its texts may hold anything.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    TokenRefusedError,
    UnreachableError,
)
from connector.http import Answer, NoAnswer

NO_CODE = "no code"
_CONNECT = "run `connector connect NAME` again"


class TooLargeError(UnreachableError):
    """A report is too large to be answered; a smaller one may not be."""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What a refusal means, what to do, and who must act."""

    means: str
    do: str
    error: type[ConnectorError] = CredentialsError


_BUSY = Meaning(means="the app's limit is used up", do="try again later", error=UnreachableError)
_DOWN = Meaning(
    means="TikTok is not able to answer now", do="try again later", error=UnreachableError
)
_WRONG_TOKEN = Meaning(
    means="the access token is not valid, or was revoked", do=_CONNECT, error=TokenRefusedError
)
_WRONG_APP = Meaning(
    means="the app id or the secret is wrong",
    do="compare app_id and app_secret in config.yaml with the app's",
)
MEANINGS: Mapping[int, Meaning] = {
    40001: Meaning(
        means="no permission",
        do="let the user be an Operator or Admin of the advertiser, and let the app have Ad Account"
        " Management, Ads Management and Reporting",
    ),
    40002: Meaning(
        means="TikTok does not take a parameter, or the advertiser is not within reach",
        do="compare advertiser_id and app_id in config.yaml",
        error=ConfigurationError,
    ),
    40006: Meaning(
        means="TikTok does not take a parameter", do="compare the ids in config.yaml",
        error=ConfigurationError,
    ),
    40007: Meaning(
        means="it does not exist", do="compare the ids in config.yaml", error=ConfigurationError
    ),
    40016: _BUSY,
    40067: Meaning(
        means="the report is too large", do="try again later, or fewer days", error=TooLargeError
    ),
    40100: _BUSY,
    40101: _WRONG_APP,
    40102: _WRONG_TOKEN,
    40104: _WRONG_TOKEN,
    40105: _WRONG_TOKEN,
    40110: Meaning(
        means="the code is wrong, was used already, or is older than an hour",
        do=f"{_CONNECT} and hand the answer over at once",
    ),
    40132: _BUSY,
    40133: _BUSY,
    50002: _DOWN,
    51305: _DOWN,
    60001: _DOWN,
}  # fmt: skip
_ELSE = Meaning(means="TikTok refuses it", do="look for the code in TikTok's documentation")
_THROTTLED = re.compile(r"qps|too many|restricted|retry", re.IGNORECASE)
_AMBIGUOUS = frozenset({40101, 40102})
_SERVER_CODES = range(50_000, 60_000)


def refusal(
    operation: str, answer: Answer | NoAnswer, *, code: int | None, text: str
) -> ConnectorError:
    """The error for an answer that is none of success.

    Args:
        operation: method and path, such as `GET user/info`.
        answer: what came.
        code: that of the body, None where the body is none of TikTok's.
        text: its message, which tells codes of two meanings apart.
    """
    if isinstance(answer, NoAnswer):
        return UnreachableError(
            f"TikTok Ads {operation}: no answer: {answer.why}; look at the network and at base_url,"
            " then try again"
        )
    found = meaning_of(code, text, status=answer.status)
    shown = NO_CODE if code is None else str(code)
    return found.error(
        f"TikTok Ads {operation}: {answer.status} {shown}: {found.means}; {found.do}"
    )


def meaning_of(code: int | None, text: str, *, status: int) -> Meaning:
    """What a code means; without one the status decides."""
    if code is None:
        return _DOWN if status >= 500 or status == 200 else _of_address(status)  # noqa: PLR2004 - HTTP's own
    if code in _AMBIGUOUS and _THROTTLED.search(text):
        return _BUSY
    return MEANINGS.get(code) or (_DOWN if code in _SERVER_CODES else _ELSE)


def _of_address(status: int) -> Meaning:
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        return _BUSY
    return Meaning(
        means="this is no answer of TikTok's", do="compare base_url", error=ConfigurationError
    )
