"""What a command says: its result on stdout, everything else on stderr."""

import json
import logging
import os
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from connector.errors import UnreachableError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

LINE_EVERY_SECONDS = 60.0
_WIDTH_OFF_TERMINAL = 100
_CONTROLS = {
    code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"
}


def shown(text: str) -> str:
    """A text in which a terminal finds nothing to obey: others name campaigns, and write rows."""
    return text.translate(_CONTROLS)


class _Lines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return shown(super().format(record))


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        return json.dumps(
            {
                "time": moment.isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(),
                "message": record.getMessage(),
            },
            ensure_ascii=False,
        )


@dataclass(kw_only=True)
class Terminal:
    """Where a command was called from, and how it was asked to speak.

    `verbosity` is -1 for errors alone, 1 for more than usual.
    """

    config: str | None
    json: bool
    log_json: bool
    verbosity: int
    _log: logging.Logger = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Logs go to stderr, and nowhere else."""
        handler = logging.StreamHandler(sys.stderr)
        plain = _Lines("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
        handler.setFormatter(_JsonLines() if self.log_json else plain)
        self._log = logging.getLogger("connector")
        self._log.propagate = False
        self._log.setLevel(logging.ERROR if self.verbosity < 0 else logging.DEBUG)
        self._log.handlers = [handler]

    @property
    def attended(self) -> bool:
        """Whether a person sees this."""
        return sys.stdout.isatty() and sys.stderr.isatty()

    def say(self, *parts: "RenderableType") -> None:
        """Print a result for people."""
        console = _console()
        with printing(), console.capture() as printed:  # which writes on stdout, if nothing
            for part in parts:
                console.print(part)
        _write(printed.get())

    def line(self, text: str) -> None:
        """Print a line of the result, off a terminal exactly as it is."""
        _write(f"{shown(text) if sys.stdout.isatty() else text}\n")

    def remark(self, text: str) -> None:
        """Print a sentence of the result, broken into lines that fit."""
        width = min(shutil.get_terminal_size((_WIDTH_OFF_TERMINAL, 24)).columns, 120)
        self.line(
            textwrap.fill(text, width, initial_indent="  ! ", subsequent_indent="    ",
                          break_long_words=False, break_on_hyphens=False)
        )  # fmt: skip

    def document(self, value: object) -> None:
        """Print one JSON document."""
        self.line(json.dumps(value, ensure_ascii=False))

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], *, gap: int = 2) -> None:
        """Print rows of text under a head, so many blanks between their columns."""
        from rich.table import Table

        table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
        for position, name in enumerate(head):
            table.add_column(name, no_wrap=position == 0, overflow="fold")
        for row in rows:
            table.add_row(*map(shown, row))
        self.say(table)

    def info(self, text: str) -> None:
        """Log something that is as it should be."""
        if self.verbosity >= 0:
            self._log.info(text)

    def detail(self, text: str) -> None:
        """Log something that only `-v` asks for."""
        if self.verbosity > 0:
            self._log.debug(text)

    def warn(self, text: str) -> None:
        """Log something that the user should know."""
        self._log.warning(text)

    def error(self, text: str) -> None:
        """Log why the command ends."""
        self._log.error(text)


def _write(text: str) -> None:
    with printing():
        sys.stdout.write(text)


@contextmanager
def printing() -> Iterator[None]:
    """Print on stdout; when whoever read it has left, the command goes on to its own end.

    Raises:
        UnreachableError: stdout takes no more, such as a file on a full disk.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        let_go(sys.stdout)
    except OSError as error:
        let_go(sys.stdout)
        raise UnreachableError(f"the result cannot be printed: {error.strerror}") from error


def let_go(stream: TextIO) -> None:
    """Drop what a stream does not take, or Python ends with a complaint and a code of its own."""
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _console() -> "Console":
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH_OFF_TERMINAL
    return Console(width=width, highlight=False, markup=False, soft_wrap=False)


@dataclass(kw_only=True)
class Reporter:
    """Progress: a bar with rate and time left on a terminal, else one line a minute in the log.

    `steps` are those of a sync unless said; `unit` is what is counted.
    """

    terminal: Terminal
    steps: Mapping[str, str] | None = None
    unit: str = "rows"
    _bar: "Bar | None" = None
    _task: "TaskID | None" = None
    _name: str = ""
    _total: int | None = None
    _done: int = 0
    _next_line: float = 0.0

    def phase(self, name: str, total: int | None) -> None:
        """Something new begins."""
        self.close()
        self._name, self._total, self._done = name, total, 0
        self._next_line = time.monotonic() + LINE_EVERY_SECONDS
        if self.terminal.verbosity < 0:
            return
        if sys.stderr.isatty() and not self.terminal.log_json:
            self._bar = _bar(self.unit)
            self._bar.start()
            self._task = self._bar.add_task(name, total=total)
        else:
            self.terminal.detail(name)

    def advance(self, rows: int) -> None:
        """So many rows more are done."""
        self._done += rows
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, rows)
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + LINE_EVERY_SECONDS
            of = f" of {self._total:,}" if self._total is not None else ""
            self.terminal.info(f"{self._name}: {self._done:,}{of} {self.unit}")

    def warn(self, message: str) -> None:
        """Something the user should know now."""
        self.close()
        self.terminal.warn(message)

    def reached(self, step: str) -> None:
        """A step is done; dying now loses nothing."""
        if self.terminal.verbosity > 0:
            from connector.api import STEPS

            self.terminal.detail(f"{step}: {(self.steps or STEPS)[step]}")

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _bar(unit: str) -> "Bar":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Rows, or whatever is counted, a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f} {unit}/s" if task.speed else "")

    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(),
        TimeRemainingColumn(), console=Console(stderr=True), transient=True,
    )  # fmt: skip


def pairs(counts: Mapping[str, Any]) -> str:
    """Counts in words: `invalid_phone 3, invalid_email 1`."""
    return ", ".join(f"{name} {count}" for name, count in counts.items())
