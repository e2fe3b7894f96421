"""How X is called: signed by OAuth 1.0a or with a token of OAuth 2.0, and answered in JSON."""

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import quote, urlencode

from connector.http import Answer, NoAnswer, Request, Session
from connector.x.errors import refusal, unreadable

TRIES = 3
PAUSE_SECONDS = 1.0
_PASSING = frozenset({408, 423, 500, 502, 503, 504})


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


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line to X; `now` in epoch seconds, `pause` in seconds."""

    session: Session
    hosts: Hosts
    now: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep


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
    """An access token of OAuth 2.0."""

    token: str = field(repr=False)


Access = Signing | Bearer
Method = Literal["GET", "POST"]


def header(access: Access, method: Method, url: str) -> Mapping[str, str]:
    """What lets a request in; by OAuth 1.0a good for one request alone."""
    if isinstance(access, Bearer):
        return {"Authorization": f"Bearer {access.token}"}
    return signature(
        access.consumer, method, url,
        resource_owner_key=access.token, resource_owner_secret=access.token_secret,
    )  # fmt: skip


def signature(consumer: Consumer, method: Method, url: str, **parts: str) -> Mapping[str, str]:
    """The header of OAuth 1.0a; `parts` are those of oauthlib's client.

    Signs with the host as called and a fresh nonce each time; a JSON body is not signed.
    """
    from oauthlib.oauth1 import Client  # noqa: PLC0415 - other tokens do without it

    logging.getLogger("oauthlib").setLevel(logging.WARNING)  # it logs signatures and headers
    signer = Client(consumer.key, client_secret=consumer.secret, **parts)
    _, headers, _ = signer.sign(url, http_method=method)
    return {"Authorization": str(headers["Authorization"])}


def get(
    line: Line, access: Access, path: str, *, operation: str, query: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], Answer]:
    """The body of a read under `/12/`, and the whole answer; what passes by itself is tried again.

    Raises:
        ConnectorError: X does not give it; of the kind of who must act.
    """
    asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
    url = f"{line.hosts.ads}/12/{path}{asked}"
    for attempt in range(1, TRIES + 1):
        answer = line.session.send(
            Request(url=url, headers=header(access, "GET", url), method="GET")
        )
        passing = isinstance(answer, NoAnswer) or answer.status in _PASSING
        if not passing or attempt == TRIES:
            break
        line.pause(PAUSE_SECONDS * attempt)
    return read(line, f"GET {operation}", answer)


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
