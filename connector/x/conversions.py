"""`POST /12/measurement/conversions/{pixel_id}`: the request, its two signers, and its answers."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.http import Answer, Request
from connector.x.calling import Consumer, signature

LARGEST_BATCH = 500
_PATH = "/12/measurement/conversions/"
# What a header can carry; X's own tokens are plain words.
_TOKEN = re.compile(r"[!-~]+")
_DEBUG_ID = re.compile(r"[0-9A-Za-z-]{1,40}")


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """How requests are signed: a token for each pixel (`""` for any), or the OAuth 1.0a secrets.

    `oauth1` is consumer key, consumer secret, token and token secret.
    """

    pixel_tokens: Mapping[str, str] | None = field(repr=False, default=None)
    oauth1: tuple[str, str, str, str] | None = field(repr=False, default=None)


@dataclass(frozen=True, kw_only=True)
class ApiError:
    """One entry of X's `errors`; `message` and `value` may hold a hash, and are never kept."""

    code: str
    parameter: str
    message: str = field(repr=False)
    value: str = field(repr=False, default="")


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """The body of an answer: what was processed, or what is wrong."""

    processed: int | None = None
    debug_id: str | None = None
    errors: tuple[ApiError, ...] = ()


def request(
    *, base_url: str, pixel_id: str, conversions: bytes | memoryview, credentials: Credentials
) -> Request | None:
    """The request for conversions, JSON with commas between; None without a token for the pixel.

    One request is signed once: make another for another try.
    """
    url = f"{base_url}{_PATH}{pixel_id}"
    if credentials.oauth1 is not None:
        key, secret, token, token_secret = credentials.oauth1
        headers = signature(
            Consumer(key=key, secret=secret), "POST", url,
            resource_owner_key=token, resource_owner_secret=token_secret,
        )  # fmt: skip
    else:
        tokens = credentials.pixel_tokens or {}
        token = tokens.get(pixel_id) or tokens.get("") or ""
        if not _TOKEN.fullmatch(token):
            return None
        headers = {"X-Pixel-Token": token}
    body = b"".join((b'{"conversions":[', conversions, b"]}"))
    return Request(url=url, body=body, headers=headers)


def parse(answer: Answer) -> Parsed:
    """What an answer's body says; an empty `Parsed` for one that is not X's JSON."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return Parsed()
    if not isinstance(body, dict):
        return Parsed()
    data = body.get("data")
    data = data if isinstance(data, dict) else {}
    processed, debug_id = data.get("conversions_processed"), data.get("debug_id")
    errors = body.get("errors") or []
    return Parsed(
        processed=processed if type(processed) is int else None,
        debug_id=debug_id if isinstance(debug_id, str) and _DEBUG_ID.fullmatch(debug_id) else None,
        errors=tuple(map(_error, errors if isinstance(errors, list) else [errors])),
    )


def _error(entry: object) -> ApiError:
    fields = entry if isinstance(entry, dict) else {}
    return ApiError(
        code=str(fields.get("code") or "UNKNOWN"),
        **{name: str(fields.get(name) or "") for name in ("parameter", "message", "value")},
    )
