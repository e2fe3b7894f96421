"""Imports of ad metrics: each connection's days, downloaded in spans, then put into the warehouse.

The warehouse is let go while platforms are asked, and a span is in the tables as a whole or not at
all: whatever dies, the rows are as they were, and a later import goes on.
"""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from connector.api.downloading import (
    Download,
    downloaded_days,
    downloaded_hours,
    exchange_of,
    summed_up,
)
from connector.api.feeds import PLATFORMS, feed_opened, reading_connections
from connector.api.imported import Tally, entry_of
from connector.api.projects import Edges
from connector.api.trying import account_of
from connector.api.warehouses import metrics_warehouse
from connector.errors import STATUS_OF_EXIT, ConnectorError, Exit, worst
from connector.metrics.database import Database
from connector.metrics.days import (
    Asked,
    Days,
    Earlier,
    Habits,
    days_to_import,
    final_through,
    hours_to_import,
    refuse_contradictions,
    spans,
    today_in,
)
from connector.metrics.rates import Exchange
from connector.metrics.rows import Account
from connector.metrics.tables import Tables, tables_of
from connector.metrics.warehouse import (
    Import,
    earlier_imports,
    last_hour,
    replace_days,
    replace_hours,
)
from connector.project import Project

IMPORT_STEPS = {
    "remembered": "what was imported before is known, and the warehouse is let go",
    "opened": "the role is enough, and the account's time zone is known",
    "downloaded": "a span of days, or the hours, is complete in a file without a name",
    "written": "a span of days, or the hours, is in the warehouse",
}
"""The steps of an import: after each of them it may die, and the next one goes on."""


@dataclass(frozen=True, kw_only=True)
class WantedMetrics:
    """Which connections, none named meaning all, and which days of their accounts.

    `backfill` is so many days up to the last one; `hourly` wants the hours beside the days.
    """

    names: Sequence[str] = ()
    since: date | None = None
    until: date | None = None
    backfill: int | None = None
    hourly: bool = False


def import_metrics(
    project: Project, wanted: WantedMetrics, edges: Edges
) -> tuple[dict[str, Any], Exit]:
    """Import ad metrics into the warehouse; the summary, as the documentation gives it.

    An error of one connection is in its summary, leaves the rows that it did not come to as they
    were, and does not stop the others.

    Raises:
        ConfigurationError: nothing could begin: no such connection, two of one ad account, days
            that contradict each other, or a warehouse that takes no metrics.
        UnreachableError: the warehouse or the state is out of reach.
    """
    asked = Asked(since=wanted.since, until=wanted.until, backfill=wanted.backfill)
    refuse_contradictions(asked, now=edges.now())
    names = reading_connections(project, wanted.names)
    tables = tables_of(project.config.metrics.table)
    with metrics_warehouse(project, edges) as database:
        past = {name: _past(project, name, database, tables) for name in names}
    edges.progress.reached("remembered")
    ended = []
    for name in names:
        work = _Work(
            project=project, name=name, asked=asked, hourly=wanted.hourly, past=past[name],
            tables=tables, edges=edges,
        )  # fmt: skip
        ended.append(_import_one(work))
    code = worst(code for _, code in ended)
    imports = [entry for entry, _ in ended]
    return {"status": STATUS_OF_EXIT[code], "exit_code": int(code), "imports": imports}, code


@dataclass(frozen=True, kw_only=True)
class _Past:
    """What the warehouse holds of an account: its imports, and the last hour."""

    imports: Sequence[Earlier]
    last_hour: datetime | None


def _past(project: Project, name: str, database: Database, tables: Tables) -> _Past:
    connection = project.config.connections[name]
    # Nobody has been asked for its zone yet, and no day is reckoned with.
    account = Account(
        platform=PLATFORMS[connection.platform], id=account_of(connection), timezone="UTC",
        currency=project.config.metrics.currency,
    )  # fmt: skip
    return _Past(
        imports=earlier_imports(database, tables, account),
        last_hour=last_hour(database, tables, account),
    )


