import io
import os
import zipfile
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connector.http import Answer, NoAnswer, Request
from connector.metrics.ecb import ADDRESS, cache_of, read, reference_rates, shipped

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
YESTERDAY = date(2026, 11, 20)
HEADER = "Date,USD,JPY,BGN,"
LINES = ("2026-11-20,1.1,170,N/A,", "2026-11-19,1.2,,1.9558,")


def packed(*lines: str, header: str = HEADER) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        # Of no time of its own, so that the same lines make the same file.
        archive.writestr(zipfile.ZipInfo("eurofxref-hist.csv"), "\n".join([header, *lines]) + "\n")
    return file.getvalue()


class Bank:
    """Answers as the ECB does, and counts how often it was asked."""

    def __init__(self, content: bytes | None, status: int = 200) -> None:
        self.content, self.status, self.asked = content, status, 0

    def send(self, request: Request) -> Answer | NoAnswer:
        self.asked += 1
        assert (request.method, request.url) == ("GET", ADDRESS)
        if self.content is None:
            return NoAnswer(left=False, why="the name was not found")
        return Answer(status=self.status, headers={}, body=self.content)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "eurofxref-hist.zip"


def kept(cache: Path, content: bytes, *, age: timedelta) -> None:
    cache.parent.mkdir()
    cache.write_bytes(content)
    at = (NOW - age).timestamp()
    os.utime(cache, (at, at))


def last_day(bank: Bank, cache: Path, through: date = YESTERDAY) -> date:
    return reference_rates(through=through, cache=cache, now=NOW, send=bank.send).days[-1]


def test_a_rate_is_crossed_through_the_euro() -> None:
    rates = read(packed(*LINES))
    assert rates.days == [date(2026, 11, 19), YESTERDAY]
    assert rates.cross("EUR", "USD") == [
        (date(2026, 11, 19), Decimal("1.2")),
        (YESTERDAY, Decimal("1.1")),
    ]
    assert rates.cross("USD", "EUR")[-1] == (YESTERDAY, 1 / Decimal("1.1"))
    assert rates.cross("JPY", "USD") == [(YESTERDAY, Decimal("1.1") / Decimal(170))]


def test_a_day_on_which_one_of_both_is_missing_has_no_rate() -> None:
    rates = read(packed(*LINES))
    assert [day for day, _ in rates.cross("BGN", "USD")] == [date(2026, 11, 19)]
    assert rates.cross("BGN", "JPY") == []
    assert rates.cross("XXX", "USD") == []


@pytest.mark.parametrize("word", ["0", "-1", "NaN", "Infinity", "n/a"])
def test_what_is_no_rate_is_left_out(word: str) -> None:
    assert read(packed(f"2026-11-20,{word},170,2,")).cross("EUR", "USD") == []


OTHERS = {
    "nothing": b"",
    "a page": b"<html>",
    "no line": packed(),
    "a date of another kind": packed("20 November 2026,1.1,170,2,"),
    "a short line": packed("2026-11-20,1.1"),
    "half": packed(*LINES)[:60],
    "damaged": packed(*LINES).replace(b"USD", b"\xff\xff\xff"),
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS.keys())
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not the ECB's file"):
        read(content)


def test_the_shipped_file_is_the_ecbs() -> None:
    rates = shipped()
    assert (rates.days[0], len(rates.columns)) == (date(1999, 1, 4), 41)
    assert rates.days[-1] >= date(2026, 10, 30)
    # As the ECB publishes them for its first day, and for a later one.
    assert rates.cross("EUR", "USD")[0] == (date(1999, 1, 4), Decimal("1.1789"))
    assert dict(rates.cross("EUR", "JPY"))[date(2020, 1, 2)] == Decimal("121.75")


def test_rates_are_fetched_and_kept(cache: Path) -> None:
    bank = Bank(packed(*LINES))
    assert last_day(bank, cache) == YESTERDAY
    assert cache.read_bytes() == bank.content
    assert last_day(bank, cache) == YESTERDAY
    assert bank.asked == 1
    assert [file.name for file in cache.parent.iterdir()] == [cache.name]


def test_what_is_kept_is_refreshed_when_it_does_not_reach_the_day(cache: Path) -> None:
    kept(cache, packed(LINES[1]), age=timedelta(hours=7))
    bank = Bank(packed(*LINES))
    assert last_day(bank, cache) == YESTERDAY
    assert last_day(bank, cache, date(2026, 11, 21)) == YESTERDAY
    assert bank.asked == 2


def test_a_weekend_is_not_asked_for_all_day(cache: Path) -> None:
    kept(cache, packed(*LINES), age=timedelta(hours=5))
    bank = Bank(packed(*LINES))
    assert last_day(bank, cache, date(2026, 11, 22)) == YESTERDAY
    assert bank.asked == 0


@pytest.mark.parametrize(
    "bank", [Bank(None), Bank(b"<html>"), Bank(packed(*LINES), status=503)], ids=["", "page", "503"]
)
def test_what_was_kept_serves_while_the_ecb_can_not_be_reached(bank: Bank, cache: Path) -> None:
    kept(cache, packed(LINES[1]), age=timedelta(days=2))
    assert last_day(bank, cache) == date(2026, 11, 19)
    assert cache.read_bytes() == packed(LINES[1])


def test_what_is_shipped_serves_when_nothing_newer_is_there(cache: Path) -> None:
    nobody = Bank(None)
    assert last_day(nobody, cache) == shipped().days[-1]
    kept(cache, packed("2020-01-02,1,1,1,"), age=timedelta(days=2))
    assert last_day(nobody, cache) == shipped().days[-1]
    cache.write_bytes(b"half a fi")
    assert last_day(nobody, cache) == shipped().days[-1]


def test_a_folder_that_can_not_be_written_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    bank = Bank(packed(*LINES))
    assert last_day(bank, tmp_path / "cache" / "file.zip") == YESTERDAY


def test_a_fetched_file_is_kept_where_caches_are() -> None:
    home = Path("/home/ada")
    assert str(cache_of({}, home)) == "/home/ada/.cache/ads-connector/eurofxref-hist.zip"
    assert str(cache_of({"XDG_CACHE_HOME": "/c"}, home)) == "/c/ads-connector/eurofxref-hist.zip"
