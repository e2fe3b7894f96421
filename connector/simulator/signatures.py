"""OAuth 1.0a signatures: a call as it was made, and whether it is whose it says it is."""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from oauthlib.oauth1.rfc5849 import signature
from starlette.requests import Request

MAX_SKEW_SECONDS = 5 * 60

# A timestamp may lie as far ahead as behind, so a nonce must be known for twice that.
_NONCE_SECONDS = 2 * MAX_SKEW_SECONDS

FORM = "application/x-www-form-urlencoded"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")

# Consumer secret and token secret of the parameters; raises UnknownCallerError.
Secrets = Callable[[Mapping[str, str]], tuple[str, str]]


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


class UnknownCallerError(Exception):
    """Nobody known made this call; `reason` is a key of `authentication.GATEWAY`."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the caller is not known: {reason}")


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
    is_form = request.headers.get("content-type", "").startswith(FORM)
    return Call(
        method=request.method,
        url=f"{scope['scheme']}://{path}{'?' if query else ''}{query}",
        headers=dict(request.headers),
        form=body.decode("latin-1") if is_form else "",
    )


def verified(call: Call, *, secrets: Secrets, nonces: Nonces, now: float) -> Mapping[str, str]:
    """The `oauth_…` parameters of a call that is signed with the secrets they call for.

    Raises:
        UnknownCallerError: anything is wrong with it.
    """
    oauth = oauth_parameters(call)
    if not _is_whole(oauth):
        raise UnknownCallerError("credentials")
    consumer_secret, token_secret = secrets(oauth)
    if abs(int(oauth["oauth_timestamp"]) - now) > MAX_SKEW_SECONDS:
        raise UnknownCallerError("timestamp")
    if not signature_matches(call, consumer_secret=consumer_secret, token_secret=token_secret):
        raise UnknownCallerError("signature")
    # asked last: a nonce that came with a wrong signature says nothing
    names = ("oauth_consumer_key", "oauth_token", "oauth_timestamp", "oauth_nonce")
    if not nonces.is_first(tuple(oauth.get(name, "") for name in names), now=now):
        raise UnknownCallerError("signature")
    return oauth


def oauth_parameters(call: Call) -> Mapping[str, str]:
    """The `oauth_…` parameters of header, query and form; none where the header is of another form.

    X takes them from any of the three, and clients make use of that.
    """
    try:
        return {key: value for key, value in _collected(call) if key.startswith("oauth_")}
    except ValueError:
        return {}


def signature_matches(call: Call, *, consumer_secret: str, token_secret: str) -> bool:
    """Whether the call's OAuth 1.0a signature (HMAC-SHA1) is the one these secrets give.

    The signature is computed anew from the method, the URL with its host as called, the query,
    the form and the header's own parameters. False, too, for a header of another form.
    """
    try:
        parameters = _collected(call)
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


def _collected(call: Call) -> list[tuple[str, str]]:
    header = call.headers.get("authorization")
    return signature.collect_parameters(
        uri_query=urlsplit(call.url).query,
        body=call.form,
        headers={} if header is None else {"Authorization": header},
        exclude_oauth_signature=False,
    )


def _is_whole(oauth: Mapping[str, str]) -> bool:
    return (
        all(oauth.get(name) for name in ("oauth_consumer_key", "oauth_nonce", "oauth_signature"))
        and oauth.get("oauth_signature_method") == "HMAC-SHA1"
        and oauth.get("oauth_version", "1.0") == "1.0"
        and bool(_TIMESTAMP.fullmatch(oauth.get("oauth_timestamp", "")))
    )