@dataclass(frozen=True, kw_only=True)
class _Work:
    """The import of one connection."""

    project: Project
    name: str
    asked: Asked
    hourly: bool
    past: _Past
    tables: Tables
    edges: Edges

    @property
    def platform(self) -> str:
        """As config.yaml says it."""
        return self.project.config.connections[self.name].platform

    @property
    def habits(self) -> Habits:
        """What config.yaml says of its days."""
        metrics = self.project.config.metrics
        lookback: int = getattr(metrics.lookback_days, self.platform)
        return Habits(wait_days=metrics.wait_days, lookback_days=lookback)


def _import_one(work: _Work) -> tuple[dict[str, Any], Exit]:
    began, tally, code = work.edges.monotonic(), Tally(), Exit.DONE
    try:
        _import(work, tally)
    except ConnectorError as error:
        code, told = error.exit_code, str(error)
    except Exception as error:  # noqa: BLE001 - the other connections go on
        # The text of an unknown error may hold a secret; its kind and place hold none.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(frame.filename).name}:{frame.lineno}"
        code = Exit.UNEXPECTED
        told = f"unexpected {type(error).__name__} at {place}; please report it"
    if code is not Exit.DONE:
        tally.warnings.append(told)
        work.edges.progress.warn(f"{work.name}: {told}")
    entry = entry_of(
        tally, connection=work.name, platform=work.platform, code=code,
        seconds=work.edges.monotonic() - began,
    )  # fmt: skip
    return entry, code


def _import(work: _Work, tally: Tally) -> None:
    """Import the days of a connection, the oldest first, then its hours.

    Raises:
        ConnectorError: of the kind of who must act; what is counted by then stays imported.
    """
    edges = work.edges
    with (
        feed_opened(work.project, work.name, edges, requests=tally.requests) as feed,
        summed_up(feed, tally),
    ):
        edges.progress.reached("opened")
        tally.days = days_to_import(
            work.asked, habits=work.habits, earlier=work.past.imports, now=edges.now(),
            timezone=feed.account.timezone,
        )  # fmt: skip
        download = Download(feed=feed, edges=edges, tally=tally)
        if tally.days is not None:
            with exchange_of(work.project, tally.days, tally, edges) as exchange:
                for span in spans(tally.days):
                    _import_span(work, download, span, exchange)
        if work.hourly:
            _import_hours(work, download)


def _import_span(work: _Work, download: Download, span: Days, exchange: Exchange) -> None:
    """Download a span of at most 30 days, then put it into the warehouse."""
    edges, account = work.edges, download.feed.account
    edges.progress.phase(f"{work.name}: {span.since} to {span.until}", None)
    with downloaded_days(download, span, exchange.quote) as (ads, groups):
        edges.progress.reached("downloaded")
        now = edges.now()
        done = Import(
            connection=work.name, account=account, days=span, finished_at=now,
            final_through=final_through(
                span.until, platform=account.platform, today=today_in(account.timezone, now)
            ),
        )  # fmt: skip
        with metrics_warehouse(work.project, edges, writing=True) as database:
            replaced = replace_days(database, work.tables, done, ads=ads, groups=groups)
        download.tally.add(done, replaced, ads.totals)
    edges.progress.reached("written")


def _import_hours(work: _Work, download: Download) -> None:
    """Download the hours since the last one that is held, then put them into the warehouse."""
    edges, account = work.edges, download.feed.account
    ends = hours_to_import(work.past.last_hour, now=edges.now())
    if ends is None:
        return
    since, until = ends
    edges.progress.phase(f"{work.name}: hours from {since:%Y-%m-%d %H:%M} UTC on", None)
    with downloaded_hours(download, ends) as hours:
        edges.progress.reached("downloaded")
        with metrics_warehouse(work.project, edges, writing=True) as database:
            replace_hours(database, work.tables, account, since=since, until=until, hours=hours)
    edges.progress.reached("written")
