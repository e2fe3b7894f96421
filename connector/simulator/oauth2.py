"""OAuth 2.0 with PKCE: what a client may ask for, and what it gets for what it has. No HTTP here.

Errors are RFC 6749's, with X's own choice where it was seen to differ: a code or a token that is
not good is `invalid_request`.
"""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hmac import compare_digest

from connector.simulator.callbacks import is_registered
from connector.simulator.issued import Bearer, Code
from connector.simulator.simulation import Simulation
from connector.simulator.world import App, User, World

CODE_SECONDS = 30
MAX_STATE = 500
OFFLINE = "offline.access"

# The scopes of ads, and those of the general API that clients ask for along with them.
SCOPES = frozenset({
    "ads.read", "ads.write", OFFLINE, "media.write",
    "tweet.read", "tweet.write", "users.read", "users.email",
})  # fmt: skip


class OAuthError(Exception):
    """A refusal by the names of RFC 6749."""

    def __init__(self, code: str, description: str, *, status: int = 400) -> None:
        self.code = code
        self.description = description
        self.status = status
        super().__init__(f"{code}: {description}")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a client asks a user for."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    method: str


def app_with(client_id: str, *, world: World) -> App | None:
    """The app of a client id."""
    return next((app for app in world.apps.values() if app.client_id == client_id), None)


def asker(parameters: Mapping[str, str], *, world: World, callbacks: tuple[str, ...]) -> App:
    """The app that asks; only from here on may a browser be sent back to it.

    Raises:
        OAuthError: the client or its address is not known, or the state is too long to return.
    """
    app = app_with(parameters.get("client_id", ""), world=world)
    if app is None:
        raise OAuthError("invalid_client", "There is no app with this client_id.")
    if not is_registered(parameters.get("redirect_uri", ""), registered=callbacks):
        raise OAuthError("invalid_request", "The redirect_uri is not one of the app's.")
    if len(parameters.get("state", "")) > MAX_STATE:
        raise OAuthError("invalid_request", f"The state is longer than {MAX_STATE} characters.")
    return app


def asked_for(parameters: Mapping[str, str], *, app: App) -> Asked:
    """What the app asks for.

    Raises:
        OAuthError: something a browser can take back to it.
    """
    if parameters.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "The response_type must be code.")
    method = parameters.get("code_challenge_method") or "plain"
    challenge = parameters.get("code_challenge", "")
    if not challenge or method not in ("S256", "plain"):
        raise OAuthError("invalid_request", "A code_challenge of S256 or plain is needed.")
    scopes = tuple(dict.fromkeys(parameters.get("scope", "").split()))
    if not scopes or not SCOPES.issuperset(scopes):
        raise OAuthError("invalid_scope", "A scope is unknown, or there is none.")
    return Asked(
        app=app,
        redirect_uri=parameters["redirect_uri"],
        scopes=scopes,
        challenge=challenge,
        method=method,
    )


def code_for(asked: Asked, user: User, *, simulation: Simulation) -> str:
    """A new code for what the user allowed."""
    code = simulation.minted()
    simulation.issued.codes[code] = Code(
        consumer_key=asked.app.consumer_key,
        user_id=user.id,
        redirect_uri=asked.redirect_uri,
        scopes=asked.scopes,
        challenge=asked.challenge,
        method=asked.method,
        expires_at=simulation.clock() + CODE_SECONDS,
        family=simulation.draw(8),
    )
    return code


def exchanged(form: Mapping[str, str], *, app: App, simulation: Simulation) -> dict[str, object]:
    """The tokens for a code. Whatever else was issued to this app for this user ends.

    A code is good for one attempt. One that comes a second time was stolen by somebody: what was
    given for it the first time is taken back (RFC 6749, 4.1.2).

    Raises:
        OAuthError: the code, the address or the verifier is not right.
    """
    issued = simulation.issued
    text, redirect_uri, verifier = (
        _needed(form, name) for name in ("code", "redirect_uri", "code_verifier")
    )
    code = issued.codes.get(text)
    if code is None or code.consumer_key != app.consumer_key:
        raise _invalid("authorization code")
    if code.used:
        issued.take_back(family=code.family)
        raise _invalid("authorization code")
    issued.codes[text] = replace(code, used=True)
    if simulation.clock() >= code.expires_at:
        raise _invalid("authorization code")
    if redirect_uri != code.redirect_uri:
        raise _invalid("redirect uri")
    if not compare_digest(challenge_of(verifier, code.method).encode(), code.challenge.encode()):
        raise OAuthError(
            "invalid_request",
            "Value passed for the code verifier did not match the code challenge.",
        )
    issued.take_back_all(app=app, user=simulation.world.users[code.user_id])
    bearer = Bearer(
        consumer_key=code.consumer_key, user_id=code.user_id,
        scopes=code.scopes, family=code.family,
    )  # fmt: skip
    return _given(bearer, simulation=simulation)


def refreshed(form: Mapping[str, str], *, app: App, simulation: Simulation) -> dict[str, object]:
    """New tokens for a refresh token, which is good once.

    Raises:
        OAuthError: it is not good, or not the app's.
    """
    token = _needed(form, "refresh_token")
    bearer = simulation.issued.refresh.get(token)
    if bearer is None or bearer.consumer_key != app.consumer_key:
        raise _invalid("token")
    del simulation.issued.refresh[token]
    return _given(bearer, simulation=simulation)


def revoke(form: Mapping[str, str], *, app: App, simulation: Simulation) -> None:
    """End a token; with a refresh token, all that came from the same consent.

    An unknown token is no error (RFC 7009, 2.2).
    """
    token = _needed(form, "token")
    issued = simulation.issued
    renewal, access = issued.refresh.get(token), issued.access.get(token)
    if renewal is not None and renewal.consumer_key == app.consumer_key:
        issued.take_back(family=renewal.family)
    if access is not None and access.consumer_key == app.consumer_key:
        del issued.access[token]


def challenge_of(verifier: str, method: str) -> str:
    """The challenge that a verifier answers."""
    if method == "plain":
        return verifier
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def _given(bearer: Bearer, *, simulation: Simulation) -> dict[str, object]:
    seconds = simulation.settings.token_seconds
    access = simulation.minted()
    simulation.issued.access[access] = replace(bearer, expires_at=simulation.clock() + seconds)
    given: dict[str, object] = {
        "token_type": "bearer",
        "expires_in": int(seconds),
        "access_token": access,
        "scope": " ".join(bearer.scopes),
    }
    if OFFLINE in bearer.scopes:
        given["refresh_token"] = simulation.minted()
        simulation.issued.refresh[str(given["refresh_token"])] = bearer
    return given


def _needed(form: Mapping[str, str], name: str) -> str:
    value = form.get(name)
    if not value:
        raise OAuthError("invalid_request", f"Missing required parameter [{name}].")
    return value


def _invalid(what: str) -> OAuthError:
    return OAuthError("invalid_request", f"Value passed for the {what} was invalid.")
