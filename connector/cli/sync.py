"""`connector sync`: the main job."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from connector.cli.attending import attended
from connector.cli.terminal import Reporter, Terminal, pairs
from connector.errors import ConfigurationError, Exit

Names = Annotated[list[str] | None, typer.Argument(metavar="[MAPPING]...", show_default=False)]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="T", help="Only conversions from this time on (ISO 8601)."),
]


def sync(
    terminal: Terminal,
    mappings: Names = None,
    tag: Annotated[str | None, typer.Option(metavar="T", help="Only mappings with a tag.")] = None,
    since: Since = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send and change nothing.")] = False,
    limit: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Read N rows; the cursor stays.")
    ] = None,
    max_runtime: Annotated[
        str | None, typer.Option(metavar="50m", help="Stop in time; the next run goes on.")
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Read all again; nothing accepted is sent again.")
    ] = False,
    accept_anomalies: Annotated[
        bool, typer.Option("--accept-anomalies", help="Send what `limits.anomaly: stop` stopped.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for a sync that is running.")] = False,
    skip_if_running: Annotated[
        bool, typer.Option("--skip-if-running", help="Take a sync that is running for done.")
    ] = False,
) -> Exit:
    """Send what is new: the main job.

    Without a name, all enabled mappings, the one that has waited longest first.
    """
    from connector import api
    from connector.conversions.world import Options

    if wait and skip_if_running:
        raise ConfigurationError("--wait and --skip-if-running exclude each other")
    project = api.load(terminal.config)
    wanted = api.Wanted(
        names=mappings or (), tag=tag, wait=wait, skip_if_running=skip_if_running,
        attended=terminal.attended,
        options=Options(
            dry_run=dry_run, since=instant(since), limit=limit, full_refresh=full_refresh,
            deadline=_deadline(max_runtime), accept_anomalies=accept_anomalies,
        ),
    )  # fmt: skip
    meant = api.chosen(project, wanted)
    if not meant:
        terminal.warn(f"no enabled mapping has the tag {tag}" if tag else "no mapping is enabled")
    rehearsing = [] if dry_run else not_live(project, meant)
    return carry_out(terminal, rehearsing, lambda edges: api.sync(project, wanted, edges))


def carry_out(
    terminal: Terminal, rehearsing: list[str], work: Callable[[Any], dict[str, Any]]
) -> Exit:
    """Do what ends with a summary of a sync and show that; `rehearsing` is said first and last."""
    reporter = Reporter(terminal=terminal)
    for sentence in rehearsing:
        terminal.warn(sentence)
    with attended(terminal, reporter) as edges:
        summary = work(edges)
    if terminal.json:
        terminal.document(summary)
    else:
        show(terminal, summary)
    for sentence in rehearsing:
        terminal.warn(sentence)
    return Exit(summary["exit_code"])


def not_live(
    project: Any,  # noqa: ANN401 - imported lazily
    mappings: list[Any],
    *,
    otherwise: str = ", or say --dry-run",
) -> list[str]:
    """A sentence for each connection of these mappings that sends nothing."""
    names = {mapping.destination.connection for mapping in mappings}
    return [
        f"connection {name} is not live: this is a rehearsal, nothing is sent;"
        f" set connections.{name}.live to true to send{otherwise}"
        for name in sorted(names)
        if not project.config.connections[name].live
    ]


def instant(text: str | None) -> datetime | None:
    """A time of the command line; one without a zone is UTC.

    Raises:
        ConfigurationError: it is none.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{text!r} is not a time; write 2026-03-31 or 2026-03-31T18:30:00+02:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _deadline(span: str | None) -> float | None:
    from connector.project import parse_duration

    if span is None:
        return None
    try:
        return time.time() + parse_duration(span).total_seconds()
    except ValueError as error:
        raise ConfigurationError(f"--max-runtime {span!r}: {error}") from None


def show(terminal: Terminal, summary: dict[str, Any]) -> None:
    """The summary as a table for people."""
    for entry in summary["mappings"]:
        rows = entry["rows"]
        seconds = entry["duration_seconds"]
        terminal.line(
            f"{entry['mapping']} → {entry['target']}: {entry['status']},"
            f" {rows['read']:,} rows in {seconds:.1f} s"
        )
        outcomes = [
            (name, f"{count:,}", pairs(entry["reasons"].get(name, {})) or _value(entry, name))
            for name, count in rows.items()
            if count and name != "read"
        ]
        if outcomes:
            terminal.table(("  outcome", "rows", "why"), [(f"  {n}", c, w) for n, c, w in outcomes])
        for label, counts in _extras(entry):
            terminal.line(f"  {label}: {counts}")
        for sentence in (*entry["anomalies"], *entry["warnings"]):
            terminal.remark(sentence)
    if len(summary["mappings"]) != 1:
        terminal.line(f"{summary['status']}: {len(summary['mappings'])} mappings")


def _value(entry: dict[str, Any], outcome: str) -> str:
    if outcome != "accepted" or not entry["value"]:
        return ""
    return "worth " + " + ".join(f"{amount} {code}" for code, amount in entry["value"].items())


def _extras(entry: dict[str, Any]) -> Iterator[tuple[str, str]]:
    sent = {name: count for name, count in entry["identifiers"].items() if count}
    hashed = {name: count for name, count in entry["already_hashed"].items() if count}
    facts = (
        ("identifiers sent", pairs(sent)),
        ("identifiers dropped", pairs(entry["dropped_identifiers"])),
        ("already hashed", pairs(hashed)),
        ("changed after acceptance, not sent", str(entry["changed_after_acceptance"] or "")),
        ("held in earlier runs", str(entry["held_before"] or "")),
    )
    yield from ((label, text) for label, text in facts if text)
    if entry["requests"]["sent"]:
        yield "requests", pairs(entry["requests"])
