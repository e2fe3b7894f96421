"""The simulator as a server on the loopback interface, in a thread or in the foreground."""

import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import SimpleQueue
from types import FrameType

import uvicorn

from connector.simulator.app import create_app
from connector.simulator.connections import Connection
from connector.simulator.founding import make_world
from connector.simulator.settings import Settings
from connector.simulator.simulation import Clock
from connector.simulator.world import World, describe

HOST = "127.0.0.1"

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_START_SECONDS = 10
_STOP_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a simulator listens, and the account it holds."""

    url: str
    port: int
    world: World

    def describe(self) -> dict[str, object]:
        """What a client needs, see `world.describe`."""
        return describe(self.world, self.url)


@contextmanager
def running(settings: Settings | None = None, *, clock: Clock = time.time) -> Iterator[Address]:
    """A simulator in a thread, on a free port whatever the settings say, for as long as `with`."""
    free = replace(settings or Settings(), port=0)
    with _served(free, clock=clock) as address:
        yield address


def serve(
    settings: Settings,
    *,
    announce: Callable[[dict[str, object]], None],
    clock: Clock = time.time,
) -> None:
    """Serve until SIGINT or SIGTERM, then return within a second. Main thread only.

    Args:
        settings: port and switches.
        announce: called once, with what `world.describe` gives, when clients can connect.
        clock: epoch seconds.

    Raises:
        OSError: the port is taken or not allowed; the text says which.
    """
    with _told_to_stop() as stop, _served(settings, clock=clock) as address:
        announce(address.describe())
        stop.get()


@contextmanager
def _served(settings: Settings, *, clock: Clock) -> Iterator[Address]:
    """Serve in a thread, also in the foreground: there uvicorn leaves the signals alone."""
    listener = _listener(settings.port)
    port = listener.getsockname()[1]
    server = _server(settings, clock)
    thread = threading.Thread(
        target=server.run,
        kwargs={"sockets": [listener]},
        name="simulator",
        daemon=True,
    )
    thread.start()
    try:
        _wait_until_started(server, thread)
        world = make_world(settings.seed, terms=settings.terms)
        yield Address(url=f"http://{HOST}:{port}", port=port, world=world)
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)


def _server(settings: Settings, clock: Clock) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(settings, clock=clock),
        loop="asyncio",
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        # uvicorn's Date is the machine's: it would contradict moments of another clock
        date_header=clock is time.time and not settings.clock_skew_seconds,
        # a connection that is closed for idleness just as it is used again is no fault asked for
        timeout_keep_alive=600,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _listener(port: int) -> socket.socket:
    # TCP by name: asyncio turns Nagle's delay off only for sockets that say so, and with the delay
    # each answer, which is written in two parts, takes 40 ms
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # a port whose last connections are still fading can be used again, a served one cannot
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as failure:
        listener.close()
        reason = failure.strerror or str(failure)
        raise OSError(failure.errno, f"cannot listen on {HOST}:{port}: {reason}") from failure
    return listener


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the simulator did not start")
        time.sleep(0.005)


@contextmanager
def _told_to_stop() -> Iterator["SimpleQueue[int]"]:
    """What gets a number for each signal, which ends nothing else until the end of `with`.

    Not an event: its lock may be held by the wait that a signal interrupts.
    """
    stop: SimpleQueue[int] = SimpleQueue()

    def on_signal(number: int, _: FrameType | None) -> None:
        stop.put(number)

    before = {number: signal.signal(number, on_signal) for number in _STOP_SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
