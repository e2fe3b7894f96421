"""Connections that can be cut without an answer, and that do not outlive the server."""

import asyncio
import socket
import struct
from collections.abc import MutableMapping
from typing import Any

from starlette.types import Receive, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

# what a request that is being answered still gets when the server is told to stop
_GRACE_SECONDS = 0.3

# SO_LINGER on, zero seconds: closing sends a reset instead of an orderly end
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection(H11Protocol):
    """Uvicorn's HTTP/1.1 connection, whose transport an application finds in `scope["state"]`.

    ASGI has no message that cuts a connection, so the application must reach the transport.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the transport; uvicorn copies this state into the scope of each request."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def shutdown(self) -> None:
        """End an idle connection at once and a busy one soon, whatever its request waits for."""
        super().shutdown()
        self.loop.call_later(_GRACE_SECONDS, self.transport.abort)


def is_open(scope: Scope) -> bool:
    """Whether what is written now still goes to a client."""
    return not _transport(scope).is_closing()


async def cut(scope: Scope, receive: Receive) -> None:
    """Reset the connection; nothing of an answer leaves."""
    transport = _transport(scope)
    transport.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET,
        socket.SO_LINGER,
        _RESET_ON_CLOSE,
    )
    transport.abort()
    # uvicorn takes an application that returns early for broken, until it knows of the end
    await _gone(receive)


async def is_waiting_after(receive: Receive, seconds: float) -> bool:
    """Let `seconds` pass; false as soon as the client has gone. The body must have been read."""
    if seconds <= 0:
        return True
    try:
        async with asyncio.timeout(seconds):
            await _gone(receive)
    except TimeoutError:
        return True
    return False


async def _gone(receive: Receive) -> None:
    message: MutableMapping[str, Any] = {"type": ""}
    while message["type"] != "http.disconnect":
        message = await receive()


def _transport(scope: Scope) -> asyncio.Transport:
    transport: asyncio.Transport = scope["state"]["transport"]
    return transport
