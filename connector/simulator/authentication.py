"""Who calls, and whether they may: pixel tokens, OAuth 1.0a signatures, OAuth 2.0 tokens.

A request is refused in X's order: unknown caller 401, app without access 403, unknown pixel
404, user not on the account 404, role that may only look 403.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest

from connector.simulator.envelope import (
    ROUTE_NOT_FOUND,
    RefusedError,
    error,
    gateway_refusal,
    refusal,
)
from connector.simulator.issued import Issued
from connector.simulator.signatures import Call, Nonces, UnknownCallerError, verified
from connector.simulator.world import SENDING_ROLES, App, Grant, Pixel, User, World

# Why a caller is not known: status, code and message of what stands before the Ads API.
GATEWAY: Mapping[str, tuple[int, int, str]] = {
    "credentials": (400, 215, "Bad Authentication data."),
    "signature": (401, 32, "Could not authenticate you."),
    "timestamp": (401, 135, "Timestamp out of bounds."),
    "token": (401, 89, "Invalid or expired token."),
}

_BEARER = "bearer "


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who called: a user through an app, or whoever holds the token of a pixel.

    Attributes:
        scopes: what an OAuth 2.0 token is good for; None for every other caller.
        old: the token is from before the app was approved.
    """

    pixel: Pixel | None = None
    app: App | None = None
    user: User | None = None
    scopes: tuple[str, ...] | None = None
    old: bool = False


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What callers are told apart by, at one moment (epoch seconds)."""

    world: World
    issued: Issued
    nonces: Nonces
    now: float


def sender(call: Call, *, gate: Gate) -> Caller:
    """The caller behind a request with conversions: a pixel's token or a signature, no Bearer.

    Raises:
        UnknownCallerError: neither, or a wrong one.
    """
    token = call.headers.get("x-pixel-token")
    if token is not None:
        return _pixel_holder(token, gate.world)
    return signer(call, gate=gate)


def user_of(call: Call, *, gate: Gate) -> Caller:
    """The caller behind any other request of the Ads API: a signature or an OAuth 2.0 token.

    Raises:
        UnknownCallerError: neither, or a wrong one.
    """
    header = call.headers.get("authorization", "")
    if header.lower().startswith(_BEARER):
        return _bearer(header[len(_BEARER) :].strip(), gate)
    return signer(call, gate=gate)


def signer(call: Call, *, gate: Gate) -> Caller:
    """The user and the app that signed by OAuth 1.0a.

    Raises:
        UnknownCallerError: nobody known did.
    """
    grants, apps = gate.issued.grants, gate.world.apps

    def secrets(oauth: Mapping[str, str]) -> tuple[str, str]:
        app = app_of(oauth, world=gate.world)
        grant = grants.get(oauth.get("oauth_token", ""))
        if grant is None or grant.consumer_key != app.consumer_key:
            raise UnknownCallerError("token")
        return app.consumer_secret, grant.token_secret

    oauth = verified(call, secrets=secrets, nonces=gate.nonces, now=gate.now)
    grant: Grant = grants[oauth["oauth_token"]]
    user = gate.world.users[grant.user_id]
    return Caller(app=apps[grant.consumer_key], user=user, old=grant.old)


def app_of(oauth: Mapping[str, str], *, world: World) -> App:
    """The app whose consumer key the parameters name.

    Raises:
        UnknownCallerError: there is none.
    """
    app = world.apps.get(oauth.get("oauth_consumer_key", ""))
    if app is None:
        raise UnknownCallerError("signature")
    return app


def admitted(caller: Caller, pixel_id: str, *, world: World) -> Pixel:
    """The pixel the caller may send conversions to.

    Raises:
        RefusedError: 401, 403 or 404.
    """
    check_app(caller)
    pixel = world.pixels.get(pixel_id)
    if pixel is None:
        raise RefusedError(refusal(404, [ROUTE_NOT_FOUND]))
    if caller.pixel is not None and caller.pixel.id != pixel_id:
        raise not_authenticated("token")  # a token is good for its own pixel only
    if caller.user is not None:
        _check_on_account(caller.user, pixel.account_id)
        check_role(caller.user, pixel.account_id, roles=SENDING_ROLES)
    return pixel


def check_app(caller: Caller) -> None:
    """Refuse the token of an app that has no access, or had none when the token was made.

    Raises:
        RefusedError: 403.
    """
    if caller.app is not None and not caller.app.approved:
        raise app_without_access(caller.app)
    if caller.old:
        raise without_permission()


def check_role(user: User, account_id: str, *, roles: frozenset[str]) -> None:
    """Refuse a user none of whose roles on the account is one of `roles`.

    Raises:
        RefusedError: 403.
    """
    if not roles.intersection(user.roles.get(account_id, ())):
        message = f"User {user.id} is not allowed to do this with account {account_id}"
        entry = error("ACTION_NOT_ALLOWED", message)
        raise RefusedError(refusal(403, [entry], account_id=account_id))


def not_authenticated(reason: str, *, gateway: bool = False) -> RefusedError:
    """Why an unknown caller is refused: X does not say it, what stands before it does."""
    if gateway:
        return RefusedError(gateway_refusal(*GATEWAY[reason]))
    entry = error("UNAUTHORIZED_ACCESS", "This request is not properly authenticated")
    return RefusedError(refusal(401, [entry]))


def app_without_access(app: App) -> RefusedError:
    """The app is not approved for the Ads API, or not for this way of calling it."""
    message = (
        f"The client application with id {app.id} making this request does not have access to "
        "X Ads API. Ensure your application has advertiser-api access."
    )
    return RefusedError(refusal(403, [error("UNAUTHORIZED_CLIENT_APPLICATION", message)]))


def without_permission() -> RefusedError:
    """The user gave the app less than this takes."""
    message = "The user has not given this application the permission that this request takes"
    entry = error("INSUFFICIENT_USER_AUTHORIZED_PERMISSION", message)
    return RefusedError(refusal(403, [entry]))


def _pixel_holder(token: str, world: World) -> Caller:
    for pixel in world.pixels.values():
        if compare_digest(pixel.token.encode(), token.encode()):
            return Caller(pixel=pixel)
    raise UnknownCallerError("token")


def _bearer(token: str, gate: Gate) -> Caller:
    bearer = gate.issued.access.get(token)
    if bearer is None or (bearer.expires_at is not None and gate.now >= bearer.expires_at):
        raise UnknownCallerError("token")
    app, user = gate.world.apps[bearer.consumer_key], gate.world.users[bearer.user_id]
    return Caller(app=app, user=user, scopes=bearer.scopes)


def _check_on_account(user: User, account_id: str) -> None:
    if account_id not in user.roles:
        message = (
            f"User {user.id} does not have access to account {account_id}. Check the user's access."
        )
        raise RefusedError(refusal(404, [error("NOT_FOUND", message)]))
