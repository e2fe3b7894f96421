import json
from collections.abc import Sequence

import pyarrow as pa
import pytest
from delivery import EVENT, PIXEL, body, mapped, numbered

from connector.conversions.amounts import amounts_of
from connector.conversions.requests import Batch, Destination, Requests, fresh_of, requests_from

WHERE = Destination(number=1, pixel_id=PIXEL, event_id=EVENT)


def seen(ids: Sequence[str], *, batch: int | None = None) -> pa.RecordBatch:
    """Rows as the ledger saw them, in this batch or never."""
    return mapped(ids).append_column("seen", pa.array([batch] * len(ids), pa.int64()))


def made(rows: pa.RecordBatch, *, largest: int = 500) -> Requests:
    return requests_from(WHERE, rows, largest=largest)


def conversions(batch: Batch) -> list[object]:
    found: list[object] = json.loads(b"[%b]" % bytes(batch.conversions))
    return found


@pytest.mark.parametrize(("rows", "sizes"), [(1, [1]), (4, [4]), (5, [4, 1]), (8, [4, 4])])
def test_requests_are_full_but_for_the_last(rows: int, sizes: list[int]) -> None:
    numbers = range(7, 7 + len(sizes))
    batches = made(seen(numbered(rows)), largest=4).batches(numbers)
    assert [batch.size for batch in batches] == sizes
    assert [batch.number for batch in batches] == list(numbers)
    assert [batch.amounts for batch in batches] == [amounts_of(batch.rows) for batch in batches]


def test_a_request_has_the_conversions_of_its_own_rows() -> None:
    rows = seen(["first", *numbered(5)]).slice(1)
    one, two, three = made(rows, largest=2).batches([1, 2, 3])
    assert [conversions(batch) for batch in (one, two, three)] == [
        [json.loads(body(each)) for each in ids] for ids in (["0", "1"], ["2", "3"], ["4"])
    ]
    assert conversions(two.with_rows(two.rows.slice(1))) == [json.loads(body("3"))]
    assert conversions(two.with_rows(three.rows)) == conversions(three)


def test_only_rows_that_the_ledger_has_never_seen_are_fresh() -> None:
    fresh = made(seen(numbered(3))).fresh
    assert fresh
    assert (fresh.rows, fresh.largest) == (3, 500)
    mixed = pa.concat_batches([seen(["1"]), seen(["2"], batch=9)])
    assert made(mixed).fresh is None
    assert [claim.seen for claim in made(mixed).claims] == [[None, 9]]


@pytest.mark.parametrize(
    "ids",
    [["a", "b"], ["\x1f", "a"], ['"', "\\"], ["é", "\u2028", "\U0001f600"], ["", "a,b"], []],
    ids=["plain", "control", "escaped", "beyond ASCII", "empty", "none"],
)
def test_the_ledger_is_told_ids_as_json_and_digests_one_after_the_other(ids: list[str]) -> None:
    rows = mapped(["first", *ids]).slice(1)
    fresh = fresh_of(WHERE, rows, largest=500)
    assert json.loads(fresh.conversion_ids) == ids
    assert fresh.digests.decode() == "".join(rows["digest"].to_pylist())
    assert fresh.in_order is (ids == sorted(ids, key=str.encode))


def test_a_batch_is_a_claim_of_its_rows() -> None:
    [batch] = made(seen(["1", "2"])).batches([1])
    assert batch.claim.conversion_ids == ["1", "2"]
    assert batch.claim.digests == ["1:a", "1:a"]
    assert batch.claim.seen == [None, None]
    assert batch.claim.destination == WHERE.number
