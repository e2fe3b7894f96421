import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

import pyarrow as pa
import pytest
from rows import NOW, batch_of, mapping_of

from connector.conversions import lanes
from connector.conversions.lanes import mapped, portions
from connector.conversions.mapper import Map, Mapper, open_mapper

PATIENCE_SECONDS = 10


def batch(number: int, rows: int = 1) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"number": [number] * rows})


def numbers(batches: Iterator[pa.RecordBatch]) -> list[int]:
    return [number for one in batches for number in one["number"].to_pylist()]


@dataclass(kw_only=True)
class Mappers:
    """Mappers of `work`, and how many were opened beside the first, and closed."""

    work: Callable[[pa.RecordBatch], pa.RecordBatch]
    opened: int = 0
    closed: int = 0
    seen: set[str] = field(default_factory=set)

    def one(self) -> Mapper:
        def map_batch(given: pa.RecordBatch) -> pa.RecordBatch:
            self.seen.add(threading.current_thread().name)
            return self.work(given)

        @contextmanager
        def another() -> Iterator[Map]:
            self.opened += 1
            try:
                yield map_batch
            finally:
                self.closed += 1

        return Mapper(statement="", words={}, cursor_kind=None, map=map_batch, another=another)

    def run(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        with closing(mapped(batches, self.one())) as out:
            yield from out


def test_two_batches_are_mapped_at_once_and_come_out_in_their_order() -> None:
    second_is_done = threading.Event()

    def work(given: pa.RecordBatch) -> pa.RecordBatch:
        if given["number"][0].as_py() == 0:
            assert second_is_done.wait(PATIENCE_SECONDS)
        if given["number"][0].as_py() == 1:
            second_is_done.set()
        return given

    mappers = Mappers(work=work)
    assert numbers(mappers.run(map(batch, range(9)))) == list(range(9))
    assert (mappers.opened, mappers.closed) == (1, 1)


def test_one_batch_opens_no_second_mapper() -> None:
    mappers = Mappers(work=lambda given: given)
    assert numbers(mappers.run(iter([batch(7)]))) == [7]
    assert numbers(mappers.run(iter([]))) == []
    assert mappers.opened == 0


def test_an_error_comes_where_its_batch_would_have() -> None:
    def work(given: pa.RecordBatch) -> pa.RecordBatch:
        number = given["number"][0].as_py()
        return given if number != 3 else batch(1 // (number - 3))

    mappers = Mappers(work=work)
    out = mappers.run(map(batch, range(9)))
    assert numbers(islice(out, 3)) == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        next(out)
    assert mappers.opened == mappers.closed


def test_an_error_of_the_source_ends_what_runs() -> None:
    def source() -> Iterator[pa.RecordBatch]:
        yield batch(0)
        raise ConnectionError

    mappers = Mappers(work=lambda given: given)
    with pytest.raises(ConnectionError):
        numbers(mappers.run(source()))
    assert not running(mappers)


def running(mappers: Mappers) -> set[str]:
    return mappers.seen & {thread.name for thread in threading.enumerate()}


def test_a_caller_that_ends_early_leaves_no_thread_and_no_mapper() -> None:
    read = []

    def source() -> Iterator[pa.RecordBatch]:
        for number in range(1_000):
            read.append(number)
            yield batch(number)

    mappers = Mappers(work=lambda given: given)
    with closing(mapped(source(), mappers.one())) as out:
        assert next(out)["number"].to_pylist() == [0]
        assert running(mappers)
    assert not running(mappers)
    assert mappers.opened == mappers.closed
    assert len(read) <= lanes.LANES + 2


def test_a_second_mapper_that_does_not_open_is_an_error() -> None:
    both_came = threading.Barrier(2)

    def broken() -> AbstractContextManager[Map]:
        both_came.wait(PATIENCE_SECONDS)
        raise MemoryError

    def work(given: pa.RecordBatch) -> pa.RecordBatch:
        if given["number"][0].as_py() == 0:
            both_came.wait(PATIENCE_SECONDS)
        return given

    first = replace(Mappers(work=work).one(), another=broken)
    with pytest.raises(MemoryError), closing(mapped(map(batch, range(3)), first)) as out:
        numbers(out)


def test_rows_map_as_they_do_in_one_lane() -> None:
    batches = [batch_of({"order_id": [f"{part}-{n}" for n in range(50)]}) for part in range(8)]
    opening = partial(open_mapper, mapping_of(), batches[0].schema, now=NOW)
    with opening() as alone:
        expected = [alone.map(one) for one in batches]
    with opening() as first, closing(mapped(iter(batches), first)) as out:
        assert list(out) == expected


@pytest.fixture
def of_eighty_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten numbers of eight bytes."""
    monkeypatch.setattr(lanes, "BATCH_BYTES", 80)


@pytest.mark.usefixtures("of_eighty_bytes")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([4, 4, 4, 4], [8, 8]),
        ([10, 1], [10, 1]),
        ([0, 3, 0], [3]),
        ([20], [10, 10]),
        ([100], [17, 17, 17, 17, 17, 15]),
        ([], []),
        ([0], []),
    ],
)
def test_batches_are_mapped_in_portions(given: list[int], expected: list[int]) -> None:
    made = list(portions(batch(number, rows) for number, rows in enumerate(given)))
    assert [one.num_rows for one in made] == expected
    in_order = [number for number, rows in enumerate(given) for _ in range(rows)]
    assert numbers(iter(made)) == in_order


def test_a_portion_is_whole_requests_where_it_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "BATCH_BYTES", 8 * 1200)
    made = list(portions(batch(number, 710) for number in range(5)))
    assert {one.num_rows % 500 for one in made[:-1]} == {0}
    assert numbers(iter(made)) == [number for number in range(5) for _ in range(710)]


def test_one_row_may_be_larger_than_a_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "BATCH_BYTES", 1)
    assert [one.num_rows for one in portions([batch(0, 3)])] == [1, 1, 1]
