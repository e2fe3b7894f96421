"""How an app gets tokens of X: OAuth 1.0a in three steps, and OAuth 2.0 with PKCE."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode

from connector.errors import ConfigurationError, CredentialsError, TokenRefusedError
from connector.http import FORM, Answer, NoAnswer, Request
from connector.x.calling import Consumer, Line, Signing, header, read, signature
from connector.x.errors import refusal, unreadable

OUT_OF_BAND = "oob"
READ = "ads.read"
SCOPES = (READ, "ads.write", "offline.access")
VERIFIER_BYTES = 32
LIFE_SECONDS = 7200.0
_LONGEST_LIFE_SECONDS = 10 * 365 * 86_400.0
_UNAUTHORIZED = 401


@dataclass(frozen=True, kw_only=True)
class RequestToken:
    """The first of three steps of OAuth 1.0a."""

    token: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Granted:
    """The last of them: what signs for a user, and who that is."""

    signing: Signing
    screen_name: str


@dataclass(frozen=True, kw_only=True)
class App:
    """The app of OAuth 2.0; a public one has no secret."""

    client_id: str
    client_secret: str | None = field(repr=False, default=None)


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Tokens of OAuth 2.0; `seconds` is how long the access token is good for."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    seconds: float
    scopes: tuple[str, ...]


def request_token(line: Line, consumer: Consumer, *, callback: str) -> RequestToken:
    """Step 1; `callback` is registered at the app, or `OUT_OF_BAND` for a PIN.

    Raises:
        ConnectorError: X refuses.
    """
    operation, url = "POST oauth/request_token", f"{line.hosts.api}/oauth/request_token"
    headers = signature(consumer, "POST", url, callback_uri=callback)
    found, answer = _form(line, operation, Request(url=url, headers=headers, content_type=FORM))
    if found.get("oauth_callback_confirmed") != "true":
        raise ConfigurationError(
            f"X Ads {operation}: {answer.status}: the callback address is not confirmed; register"
            f" {callback} at the app, letter for letter, or use --pin"
        )
    try:
        return RequestToken(token=found["oauth_token"], secret=found["oauth_token_secret"])
    except KeyError:
        raise unreadable(operation, answer) from None


def consent_address(line: Line, token: RequestToken) -> str:
    """Step 2: where a person says yes."""
    return f"{line.hosts.api}/oauth/authorize?{urlencode({'oauth_token': token.token})}"


def access_token(line: Line, consumer: Consumer, token: RequestToken, verifier: str) -> Granted:
    """Step 3, with the verifier of the callback or the PIN.

    Raises:
        ConnectorError: X refuses.
    """
    operation, url = "POST oauth/access_token", f"{line.hosts.api}/oauth/access_token"
    headers = signature(
        consumer, "POST", url, verifier=verifier,
        resource_owner_key=token.token, resource_owner_secret=token.secret,
    )  # fmt: skip
    found, answer = _form(line, operation, Request(url=url, headers=headers, content_type=FORM))
    try:
        signing = Signing(
            consumer=consumer, token=found["oauth_token"], token_secret=found["oauth_token_secret"]
        )
    except KeyError:
        raise unreadable(operation, answer) from None
    return Granted(signing=signing, screen_name=found.get("screen_name", ""))


def invalidate(line: Line, signing: Signing) -> None:
    """End a token of OAuth 1.0a.

    Raises:
        ConnectorError: X refuses.
    """
    url = f"{line.hosts.api}/1.1/oauth/invalidate_token.json"
    made = Request(url=url, headers=header(signing, "POST", url), content_type=FORM)
    read(line, "POST oauth/invalidate_token", line.session.send(made))


def challenge_of(verifier: str) -> str:
    """The `S256` challenge of a verifier."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def verifier_of(random_bytes: bytes) -> str:
    """A verifier out of 32 random bytes."""
    return base64.urlsafe_b64encode(random_bytes).decode().rstrip("=")


