"""The commands for whoever writes a mapping: check, compile, preview, plan."""

from typing import Annotated, Any

import typer

from connector.cli.sync import Names, Since, instant
from connector.cli.terminal import Reporter, Terminal, pairs
from connector.errors import Exit

One = Annotated[str, typer.Argument(metavar="MAPPING", show_default=False)]
_WINDOW_MINUTES = 15
_EVENTS_IN_A_WINDOW = 60_000  # what X's guide allows an ad account in a quarter of an hour
_BATCH = 500


def check(terminal: Terminal, mappings: Names = None) -> Exit:
    """Hold config and mappings against each other and the warehouse."""
    from connector import api

    project = api.load(terminal.config)
    found = api.check(project, mappings or (), api.Edges())
    if terminal.json:
        terminal.document(
            {
                "mappings": [
                    {"mapping": name, "problems": [str(problem) for problem in problems]}
                    for name, problems in found.items()
                ]
            }
        )
        return Exit.CONFIGURATION if any(found.values()) else Exit.DONE
    for name, problems in found.items():
        mapping = project.mappings[name]
        connection = api.connection_of(project, mapping)
        live = "live" if connection.live else "not live: nothing is sent"
        state = (
            f"{len(problems)} problems" if problems else f"fits, to {connection.target} ({live})"
        )
        terminal.line(f"{name}: {state}")
        for problem in problems:
            terminal.line(f"  {problem}")
    if not found:
        terminal.line(f"{project.path.name} is right; there is no mapping yet")
    return Exit.CONFIGURATION if any(found.values()) else Exit.DONE


def compile_mapping(terminal: Terminal, mapping: One) -> None:
    """Print the SQL that a mapping becomes."""
    from connector import api

    sql = api.statement(api.load(terminal.config), mapping, api.Edges())
    if terminal.json:
        terminal.document({"mapping": mapping, "sql": sql})
    else:
        terminal.line(sql)


def run_tests(terminal: Terminal, mappings: Names = None) -> Exit:
    """Run the tests that mappings carry."""
    from connector import api

    failed, results = 0, []
    for mapping, checked, without in api.run_tests(
        api.load(terminal.config), mappings or (), api.Edges()
    ):
        if without and checked:
            terminal.warn(f"{mapping.name}: tested without the warehouse's types: {without}")
        for one in checked:
            failed += bool(one.difference)
            results.append({"mapping": mapping.name, "test": one.name, "failed": one.difference})
            if not terminal.json:
                terminal.line(
                    f"{'FAILED' if one.difference else 'passed'}  {mapping.name}: {one.name}"
                )
                if one.difference:
                    terminal.remark(one.difference)
    if terminal.json:
        terminal.document({"tests": results})
    else:
        terminal.line(f"{len(results) - failed} passed, {failed} failed")
    return Exit.CONFIGURATION if failed else Exit.DONE


def schema(terminal: Terminal) -> None:
    """Print the JSON Schema of a mapping, for editors and validators."""
    from connector.project.schema import mapping_schema

    terminal.document(mapping_schema())


def preview(
    terminal: Terminal,
    mapping: One,
    rows: Annotated[int, typer.Option("-n", min=1, help="How many rows.")] = 5,
) -> None:
    """Show what would become of the first rows, as JSON lines."""
    from connector import api

    for row in api.preview(api.load(terminal.config), mapping, rows, api.Edges()):
        terminal.document(row)


def plan(terminal: Terminal, mappings: Names = None, since: Since = None) -> None:
    """Count what a sync would send now: rows, value, identifiers, requests, time."""
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


def _rate(api: Any, project: Any, name: str) -> tuple[int, float]:  # noqa: ANN401 - imported lazily
    limits = api.connection_of(project, project.mappings[name]).rate_limits.conversion_events
    if limits is None:
        return _EVENTS_IN_A_WINDOW, _WINDOW_MINUTES * 60.0
    return limits.amount, limits.seconds


def _plan(summary: dict[str, Any], tally: Any, rate: tuple[int, float]) -> dict[str, Any]:  # noqa: ANN401
    from connector.conversions.summary import money

    events, window = rate
    sending = summary["rows"]["pending"]
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
        "identifiers": summary["identifiers"],
        "requests": sum(-(-count // _BATCH) for count in by_destination.values()),
        "seconds_at_rate_limit": max(0, -(-sending // events) - 1) * window,
        "warnings": summary["warnings"],
    }


def _show(terminal: Terminal, entry: dict[str, Any]) -> None:
    rows, sending = entry["rows"], entry["to_send"]
    live = "" if entry["live"] else " (not live)"
    terminal.line(f"{entry['mapping']} → {entry['target']}{live}: {rows['read']:,} rows read")
    worth = " + ".join(f"{amount} {code}" for code, amount in entry["value"].items())
    terminal.line(f"  to send: {sending:,}" + (f", worth {worth}" if worth else ""))
    for name, count in rows.items():
        if count and name not in {"read", "pending"}:
            terminal.line(f"  {name}: {count:,} ({pairs(entry['reasons'][name])})")
    if sending:
        shares = {name: f"{count / sending:.0%}" for name, count in entry["identifiers"].items()}
        terminal.line(f"  identifiers: {pairs(shares)}")
        minutes = entry["seconds_at_rate_limit"] / 60
        wait = f", at least {minutes:,.0f} minutes at the rate limit" if minutes else ""
        terminal.line(f"  requests: {entry['requests']:,}{wait}")
    if entry["dropped_identifiers"]:
        terminal.line(f"  identifiers dropped: {pairs(entry['dropped_identifiers'])}")
    for warning in entry["warnings"]:
        terminal.remark(warning)
