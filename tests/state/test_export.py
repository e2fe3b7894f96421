import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from ledgers import claim

from connector.errors import UnreachableError
from connector.state import export as exporting
from connector.state import upkeep
from connector.state.database import Database
from connector.state.export import export
from connector.state.ledger import Amount, Kept, Ledger
from connector.state.upkeep import EXPORTED


@pytest.fixture
def filled(begin: Callable[..., Ledger]) -> Ledger:
    """A ledger with one request of five accepted conversions."""
    ledger = begin()
    ledger.make_destination(target="x", pixel_id="o8z6j", event_id="o87ne")
    [batch] = ledger.claim([claim(*"12345")], now=1_000)
    ledger.mark_sent([batch], now=2_000)
    amount = Amount(day="2026-11-21", currency="EUR", conversions=5, amount="12.345")
    ledger.settle(batch, "accepted", now=3_000, kept=Kept(debug_id="d"), amounts=[amount])
    return ledger


def test_each_table_is_a_file_for_its_owner(
    filled: Ledger, state: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "deep" / "export"
    written = export(state, folder)
    assert {file.stem for file in written} == set(EXPORTED)
    assert sorted(folder.iterdir()) == sorted(written)
    assert {stat.S_IMODE(file.stat().st_mode) for file in written} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for file, rows in written.items():
        assert pq.read_metadata(file).num_rows == rows
    assert written[folder / "conversions.parquet"] == 5


def test_columns_have_types_even_without_values(
    filled: Ledger, state: Database, tmp_path: Path
) -> None:
    export(state, tmp_path)
    [batch] = pq.read_table(tmp_path / "batches.parquet").to_pylist()
    assert batch["settled_at"] == datetime(1970, 1, 1, 0, 0, 3, tzinfo=UTC)
    assert (batch["doubt_since"], batch["debug_id"], batch["state"]) == (None, "d", "accepted")
    types = {f.name: str(f.type) for f in pq.read_schema(tmp_path / "batches.parquet")}
    assert types["doubt_since"] == "timestamp[ms, tz=UTC]"
    assert types["id"] == "int64"
    [amount] = pq.read_table(tmp_path / "amounts.parquet").to_pylist()
    assert (amount["amount"], amount["conversions"]) == ("12.345", 5)
    assert "row_key" in pq.read_schema(tmp_path / "rejects.parquet").names


def test_a_large_table_is_written_in_portions(
    filled: Ledger, state: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_ROWS_AT_ONCE", 2)
    export(state, tmp_path)
    file = tmp_path / "conversions.parquet"
    assert pq.read_metadata(file).num_row_groups == 3
    assert sorted(pq.read_table(file)["conversion_id"].to_pylist()) == list("12345")


def test_what_fails_leaves_the_earlier_files(
    filled: Ledger, state: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(state, tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exporting, "_table", full)
    with pytest.raises(UnreachableError, match="No space left"):
        export(state, tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_folder_that_is_a_file_is_told(filled: Ledger, state: Database, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnreachableError, match="file"):
        export(state, tmp_path / "file")
