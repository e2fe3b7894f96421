"""One sync of a mapping and target at a time, by a lock that dies with its process."""

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from connector.errors import AlreadyRunningError

_PAUSE_SECONDS = 0.5


@contextmanager
def sync_lock(
    state: Path, *, mapping: str, target: str, wait: bool, sleep: Callable[[float], None]
) -> Iterator[None]:
    """Hold the lock file of a mapping and target beside the state.

    Raises:
        AlreadyRunningError: another process holds it, and `wait` is false.
    """
    name = hashlib.sha256(f"{mapping}\n{target}".encode()).hexdigest()[:16]
    descriptor = os.open(f"{state}.lock-{name}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _taken(descriptor):
            if not wait:
                holder = os.pread(descriptor, 32, 0).decode().strip()
                process = f" (process {holder})" if holder else ""
                raise AlreadyRunningError(
                    f"{mapping}: another sync to {target} is running{process}"
                )
            sleep(_PAUSE_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
