"""One sync of a mapping and target at a time, by a lock that dies with its process."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.errors import AlreadyRunningError
from connector.state.database import translated

_PAUSE_SECONDS = 0.5


@contextmanager
def sync_lock(
    state: Path, *, mapping: str, target: str, wait: bool, sleep: Callable[[float], None],
    stopping: Callable[[], bool] = lambda: False,
) -> Iterator[None]:  # fmt: skip
    """Hold the lock file of a mapping and target beside the state.

    Raises:
        AlreadyRunningError: another process holds it, and `wait` is false or the user stops.
        UnreachableError: the file cannot be used.
    """
    name = hashlib.sha256(f"{mapping}\n{target}".encode()).hexdigest()[:16]
    with translated(state):
        descriptor = os.open(f"{state}.lock-{name}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _is_taken(descriptor, state):
            if not wait or stopping():
                raise AlreadyRunningError(
                    f"{mapping}: another sync to {target} is running{_holder(descriptor)}"
                )
            sleep(_PAUSE_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int, state: Path) -> bool:
    with translated(state):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return True


def _holder(descriptor: int) -> str:
    process = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
    return f" (process {process})" if process else ""
