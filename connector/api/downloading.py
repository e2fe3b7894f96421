"""Numbers on their way from a platform to a file without a name, complete before they are used."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

from connector.api.feeds import Feed
from connector.api.imported import Tally
from connector.api.projects import Edges
from connector.api.warehouses import rates_of_table
from connector.errors import TokenRefusedError, UnreachableError
from connector.http import Session
from connector.metrics import ecb
from connector.metrics.days import Days, is_final, today_in
from connector.metrics.rates import Exchange, Quote, ecb_source
from connector.metrics.rows import Reading
from connector.metrics.staging import Filling, Stage, staged_ads, staged_groups, staged_hours
from connector.project import Project

T = TypeVar("T")

_TOLD_EVERY = 500


@dataclass(frozen=True, kw_only=True)
class Download:
    """Where numbers come from, and where it is told and counted."""

    feed: Feed
    edges: Edges
    tally: Tally


@contextmanager
def exchange_of(project: Project, days: Days, tally: Tally, edges: Edges) -> Iterator[Exchange]:
    """The rates of some days; what there is to say of those that were used is said at the end.

    Raises:
        ConnectorError: the table that config.yaml names can't be used.
    """
    metrics = project.config.metrics
    with closing(Session()) as session:
        newest = partial(
            ecb.reference_rates, through=days.until, cache=ecb.cache_of(os.environ, Path.home()),
            now=edges.now(), send=session.send,
        )  # fmt: skip
        sources = [ecb_source(newest, to=metrics.currency)]
        if metrics.exchange_rates is not None:
            table = metrics.exchange_rates
            sources.insert(0, rates_of_table(project, table, since=days.since, edges=edges))
        exchange = Exchange(currency=metrics.currency, sources=sources)
        try:
            yield exchange
        finally:
            tally.warnings += exchange.warnings()


@contextmanager
def summed_up(feed: Feed, tally: Tally) -> Iterator[None]:
    """Say at the end, however it comes, what there is to say of all days together."""
    try:
        yield
    finally:
        tally.warnings += feed.warnings()


@contextmanager
def downloaded_days(
    download: Download, span: Days, quote: Callable[[str, date], Quote | None]
) -> Iterator[tuple[Stage, Stage]]:
    """The rows of the ads and of the ad groups on some days, all of them.

    Raises:
        ConnectorError: the platform does not give them.
        UnreachableError: the disk does not take them.
    """
    feed, filling = download.feed, _filling(download, quote)

    @contextmanager
    def read() -> Iterator[tuple[Stage, Stage]]:
        with ExitStack() as stack:
            reading = feed.days(span.since, span.until)
            with _noted(download, reading):
                ads = stack.enter_context(staged_ads(_told(download, reading.ads), filling))
                groups = stack.enter_context(staged_groups(reading.groups, filling))
            yield ads, groups

    with _renewing(feed, read) as stages:
        yield stages


@contextmanager
def downloaded_hours(download: Download, ends: tuple[datetime, datetime]) -> Iterator[Stage]:
    """The rows of whole hours, likewise."""
    feed, filling = download.feed, _filling(download, lambda _currency, _day: None)

    @contextmanager
    def read() -> Iterator[Stage]:
        with ExitStack() as stack:
            reading = feed.hours(*ends)
            with _noted(download, reading):
                hours = stack.enter_context(staged_hours(_told(download, reading.hours), filling))
            yield hours

    with _renewing(feed, read) as stage:
        yield stage


def _filling(download: Download, quote: Callable[[str, date], Quote | None]) -> Filling:
    account, now = download.feed.account, download.edges.now()
    today = today_in(account.timezone, now)
    return Filling(
        account=account, quote=quote, imported_at=now,
        is_final=partial(is_final, platform=account.platform, today=today),
    )  # fmt: skip


@contextmanager
def _renewing(feed: Feed, read: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """What is read; once more with a new token where the platform refuses the old one."""
    with ExitStack() as stack:
        try:
            found = stack.enter_context(read())
        except TokenRefusedError:
            if not feed.renew():
                raise
            found = stack.enter_context(read())
        yield found


@contextmanager
def _noted(download: Download, reading: Reading) -> Iterator[None]:
    """Take over what a reading says, however it ends; a full disk is nobody's defect."""
    try:
        yield
    except OSError as error:
        raise UnreachableError(
            f"what is downloaded cannot be kept in {tempfile.gettempdir()}: {error.strerror}"
        ) from error
    finally:
        download.tally.note(reading)


def _told(download: Download, rows: Iterable[T]) -> Iterator[T]:
    """The rows, while progress is told of them."""
    progress, number = download.edges.progress, 0
    for number, row in enumerate(rows, 1):
        if not number % _TOLD_EVERY:
            progress.advance(_TOLD_EVERY)
        yield row
    progress.advance(number % _TOLD_EVERY)