def authorize_address(
    line: Line, app: App, *, redirect_uri: str, state: str, verifier: str,
    scopes: Sequence[str] = SCOPES,
) -> str:  # fmt: skip
    """Where a person lets an app of OAuth 2.0 in."""
    asked = {
        "response_type": "code", "client_id": app.client_id, "redirect_uri": redirect_uri,
        "scope": " ".join(scopes), "state": state, "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }  # fmt: skip
    return f"{line.hosts.pages}/i/oauth2/authorize?{urlencode(asked, quote_via=quote)}"


def exchange(line: Line, app: App, *, code: str, redirect_uri: str, verifier: str) -> Pair:
    """The tokens for a code, which is good for 30 seconds and once.

    Raises:
        ConnectorError: X refuses.
    """
    return _pair(line, app, {
        "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    })  # fmt: skip


def refresh(line: Line, app: App, refresh_token: str) -> Pair:
    """The tokens that follow; the refresh token is good for nothing afterwards.

    Raises:
        ConnectorError: X refuses.
    """
    return _pair(line, app, {"grant_type": "refresh_token", "refresh_token": refresh_token})


def revoke(line: Line, app: App, token: str) -> None:
    """End a token of OAuth 2.0; a refresh token ends everything of its consent.

    Raises:
        ConnectorError: X refuses.
    """
    read(line, "POST oauth2/revoke", _posted(line, app, "revoke", {"token": token}))


def end(line: Line, app: App, *, access_token: str, refresh_token: str | None) -> None:
    """End a pair; what X says of the access token matters where there is no refresh token.

    Raises:
        ConnectorError: X refuses, and not because it was ended before.
    """
    if refresh_token is None:
        revoke(line, app, access_token)
        return
    revoke(line, app, refresh_token)
    with suppress(CredentialsError, ConfigurationError):
        revoke(line, app, access_token)


def _pair(line: Line, app: App, form: Mapping[str, str]) -> Pair:
    operation = "POST oauth2/token"
    came = _posted(line, app, "token", form)
    try:
        found, answer = read(line, operation, came)
    except TokenRefusedError as error:
        if isinstance(came, Answer) and came.status == _UNAUTHORIZED:  # it is the app's, then
            raise CredentialsError(str(error)) from None
        raise
    token, renewal = found.get("access_token"), found.get("refresh_token")
    if not isinstance(token, str) or not token:
        raise unreadable(operation, answer)
    return Pair(
        access_token=token,
        refresh_token=renewal if isinstance(renewal, str) and renewal else None,
        seconds=_life_of(found.get("expires_in")) or LIFE_SECONDS,
        scopes=tuple(str(found.get("scope") or "").split()),
    )


def _life_of(told: object) -> float | None:
    """How many seconds a token is good for, as an answer tells it; None where it does not."""
    try:
        seconds = float(told) if isinstance(told, int | float | str) else 0.0
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < _LONGEST_LIFE_SECONDS else None


def _posted(line: Line, app: App, call: str, form: Mapping[str, str]) -> Answer | NoAnswer:
    """An app with a secret shows it in a header, one without says its id in the form."""
    headers: Mapping[str, str] = {}
    asked = {**form, "client_id": app.client_id}
    if app.client_secret is not None:
        shown = f"{quote(app.client_id, safe='')}:{quote(app.client_secret, safe='')}"
        headers = {"Authorization": f"Basic {base64.b64encode(shown.encode()).decode()}"}
    return line.session.send(
        Request(
            url=f"{line.hosts.api}/2/oauth2/{call}", body=urlencode(asked).encode(),
            headers=headers, content_type=FORM,
        )
    )  # fmt: skip


def _form(line: Line, operation: str, request: Request) -> tuple[dict[str, str], Answer]:
    answer = line.session.send(request)
    if isinstance(answer, NoAnswer) or answer.status != 200:  # noqa: PLR2004 - OK
        raise refusal(operation, answer, now=line.now())
    return dict(parse_qsl(answer.body.decode("utf-8", "replace"))), answer
