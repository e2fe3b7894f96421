"""One clock for every process of a round, which can be put ahead."""

import fcntl
import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path


class Clock:
    """The machine's clock plus seconds kept in a file; it never goes back."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def ahead(self) -> float:
        kept = os.pread(self._descriptor, 8, 0)
        seconds: float = struct.unpack("d", kept)[0] if kept else 0.0
        return seconds

    def time(self) -> float:
        return time.time() + self.ahead()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def skip(self, seconds: float) -> None:
        """Put it ahead; processes that do so at once wait for one another."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        os.pwrite(self._descriptor, struct.pack("d", self.ahead() + seconds), 0)
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def pause(self, seconds: float) -> None:
        """Wait as a sync does: the clock goes on at once, the machine hardly."""
        time.sleep(min(seconds, 0.005))
        self.skip(seconds)
