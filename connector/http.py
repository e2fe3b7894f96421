"""One HTTP session: no redirects, no .netrc, https or loopback, and answers as plain values.

It is urllib3's, which has no cookies, proxies of the environment or passwords of the home folder to
turn off, and spends half the processor time of requests on a request.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import IO, Literal
from urllib.parse import urlsplit

import certifi
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from connector import __version__

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
LARGEST_ANSWER = 4_000_000
_PART = 65_536
_BLOCK = 262_144
OK = 200
Method = Literal["GET", "POST", "PUT", "DELETE"]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"

# At the level DEBUG it writes down every URL, with what stands in its query.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


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
    """A request, a POST with a JSON body unless it says otherwise; the headers hold what signs it.

    A GET has no body, all others have one, which may be empty. The URL is not shown: TikTok wants a
    secret in it. `in_time` is asked right before the body leaves, which may be long after:
    connecting takes time, and processes sleep. A request whose body is empty is whole before that,
    so it is not asked.
    """

    url: str = field(repr=False)
    body: bytes = field(repr=False, default=b"")
    headers: Mapping[str, str] = field(repr=False)
    method: Method = "POST"
    content_type: str = JSON
    in_time: Callable[[], bool] = field(repr=False, default=lambda: True)


class Session:
    """Connections to one platform, for any number of threads.

    The time limits are in seconds.
    """

    def __init__(
        self, *, threads: int, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS
    ) -> None:
        self._pool = urllib3.PoolManager(
            num_pools=1,
            maxsize=threads,
            timeout=urllib3.Timeout(connect=connect, read=read),
            cert_reqs="CERT_REQUIRED",
            ca_certs=certifi.where(),
        )

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send once and read the answer; never follows a redirect and never raises for one.

        Raises:
            ValueError: the request would cross a network in the clear.
        """
        refuse_plain_http(request.url)
        body = _Body(request)
        has_body = request.method != "GET"
        try:
            with self._pool.urlopen(
                request.method,
                request.url,
                body=body if has_body else None,
                headers={**request.headers, **_HEADERS, **(_of_body(request) if has_body else {})},
                redirect=False,
                retries=False,
                preload_content=False,
            ) as response:
                return _read(response)
        except (HTTPError, ValueError) as error:  # http.client's refusal of a header is the latter
            # Refused and reset are one class at times, so the body tells them apart.
            return NoAnswer(left=body.begun, why=_why(error))

    post = send

    def fetch(self, request: Request, into: IO[bytes], *, largest: int) -> Answer | NoAnswer:
        """Send once; what a 200 holds goes into a file, unpacked, up to so many bytes.

        Raises:
            ValueError: the request would cross a network in the clear.
        """
        refuse_plain_http(request.url)
        try:
            with self._pool.urlopen(
                "GET",
                request.url,
                headers={**request.headers, **_HEADERS},
                redirect=False,
                retries=False,
                preload_content=False,
            ) as response:
                if response.status != OK:
                    return _read(response)
                return _fetched(response, into, largest)
        except (HTTPError, ValueError) as error:
            return NoAnswer(left=True, why=_why(error))

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


_HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"ads-connector/{__version__}",
}


def _of_body(request: Request) -> Mapping[str, str]:
    return {"Content-Type": request.content_type, "Content-Length": str(len(request.body))}


class _Body:
    """A body that knows whether any of it was asked for, so whether it can have been processed.

    Nothing asks before a connection is made, its TLS handshake is done and the headers are sent.
    It goes out whole, where a file would be read, and sent, in a dozen blocks; a large one, such as
    a piece of a video, in blocks that a slow line takes within the time limit of each.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self.begun = False

    def __iter__(self) -> Iterator[bytes]:
        if self._request.body and not self._request.in_time():
            raise _TooLateError
        self.begun = True
        body = self._request.body
        yield body[:_BLOCK]
        for start in range(_BLOCK, len(body), _BLOCK):
            yield body[start : start + _BLOCK]


class _TooLateError(HTTPError):
    """The request was not to leave any more."""


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


def _read(response: urllib3.BaseHTTPResponse) -> Answer | NoAnswer:
    try:
        body = response.read(LARGEST_ANSWER + 1)
    except ProtocolError:
        return NoAnswer(left=True, why="the answer broke off")
    if len(body) > LARGEST_ANSWER:
        return NoAnswer(left=True, why="the answer is too large")
    return Answer(status=response.status, headers=_headers(response), body=body)


def _fetched(
    response: urllib3.BaseHTTPResponse, into: IO[bytes], largest: int
) -> Answer | NoAnswer:
    for part in response.stream(_PART):
        into.write(part)
        if into.tell() > largest:
            return NoAnswer(left=True, why="the file is too large")
    return Answer(status=response.status, headers=_headers(response), body=b"")


def _headers(response: urllib3.BaseHTTPResponse) -> Mapping[str, str]:
    return {name.lower(): value for name, value in response.headers.items()}


# The first that fits.
_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (_TooLateError, "too late to leave"),
    (NameResolutionError, "the name was not found"),
    (NewConnectionError, "the connection was refused"),
    (ConnectTimeoutError, "no connection in time"),
    (ReadTimeoutError, "no answer in time"),
    (SSLError, "no secure connection"),
    (ProtocolError, "the connection failed"),
)


def _why(error: Exception) -> str:
    found = (word for kind, word in _WORDS if isinstance(error, kind))
    return next(found, "the request failed")
