"""One sync of a mapping and target at a time: locks that die with their process."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from connector.errors import AlreadyRunningError
from connector.state.place import Place
from connector.state.sqlite import translated

_PAUSE_SECONDS = 0.5


def outlives(place: Place) -> bool:
    """Whether a process can lose a lock and live on: a server's goes with the connection."""
    return not isinstance(place, Path)


class Lock(Protocol):
    """A lock that one process of all may have."""

    def take(self) -> bool:
        """Whether it is this process's now."""

    def holder(self) -> str:
        """The process that has it, as far as that is known."""


@contextmanager
def sync_lock(
    place: Place, *, mapping: str, target: str, wait: bool, sleep: Callable[[float], None],
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[None]:  # fmt: skip
    """Hold the lock of a mapping and target: a file beside the state, or the server's.

    Raises:
        AlreadyRunningError: another process holds it, and `wait` is false or the user stops.
        UnreachableError: it cannot be asked for.
    """
    with named_lock(place, f"{mapping}\n{target}") as lock:
        while not lock.take():
            if not wait or stopping():
                holder = lock.holder()
                told = f" ({holder})" if holder else ""
                raise AlreadyRunningError(f"{mapping}: another sync to {target} is running{told}")
            sleep(_PAUSE_SECONDS)
        yield


def named_lock(place: Place, name: str) -> AbstractContextManager[Lock]:
    """A lock of any name that belongs to a state; nobody has it yet.

    Raises:
        UnreachableError: it cannot be asked for.
    """
    if isinstance(place, Path):
        return _file_lock(place, name)
    from connector.state import postgresql  # noqa: PLC0415 - loaded by who needs it

    return postgresql.lock(place, name)


class FileLock:
    """A lock of the kernel on a file beside the state."""

    def __init__(self, descriptor: int, state: Path) -> None:
        self._descriptor = descriptor
        self._state = state

    def take(self) -> bool:
        """Whether it is this process's now."""
        with translated(self._state):
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)
        return True

    def holder(self) -> str:
        """The process that has it, as far as that is known."""
        process = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
        return f"process {process}" if process else ""


@contextmanager
def _file_lock(state: Path, name: str) -> Iterator[FileLock]:
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    with translated(state):
        descriptor = os.open(f"{state}.lock-{digest}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield FileLock(descriptor, state)
    finally:
        os.close(descriptor)
