import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from delivery import mapped, numbered

from connector.conversions import census as counting
from connector.conversions import stage
from connector.conversions.census import Census
from connector.conversions.stage import Stage
from connector.errors import UnreachableError

IN_MEMORY, ON_DISK = 10**9, 0


@pytest.fixture(params=[IN_MEMORY, ON_DISK], ids=["in memory", "on disk"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with stage.opened(tmp_path, in_memory_bytes=request.param) as staged:
        yield staged


def census(staged: Stage, *batches: pa.RecordBatch, older_than_ms: int = 0) -> Census:
    for batch in batches:
        staged.add(batch)
    with duckdb.connect() as connection:
        return staged.census(connection, older_than_ms=older_than_ms)


def given_out(staged: Stage) -> list[tuple[str, str]]:
    with staged.sendable() as given:
        return [
            pair
            for rows in given
            for pair in zip(
                rows["conversion_id"].to_pylist(), rows["digest"].to_pylist(), strict=True
            )
        ]


def test_rows_come_out_as_they_went_in(opened: Stage) -> None:
    batches = [mapped(numbered(3)), mapped(["a", "b"])]
    assert census(opened, *batches).read == 5
    with opened.sendable() as given:
        out = pa.Table.from_batches(list(given)).drop(["row"])
    assert out.equals(pa.Table.from_batches(batches))


def test_an_empty_stage_counts_nothing(opened: Stage) -> None:
    found = census(opened)
    assert (found.read, found.to_send, found.largest_cursor) == (0, 0, None)
    assert given_out(opened) == []
    assert list(opened.rejected()) == []


def test_only_sendable_rows_are_given_out(opened: Stage) -> None:
    rows = mapped(numbered(4), outcome=["sendable", "rejected", "suppressed", "sendable"])
    found = census(opened, rows)
    assert found.outcomes == {"sendable": 2, "rejected": 1, "suppressed": 1}
    assert found.suppressed == {"no_consent": 1}
    assert [one for one, _ in given_out(opened)] == ["0", "3"]


def test_of_rows_with_one_key_the_earliest_stays(opened: Stage) -> None:
    later = mapped(["1"], content="later", time_ms=[20])
    found = census(opened, later, mapped(["1"], content="earlier", time_ms=[10]), later)
    assert given_out(opened) == [("1", "1:earlier")]
    assert (found.conflicting, found.repeated, found.to_send) == (2, 0, 1)
    assert found.reasons == {"conflicting_conversion_id": 2}


def test_of_rows_of_one_time_the_smallest_digest_stays(opened: Stage) -> None:
    found = census(opened, *(mapped(["1"], content=word) for word in "bacba"))
    assert given_out(opened) == [("1", "1:a")]
    assert (found.conflicting, found.repeated) == (3, 1)


def test_rows_that_say_the_same_are_one(opened: Stage) -> None:
    found = census(opened, mapped(["1", "2", "1"]), mapped(["1"]))
    assert sorted(given_out(opened)) == [("1", "1:a"), ("2", "1:a")]
    assert (found.repeated, found.conflicting, found.to_send) == (2, 0, 2)


@pytest.mark.parametrize("at_once", [1, 7, 40, 10**6])
def test_what_comes_twice_is_found_in_any_number_of_parts(
    opened: Stage, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "_KEYS_AT_ONCE", at_once)
    found = census(opened, mapped(numbered(30)), mapped(numbered(40)), mapped(["x"]))
    assert (found.read, found.repeated, found.to_send) == (71, 30, 41)
    assert sorted(one for one, _ in given_out(opened)) == sorted([*numbered(40), "x"])


def test_keys_are_of_pixel_event_and_id(opened: Stage) -> None:
    rows = [
        mapped(["1"]), mapped(["1"], event_id="e2", content="b"),
        mapped(["1"], pixel_id="p2", content="c"), mapped(["1 "], content="d"),
    ]  # fmt: skip
    assert census(opened, *rows).to_send == 4


def test_a_row_that_is_not_sendable_takes_no_part(opened: Stage) -> None:
    rejected = mapped(["1"], content="b", time_ms=[1], outcome=["rejected"], reasons=["too_old"])
    found = census(opened, rejected, mapped(["1"]))
    assert given_out(opened) == [("1", "1:a")]
    assert (found.conflicting, found.reasons) == (0, {"too_old": 1})


def test_words_are_counted_by_row(opened: Stage) -> None:
    rows = mapped(
        numbered(3), outcome=["rejected", "rejected", "sendable"],
        reasons=["too_old missing_identifier", "too_old", None],
        dropped=["invalid_email", None, "invalid_email invalid_phone"],
        warnings=[None, None, "hour_twice"], hashed=["email", None, "email phone"],
    )  # fmt: skip
    found = census(opened, rows)
    assert found.reasons == {"too_old": 2, "missing_identifier": 1}
    assert found.dropped == {"invalid_email": 2, "invalid_phone": 1}
    assert found.warnings == {"hour_twice": 1}
    assert found.hashed == {"email": 2, "phone": 1}


def test_what_is_at_stake_is_of_the_rows_that_would_leave(opened: Stage) -> None:
    rows = [
        mapped(["1", "1"], time_ms=[10, 10]), mapped(["2"], time_ms=[20], value=["9.995"]),
        mapped(["3"], time_ms=[10], value=[None], currency=[None]),
        mapped(["4"], time_ms=[10], currency=["USD"]),
        mapped(["5"], time_ms=[10], outcome=["rejected"], reasons=["invalid_value"]),
    ]  # fmt: skip
    found = census(opened, *rows, older_than_ms=20)
    assert found.value == {"EUR": Decimal("11.495"), "USD": Decimal("1.5")}
    assert found.older == 3
    assert found.older_value == {"EUR": Decimal("1.5"), "USD": Decimal("1.5")}


def test_cursors_are_of_all_rows(opened: Stage) -> None:
    rows = mapped(
        numbered(4), outcome=["rejected", "rejected", "suppressed", "sendable"],
        reasons=["too_old in_future", "in_future", None, None], cursor=[50, 40, 90, None],
    )  # fmt: skip
    found = census(opened, rows)
    assert (found.largest_cursor, found.future_cursor) == (90, 40)


def test_rejected_rows_are_known_by_id_or_by_a_digest_of_the_rest(opened: Stage) -> None:
    rows = mapped(
        ["1", "2", "3"], outcome=["rejected", "sendable", "rejected"],
        reasons=["too_old", None, "missing_conversion_id"],
    )  # fmt: skip
    position = rows.schema.get_field_index("conversion_id")
    rows = rows.set_column(position, "conversion_id", pa.array(["1", "2", None], pa.string()))
    census(opened, rows, mapped(["2"], content="b"))
    first, second, third = opened.rejected()
    assert first == ("1", "too_old")
    assert second[0].startswith("row ")
    assert second[1] == "missing_conversion_id"
    assert third == ("2", "conflicting_conversion_id")


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_a_large_stage_has_no_name_and_is_gone_when_it_ends(tmp_path: Path) -> None:
    before = descriptors()
    with stage.opened(tmp_path, in_memory_bytes=1) as staged:
        staged.add(mapped(numbered(100)))
        assert list(tmp_path.iterdir()) == []
        assert descriptors() > before
        assert census(staged).read == 100
    assert descriptors() == before


def test_a_stage_that_grows_moves_to_disk_whole(tmp_path: Path) -> None:
    with stage.opened(tmp_path, in_memory_bytes=10_000) as staged:
        found = census(staged, *(mapped([f"{part}-{n}" for n in range(50)]) for part in range(9)))
        assert found.to_send == 450
        assert len({one for one, _ in given_out(staged)}) == 450


@contextmanager
def small_files(limit: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_is_full_is_out_of_reach(tmp_path: Path) -> None:
    with (
        stage.opened(tmp_path, in_memory_bytes=1) as staged,
        small_files(10_000),
        pytest.raises(UnreachableError, match=r"cannot be kept in \S+: File too large$"),
    ):
        census(staged, mapped(numbered(5_000)))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_out_of_reach(tmp_path: Path) -> None:
    with (
        stage.opened(tmp_path / "none", in_memory_bytes=1) as staged,
        pytest.raises(UnreachableError),
    ):
        staged.add(mapped(["1"]))


def test_rows_that_are_not_all_taken_leave_no_thread(opened: Stage) -> None:
    for part in range(3):
        opened.add(mapped([f"{part}"]))
    census(opened)
    with opened.sendable() as rows:
        next(rows)
    assert [one for one in threading.enumerate() if one.name.startswith("stage")] == []
