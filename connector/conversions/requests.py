"""Rows of one destination, and the requests that they make."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.amounts import amounts_by_request, amounts_of
from connector.state.facts import Amount, Claim, Fresh

# What JSON does not write as it is.
_ESCAPED = re.compile(rb'["\\\x00-\x1f]')


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A pixel's event; `number` is the ledger's."""

    number: int
    pixel_id: str
    event_id: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Rows that go out in one request; `number` is the ledger's.

    `rows` has the columns of the stage and of `PAST`; `worth` is what is known of `amounts`,
    `ready` of `conversions`.
    `left_at` is when it last left (milliseconds). `resends` counts how often this run sent it again
    because no clear answer came; `reached` says that X may have seen it, `part` that it was part of
    a request X refused.
    """

    number: int
    destination: Destination
    rows: pa.RecordBatch = field(repr=False)
    left_at: int | None = None
    worth: Sequence[Amount] = field(repr=False, default=())
    ready: memoryview | None = field(repr=False, default=None)
    resends: int = 0
    reached: bool = False
    part: bool = False

    @property
    def size(self) -> int:
        """Conversions in the request."""
        return int(self.rows.num_rows)

    @property
    def amounts(self) -> Sequence[Amount]:
        """What the rows are worth."""
        return self.worth or amounts_of(self.rows)

    @property
    def conversions(self) -> memoryview:
        """The conversions as JSON, with commas between them."""
        return self.ready or _conversions(self.rows, [0, self.size])[0]

    def with_rows(self, rows: pa.RecordBatch) -> "Batch":
        """The batch with fewer rows, or with other facts about them."""
        return replace(self, rows=rows, worth=(), ready=None)

    @property
    def claim(self) -> Claim:
        """The batch as the ledger knows it."""
        return claim_of(self.destination, self.rows)


@dataclass(frozen=True, kw_only=True)
class Requests:
    """Rows of one destination as the requests that they make, all of them full but for the last.

    `parts` are the rows of each, `worth` their amounts, `texts` their conversions. `fresh` is there
    when the ledger has never seen any of them, so far as it is known.
    """

    destination: Destination
    rows: pa.RecordBatch = field(repr=False)
    parts: Sequence[pa.RecordBatch] = field(repr=False)
    worth: Sequence[Sequence[Amount]] = field(repr=False)
    texts: Sequence[memoryview] = field(repr=False)
    fresh: Fresh | None = field(repr=False)

    @property
    def claims(self) -> list[Claim]:
        """The requests as the ledger knows them."""
        return [claim_of(self.destination, part) for part in self.parts]

    def batches(self, numbers: Sequence[int]) -> list[Batch]:
        """The requests once they are claimed, by the ledger's numbers for them."""
        each = zip(numbers, self.parts, self.worth, self.texts, strict=True)
        return [
            Batch(number=number, destination=self.destination, rows=rows, worth=worth, ready=ready)
            for number, rows, worth, ready in each
        ]


def requests_from(destination: Destination, rows: pa.RecordBatch, *, largest: int) -> Requests:
    """The requests of up to `largest` rows each."""
    starts = range(0, rows.num_rows, largest)
    is_fresh = rows["seen"].null_count == rows.num_rows
    return Requests(
        destination=destination, rows=rows, parts=[rows.slice(start, largest) for start in starts],
        worth=amounts_by_request(rows, largest=largest),
        texts=_conversions(rows, [*starts, rows.num_rows]),
        fresh=fresh_of(destination, rows, largest=largest) if is_fresh else None,
    )  # fmt: skip


def _conversions(rows: pa.RecordBatch, ends: Sequence[int]) -> list[memoryview]:
    """The conversions between each end and the next."""
    every = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), rows["body"])
    return [memoryview(joined.as_buffer()) for joined in pc.binary_join(every, ",")]


def fresh_of(destination: Destination, rows: pa.RecordBatch, *, largest: int) -> Fresh:
    """Rows the ledger does not know, as it is told of them."""
    ids = rows["conversion_id"]
    return Fresh(
        destination=destination.number, conversion_ids=listed(ids), digests=_text(rows["digest"]),
        rows=rows.num_rows, largest=largest, in_order=are_in_order(ids),
    )  # fmt: skip


def are_in_order(ids: pa.StringArray) -> bool:
    """Whether ids are in the order of their bytes."""
    return pc.all(pc.less_equal(ids[:-1], ids[1:])).as_py() is not False


def listed(ids: pa.StringArray) -> str:
    """A JSON list of ids."""
    if not len(ids) or _ESCAPED.search(_text(ids)):
        return json.dumps(ids.to_pylist())
    every = pa.ListArray.from_arrays(pa.array([0, len(ids)], pa.int32()), ids)
    joined = pc.binary_join(every, '","')[0].as_py()
    return f'["{joined}"]'


def _text(texts: pa.StringArray) -> bytes:
    """All texts, one after the other, as Arrow has them; none is null."""
    _, offsets, data = texts.buffers()
    ends = memoryview(offsets).cast("i")
    first, last = ends[texts.offset], ends[texts.offset + len(texts)]
    return bytes(memoryview(data)[first:last]) if data is not None else b""


def claim_of(destination: Destination, rows: pa.RecordBatch) -> Claim:
    """Rows as the ledger knows them."""
    return Claim(
        destination=destination.number,
        conversion_ids=rows["conversion_id"].to_pylist(),
        digests=rows["digest"].to_pylist(),
        seen=rows["seen"].to_pylist(),
    )
