"""What an experiment has come to, read from X by line item."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.api.managing import Manager
from connector.api.projects import Edges
from connector.api.switching import DELETED, found_experiment, line_items, require_whole
from connector.conversions.summary import money
from connector.experiments.model import CONTROL
from connector.experiments.results import Compared, Counts, compared, rates, shown, total
from connector.experiments.results import Hours as Series
from connector.experiments.statistics import Estimate
from connector.project import Project
from connector.state.experiments import Kept
from connector.x.calling import Access, Line
from connector.x.metrics.by_hour import Hours, by_hour
from connector.x.metrics.reading import opened
from connector.x.metrics.rows import money as amount_of

_PLACES = Decimal("1e-8")


def experiment_results(
    project: Project, connection: str | None, name: str, edges: Edges
) -> dict[str, Any]:
    """The counts of each variant since the start, with rates and the difference to the control.

    As `connector experiments results --json` tells them: amounts and rates are texts, `low` and
    `high` the ends of 95 % intervals, and what there is nothing to divide for is None.

    Raises:
        ConfigurationError: there is no such experiment, or its start did not end.
        ConnectorError: X does not give the numbers.
    """
    with found_experiment(project, connection, name, edges) as (manager, kept):
        started_at = require_whole(kept, name)
        since, until = datetime.fromtimestamp(started_at / 1000, UTC), edges.now()
        rows = {str(row["id"]): row for row in line_items(manager, kept)}
        edges.progress.phase(f"{name}: numbers of {len(kept.variants)} line items", None)
        found, warnings = _read(manager, kept, since, until)
    series = {variant: _series(found[id_]) for variant, id_ in kept.variants.items()}
    currencies = {str(row["currency"]) for row in rows.values() if row.get("currency")}
    return {
        "experiment": name, "connection": manager.name, "campaign_id": kept.campaign_id,
        "since": since.isoformat(timespec="seconds"),
        "until": until.astimezone(UTC).isoformat(timespec="seconds"),
        "currency": min(currencies, default=None),
        "variants": [
            {
                "variant": variant, "line_item_id": id_,
                "entity_status": _status(rows.get(id_, {})),
                "hours": len(shown(series[variant])), **_told(total(series[variant])),
                "against_control": None if variant == CONTROL else _beside(
                    compared(series[CONTROL], series[variant])
                ),
            }
            for variant, id_ in kept.variants.items()
        ],
        "warnings": warnings,
    }  # fmt: skip


def _read(
    manager: Manager, kept: Kept, since: datetime, until: datetime
) -> tuple[dict[str, Hours], list[str]]:
    def read(line: Line, access: Access) -> tuple[dict[str, Hours], list[str]]:
        source = opened(line, access, manager.account_id)
        hours = by_hour(source, kept.variants.values(), since=since, until=until)
        refused = ", ".join(sorted(source.refused))
        told = f"X does not answer for the placement {refused}, on which line items were shown"
        return hours, [told] if refused else []

    return manager.called(read)


def _series(hours: Hours) -> Series:
    return {hour: _counts(numbers) for hour, numbers in hours.items()}


def _counts(numbers: Mapping[str, int]) -> Counts:
    cost = numbers.get("cost")
    return Counts(
        impressions=numbers.get("impressions"), clicks=numbers.get("clicks"),
        conversions=numbers.get("conversions"), spend=None if cost is None else amount_of(cost),
    )  # fmt: skip


def _status(row: Mapping[str, Any]) -> str | None:
    return DELETED if row.get("deleted") else row.get("entity_status")


def _told(counts: Counts) -> dict[str, Any]:
    return {
        "impressions": counts.impressions, "clicks": counts.clicks,
        "conversions": counts.conversions,
        "spend": None if counts.spend is None else money(counts.spend),
        **{measure: _estimate(one) for measure, one in rates(counts).items()},
    }  # fmt: skip


def _estimate(one: Estimate | None, name: str = "value") -> dict[str, str] | None:
    if one is None:
        return None
    return {name: _text(one.value), "low": _text(one.low), "high": _text(one.high)}


def _text(number: float) -> str:
    return money(Decimal(number).quantize(_PLACES, ROUND_HALF_UP))


def _beside(found: Compared) -> dict[str, Any]:
    return {
        "hours": found.hours, "control": _told(found.control),
        **{
            measure: {
                **dict.fromkeys(("difference", "low", "high")),
                **(_estimate(one.difference, "difference") or {}),
                "is_difference": one.is_difference, "words": one.words,
            }
            for measure, one in found.measures.items()
        },
    }  # fmt: skip
