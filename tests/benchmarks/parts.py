"""Parts of a sync alone: how long it takes to begin, and how fast rows are mapped."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from benchmarks import tools
from benchmarks.launch import launched
from benchmarks.tools import Case
from shop import clean_environment

from connector.conversions.mapper import open_mapper
from connector.conversions.reading import ROWS_AT_ONCE, selection
from connector.project import load_project
from connector.project.mapping import Mapping as ConversionMapping
from connector.source import open_source


@dataclass(frozen=True, kw_only=True)
class Part:
    """Seconds for so many rows of a part; `rows` is 0 where there are none."""

    what: str
    rows: int
    seconds: float


def start_up(commands: Mapping[str, Sequence[str]], *, rounds: int) -> list[Part]:
    """Each command in turn, in an empty folder."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        environment = clean_environment() | {"HOME": made}
        return [
            Part(
                what=what, rows=0,
                seconds=launched(words, folder=folder, environment=environment).seconds,
            )
            for _ in range(rounds)
            for what, words in commands.items()
        ]  # fmt: skip


def mapping(case: Case, url: str, *, rounds: int) -> list[Part]:
    """Rows that are in memory, through the mapper: neither reading nor sending counts."""
    what = f"mapping alone, {tools.CASES[case]}"
    with _read(case, url) as (compiled, batches):
        rows = sum(batch.num_rows for batch in batches)
        return [
            Part(what=what, rows=rows, seconds=_mapped(compiled, batches)) for _ in range(rounds)
        ]


@contextmanager
def _read(case: Case, url: str) -> Iterator[tuple[ConversionMapping, list[pa.RecordBatch]]]:
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        folder = Path(made)
        tools.connector(folder, tools.Task(case=case, warehouse=url, address="http://127.0.0.1:1"))
        mapping = load_project(folder / "config.yaml", os.environ).mappings["purchases"]
        with open_source(
            url, root=folder, deadline_seconds=60, sleep=time.sleep, monotonic=time.monotonic
        ) as source:
            yield mapping, list(source.batches(selection(mapping), rows=ROWS_AT_ONCE))


def _mapped(mapping: ConversionMapping, batches: Sequence[pa.RecordBatch]) -> float:
    begun = time.perf_counter()
    with open_mapper(mapping, batches[0].schema, now=datetime.now(UTC)) as mapper:
        for batch in batches:
            sendable = mapper.map(batch)["outcome"]
            assert sendable.value_counts().to_pylist() == [
                {"values": "sendable", "counts": batch.num_rows}
            ]
    return time.perf_counter() - begun
