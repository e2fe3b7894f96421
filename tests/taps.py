"""Stands between a client and the platforms: hears every secret that crosses, and may spoil it."""

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# By name, wherever it stands: in a query, a form, a JSON object or a header of OAuth 1.0a.
SECRET_NAMES = frozenset({
    "oauth_token_secret", "oauth_verifier", "oauth_signature", "oauth_consumer_key",
    "access_token", "refresh_token", "token", "code", "code_verifier", "client_secret",
    "auth_code", "secret",
})  # fmt: skip
_HEADERS = ("authorization", "access-token", "x-pixel-token")


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A request and its answer."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer: bytes
    location: str
    kind: str

    @property
    def path(self) -> str:
        """The path that was called."""
        return urlsplit(self.target).path

    def everything(self) -> bytes:
        """All of it, as a text that holds each secret in the clear."""
        return repr(self).encode()

    def secrets(self) -> Iterator[tuple[str, str]]:
        """The secrets of request and answer, by name."""
        for name in _HEADERS:
            value = self.headers.get(name, "")
            if value.startswith("OAuth "):
                yield from _named(_quoted(value.removeprefix("OAuth ")))
            elif value:
                yield name.replace("-", "_"), value.rpartition(" ")[2]
        for text in (urlsplit(self.target).query, urlsplit(self.location).query):
            yield from _named(parse_qsl(text))
        for content in (self.body, self.answer):
            yield from _named(_pairs(content))
        if self.path.endswith(("request_token", "oauth/access_token")):
            # Of a request token the person sees the public half; that of an access token is one.
            found = dict(parse_qsl(self.answer.decode()))
            if "user_id" in found:
                yield "oauth_token", found["oauth_token"]
        if pin := re.search(rb"<code>(\d+)</code>", self.answer):
            yield "oauth_verifier", pin[1].decode()


def _quoted(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split(", "):
        name, _, value = part.partition("=")
        yield name, value.strip('"')


def _pairs(content: bytes) -> Iterator[tuple[str, str]]:
    text = content.decode("utf-8", "replace")
    try:
        yield from _walk(json.loads(text))
    except ValueError:
        yield from parse_qsl(text)


def _walk(value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    for key, each in value.items() if isinstance(value, dict) else ():
        if isinstance(each, str) and key != "code":  # which is an error's, in JSON
            yield key, each
        yield from _walk(each)


def _named(pairs: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in pairs if name in SECRET_NAMES and value)


Spoil = Callable[[Heard], tuple[int, bytes] | None]


@dataclass(kw_only=True)
class Tap:
    """Where it listens, what it heard, and what it answers instead of the platforms."""

    url: str
    to: str
    heard: list[Heard] = field(default_factory=list)
    spoil: Spoil = lambda _heard: None

    def take(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Heard:
        """Pass a request on; what came of it."""
        connection = http.client.HTTPConnection(urlsplit(self.to).netloc, timeout=30)
        try:
            # The host stays: a signature is of the host as called.
            connection.request(method, target, body=body or None, headers=dict(headers))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        heard = Heard(
            method=method, target=target, headers=headers, body=body, status=answer.status,
            answer=content, location=answer.headers.get("location", ""),
            kind=answer.headers.get("content-type", ""),
        )  # fmt: skip
        self.heard.append(heard)
        return heard

    def secrets(self) -> dict[str, str]:
        """Each secret that was heard, by itself, with the name that it had first."""
        found: dict[str, str] = {}
        for heard in self.heard:
            for name, value in heard.secrets():
                found.setdefault(value, name)
        return found


def echoing(*paths: str) -> Spoil:
    """Let calls fail with a page that repeats request and answer, secrets and all."""

    def spoil(heard: Heard) -> tuple[int, bytes] | None:
        if not heard.path.endswith(paths):
            return None
        told = heard.everything().decode()
        return 500, json.dumps(
            {"errors": [{"code": told, "message": told}], "error": told}
        ).encode()

    return spoil


@contextmanager
def tapped(to: str) -> Iterator[Tap]:
    """Listen on a port of its own and pass everything on, as long as the block lasts."""
    tap = Tap(url="", to=to)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = tap.take(self.command, self.path, headers, body)
            status, content = tap.spoil(heard) or (heard.status, heard.answer)
            self.send_response(status)
            if heard.location:
                self.send_header("Location", heard.location)
            self.send_header("Content-Type", heard.kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    tap.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield tap
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
