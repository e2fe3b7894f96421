"""How X is called: signed by OAuth 1.0a or with a token of OAuth 2.0, and answered in JSON."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any, NoReturn, Protocol
from urllib.parse import quote, urlencode

from connector.errors import UnreachableError
from connector.http import FORM, Answer, Method, NoAnswer, Request
from connector.x.errors import refusal, told_seconds, unreadable
from connector.x.limits import Counted, counted, mark, told

TRIES = 3
PAUSE_SECONDS = 1.0
_PASSING = frozenset({408, 423, 500, 502, 503, 504})
_TOO_MANY, _DOWN = 429, 503


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """Where the Ads API, the calls of OAuth, and the pages of consent are."""

    ads: str
    api: str
    pages: str


def hosts_of(base_url: str, *, own: bool) -> Hosts:
    """The hosts that belong to a base address; one that is not X's `own` stands for all."""
    if own:
        return Hosts(ads=base_url, api="https://api.x.com", pages="https://x.com")
    return Hosts(ads=base_url, api=base_url, pages=base_url)


class Sender(Protocol):
    """What requests leave by, see `connector.http.Session`."""

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send once and read the answer."""

    def fetch(self, request: Request, into: IO[bytes], *, largest: int) -> Answer | NoAnswer:
        """Send once; what a 200 holds goes into a file."""


class Pacing(Protocol):
    """Who slows reads down before X's limits, for all who share them."""

    def leave(self, operation: str, counted: Counted, *, since: float) -> float:
        """0.0 when a read may leave, maybe after a wait, else the seconds that are too long."""

    def heard(
        self, counted: Counted, name: str, *, limit: int, remaining: int, resets_in: float
    ) -> None:
        """X said what is left."""

    def refused(self, counted: Counted, *, times: int, seconds: float | None) -> bool:
        """X refused for a limit so many times in a row; whether to ask for leave again."""


