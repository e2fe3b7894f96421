"""One clock for several processes that goes on only when all of them wait, to the next moment."""

import fcntl
import math
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

RUNNING, ENDED = 0.0, math.inf
_SIZE = struct.calcsize("d")


class VirtualClock:
    """Epoch seconds in a file, and for each process the moment that it waits for.

    `slot` is the process's own number from 0; whoever only looks has none.
    """

    def __init__(self, path: Path, *, slot: int | None = None) -> None:
        self._descriptor = os.open(path, os.O_RDWR)
        self._memory = mmap.mmap(self._descriptor, 0)
        self._slot = slot

    def time(self) -> float:
        return self._get(0)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def pause(self, seconds: float) -> None:
        """Wait until the clock says so."""
        wakes_at = self.time() + max(seconds, 0.001)
        with self._locked():
            self._put(wakes_at)
        while not self._is_over(wakes_at):
            time.sleep(0.0005)

    def end(self) -> None:
        """Others do not wait for this process any more."""
        with self._locked():
            self._put(ENDED)

    def _is_over(self, wakes_at: float) -> bool:
        with self._locked():
            waiting = [self._get(number) for number in range(1, len(self._memory) // _SIZE)]
            if RUNNING not in waiting:
                self._set(0, max(self.time(), min(waiting)))
            if self.time() < wakes_at:
                return False
            self._put(RUNNING)
            return True

    def _put(self, moment: float) -> None:
        assert self._slot is not None
        self._set(1 + self._slot, moment)

    def _get(self, number: int) -> float:
        [found] = struct.unpack_from("d", self._memory, number * _SIZE)
        return float(found)

    def _set(self, number: int, value: float) -> None:
        struct.pack_into("d", self._memory, number * _SIZE, value)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)


def make_clock(path: Path, *, processes: int, now: float) -> VirtualClock:
    """A clock that does not go before all these processes wait."""
    path.write_bytes(struct.pack(f"{1 + processes}d", now, *[RUNNING] * processes))
    return VirtualClock(path)
