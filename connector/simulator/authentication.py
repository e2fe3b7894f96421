"""Who calls, and whether they may: pixel tokens and OAuth 1.0a signatures.

A request is refused in X's order: unknown caller 401, app without access 403, unknown pixel
404, user not on the account 404, role that may only look 403.
"""

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from oauthlib.oauth1.rfc5849 import signature, utils
from starlette.requests import Request

from connector.simulator.envelope import RefusedError, error, refusal
from connector.simulator.world import SENDING_ROLES, App, Grant, Pixel, User, World

MAX_SKEW_SECONDS = 5 * 60

# A timestamp may lie as far ahead as behind, so a nonce must be known for twice that.
_NONCE_SECONDS = 2 * MAX_SKEW_SECONDS

ROUTE_NOT_FOUND = error("ROUTE_NOT_FOUND", "The requested resource could not be found")

_FORM = "application/x-www-form-urlencoded"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as it was called.

    Attributes:
        method: HTTP method.
        url: scheme, host as the client named it, path as it came, query.
        headers: by lower-case name.
        form: body, where it is a form; a JSON body is not signed.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    form: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who signed: a user through an app, or whoever holds the token of a pixel."""

    pixel: Pixel | None = None
    app: App | None = None
    user: User | None = None


class Nonces:
    """The nonces of late, so that a request that was recorded cannot be sent again."""

    def __init__(self) -> None:
        self._known: set[tuple[str, ...]] = set()
        self._arrivals: deque[tuple[float, tuple[str, ...]]] = deque()

    def is_first(self, key: tuple[str, ...], *, now: float) -> bool:
        """Whether `key` is new; it is known from here on."""
        while self._arrivals and self._arrivals[0][0] < now - _NONCE_SECONDS:
            self._known.discard(self._arrivals.popleft()[1])
        if key in self._known:
            return False
        self._known.add(key)
        self._arrivals.append((now, key))
        return True


def call_of(request: Request, body: bytes) -> Call:
    """The request as it was called, with the body it came with."""
    scope = request.scope
    path = f"{request.headers.get('host', '')}{scope['raw_path'].decode('ascii')}"
    query = scope["query_string"].decode("latin-1")
    is_form = request.headers.get("content-type", "").startswith(_FORM)
    return Call(
        method=request.method,
        url=f"{scope['scheme']}://{path}{'?' if query else ''}{query}",
        headers=dict(request.headers),
        form=body.decode("latin-1") if is_form else "",
    )


def authenticated(call: Call, *, world: World, nonces: Nonces, now: float) -> Caller:
    """The caller behind a request.

    Raises:
        RefusedError: 401, for whatever reason; X does not say which.
    """
    token = call.headers.get("x-pixel-token")
    caller = (
        _pixel_holder(token, world)
        if token is not None
        else _signer(call, world=world, nonces=nonces, now=now)
    )
    if caller is None:
        raise _not_authenticated()
    return caller


def admitted(caller: Caller, pixel_id: str, *, world: World) -> Pixel:
    """The pixel the caller may send conversions to.

    Raises:
        RefusedError: 401, 403 or 404.
    """
    if caller.app is not None and not caller.app.approved:
        raise _app_without_access(caller.app)
    pixel = world.pixels.get(pixel_id)
    if pixel is None:
        raise RefusedError(refusal(404, [ROUTE_NOT_FOUND]))
    if caller.pixel is not None and caller.pixel.id != pixel_id:
        raise _not_authenticated()  # a token is good for its own pixel only
    if caller.user is not None:
        _check_role(caller.user, pixel.account_id)
    return pixel


def signature_matches(call: Call, *, consumer_secret: str, token_secret: str) -> bool:
    """Whether the call's OAuth 1.0a signature (HMAC-SHA1) is the one these secrets give.

    The signature is computed anew from the method, the URL with its host as called, the query,
    the form and the header's own parameters. False, too, for a header of another form.
    """
    header = {"Authorization": call.headers.get("authorization", "")}
    try:
        parameters = signature.collect_parameters(
            uri_query=urlsplit(call.url).query,
            body=call.form,
            headers=header,
            exclude_oauth_signature=False,
        )
        # what oauthlib reads of a request; its own class would parse the body once more
        request: Any = SimpleNamespace(
            uri=call.url,
            http_method=call.method,
            params=[pair for pair in parameters if pair[0] != "oauth_signature"],
            signature=dict(parameters).get("oauth_signature", ""),
        )
        return signature.verify_hmac_sha1(request, consumer_secret, token_secret)
    except ValueError:
        return False


def _pixel_holder(token: str, world: World) -> Caller | None:
    for pixel in world.pixels.values():
        if compare_digest(pixel.token.encode(), token.encode()):
            return Caller(pixel=pixel)
    return None


def _signer(call: Call, *, world: World, nonces: Nonces, now: float) -> Caller | None:
    oauth = _oauth_parameters(call.headers.get("authorization", ""))
    grant = world.grants.get(oauth.get("oauth_token", ""))
    if grant is None or not _is_current(oauth, grant, now=now):
        return None
    app = world.apps[grant.consumer_key]
    if not signature_matches(
        call,
        consumer_secret=app.consumer_secret,
        token_secret=grant.token_secret,
    ):
        return None
    # asked last: a nonce that came with a wrong signature says nothing
    used = (grant.token, oauth["oauth_timestamp"], oauth["oauth_nonce"])
    if not nonces.is_first(used, now=now):
        return None
    return Caller(app=app, user=world.users[grant.user_id])


def _oauth_parameters(header: str) -> Mapping[str, str]:
    try:
        pairs = utils.parse_authorization_header(header)
    except ValueError:
        return {}
    return {key: utils.unescape(value) for key, value in pairs}


def _is_current(oauth: Mapping[str, str], grant: Grant, *, now: float) -> bool:
    return (
        oauth.get("oauth_consumer_key") == grant.consumer_key
        and oauth.get("oauth_signature_method") == "HMAC-SHA1"
        and oauth.get("oauth_version", "1.0") == "1.0"
        and bool(oauth.get("oauth_nonce"))
        and _is_recent(oauth.get("oauth_timestamp", ""), now)
    )


def _is_recent(timestamp: str, now: float) -> bool:
    return bool(_TIMESTAMP.fullmatch(timestamp)) and abs(int(timestamp) - now) <= MAX_SKEW_SECONDS


def _check_role(user: User, account_id: str) -> None:
    role = user.roles.get(account_id)
    if role in SENDING_ROLES:
        return
    if role is None:
        message = (
            f"User {user.id} does not have access to account {account_id}. Check the user's access."
        )
        raise RefusedError(refusal(404, [error("NOT_FOUND", message)]))
    message = f"User {user.id} is not allowed to do this with account {account_id}"
    entry = error("ACTION_NOT_ALLOWED", message)
    raise RefusedError(refusal(403, [entry], account_id=account_id))


def _app_without_access(app: App) -> RefusedError:
    message = (
        f"The client application with id {app.id} making this request does not have access to "
        "X Ads API. Ensure your application has advertiser-api access."
    )
    return RefusedError(refusal(403, [error("UNAUTHORIZED_CLIENT_APPLICATION", message)]))


def _not_authenticated() -> RefusedError:
    entry = error("UNAUTHORIZED_ACCESS", "This request is not properly authenticated")
    return RefusedError(refusal(401, [entry]))
