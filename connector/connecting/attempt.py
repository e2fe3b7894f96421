"""One attempt to connect, and what an answer to it is worth."""

import hmac
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from connector.errors import ConfigurationError, ConnectorError, CredentialsError

STATE_SECONDS = 600.0
STATE_BYTES = 32

Outcome = Literal["granted", "denied", "refused", "wrong_state", "expired", "spent", "incomplete"]


@dataclass(frozen=True, kw_only=True)
class Expected:
    """How a platform names the parts of its answer; `denied` is the name that says no.

    `state` repeats what was sent, `code` is what is exchanged.
    """

    platform: str
    state: str
    code: str
    denied: str


OAUTH1 = Expected(platform="X", state="oauth_token", code="oauth_verifier", denied="denied")
PKCE = Expected(platform="X", state="state", code="code", denied="error")
TIKTOK = Expected(platform="TikTok", state="state", code="auth_code", denied="error")


@dataclass(kw_only=True)
class Attempt:
    """What was sent along with a person, good for 10 minutes and one answer.

    `began` is a moment of the clock that `judge` is given, in seconds.
    """

    expected: Expected
    state: str = field(repr=False)
    began: float
    spent: bool = False

    def judge(self, answer: Mapping[str, str], now: float) -> Outcome:
        """What an answer is worth; none is looked at twice."""
        spent, self.spent = self.spent, True
        said = self.expected.denied in answer
        # OAuth 1.0a says no with the request token itself.
        repeats = answer.get(self.expected.state) or answer.get(self.expected.denied) or ""
        if spent:
            return "spent"
        if not hmac.compare_digest(repeats.encode(errors="replace"), self.state.encode()):
            return "wrong_state"
        if now - self.began > STATE_SECONDS:
            return "expired"
        if said:
            refused = answer[self.expected.denied] not in {self.state, "access_denied"}
            return "refused" if refused else "denied"
        return "granted" if answer.get(self.expected.code) else "incomplete"


@dataclass(frozen=True, kw_only=True)
class Told:
    """An outcome as its page says it, and as the command does."""

    title: str
    page: str
    error: str
    kind: type[ConnectorError] = CredentialsError


TOLD: Mapping[Outcome, Told] = {
    "granted": Told(
        title="You can go back now", page="{platform} has let the connector in, and the terminal"
        " goes on by itself. This page may be closed.", error="",
    ),
    "denied": Told(
        title="Access was denied",
        page="Nothing was connected. Run the command again to try again.",
        error="access was denied at {platform}; run the command again, and allow it there",
    ),
    "refused": Told(
        title="{platform} refused", page="{platform} said: {said}. Nothing was connected.",
        error="{platform} refused before anybody was asked ({said}); compare the app's id, its"
        " scopes and its callback address with those of the app",
        kind=ConfigurationError,
    ),
    "wrong_state": Told(
        title="This is another attempt's answer", page="What came back is not what was asked for,"
        " so nothing was connected. Run the command again.",
        error="the answer is not one to this attempt: its state is another one, such as that of an"
        " older attempt or of somebody else's; nothing was exchanged; run the command again",
    ),
    "expired": Told(
        title="Too late", page="An attempt is good for ten minutes. Run the command again.",
        error="the state is older than 10 minutes, so the answer is not taken; run the command"
        " again",
    ),
    "spent": Told(
        title="Used already", page="This attempt has had its answer. Run the command again.",
        error="the answer came twice; run the command again",
    ),
    "incomplete": Told(
        title="Something is missing", page="{platform} sent no code. Nothing was connected.",
        error="the answer of {platform} holds no code; run the command again",
    ),
}  # fmt: skip


def error_of(outcome: Outcome, expected: Expected, answer: Mapping[str, str]) -> ConnectorError:
    """The error that an answer ends with."""
    told = TOLD[outcome]
    return told.kind(told.error.format(platform=expected.platform, said=said(expected, answer)))


def said(expected: Expected, answer: Mapping[str, str]) -> str:
    """The platform's own word for a refusal, as far as it is a word."""
    word = answer.get(expected.denied, "")
    return word if word.replace("_", "").isalnum() and len(word) <= 60 else "no reason"  # noqa: PLR2004 - longer than any


def answer_in(address: str) -> dict[str, str]:
    """What an address that a person pasted holds; the first of equal names.

    Raises:
        ConfigurationError: it is no address with an answer.
    """
    found = {}
    if address.isascii():
        with suppress(ValueError):  # such as of half an IPv6 address
            query = urlsplit(address.strip()).query
            found = dict(reversed(parse_qsl(query, keep_blank_values=True)))
    if not found:
        raise ConfigurationError(
            "that is no address with an answer: paste all of what the browser's address bar shows"
            " after you have allowed it, from http:// on"
        )
    return found
