"""A program that forks imports which can die: started once, since loading takes long.

Each line of its standard input is in JSON: an import to begin, whose process id it answers, or a
process id, whose exit status it answers once it has ended.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TextIO

import duckdb  # noqa: F401 - a fork must not wait for it
import psycopg  # noqa: F401 - likewise

from connector import api
from connector.metrics.duckdb_table import DuckDBTables
from connector.metrics.postgres_table import PostgreSQLTables

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An import of a project at a moment, in epoch seconds.

    It kills itself when it reaches `step` for the `count`-th time, or before the database does
    something for the `statement`-th time.
    """

    config: str
    now: float
    names: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    backfill: int = 0
    step: str = ""
    count: int = 1
    statement: int = 0


@dataclass(frozen=True, kw_only=True)
class Zygote:
    """What imports are forked from."""

    process: "subprocess.Popen[str]"

    def start(self, plan: Plan) -> int:
        """Begin an import; its process id."""
        return self._asked(asdict(plan))

    def end(self, child: int) -> int:
        """Wait for its end; its exit code, negative for a signal."""
        return os.waitstatus_to_exitcode(self._asked(child))

    def run(self, plan: Plan) -> int:
        """Both."""
        return self.end(self.start(plan))

    def _asked(self, question: object) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())


@contextmanager
def zygote() -> Iterator[Zygote]:
    """One that lasts as long as the block."""
    path = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    with subprocess.Popen(
        [sys.executable, "-m", "metrics_import.children"], env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Zygote(process=process)
        assert process.stdin is not None
        process.stdin.close()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(kw_only=True)
class _Progress:
    plan: Plan
    count: int = 0

    def phase(self, name: str, total: int | None) -> None:
        pass

    def advance(self, rows: int) -> None:
        pass

    def warn(self, message: str) -> None:
        sys.stderr.write(f"{message}\n")

    def reached(self, step: str) -> None:
        self.count += step == self.plan.step
        if (step, self.count) == (self.plan.step, self.plan.count):
            _die()


def _mine(statement: int) -> None:
    """Let the database do less than so many things."""
    done = 0

    def before(function: Any) -> Any:  # noqa: ANN401 - a method
        def counted(*given: Any) -> Any:  # noqa: ANN401 - its arguments
            nonlocal done
            done += 1
            if done == statement:
                _die()
            return function(*given)

        return counted

    for kind in (DuckDBTables, PostgreSQLTables):
        for name in ("run", "load"):
            setattr(kind, name, before(getattr(kind, name)))


def _nap(seconds: float) -> None:
    time.sleep(min(seconds, 0.05))


def _play(plan: Plan) -> int:
    _mine(plan.statement)
    wanted = api.WantedMetrics(
        names=plan.names, since=date.fromisoformat(plan.since) if plan.since else None,
        until=date.fromisoformat(plan.until) if plan.until else None,
        backfill=plan.backfill or None,
    )  # fmt: skip
    moment = datetime.fromtimestamp(plan.now, UTC)
    edges = api.Edges(now=lambda: moment, pause=_nap, progress=_Progress(plan=plan))
    summary, code = api.import_metrics(api.load(plan.config), wanted, edges)
    assert summary["exit_code"] == code
    return int(code)


def _forked(plan: Plan) -> int:
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        os.close(0)
        code = _play(plan)
    except BaseException as error:  # noqa: BLE001 - a fork never returns
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(code)


def _serve(lines: TextIO, out: TextIO) -> None:
    for line in lines:
        told = json.loads(line)
        if isinstance(told, dict):
            answer = _forked(Plan(**{**told, "names": tuple(told["names"])}))
        else:
            answer = os.waitpid(told, 0)[1]
        out.write(f"{answer}\n")
        out.flush()


if __name__ == "__main__":
    _serve(sys.stdin, sys.stdout)
