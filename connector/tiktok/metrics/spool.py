"""Rows in a file without a name, so that a span of days takes no memory."""

import csv
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from typing import IO

from connector.tiktok.metrics.pages import MISSING, Row


@dataclass(frozen=True, kw_only=True)
class Spool:
    """Rows of some columns, written one after the other and read from the first on."""

    file: IO[str]
    columns: tuple[str, ...]

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows at the end; other columns are left out."""
        self.end()
        writer = csv.writer(self.file)
        writer.writerows([row.get(name, MISSING) for name in self.columns] for row in rows)

    def end(self) -> int:
        """The end as a number, for `cut`."""
        return self.file.seek(0, SEEK_END)

    def cut(self, end: int) -> None:
        """Forget what was written since `end`."""
        self.file.seek(end)
        self.file.truncate()

    def rows(self) -> Iterator[Row]:
        """All rows."""
        self.file.seek(0)
        for values in csv.reader(self.file):
            yield dict(zip(self.columns, values, strict=True))


@contextmanager
def spooled(columns: tuple[str, ...]) -> Iterator[Spool]:
    """An empty spool; the file is gone afterwards."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as file:
        yield Spool(file=file, columns=columns)
