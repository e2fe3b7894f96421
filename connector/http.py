"""One HTTP session: no redirects, no .netrc, https or loopback, and answers as plain values.

It is libcurl's, which needs a fifth of the processor time that clients in Python need, and holds
Python's lock for none of it while it waits, sends and reads.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from time import monotonic
from typing import IO, Literal
from urllib.parse import urlsplit

import certifi
import pycurl

from connector import __version__

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
LARGEST_ANSWER = 4_000_000
_SENT_AT_ONCE = 262_144
OK = 200
Method = Literal["GET", "POST", "PUT", "DELETE"]
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


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

    The time limits are in seconds: until a connection is made, and while nothing is sent or read.
    """

    def __init__(self, *, connect: float = CONNECT_SECONDS, read: float = READ_SECONDS) -> None:
        self._connect_ms = int(connect * 1000)
        self._read = read
        self._certificates = certifi.where()
        # Each has its connection, which the next request finds again.
        self._free: deque[pycurl.Curl] = deque()

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send once and read the answer; never follows a redirect and never raises for one.

        Raises:
            ValueError: the request would cross a network in the clear.
        """
        return self._send(_Exchange(request=request, patience=self._read))

    post = send

    def fetch(self, request: Request, into: IO[bytes], *, largest: int) -> Answer | NoAnswer:
        """Send once; what a 200 holds goes into a file, unpacked, up to so many bytes.

        Raises:
            OSError: the file takes no more.
            ValueError: the request would cross a network in the clear.
        """
        file = _File(into=into, largest=largest)
        return self._send(_Exchange(request=request, patience=self._read, file=file))

    def _send(self, exchange: "_Exchange") -> Answer | NoAnswer:
        refuse_plain_http(exchange.request.url)
        handle = self._handle()
        try:
            self._set(handle, exchange)
            handle.perform()
        except (pycurl.error, ValueError) as error:  # the latter for what no request can hold
            if exchange.failure is not None:
                raise exchange.failure from None
            why = exchange.why or _why(error.args[0], handle)
            return NoAnswer(left=exchange.begun, why=why)
        handle.reset()  # it forgets the request, and keeps the connection
        self._free.append(handle)
        return exchange.answer()

    def _handle(self) -> pycurl.Curl:
        try:
            return self._free.pop()
        except IndexError:
            return pycurl.Curl()

    def _set(self, handle: pycurl.Curl, exchange: "_Exchange") -> None:
        request = exchange.request
        options = {
            pycurl.URL: request.url,
            pycurl.PATH_AS_IS: True,
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.HTTPHEADER: _headers(request),
            pycurl.ACCEPT_ENCODING: "gzip, deflate",
            pycurl.PROXY: "",  # nor one of the environment
            pycurl.CAINFO: self._certificates,
            pycurl.CONNECTTIMEOUT_MS: self._connect_ms,
            pycurl.NOSIGNAL: True,
            pycurl.NOPROGRESS: False,
            pycurl.XFERINFOFUNCTION: exchange.progress,
            pycurl.PREREQFUNCTION: exchange.begin,
            pycurl.HEADERFUNCTION: exchange.head,
            pycurl.WRITEFUNCTION: exchange.write,
        }
        if request.method != "GET":
            options |= {
                pycurl.CUSTOMREQUEST: request.method,
                pycurl.POSTFIELDS: request.body,
                pycurl.UPLOAD_BUFFERSIZE: _SENT_AT_ONCE,
            }
        for option, value in options.items():
            handle.setopt(option, value)

    def close(self) -> None:
        """Close the connections."""
        while self._free:
            self._free.pop().close()


_UNSAFE = re.compile("[\\r\\n\\0]")


def _headers(request: Request) -> list[bytes]:
    """The lines of a request's headers.

    Raises:
        ValueError: one of them cannot be a header.
    """
    headers = {**request.headers, "Accept": "*/*", "User-Agent": f"ads-connector/{__version__}"}
    if request.method != "GET":
        headers["Content-Type"] = request.content_type
        headers["Expect"] = ""  # an empty one is left out: nobody is asked whether a body may come
    lines = [f"{name}: {value}" for name, value in headers.items()]
    if any(map(_UNSAFE.search, lines)):
        raise ValueError("a header has a line break")
    return [line.encode("latin-1") for line in lines]


@dataclass(frozen=True, kw_only=True)
class _File:
    """Where the body of a success goes, and how much of it at most."""

    into: IO[bytes]
    largest: int


@dataclass(kw_only=True)
class _Exchange:
    """A request and what has come of it; libcurl calls its methods on the way.

    `patience` is in seconds. `begun` says whether it may have reached the platform, `why` what the
    methods ended it for, `failure` that the file took no more.
    """

    request: Request
    patience: float
    file: _File | None = None
    begun: bool = False
    why: str = ""
    failure: OSError | None = None
    _status: int = 0
    _headers: dict[str, str] = field(default_factory=dict)
    _parts: list[bytes] = field(default_factory=list)
    _size: int = 0
    _moved: tuple[int, ...] = ()
    _moved_at: float = 0.0

    def begin(self, *_addresses: object) -> int:
        """Called when a connection is made and its TLS handshake is done, before all else leaves.

        libcurl tries again by itself where a connection that it used before turns out to be closed,
        which the platform may have done after it read the request.
        """
        if self.begun:
            return self._end("the connection failed", pycurl.PREREQFUNC_ABORT)
        if self.request.body and not self.request.in_time():
            return self._end("too late to leave", pycurl.PREREQFUNC_ABORT)
        self.begun = True
        return int(pycurl.PREREQFUNC_OK)

    def progress(self, *moved: int) -> int:
        """Called at least once a second, with the bytes that came and went."""
        now = monotonic()
        if not self.begun or moved != self._moved:
            self._moved, self._moved_at = moved, now
        elif now - self._moved_at > self.patience:
            return self._end("no answer in time", 1)
        return 0

    def head(self, line: bytes) -> None:
        """Called with each line of the answer's head; of several heads the last one counts."""
        name, colon, value = line.decode("latin-1").partition(":")
        if line.startswith(b"HTTP/"):
            self._status = int(line.split()[1])
            self._headers.clear()
        elif colon:
            key, known = name.strip().lower(), self._headers
            known[key] = f"{known[key]}, {value.strip()}" if key in known else value.strip()

    def write(self, part: bytes) -> int | None:
        """Called with each part of the answer's body, unpacked."""
        self._size += len(part)
        if self.file is not None and self._status == OK:
            return self._keep(part, self.file)
        if self._size > LARGEST_ANSWER:
            return self._end("the answer is too large", -1)
        self._parts.append(part)
        return None

    def _keep(self, part: bytes, file: _File) -> int | None:
        try:
            file.into.write(part)
        except OSError as error:  # libcurl would print it and go on without
            self.failure = error
            return -1
        return None if self._size <= file.largest else self._end("the file is too large", -1)

    def _end(self, why: str, code: int) -> int:
        self.why = why
        return code

    def answer(self) -> Answer:
        """What came back."""
        return Answer(status=self._status, headers=self._headers, body=b"".join(self._parts))


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


def _why(code: object, handle: pycurl.Curl) -> str:
    if code != pycurl.E_PEER_FAILED_VERIFICATION:
        return _WORDS.get(code, "the request failed")
    is_of_another = handle.getinfo(pycurl.SSL_VERIFYRESULT) in _MISMATCHES
    why = "of another address" if is_of_another else "not one that certifi trusts"
    return f"{_INSECURE}: the certificate is {why}"


# OpenSSL's: no error, one of libcurl's own, and a name or an address that is not in it.
_MISMATCHES = frozenset({0, 1, 62, 64})
_INSECURE, _BROKEN = "no secure connection", "the connection failed"
_WORDS: dict[object, str] = {
    pycurl.E_COULDNT_RESOLVE_HOST: "the name was not found",
    pycurl.E_COULDNT_CONNECT: "the connection was refused",
    pycurl.E_OPERATION_TIMEDOUT: "no connection in time",
    pycurl.E_SSL_CONNECT_ERROR: _INSECURE,
    pycurl.E_GOT_NOTHING: _BROKEN,
    pycurl.E_SEND_ERROR: _BROKEN,
    pycurl.E_RECV_ERROR: _BROKEN,
    pycurl.E_PARTIAL_FILE: "the answer broke off",
}
