"""The summary of a sync, as JSON-ready values; its keys are a contract with users."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector import __version__
from connector.conversions.body import COVERAGE
from connector.conversions.fields import WARNINGS
from connector.conversions.tally import OUTCOMES, Tally
from connector.errors import STATUS_OF_EXIT, Exit, worst

SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose rows a summary counts: a mapping on its way to a target."""

    mapping: str
    target: str
    live: bool


def of_mapping(subject: Subject, tally: Tally, *, status: str, seconds: float) -> dict[str, Any]:
    """What became of the rows of one mapping; the outcomes add up to `read`."""
    rows = {outcome: tally.rows[outcome] for outcome in OUTCOMES}
    return {
        "mapping": subject.mapping,
        "status": status,
        "target": subject.target,
        "live": subject.live,
        "rows": {"read": tally.read, **rows},
        "reasons": {name: _counts(counter) for name, counter in tally.reasons.items()},
        "dropped_identifiers": _counts(tally.dropped),
        "already_hashed": {name: tally.hashed[name] for name in ("email", "phone")},
        "identifiers": {name: tally.identifiers[name] for name in COVERAGE},
        "changed_after_acceptance": tally.changed,
        "held_before": tally.held_before,
        "value": {currency: money(amount) for currency, amount in sorted(tally.value.items())},
        "anomalies": tally.anomalies,
        "warnings": tally.warnings,
        "requests": {"sent": tally.requests_sent, "retried": tally.requests_retried},
        "duration_seconds": round(seconds, 3),
    }


def _counts(counter: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in sorted(counter.items()) if count}


def money(amount: Decimal) -> str:
    """An amount with at least two decimals and no zeros behind them."""
    whole, _, fraction = f"{amount:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def row_warnings(counted: Mapping[str, int]) -> list[str]:
    """Sentences for what is odd with rows that are sent all the same."""
    return [
        f"{counted[word]} rows: {meaning} ({word})"
        for word, meaning in WARNINGS.items()
        if counted.get(word)
    ]


def of_run(
    mappings: Sequence[Mapping[str, Any]], *, run_id: str, codes: Iterable[Exit],
    started_at: datetime, finished_at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """The summary of a whole sync, from those of its mappings and their exit codes."""
    code = worst(codes)
    rehearsed = bool(mappings) and all(entry["status"] == "dry_run" for entry in mappings)
    status = "dry_run" if rehearsed else STATUS_OF_EXIT[code]
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "run_id": run_id,
        "status": status,
        "exit_code": int(code),
        "started_at": instant(started_at),
        "finished_at": instant(finished_at),
        "mappings": list(mappings),
    }


def instant(moment: datetime) -> str:
    """A time in UTC to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def failed(subject: Subject, *, code: Exit, message: str) -> dict[str, Any]:
    """The summary of a mapping that ended with an error before its rows were counted."""
    tally = Tally(warnings=[message])
    return of_mapping(subject, tally, status=STATUS_OF_EXIT[code], seconds=0.0)
