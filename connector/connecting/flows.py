"""The ways in: OAuth 1.0a, OAuth 2.0 with PKCE, and TikTok's, each from consent to tokens."""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

from connector.connecting.attempt import (
    OAUTH1,
    PKCE,
    STATE_BYTES,
    STATE_SECONDS,
    TIKTOK,
    Attempt,
    Expected,
    answer_in,
    error_of,
)
from connector.connecting.callback import DEFAULT_PORT, Came, Listener, address_of, listening
from connector.errors import ConfigurationError, StoppedError, UnreachableError
from connector.tiktok import authorization as tiktok
from connector.tiktok.calling import Line as TikTokLine
from connector.x import authorization as x
from connector.x.calling import Consumer, Line

Back = Literal["callback", "paste", "pin", "code"]


class Person(Protocol):
    """Who connects."""

    def visit(self, address: str, *, here: bool) -> None:
        """Send the person to a page; `here`: its answer comes to this machine by itself."""

    def ask(self, prompt: str) -> str:
        """A line that may be seen."""

    def secret(self, prompt: str) -> str:
        """A line that nobody sees."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How the platform's answer comes back: by itself to a port within so many seconds, or typed.

    `paste` is the address the browser ended at, `pin` X's PIN, `code` TikTok's code or address.
    """

    back: Back = "callback"
    port: int = DEFAULT_PORT
    seconds: float = STATE_SECONDS


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A way with who walks it; clock and chance are replaced by tests."""

    person: Person
    way: Way
    monotonic: Callable[[], float] = time.monotonic
    random_bytes: Callable[[int], bytes] = secrets.token_bytes


@dataclass(frozen=True, kw_only=True)
class Door:
    """Where an answer comes in; `address` is the platform's redirect address."""

    flow: Flow
    address: str
    listener: Listener | None

    def answer(self, expected: Expected, *, state: str, consent: str) -> Mapping[str, str]:
        """Send the person to the page of consent; the answer that they come back with.

        Raises:
            ConnectorError: they come back without, with another one, or not at all.
        """
        attempt = Attempt(expected=expected, state=state, began=self.flow.monotonic())
        came = self._came(attempt, consent)
        if came.outcome != "granted":
            raise error_of(came.outcome, expected, came.answer)
        return came.answer

    def _came(self, attempt: Attempt, consent: str) -> Came:
        flow = self.flow
        if self.listener is not None:
            self.listener.expect(
                attempt.expected, lambda answer: attempt.judge(answer, flow.monotonic())
            )
            flow.person.visit(consent, here=True)
            return self.listener.wait(flow.way.seconds)
        flow.person.visit(consent, here=False)
        typed = flow.person.ask(_PROMPTS[flow.way.back]).strip()
        if flow.way.back == "code" and "?" not in typed and typed.isascii():
            # A bare code repeats no state; whoever types it in took it from this attempt's page.
            answer = {attempt.expected.state: attempt.state, attempt.expected.code: typed}
        else:
            answer = answer_in(typed)
        return Came(outcome=attempt.judge(answer, flow.monotonic()), answer=answer)


_PROMPTS: Mapping[Back, str] = {
    "paste": "The address the browser ended at (its page need not load)",
    "pin": "The PIN that X shows",
    "code": "The code, or the address the browser ended at",
}


def by_oauth1(line: Line, consumer: Consumer, flow: Flow) -> x.Granted:
    """A token pair of OAuth 1.0a, by callback, pasted address or PIN.

    Raises:
        ConnectorError: the person or X refuses, or nothing came back.
    """
    if flow.way.back == "pin":
        return _by_pin(line, consumer, flow)
    with _door(flow) as door:
        token = x.request_token(line, consumer, callback=door.address)
        consent = x.consent_address(line, token)
        answer = door.answer(OAUTH1, state=token.token, consent=consent)
    with _exchanging(OAUTH1):
        return x.access_token(line, consumer, token, answer[OAUTH1.code])


def _by_pin(line: Line, consumer: Consumer, flow: Flow) -> x.Granted:
    token = x.request_token(line, consumer, callback=x.OUT_OF_BAND)
    flow.person.visit(x.consent_address(line, token), here=False)
    pin = "".join(flow.person.ask(_PROMPTS["pin"]).split())
    if not pin.isdecimal():
        raise ConfigurationError("that is no PIN: X shows about seven digits; run it again")
    with _exchanging(OAUTH1):
        return x.access_token(line, consumer, token, pin)


def by_pkce(line: Line, app: x.App, flow: Flow) -> x.Pair:
    """Tokens of OAuth 2.0, by callback or pasted address.

    Raises:
        ConnectorError: the person or X refuses, or nothing came back.
    """
    verifier = x.verifier_of(flow.random_bytes(x.VERIFIER_BYTES))
    state = _state(flow)
    with _door(flow) as door:
        consent = x.authorize_address(
            line, app, redirect_uri=door.address, state=state, verifier=verifier
        )
        answer = door.answer(PKCE, state=state, consent=consent)
        with _exchanging(PKCE):
            return x.exchange(
                line, app, code=answer[PKCE.code], redirect_uri=door.address, verifier=verifier
            )


def by_tiktok(line: TikTokLine, app: tiktok.App, flow: Flow) -> tiktok.Granted:
    """TikTok's long-term token, by callback, pasted address or code.

    Raises:
        ConnectorError: the person or TikTok refuses, or nothing came back.
    """
    state = _state(flow)
    with _door(flow) as door:
        consent = tiktok.consent_address(line, app, redirect_uri=door.address, state=state)
        answer = door.answer(TIKTOK, state=state, consent=consent)
    with _exchanging(TIKTOK):
        return tiktok.exchange(line, app, answer[TIKTOK.code])


@contextmanager
def _exchanging(expected: Expected) -> Iterator[None]:
    """Say what may have become of a token whose answer nobody has heard."""
    platform = expected.platform
    lost = (
        f"if {platform} granted a token all the same, nobody has it: it can be ended at {platform},"
        " among the user's connected apps"
    )
    try:
        yield
    except UnreachableError as error:
        raise UnreachableError(f"{error}; {lost}") from None
    except KeyboardInterrupt:
        raise StoppedError(f"stopped by the user; {lost}") from None


def _state(flow: Flow) -> str:
    return x.verifier_of(flow.random_bytes(STATE_BYTES))


@contextmanager
def _door(flow: Flow) -> Iterator[Door]:
    """The port is listened on before anybody is sent away, so that one that is taken costs nothing.

    Raises:
        ConfigurationError: it is taken.
    """
    with ExitStack() as stack:
        by_itself = flow.way.back == "callback"
        listener = stack.enter_context(listening(flow.way.port)) if by_itself else None
        yield Door(flow=flow, address=address_of(flow.way.port), listener=listener)
