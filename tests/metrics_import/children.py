"""The program that imports which can die are forked from."""

import os
import signal
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb  # noqa: F401 - a fork must not wait for it
import psycopg  # noqa: F401 - likewise
from zygote import serve

from connector import api
from connector.metrics.duckdb_table import DuckDBTables
from connector.metrics.postgres_table import PostgreSQLTables


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


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(kw_only=True)
class _Progress(api.Silence):
    plan: Plan
    count: int = 0

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


if __name__ == "__main__":
    serve(lambda told: _play(Plan(**told)))
