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
    path = api.state_path(project)
    if terminal.json:
        terminal.document({"state": str(path), "made": made})
    else:
        terminal.line(f"made {path}" if made else f"{path} is there already; nothing changed")


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
