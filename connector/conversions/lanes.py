"""Batches through several mappers at once, out in the order they came in."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from queue import SimpleQueue
from threading import Lock

import pyarrow as pa

from connector.conversions.mapper import Map, Mapper
from connector.x.conversions import LARGEST_BATCH

LANES = 2
# About what is mapped at once, by each lane. It becomes some three times as large, and DuckDB takes
# twice that while it writes; of much less the planning would take longer than the mapping.
BATCH_BYTES = 2_000_000


class _Lanes:
    """Mappers that are free; one more is opened when a batch finds none, up to `LANES`."""

    def __init__(self, mapper: Mapper, opened: ExitStack) -> None:
        self._another = mapper.another
        self._opened = opened
        self._left = LANES - 1
        self._lock = Lock()
        self._free: SimpleQueue[Map] = SimpleQueue()
        self._free.put(mapper.map)

    def map(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Map a batch by whichever mapper is free first."""
        run = self._next()
        try:
            return run(batch)
        finally:
            self._free.put(run)

    def _next(self) -> Map:
        with self._lock:
            if self._free.empty() and self._left:
                self._left -= 1
                return self._opened.enter_context(self._another())
        return self._free.get()


def portions(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of up to twice `BATCH_BYTES`, none of them empty.

    Where it can be they are whole requests, so that what is claimed later need not be put together
    from the end of one and the beginning of the next.
    """
    held: list[pa.RecordBatch] = []
    room = BATCH_BYTES
    for part in chain.from_iterable(map(_small, batches)):
        if held and part.nbytes > room:
            whole = pa.concat_batches(held)
            over = whole.num_rows % LARGEST_BATCH if whole.num_rows > LARGEST_BATCH else 0
            yield whole.slice(0, whole.num_rows - over)
            held = [whole.slice(whole.num_rows - over)] if over else []
            room = BATCH_BYTES - sum(rest.nbytes for rest in held)
        held.append(part)
        room -= part.nbytes
    if held:
        yield pa.concat_batches(held)


def _small(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    step = -(-batch.num_rows // (1 + batch.nbytes // (2 * BATCH_BYTES))) or 1
    return (batch.slice(start, step) for start in range(0, batch.num_rows, step))


def mapped(batches: Iterable[pa.RecordBatch], mapper: Mapper) -> Generator[pa.RecordBatch]:
    """The mapped batches, each as soon as all before it are done.

    At most one batch waits for each that is being mapped. An error comes where its batch would
    have; when the caller ends early, what is being mapped is waited for and what waits is dropped.
    """
    waiting: deque[Future[pa.RecordBatch]] = deque()
    with ExitStack() as opened, ThreadPoolExecutor(LANES, "mapper") as pool:
        lanes = _Lanes(mapper, opened)
        try:
            for batch in batches:
                waiting.append(pool.submit(lanes.map, batch))
                if len(waiting) > LANES:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
