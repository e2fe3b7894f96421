"""The other end of every sync here: it takes conversions and answers, as cheaply as Python can.

It reads Content-Length alone and counts conversions by a word of theirs. Bodies are kept up to a
bound, so that what arrived can be told once nothing is measured any more. It runs as a process of
its own, whose processor time is stated apart.
"""

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

KEPT_BYTES = 1_000_000_000
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
# What each conversion has once, in X's words and in those of Meta, and what its key is.
_X, _META = b'"conversion_time"', b'"event_time"'
_KEYS = {
    _X: re.compile(rb'"conversion_id": ?"([^"]*)"'),
    _META: re.compile(rb'"event_id": ?"([^"]*)"'),
}
_BEGINNING = 200  # bytes
_HEAD = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: {date}\r\n"
    "Content-Length: {length}\r\n\r\n"
)


@dataclass(frozen=True, kw_only=True)
class Received:
    """What arrived; `distinct` is None where there was too much to keep."""

    requests: int
    conversions: int
    distinct: int | None
    cpu_seconds: float


@dataclass(kw_only=True)
class _Server:
    lock: threading.Lock = field(default_factory=threading.Lock)
    bodies: list[tuple[bytes, bytearray]] = field(default_factory=list)
    held: int = 0
    requests: int = 0
    conversions: int = 0

    def answer(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            while (request := _request(connection)) is not None:
                head, body = request
                told = self.take(body) if head.startswith(b"POST") else self.told(head)
                written = json.dumps(told).encode()
                date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
                begin = _HEAD.format(length=len(written), date=date).encode()
                connection.sendall(begin + written)

    def take(self, body: bytearray) -> dict[str, object]:
        word = _X if _X in body[:_BEGINNING] else _META
        count = body.count(word)
        with self.lock:
            self.requests += 1
            self.conversions += count
            self.held += len(body)
            if self.held <= KEPT_BYTES:
                self.bodies.append((word, body))
        data = {"conversions_processed": count, "debug_id": "b51c0d7e"}
        return {"data": data, "events_received": count}

    def told(self, head: bytes) -> object:
        spent = time.process_time()
        if head.startswith(b"GET /bodies"):
            return [body.decode() for _, body in self.bodies]
        keys = {key for word, body in self.bodies for key in _KEYS[word].findall(body)}
        return {
            "requests": self.requests, "conversions": self.conversions, "cpu_seconds": spent,
            "distinct": len(keys) if self.held <= KEPT_BYTES else None,
        }  # fmt: skip


def _request(connection: socket.socket) -> tuple[bytes, bytearray] | None:
    """The head and the body of the next request; None when the client has gone."""
    begun = b""
    while b"\r\n\r\n" not in begun:
        piece = connection.recv(65_536)
        if not piece:
            return None
        begun += piece
    head, _, rest = begun.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    body = bytearray(int(found[1]) if found else 0)
    body[: len(rest)] = rest
    view = memoryview(body)[len(rest) :]
    while len(view):
        got = connection.recv_into(view, len(view), socket.MSG_WAITALL)
        if not got:
            return None
        view = view[got:]
    return head, body


@contextmanager
def answering() -> Iterator[str]:
    """A server in a process of its own; its address."""
    command = [sys.executable, "-I", __file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def received(address: str) -> Received:
    """What a server was sent so far."""
    return Received(**_asked(address, "/"))


def bodies(address: str) -> list[str]:
    """The body of each request so far."""
    found: list[str] = _asked(address, "/bodies")
    return found


def _asked(address: str, path: str) -> Any:  # noqa: ANN401 - JSON
    with closing(HTTPConnection(address.removeprefix("http://"))) as connection:
        connection.request("GET", path)
        return json.load(connection.getresponse())


def _serve() -> None:
    server = _Server()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)  # noqa: T201 - for the parent
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=server.answer, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    _serve()