class Answers(Protocol):
    """Who keeps answers that X gives seldom, for all who may have them."""

    def shared(self, name: str, ask: Callable[[], list[dict[str, str]]]) -> list[dict[str, str]]:
        """The rows that are kept, else what asking gives."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line to X; `now` in epoch seconds, `pause` in seconds.

    Without `pacing` reads leave at once, and what X refuses for a limit is not asked again; without
    `answers` everything is asked for anew.
    """

    session: Sender
    hosts: Hosts
    now: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep
    pacing: Pacing | None = None
    answers: Answers | None = None


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """The pair of an app for OAuth 1.0a."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Signing:
    """The four secrets that sign by OAuth 1.0a."""

    consumer: Consumer
    token: str = field(repr=False)
    token_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """An access token of OAuth 2.0; `client` and `user` stay when it is renewed, where known."""

    token: str = field(repr=False)
    client: str = field(repr=False, default="")
    user: str = field(repr=False, default="")


Access = Signing | Bearer


def client_of(access: Access) -> str:
    """A mark of the app that asks."""
    return mark(access.client if isinstance(access, Bearer) else access.consumer.key)


def user_of(access: Access) -> str:
    """A mark of who let the app in."""
    return mark((isinstance(access, Bearer) and access.user) or access.token)


def header(
    access: Access, method: Method, url: str, *, now: float | None = None, form: str = ""
) -> Mapping[str, str]:
    """What lets a request in; by OAuth 1.0a good for one request alone, made `now`.

    A body that is a `form` is signed, too.
    """
    if isinstance(access, Bearer):
        return {"Authorization": f"Bearer {access.token}"}
    moment = {} if now is None else {"timestamp": str(int(now))}
    return signature(
        access.consumer, method, url,
        form=form, resource_owner_key=access.token, resource_owner_secret=access.token_secret,
        **moment,
    )  # fmt: skip


def signature(
    consumer: Consumer, method: Method, url: str, *, form: str = "", **parts: str
) -> Mapping[str, str]:
    """The header of OAuth 1.0a; `parts` are those of oauthlib's client.

    Signs with the host as called and a fresh nonce each time; a body is signed where it is a form.
    """
    from oauthlib.oauth1 import Client  # noqa: PLC0415 - other tokens do without it

    logging.getLogger("oauthlib").setLevel(logging.WARNING)  # it logs signatures and headers
    signer = Client(consumer.key, client_secret=consumer.secret, **parts)
    typed = {"Content-Type": FORM} if form else {}
    _, headers, _ = signer.sign(url, http_method=method, body=form or None, headers=typed)
    return {"Authorization": str(headers["Authorization"])}


@dataclass(frozen=True, kw_only=True)
class _Read:
    """A read that is wanted, and the pacing it obeys."""

    line: Line
    access: Access
    url: str
    operation: str
    counted: Counted

    def seconds_too_long(self, *, since: float) -> float:
        """Wait until it may leave; 0.0, or what that would take."""
        if self.line.pacing is None:
            return 0.0
        return self.line.pacing.leave(f"X Ads {self.operation}", self.counted, since=since)

    def send(self) -> Answer | NoAnswer:
        """Ask once, and tell what is left."""
        made = header(self.access, "GET", self.url, now=self.line.now())
        answer = self.line.session.send(Request(url=self.url, headers=made, method="GET"))
        said = None if isinstance(answer, NoAnswer) else told(answer, now=self.line.now())
        if said is not None and self.line.pacing is not None:
            self.line.pacing.heard(
                self.counted, self.counted.name(said.by),
                limit=said.limit, remaining=said.remaining, resets_in=said.resets_in,
            )  # fmt: skip
        return answer

    def is_to_wait(self, answer: Answer) -> bool:
        """Whether X asks all who share the limit to wait."""
        is_told = answer.status == _DOWN and "retry-after" in answer.headers
        return answer.status == _TOO_MANY or (is_told and self.line.pacing is not None)

    def is_allowed_after(self, answer: Answer, *, times: int) -> bool:
        """Whether it may be asked again after so many refusals in a row."""
        if self.line.pacing is None:
            return False
        seconds = told_seconds(answer, now=self.line.now())
        return self.line.pacing.refused(self.counted, times=times, seconds=seconds)


def get(
    line: Line, access: Access, path: str, *, operation: str, query: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], Answer]:
    """The body of a read under `/12/`, and the whole answer; what passes by itself is tried again.

    It leaves when the line's pacing lets it, which may take a while.

    Raises:
        ConnectorError: X does not give it; of the kind of who must act.
    """
    asked = query or {}
    suffix = f"?{urlencode(asked, quote_via=quote)}" if asked else ""
    wanted = _Read(
        line=line, access=access, url=f"{line.hosts.ads}/12/{path}{suffix}",
        operation=f"GET {operation}",
        counted=counted(
            path, client=client_of(access), user=user_of(access), operation=operation, query=asked
        ),
    )  # fmt: skip
    return read(line, wanted.operation, _last_answer(wanted))


def _last_answer(wanted: _Read) -> Answer | NoAnswer:
    """The answer after which nothing is tried again."""
    line, since, failed, refused = wanted.line, wanted.line.now(), 0, 0
    answer: Answer | NoAnswer | None = None
    while True:
        seconds = wanted.seconds_too_long(since=since)
        if seconds:
            return answer or _not_sent(wanted.operation, seconds)
        answer = wanted.send()
        if isinstance(answer, Answer) and wanted.is_to_wait(answer):
            refused += 1
            if not wanted.is_allowed_after(answer, times=refused):
                return answer
        elif isinstance(answer, NoAnswer) or answer.status in _PASSING:
            failed += 1
            if failed == TRIES:
                return answer
            line.pause(PAUSE_SECONDS * failed)
        else:
            return answer


def _not_sent(operation: str, seconds: float) -> NoReturn:
    raise UnreachableError(
        f"X Ads {operation}: not sent: the limit is used up by reads before this one; try again in"
        f" {seconds:,.0f} s"
    )


def read(line: Line, operation: str, answer: Answer | NoAnswer) -> tuple[dict[str, Any], Answer]:
    """The JSON object of a success.

    Raises:
        ConnectorError: it is none.
    """
    if isinstance(answer, NoAnswer) or answer.status != 200:  # noqa: PLR2004 - OK
        raise refusal(operation, answer, now=line.now())
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise unreadable(operation, answer)
    return body, answer
