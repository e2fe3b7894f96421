"""An HTTP server that answers with whatever bytes a test wants, or with none."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Handle = Callable[[socket.socket], None]


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request as it came; headers by lower-case name."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class RawServer:
    """Where it listens, and what came."""

    url: str
    port: int
    received: list[Received] = field(default_factory=list)


def answering(text: str, body: bytes = b"") -> Handle:
    """Answer with a status line and headers (lines with \\n between) and a body."""
    lines = f"HTTP/1.1 {text}\nContent-Length: {len(body)}\nConnection: close"
    head = lines.replace("\n", "\r\n")

    def handle(connection: socket.socket) -> None:
        connection.sendall(head.encode() + b"\r\n\r\n" + body)

    return handle


def resetting(connection: socket.socket) -> None:
    """Cut the connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silent(connection: socket.socket) -> None:
    """Keep the connection until the client goes."""
    connection.recv(1)


@contextmanager
def serving(handle: Handle) -> Iterator[RawServer]:
    """Serve each request, one to a connection, until the end of `with`."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = RawServer(url=f"http://127.0.0.1:{port}", port=port)
    thread = threading.Thread(target=_serve, args=(listener, handle, server), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _serve(listener: socket.socket, handle: Handle, server: RawServer) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            request = _request(connection)
            if request is not None:
                server.received.append(request)
                try:
                    handle(connection)
                except OSError:
                    continue  # the client went first


def _request(connection: socket.socket) -> Received | None:
    with connection.makefile("rb") as stream:
        line = stream.readline().decode("latin-1").strip()
        headers: dict[str, str] = {}
        for raw in iter(stream.readline, b"\r\n"):
            if not raw:
                return None
            name, _, value = raw.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
    return Received(line=line, headers=headers, body=body)
