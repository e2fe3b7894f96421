"""`connector plan`: what a sync would send, and what a changed mapping would change."""

from typing import Annotated, Any

import typer

from connector.cli.sync import Names, Since, instant
from connector.cli.terminal import Reporter, Terminal, pairs

_BATCH = 500
_TO_SEND = "dry_run"  # why these rows are pending
_BREAKING = "BREAKING: counts anew, or for someone else"


def plan(
    terminal: Terminal,
    mappings: Names = None,
    since: Since = None,
    against: Annotated[
        str | None, typer.Option(metavar="GIT_REF", help="Compare payloads with an earlier commit.")
    ] = None,
) -> None:
    """Count what a sync would send now: rows, value, identifiers, requests, time."""
    if against is not None:
        _plan_against(terminal, mappings, against)
        return
    from connector import api
    from connector.conversions.world import Options

    project = api.load(terminal.config)
    reporter = Reporter(terminal=terminal)
    wanted = api.Wanted(names=mappings or (), options=Options(since=instant(since)))
    plans = []
    for summary, tally in api.plan(project, wanted, api.Edges(progress=reporter)):
        reporter.close()
        plans.append(_plan(summary, tally, _rate(api, project, summary["mapping"])))
    if terminal.json:
        terminal.document({"mappings": plans})
        return
    for entry in plans:
        _show(terminal, entry)


def _plan_against(terminal: Terminal, mappings: Names, ref: str) -> None:
    from connector import api

    project, wanted = api.load(terminal.config), api.Wanted(names=mappings or ())
    found = []
    for mapping, comparison in api.plan_against(project, wanted, ref, api.Edges()):
        entry: dict[str, Any] = {"mapping": mapping.name, "against": ref, "new": comparison is None}
        if comparison is not None:
            entry |= {
                "rows": comparison.rows, "changed": dict(comparison.changed),
                "breaking": comparison.breaking, "outcomes": dict(comparison.outcomes),
                "other_query": comparison.other_query, "added": comparison.added,
                "removed": comparison.removed,
            }  # fmt: skip
        found.append(entry)
    if terminal.json:
        terminal.document({"mappings": found})
        return
    for entry in found:
        _show_comparison(terminal, entry)


def _show_comparison(terminal: Terminal, entry: dict[str, Any]) -> None:
    if entry["new"]:
        terminal.line(f"{entry['mapping']}: not there at {entry['against']}")
        return
    differing = entry["changed"] or entry["outcomes"] or entry["added"] or entry["removed"]
    same = "" if differing else ", all payloads the same"
    terminal.line(f"{entry['mapping']} against {entry['against']}: {entry['rows']:,} rows{same}")
    for name, count in entry["changed"].items():
        breaking = (
            "  BREAKING: counts anew, or for someone else" if name in entry["breaking"] else ""
        )
        terminal.line(f"  {name}: {count:,} rows{breaking}")
    for change, count in entry["outcomes"].items():
        terminal.line(f"  {change}: {count:,} rows")
    if entry["other_query"]:
        added, removed = f"{entry['added']:,}", f"{entry['removed']:,}"
        terminal.line(f"  the query differs: {added} rows are new, {removed} are gone")


def _rate(api: Any, project: Any, name: str) -> tuple[int, float]:  # noqa: ANN401 - imported lazily
    limits = api.connection_of(project, project.mappings[name]).rate_limits.conversion_events
    return limits.amount, limits.seconds


def _plan(summary: dict[str, Any], tally: Any, rate: tuple[int, float]) -> dict[str, Any]:  # noqa: ANN401
    from connector.conversions.summary import money

    events, window = rate
    sending = summary["reasons"]["pending"].get(_TO_SEND, 0)
    by_destination = tally.planned_by_destination
    return {
        "mapping": summary["mapping"],
        "target": summary["target"],
        "live": summary["live"],
        "rows": summary["rows"],
        "reasons": summary["reasons"],
        "dropped_identifiers": summary["dropped_identifiers"],
        "to_send": sending,
        "value": {code: money(amount) for code, amount in sorted(tally.planned_value.items())},
        "identifiers": {name: tally.identifiers[name] for name in summary["identifiers"]},
        "requests": sum(-(-count // min(_BATCH, events)) for count in by_destination.values()),
        "seconds_at_rate_limit": max(0, -(-sending // events) - 1) * window,
        "anomalies": summary["anomalies"],
        "warnings": summary["warnings"],
    }


def _show(terminal: Terminal, entry: dict[str, Any]) -> None:
    rows, sending = entry["rows"], entry["to_send"]
    live = "" if entry["live"] else " (not live)"
    terminal.line(f"{entry['mapping']} → {entry['target']}{live}: {rows['read']:,} rows read")
    worth = " + ".join(f"{amount} {code}" for code, amount in entry["value"].items())
    terminal.line(f"  to send: {sending:,}" + (f", worth {worth}" if worth else ""))
    for name, reasons in entry["reasons"].items():
        count = rows[name] - reasons.get(_TO_SEND, 0)
        if count:
            others = {reason: number for reason, number in reasons.items() if reason != _TO_SEND}
            terminal.line(f"  {name}: {count:,} ({pairs(others)})")
    if sending:
        shares = {name: f"{count / sending:.0%}" for name, count in entry["identifiers"].items()}
        terminal.line(f"  identifiers: {pairs(shares)}")
        minutes = entry["seconds_at_rate_limit"] / 60
        wait = f", at least {minutes:,.0f} minutes at the rate limit" if minutes else ""
        terminal.line(f"  requests: {entry['requests']:,}{wait}")
    if entry["dropped_identifiers"]:
        terminal.line(f"  identifiers dropped: {pairs(entry['dropped_identifiers'])}")
    for sentence in (*entry["anomalies"], *entry["warnings"]):
        terminal.remark(sentence)
