"""The figures as tables for people: medians, the quickest run, and ratios within one run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import TypeVar

from benchmarks.ledger import Pace
from benchmarks.parts import Part
from benchmarks.suite import Results
from benchmarks.syncs import OURS, Sync

MEGABYTE = 1_000_000
T = TypeVar("T")
Table = tuple[str, Sequence[str], list[tuple[str, ...]]]


def grouped(items: Iterable[T], key: Callable[[T], object]) -> Iterator[list[T]]:
    """Items with the same key, in the order in which keys come first."""
    found: dict[object, list[T]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    yield from found.values()


def seconds(runs: Sequence[Sync | Part | Pace]) -> float:
    """The median."""
    return median(run.seconds for run in runs)


def tables(results: Results) -> Iterator[Table]:
    """Title, heads and rows of each section that was measured."""
    sections = (
        ("Whole syncs, process start to exit", _HEADS, _compared(results.cases)),
        ("Sizes, e-mail only", _HEADS, _compared(results.sizes)),
        ("Time for a row more, between sizes", ("tool", "rows", "µs a row"), slopes(results.sizes)),
        ("This tool alone", _VARIANT_HEADS, _variants(results.variants)),
        ("Parts", ("what", "rows", "median s", "rows/s"), _parts(results.parts)),
        ("The ledger alone", _LEDGER_HEADS, _paces(results.ledger)),
    )
    for title, heads, rows in sections:
        found = list(rows)
        if found:
            yield title, heads, found


_HEADS = (
    "what", "rows", "tool", "median s", "min s", "rows/s", "CPU s", "peak MB", "server CPU s",
    "time, ours = 1", "CPU, ours = 1",
)  # fmt: skip


def _compared(syncs: Sequence[Sync]) -> Iterator[tuple[str, ...]]:
    for same in grouped(syncs, lambda s: (s.what, s.rows)):
        ours = [s for s in same if s.tool == OURS]
        for runs in grouped(same, lambda s: s.tool):
            yield (
                runs[0].what, f"{runs[0].rows:,}", runs[0].tool, *_figures(runs),
                f"{seconds(runs) / seconds(ours):.2f}", f"{_cpu(runs) / _cpu(ours):.2f}",
            )  # fmt: skip


def _figures(runs: Sequence[Sync]) -> tuple[str, ...]:
    return (
        f"{seconds(runs):.2f}", f"{min(r.seconds for r in runs):.2f}",
        f"{runs[0].rows / seconds(runs):,.0f}", f"{_cpu(runs):.2f}",
        f"{max(r.peak_bytes for r in runs) / MEGABYTE:,.0f}",
        f"{median(r.server_cpu_seconds for r in runs):.2f}",
    )  # fmt: skip


def _cpu(runs: Sequence[Sync]) -> float:
    return median(run.cpu_seconds for run in runs)


def slopes(syncs: Sequence[Sync]) -> Iterator[tuple[str, str, str]]:
    """What each row costs between a size and the next: the start of the process drops out."""
    for of_tool in grouped(syncs, lambda s: s.tool):
        for fewer, more in pairwise(grouped(of_tool, lambda s: s.rows)):
            rows = more[0].rows - fewer[0].rows
            slope = (seconds(more) - seconds(fewer)) / rows * 1e6
            yield of_tool[0].tool, f"{fewer[0].rows:,} to {more[0].rows:,}", f"{slope:.1f}"


_VARIANT_HEADS = (
    "what", "rows", "median s", "min s", "rows/s", "CPU s", "peak MB", "server CPU s",
    "time a row, first = 1",
)  # fmt: skip


def _variants(syncs: Sequence[Sync]) -> Iterator[tuple[str, ...]]:
    base = 0.0
    for runs in grouped(syncs, lambda s: s.what):
        each = seconds(runs) / runs[0].rows
        base = base or each
        yield runs[0].what, f"{runs[0].rows:,}", *_figures(runs), f"{each / base:.2f}"


def _parts(found: Sequence[Part]) -> Iterator[tuple[str, ...]]:
    for runs in grouped(found, lambda p: p.what):
        rows, took = runs[0].rows, seconds(runs)
        pace = f"{rows / took:,.0f}" if rows else ""
        yield runs[0].what, f"{rows:,}" if rows else "", f"{took:.2f}", pace


_LEDGER_HEADS = ("where", "held before", "ids", "rows/s", "claim", "settle", "time, first = 1")


def _paces(found: Sequence[Pace]) -> Iterator[tuple[str, ...]]:
    for pace in found:
        yield (
            pace.where, f"{pace.held:,}", pace.keys,
            *(f"{pace.rows / s:,.0f}" for s in (pace.seconds, pace.claiming, pace.settling)),
            f"{pace.seconds / found[0].seconds:.2f}",
        )  # fmt: skip


def text(results: Results) -> str:
    """All tables, as Markdown."""
    return "\n".join(line for table in tables(results) for line in _lines(*table))


def _lines(title: str, heads: Sequence[str], rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    yield f"\n## {title}\n"
    for cells in (heads, ["-" * width for width in widths], *rows):
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield f"| {' | '.join(padded)} |"
