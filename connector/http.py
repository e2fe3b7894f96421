"""One HTTP session: no redirects, no .netrc, https or loopback, and answers as plain values."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from connector import __version__

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
LARGEST_ANSWER = 4_000_000


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back: the status, the headers by lower-case name, and the body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class NoAnswer:
    """Nothing came back; `left` says whether the request may have reached the platform.

    `why` is a word or two for people; it holds nothing of the request.
    """

    left: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class Request:
    """A POST with a JSON body."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    auth: AuthBase | None = field(repr=False, default=None)


class Session:
    """Connections to one platform, for any number of threads.

    The time limits are in seconds.
    """

    def __init__(
        self, *, threads: int, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS
    ) -> None:
        self._timeout = (connect, read)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers["User-Agent"] = f"ads-connector/{__version__}"
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=threads, max_retries=0)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def post(self, request: Request) -> Answer | NoAnswer:
        """Send once and read the answer; never follows a redirect and never raises for one.

        Raises:
            ValueError: the request would cross a network in the clear.
        """
        refuse_plain_http(request.url)
        body = _Body(request.body)
        try:
            with self._session.post(
                request.url,
                data=body,
                headers={**request.headers, "Content-Type": "application/json"},
                auth=request.auth,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                return _read(response)
        except requests.exceptions.RequestException as error:
            # Refused and reset are one class in requests, so the body tells them apart.
            return NoAnswer(left=body.begun, why=_why(error))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class _Body(io.BytesIO):
    """A body that knows whether any of it was asked for, so whether it can have been processed.

    Nothing asks before a connection is made, its TLS handshake is done and the headers are sent.
    """

    begun = False

    def read(self, size: int | None = -1, /) -> bytes:
        self.begun = True
        return super().read(size)


def refuse_plain_http(url: str) -> None:
    """Let https pass, and http to this machine.

    Raises:
        ValueError: the request would cross a network in the clear.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return
    raise ValueError("only https, or http on this machine, is ever used")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _read(response: requests.Response) -> Answer | NoAnswer:
    body = b""
    for piece in response.iter_content(65_536):
        body += piece
        if len(body) > LARGEST_ANSWER:
            return NoAnswer(left=True, why="the answer is too large")
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, headers=headers, body=body)


# The first that fits; what urllib3 gives as the reason comes before requests' own classes.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (urllib3.exceptions.NameResolutionError, "the name was not found"),
    (urllib3.exceptions.NewConnectionError, "the connection was refused"),
    (urllib3.exceptions.ConnectTimeoutError, "no connection in time"),
    (requests.exceptions.ReadTimeout, "no answer in time"),
    (requests.exceptions.SSLError, "no secure connection"),
    (requests.exceptions.ChunkedEncodingError, "the answer broke off"),
    (requests.exceptions.ConnectionError, "the connection failed"),
)


def _why(error: requests.exceptions.RequestException) -> str:
    first = error.args[0] if error.args else None
    causes = (getattr(first, "reason", first), error)
    found = (word for kind, word in _WORDS for cause in causes if isinstance(cause, kind))
    return next(found, "the request failed")
