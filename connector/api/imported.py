"""What comes of an import, counted as it goes on; its keys are a contract with users."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connector.conversions.summary import money
from connector.errors import STATUS_OF_EXIT, Exit
from connector.metrics.days import Days
from connector.metrics.rows import Reading, Requests
from connector.metrics.staging import Totals
from connector.metrics.warehouse import Import, Replaced

Costs = defaultdict[str, Decimal]


def _costs() -> Costs:
    return defaultdict(Decimal)


@dataclass(kw_only=True)
class Tally:
    """What came of the import of a connection so far; all but `requests` is in the warehouse.

    Attributes:
        days: those that are to be imported; None until that is known, and when there are none.
        days_done: how many of them were.
        cost: by the currency that was spent.
        cost_converted: None as soon as a row with a cost has no rate.
    """

    days: Days | None = None
    days_done: int = 0
    rows: int = 0
    cost: Costs = field(default_factory=_costs)
    cost_converted: Decimal | None = Decimal(0)
    changed_rows: int = 0
    changed_cost: Costs = field(default_factory=_costs)
    final_through: date | None = None
    warnings: list[str] = field(default_factory=list)
    requests: Requests = field(default_factory=Requests)

    def add(self, done: Import, replaced: Replaced, totals: Totals) -> None:
        """Count a span that is in the warehouse, with the sums of its ads."""
        self.days_done += len(done.days)
        self.rows += replaced.rows
        self.changed_rows += replaced.changed_rows
        self.final_through = done.final_through
        for currency, cost in totals.cost.items():
            self.cost[currency] += cost
        for currency, cost in replaced.changed_cost.items():
            self.changed_cost[currency] += cost
        if totals.unconverted or self.cost_converted is None:
            self.cost_converted = None
        else:
            self.cost_converted += totals.cost_converted

    def note(self, reading: Reading) -> None:
        """Take over what a reading says; the senders have counted what it sent."""
        self.warnings += [told for told in reading.warnings if told not in self.warnings]
        self.requests.retried += reading.requests.retried


def entry_of(
    tally: Tally, *, connection: str, platform: str, code: Exit, seconds: float
) -> dict[str, Any]:
    """The part of the summary that is about a connection; `platform` as config.yaml says it."""
    days, converted = tally.days, tally.cost_converted
    moved = {currency: cost for currency, cost in tally.changed_cost.items() if cost}
    return {
        "connection": connection,
        "platform": platform,
        "status": STATUS_OF_EXIT[code],
        "since": days.since.isoformat() if days else None,
        "until": days.until.isoformat() if days else None,
        "days": tally.days_done,
        "rows": tally.rows,
        "cost": _amounts(tally.cost),
        "cost_converted": None if converted is None else money(converted),
        "changed": {"rows": tally.changed_rows, "cost": _amounts(moved)},
        "final_through": tally.final_through.isoformat() if tally.final_through else None,
        "warnings": tally.warnings,
        "requests": {"sent": tally.requests.sent, "retried": tally.requests.retried},
        "duration_seconds": round(seconds, 3),
    }


def _amounts(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: money(amount) for currency, amount in sorted(amounts.items())}
