"""A server on this machine's loopback interface that takes one answer from a browser."""

import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from urllib.parse import parse_qsl, urlsplit

from connector.connecting.attempt import TOLD, Expected, Outcome, said
from connector.errors import ConfigurationError, UnreachableError
from connector.waking import woken

HOST = "127.0.0.1"
DEFAULT_PORT = 8765
PATH = "/callback"
_STYLE = (
    ":root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;"
    "margin:3rem auto;padding:0 1rem;overflow-wrap:anywhere}"
)
# The page loads nothing, runs nothing, sends nothing, and takes this style and no other.
_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    f" style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"
)
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Connection": "close",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body><main><h1>{title}</h1><p>{text}</p></main></body>
</html>
"""

Judge = Callable[[Mapping[str, str]], Outcome]


@dataclass(frozen=True, kw_only=True)
class Came:
    """What a browser brought."""

    outcome: Outcome
    answer: Mapping[str, str] = field(repr=False)


@dataclass(kw_only=True)
class Listener:
    """A port that is listened on; answers before `wait` are not taken."""

    address: str
    host: str
    expected: Expected | None = None
    judge: Judge | None = None
    came: Came | None = None
    done: "SimpleQueue[None]" = field(default_factory=SimpleQueue)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def expect(self, expected: Expected, judge: Judge) -> None:
        """Say what is waited for, before the browser is sent away."""
        self.expected, self.judge = expected, judge

    def wait(self, seconds: float) -> Came:
        """The one answer.

        Raises:
            UnreachableError: none came in time.
        """
        if not woken(self.done, seconds) or self.came is None:
            raise UnreachableError(
                f"no answer came back to {self.address} within {seconds:,.0f} s; allow it in the"
                " browser sooner, or where that browser is on another machine, use --paste-url"
            )
        return self.came

    def take(self, answer: Mapping[str, str]) -> Came | None:
        """The first answer and what it is worth, None for all that follow."""
        with self._lock:
            if self.came is not None or self.judge is None:
                return None
            self.came = Came(outcome=self.judge(answer), answer=answer)
            return self.came


@contextmanager
def listening(port: int) -> Iterator[Listener]:
    """Listen on a port of 127.0.0.1 for as long as the block lasts.

    Raises:
        ConfigurationError: the port is taken, or not allowed.
    """
    host = f"{HOST}:{port}"
    listener = Listener(address=address_of(port), host=host)
    try:
        server = _server(port, listener)
    except OSError as error:
        raise ConfigurationError(
            f"port {port} of {HOST} cannot be listened on: {error.strerror}; end what uses it, or"
            " say another with --port that is registered at the app, or use --paste-url"
        ) from None
    # A stop is noticed as often as it is looked for.
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def address_of(port: int) -> str:
    """Where a platform sends the browser: word for word what is registered at the app."""
    return f"http://{HOST}:{port}{PATH}"


def _server(port: int, listener: Listener) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        """A browser may open connections that it never uses: each has a thread and ten seconds."""

        timeout = 10

        def do_GET(self) -> None:
            status, title, text, ends = _page(
                listener, self.headers.get_all("Host") or [], self.path
            )
            page = _PAGE.format(title=escape(title), text=escape(text), style=_STYLE).encode()
            try:
                self.send_response(status)
                for name, value in {**_HEADERS, "Content-Length": str(len(page))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(page)
            finally:
                if ends:
                    listener.done.put(None)

        def version_string(self) -> str:
            return "connector"

        def log_message(self, *_: object) -> None:
            """Say nothing: what is logged holds the code."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            """Say nothing of a browser that left: a traceback would hold the code."""

    return Server((HOST, port), Handler)


def _page(listener: Listener, hosts: list[str], target: str) -> tuple[int, str, str, bool]:
    """Status, title and text of an answer's page, and whether it ends the waiting."""
    if hosts != [listener.host]:
        return 421, "Not here", "This address is for one browser on this machine.", False
    parts = urlsplit(target)
    if parts.path != PATH:
        return 404, "Not here", "There is nothing at this address.", False
    answer = dict(reversed(parse_qsl(parts.query, keep_blank_values=True)))
    came, expected = listener.take(answer), listener.expected
    if came is None or expected is None:
        return 410, TOLD["spent"].title, TOLD["spent"].page, False
    words = {"platform": expected.platform, "said": said(expected, answer)}
    told = TOLD[came.outcome]
    status = 200 if came.outcome == "granted" else 400
    return status, told.title.format(**words), told.page.format(**words), True
