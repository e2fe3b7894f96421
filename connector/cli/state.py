"""The commands for the ledger: `connector state …`."""

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
