"""The reference rates of the European Central Bank: its file, fetched, kept, or shipped.

The file is `eurofxref-hist.zip`: a CSV with a line for each working day since 1999 and a column for
each currency, in units of it for one euro, `N/A` where there is none.
"""

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from tempfile import NamedTemporaryFile

from connector.http import Answer, NoAnswer, Request

ADDRESS = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
FILE = "eurofxref-hist.zip"
LARGEST_UNPACKED = 50_000_000
ASKED_AGAIN_AFTER = timedelta(hours=6)
HTTP_OK = 200
EURO = "EUR"

_NOT_SUCH_A_FILE = (
    ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error, csv.Error,
)  # fmt: skip
"""What reading a damaged or another file may raise; NotImplementedError is a RuntimeError."""

Send = Callable[[Request], Answer | NoAnswer]


@dataclass(frozen=True, kw_only=True)
class ReferenceRates:
    """The file as read: `days` ascend, and `columns` hold a text for each of them."""

    days: Sequence[date]
    columns: Mapping[str, Sequence[str]]

    def cross(self, currency: str, to: str) -> list[tuple[date, Decimal]]:
        """By day how many units of `to` one of `currency` is, where the file has both."""
        ones = ["1"] * len(self.days)
        empty = [""] * len(self.days)
        of = {EURO: ones}
        pairs = zip(
            self.days,
            of.get(currency, self.columns.get(currency, empty)),
            of.get(to, self.columns.get(to, empty)),
            strict=True,
        )
        found = ((day, _number(one), _number(other)) for day, one, other in pairs)
        return [(day, other / one) for day, one, other in found if one and other]


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number > 0 else None


def read(content: bytes) -> ReferenceRates:
    """The rates of a file.

    Raises:
        ValueError: it is not the ECB's file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            [entry] = archive.infolist()
            with archive.open(entry) as packed:
                unpacked = packed.read(LARGEST_UNPACKED)
        rows = list(csv.reader(io.StringIO(unpacked.decode("ascii"))))
        header, *lines = [row for row in rows if row]
        lines.sort()  # dates as ISO writes them; the file has the newest first
        days, *columns = zip(*lines, strict=True)
        # Each line ends with a comma.
        names = [name.strip() for name in header]
        found = {name: column for name, column in zip(names[1:], columns, strict=True) if name}
        return ReferenceRates(days=[date.fromisoformat(day) for day in days], columns=found)
    except _NOT_SUCH_A_FILE:
        raise ValueError("not the ECB's file of reference rates") from None


def shipped() -> ReferenceRates:
    """The rates that this package brings along."""
    return read(files("connector.metrics").joinpath(FILE).read_bytes())


def cache_of(environment: Mapping[str, str], home: Path) -> Path:
    """Where a fetched file is kept: in XDG_CACHE_HOME, else in ~/.cache."""
    folder = environment.get("XDG_CACHE_HOME") or home / ".cache"
    return Path(folder) / "ads-connector" / FILE


def reference_rates(
    *, through: date, cache: Path, now: datetime, send: Send, address: str = ADDRESS
) -> ReferenceRates:
    """The newest rates that can be had: fetched and kept, kept from before, or shipped.

    Nothing is fetched when what is kept reaches `through`, or was fetched a few hours ago. What
    can't be reached, read or kept is passed over: the caller sees how old a rate is.
    """
    kept = _kept(cache)
    if kept is None or not _will_do(kept, through=through, cache=cache, now=now):
        fetched = _fetched(send, address, cache)
        kept = fetched or kept
    ours = shipped()
    return kept if kept and kept.days[-1] >= ours.days[-1] else ours


def _will_do(kept: ReferenceRates, *, through: date, cache: Path, now: datetime) -> bool:
    if kept.days[-1] >= through:
        return True
    with suppress(OSError):
        age = now - datetime.fromtimestamp(cache.stat().st_mtime, UTC)
        return timedelta(0) <= age < ASKED_AGAIN_AFTER
    return False


def _kept(cache: Path) -> ReferenceRates | None:
    with suppress(OSError, ValueError):
        return read(cache.read_bytes())
    return None


def _fetched(send: Send, address: str, cache: Path) -> ReferenceRates | None:
    answer = send(Request(method="GET", url=address, headers={}))
    if isinstance(answer, NoAnswer) or answer.status != HTTP_OK:
        return None
    try:
        rates = read(answer.body)
    except ValueError:
        return None
    with suppress(OSError):
        _keep(answer.body, cache)
    return rates


def _keep(content: bytes, cache: Path) -> None:
    """Put the whole file there or none of it: other imports may read it meanwhile."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=cache.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(cache)
