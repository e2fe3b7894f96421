"""What imported ad metrics say: sums for people, and the ledger beside what X attributes."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from connector.api.feeds import readers, x_opened
from connector.api.projects import Edges, state_place
from connector.api.warehouses import metrics_warehouse
from connector.conversions.summary import money
from connector.errors import ConfigurationError
from connector.metrics import summing
from connector.metrics.database import Database
from connector.metrics.days import ONE_DAY, Days, today_in
from connector.metrics.reconciling import Accepted, Attributed, Reconciled, reconciled
from connector.metrics.rows import Requests
from connector.metrics.summing import By, Line, Sums
from connector.metrics.tables import Tables, tables_of
from connector.project import Project, XConnection
from connector.state import database as state
from connector.state.accepted import AcceptedDay, accepted_by_day

_PLACES = Decimal("1e-6")
_RATIOS = ("ctr", "cpc", "cpm", "cost_per_acquisition", "return_on_ad_spend")


def show_metrics(project: Project, *, by: By, days: int, edges: Edges) -> dict[str, Any]:
    """The sums of so many days up to yesterday, as `connector metrics show --json` tells them.

    Numbers of conversions are what the platforms attribute; `blended` of a total are all that the
    ledger holds as accepted, whoever they are attributed to.

    Raises:
        ConfigurationError: the warehouse takes no metrics, or its account is refused.
        UnreachableError: warehouse or state are out of reach.
    """
    tables = tables_of(project.config.metrics.table)
    with metrics_warehouse(project, edges) as database:
        zones = _zones(database, tables)
        span = _last(days, zones, edges)
        shown = summing.show(
            database, tables, by=by, days=span, currency=project.config.metrics.currency
        )
    accepted = sum(one.conversions for one in _accepted(project, span))
    return {
        "since": span.since.isoformat(),
        "until": span.until.isoformat(),
        "by": by,
        "lines": [_line(line) for line in shown.lines],
        "totals": [
            {**_line(total), "blended": _blended(shown.totals, accepted)} for total in shown.totals
        ],
        "unconverted": shown.unconverted,
    }


def _zones(database: Database, tables: Tables) -> list[str]:
    """The time zones of the accounts that are in the tables."""
    if database.columns(tables.ads.name) is None:
        return []
    rows = database.run(f"select distinct account_timezone from {tables.ads.name.sql}")
    return [str(zone) for (zone,) in rows]


def _last(days: int, zones: Iterable[str], edges: Edges) -> Days:
    """So many days up to the last one that is over in one of some time zones."""
    until = max((today_in(zone, edges.now()) for zone in zones), default=edges.now().date())
    return Days(since=until - days * ONE_DAY, until=until - ONE_DAY)


def _line(line: Line) -> dict[str, Any]:
    numbers = {one.name: getattr(line.sums, one.name) for one in fields(Sums)}
    ratios = {name: getattr(line.sums, name) for name in _RATIOS}
    return {
        "key": line.key, "name": line.name, "platform": line.platform, "account": line.account,
        "currency": line.currency,
        **{name: _told(number) for name, number in (numbers | ratios).items()},
    }  # fmt: skip


def _blended(totals: list[Line], accepted: int) -> dict[str, Any]:
    """What one accepted conversion costs; of spend in several currencies nobody can say."""
    whole = totals[0].sums if len(totals) == 1 else Sums()
    found = summing.blended(whole, accepted=accepted)
    return {"accepted": found.accepted, "cost_per_accepted": _told(found.cost_per_accepted)}


def _told(number: Decimal | int | None) -> str | int | None:
    if not isinstance(number, Decimal):
        return number
    return money(number.quantize(_PLACES, ROUND_HALF_UP))


def _accepted(project: Project, span: Days) -> list[AcceptedDay]:
    """What X accepted of some days; nothing where there is no state yet."""
    place = state_place(project)
    if isinstance(place, Path) and not place.exists():
        return []
    connections = project.config.connections.values()
    targets = {one.target for one in connections if isinstance(one, XConnection)}
    with state.opened(place) as opened:
        return accepted_by_day(opened, targets=targets, since=span.since, until=span.until)


def reconcile_metrics(project: Project, *, days: int, edges: Edges) -> dict[str, Any]:
    """The ledger's accepted conversions by day and event, beside what X reports for the event.

    `value` is None where accounts have several currencies.

    Raises:
        ConfigurationError: there is no connection to X that may read metrics.
        CredentialsError: X does not take what there is, or the user's role is not enough.
        UnreachableError: X or the state is out of reach.
    """
    asked = [_asked(project, name, days, edges) for name in _x_readers(project)]
    whole = Days(
        since=min(one.span.since for one in asked), until=max(one.span.until for one in asked)
    )
    currencies = {one.currency for one in asked}
    attributed = [
        row if len(currencies) == 1 else replace(row, value=None)
        for one in asked
        for row in one.rows
    ]
    accepted = [_of_event(one) for one in _accepted(project, whole)]
    by_day, totals = reconciled(accepted, attributed)
    return {
        "since": whole.since.isoformat(),
        "until": whole.until.isoformat(),
        "currency": currencies.pop() if len(currencies) == 1 else None,
        "days": [_reconciled(one) for one in by_day],
        "totals": [_reconciled(one) for one in totals],
    }


def _x_readers(project: Project) -> list[str]:
    """A connection for each ad account of X.

    Raises:
        ConfigurationError: there is none.
    """
    of_account: dict[str, str] = {}
    for name in readers(project):
        connection = project.config.connections[name]
        if isinstance(connection, XConnection):
            of_account.setdefault(connection.ad_account_id, name)
    if not of_account:
        raise ConfigurationError(
            f"{project.path.name} has no connection to X Ads, which alone tells what it attributes"
            " to each event"
        )
    return list(of_account.values())


@dataclass(frozen=True, kw_only=True)
class _Answered:
    """What X attributes to the events of an account on some of its days."""

    span: Days
    currency: str
    rows: list[Attributed]


def _asked(project: Project, name: str, days: int, edges: Edges) -> _Answered:
    edges.progress.phase(f"{name}: conversions by event", None)
    with x_opened(project, name, edges, requests=Requests()) as account:
        known = account.source.account
        span = _last(days, [known.timezone], edges)
        rows = list(account.attributed(span.since, span.until).rows)
    return _Answered(span=span, currency=known.currency, rows=rows)


def _of_event(one: AcceptedDay) -> Accepted:
    event = f"tw-{one.pixel_id}-{one.event_id.rpartition('-')[2]}"
    return Accepted(day=one.day, event=event, conversions=one.conversions)


def _reconciled(one: Reconciled) -> dict[str, Any]:
    return {
        "day": one.day.isoformat() if one.day else None, "event": one.event,
        "accepted": one.accepted, "attributed": one.attributed, "value": _told(one.value),
        "share": _told(one.share),
    }  # fmt: skip
