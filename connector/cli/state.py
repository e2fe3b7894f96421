"""The commands for the ledger: `connector state …`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from connector.cli.sync import instant
from connector.cli.terminal import Terminal
from connector.errors import ConfigurationError


def init(terminal: Terminal) -> None:
    """Make the state; one that is there is left as it is."""
    from connector import api

    project = api.load(terminal.config)
    made = api.init_state(project)
    place = api.state_place(project)
    if terminal.json:
        terminal.document({"state": str(place), "made": made})
    else:
        done = f"made the state {place}"
        terminal.line(done if made else f"the state {place} is there already; nothing changed")


def migrate(
    terminal: Terminal,
    yes: Annotated[bool, typer.Option("--yes", help="PostgreSQL: a backup has been made.")] = False,
) -> None:
    """Bring a state of an older version to this one; a file is copied first."""
    from connector import api

    project = api.load(terminal.config)
    version, copy = api.migrate_state(project, backed_up=yes)
    place = api.state_place(project)
    if terminal.json:
        kept = str(copy) if copy else None
        terminal.document(
            {"state": str(place), "from": version, "to": api.STATE_VERSION, "backup": kept}
        )
    elif version == api.STATE_VERSION:
        terminal.line(f"the state {place} is of version {version}; nothing changed")
    else:
        before = f"; {copy} is as it was" if copy else ""
        terminal.line(f"the state {place} is of version {api.STATE_VERSION} now{before}")


def begin(
    terminal: Terminal,
    mapping: Annotated[str, typer.Argument(metavar="MAPPING", show_default=False)],
    send_history: Annotated[
        bool, typer.Option("--send-history", help="Send everything that is not known yet.")
    ] = False,
    before: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Take conversions from before TIME as sent elsewhere."),
    ] = None,
) -> None:
    """Say how a mapping starts that has a history, or whose keys have changed."""
    from connector import api

    if send_history == (before is not None):
        raise ConfigurationError("say either --send-history or --before TIME")
    project = api.load(terminal.config)
    moment = instant(before)
    target = api.begin(project, mapping, before=moment, edges=api.Edges())
    if moment is not None and moment > datetime.now(UTC):
        terminal.warn("this time is yet to come: until then nothing new is sent")
    if terminal.json:
        terminal.document(
            {"mapping": mapping, "target": target, "before": moment and moment.isoformat()}
        )
    elif moment is None:
        terminal.line(f"{mapping} → {target}: the next sync sends everything that is not known yet")
    else:
        terminal.line(
            f"{mapping} → {target}: unknown conversions from before {moment.isoformat()}"
            " count as sent elsewhere"
        )


def prune(
    terminal: Terminal,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="180d", show_default=False, help="How long ago.")
    ],
    yes: Annotated[
        bool, typer.Option("--yes", help="Also what mappings sent that are not in this project.")
    ] = False,
) -> None:
    """Forget what was settled long ago, never what a mapping would still send."""
    from connector import api
    from connector.project import parse_duration

    try:
        span = parse_duration(older_than)
    except ValueError as error:
        raise ConfigurationError(f"--older-than {older_than!r}: {error}") from None
    project = api.load(terminal.config)
    pruned = api.prune(project, older_than=span, strangers=yes, edges=api.Edges())
    if terminal.json:
        terminal.document({"older_than": api.written(span), "forgotten": vars(pruned)})
    else:
        terminal.line(
            f"forgotten: {pruned.conversions:,} conversions, {pruned.rejects:,} rejected rows,"
            f" {pruned.runs:,} runs, {pruned.writes:,} writes, {pruned.uploads:,} uploads"
        )


def export(
    terminal: Terminal,
    folder: Annotated[Path, typer.Argument(metavar="DIR", show_default=False)],
) -> None:
    """Write the state as Parquet files, one for each table."""
    from connector import api

    written = api.export_state(api.load(terminal.config), folder)
    if terminal.json:
        files = [{"file": str(file), "rows": rows} for file, rows in written.items()]
        terminal.document({"files": files})
    else:
        terminal.table(("file", "rows"), [(str(f), f"{rows:,}") for f, rows in written.items()])


def backup(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
) -> None:
    """Copy a SQLite state to a new file, while syncs run."""
    from connector import api

    api.backup_state(api.load(terminal.config), file)
    if terminal.json:
        terminal.document({"backup": str(file)})
    else:
        terminal.line(f"{file} is a copy of the state as it is now")
