"""Measure, and print tables: `make bench`, or PYTHONPATH=tests python -m benchmarks --help."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks import environment, plot, report, suite, tools
from benchmarks.suite import FULL_SIZES, SECTIONS, SIZES, Extent
from benchmarks.syncs import OURS, Yard

LIBRARIES = ("duckdb", "pyarrow", "phonenumbers", "requests")


def asked(words: list[str] | None = None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    usual = Extent()
    parser.add_argument("--rows", type=int, default=usual.rows, help="of a sync (%(default)s)")
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="(%(default)s)")
    parser.add_argument("--full", action="store_true", help="10 million rows, too: takes long")
    parser.add_argument("--largest", type=int, default=0, help="leave larger sizes out")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="a section; repeatable")
    parser.add_argument("--folder", type=Path, help="on the disk to measure (the system's /tmp)")
    parser.add_argument("--no-drt", action="store_true", help="do not fetch drt for comparison")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep every run")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw an SVG")
    return parser.parse_args(words)


def extent_of(options: argparse.Namespace) -> Extent:
    """How much is to be measured."""
    largest = options.largest or (FULL_SIZES if options.full else SIZES)[-1]
    return Extent(
        rows=min(options.rows, largest),
        rounds=options.rounds,
        sizes=[rows for rows in FULL_SIZES if rows <= largest] or [largest],
        again=min(Extent.again, largest),
        ledger=min(Extent.ledger, largest),
        held=largest,
    )


def machine(folder: Path) -> dict[str, object]:
    """Where this was measured; a disk that syncs in no time is memory, and proves nothing."""
    return {
        "fsync_milliseconds": round(fsync_seconds(folder) * 1000, 3),
        "cores": os.cpu_count(), "processor": platform.machine(), "system": platform.platform(),
        "python": platform.python_version(), "load": os.getloadavg(),
        **{name: version(name) for name in LIBRARIES},
    }  # fmt: skip


def fsync_seconds(folder: Path, times: int = 20) -> float:
    """How long the disk takes to keep a page; a commit of ours waits for one."""
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(times):
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
        return (time.perf_counter() - begun) / times


def main() -> None:
    """Measure what is asked for."""
    options = asked()
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = str(options.folder.resolve())
    python = None if options.no_drt else environment.drt()
    compared = {OURS: tools.connector, **({"drt": tools.drt(python)} if python else {})}
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        where = machine(Path(made))
        yard = Yard(folder=Path(made), tools={**compared, "plain script": tools.plain}, drt=python)
        results = suite.run(
            yard, extent_of(options), sections=options.only or list(SECTIONS),
            tell=lambda name: print(f"measuring {name} …", file=sys.stderr),  # noqa: T201 - progress
        )  # fmt: skip
    facts = ", ".join(f"{name} {fact}" for name, fact in where.items())
    print(f"{facts}\n{report.text(results)}")  # noqa: T201 - what a benchmark is for
    if options.json:
        document = {"machine": where, **asdict(results)}
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    if options.plot:
        options.plot.write_text(plot.svg(results), "utf-8")


if __name__ == "__main__":
    main()
