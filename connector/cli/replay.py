"""`connector replay`: send a selection once more, after showing what is at stake."""

import select
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace as with_changes
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.sync import carry_out, instant, not_live
from connector.cli.terminal import Terminal
from connector.errors import ConfigurationError, Exit

_LOOK_EVERY_SECONDS = 0.2


def replay(
    terminal: Terminal,
    mapping: Annotated[str, typer.Argument(metavar="MAPPING", show_default=False)],
    conversion_id: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="This conversion; may be repeated.")
    ] = None,
    ids: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The conversions of a file, an id a line; - for stdin."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="T", help="Conversions from this time on (ISO 8601).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="T", help="Conversions from before this time.")
    ] = None,
    state: Annotated[
        str | None,
        typer.Option(metavar="S,…", help="Conversions that are new, refused, in_doubt, accepted."),
    ] = None,
    allow_double_count: Annotated[
        bool,
        typer.Option("--allow-double-count", help="Send what X has accepted too: it counts twice."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Send and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> Exit:
    """Send some conversions now, refused ones too; the cursor stays where it is.

    Shows how many they are and what they are worth, then asks.
    """
    from connector import api

    project = api.load(terminal.config)
    meant = api.named(project, mapping)
    wanted = api.selection(
        conversion_ids=_conversion_ids(conversion_id, ids), since=instant(since),
        until=instant(until), states=[one.strip() for one in (state or "").split(",") if one],
        allow_double_count=allow_double_count,
    )  # fmt: skip
    sends = not dry_run and api.connection_of(project, meant).live
    if sends and not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            "nobody is here to agree to it, so nothing was sent: --yes sends without asking,"
            " --dry-run shows what would be sent"
        )

    def work(edges: Any) -> dict[str, Any]:  # noqa: ANN401 - imported lazily
        def confirm(stakes: Any) -> bool:  # noqa: ANN401 - imported lazily
            edges.progress.close()
            asks = sends and not yes and stakes.sending.conversions
            _show(terminal, stakes, aloud=bool(asks))
            return agrees("Send them?", edges.stopping) if asks else sends

        edges = with_changes(edges, confirm=confirm)
        return api.replay(
            project, mapping, wanted, edges, dry_run=dry_run, attended=terminal.attended
        )

    return carry_out(terminal, [] if dry_run else not_live(project, [meant]), work)


def _conversion_ids(named: list[str] | None, file: str | None) -> list[str] | None:
    """The ids of options and of a file; None when there is neither."""
    if file is None:
        return named or None
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        lines = data.decode("utf-8-sig").splitlines()
    except OSError as error:
        raise ConfigurationError(f"--ids {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"--ids {file}: not a text in UTF-8") from None
    return [*(named or ()), *(line.strip() for line in lines if line.strip())]


def _show(terminal: Terminal, stakes: Any, *, aloud: bool) -> None:  # noqa: ANN401 - imported lazily
    """What is at stake: on the terminal before a question, else in the log."""
    for sentence in _sentences(stakes):
        if aloud:
            typer.echo(sentence, err=True)
        else:
            terminal.info(sentence)


def _sentences(stakes: Any) -> Iterator[str]:  # noqa: ANN401 - imported lazily
    from connector.conversions.replay import remarks, told

    place = f"{stakes.mapping} → {stakes.target}"
    yield f"{place}: to be sent: {told(stakes.sending)}"
    if stakes.double_count and stakes.accepted.conversions:
        yield f"of these were sent before, and COUNT TWICE: {told(stakes.accepted)}"
    if stakes.rejected:
        yield f"not sent, rejected or without consent: {stakes.rejected:,}"
    if stakes.pending:
        yield f"not sent, another mapping is sending them: {stakes.pending:,}"
    yield from remarks(stakes)


def agrees(question: str, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Ask on the terminal; everything but a yes is a no, and so is a signal."""
    typer.echo(f"{question} [y/N] ", err=True, nl=False)
    while not select.select([sys.stdin], [], [], _LOOK_EVERY_SECONDS)[0]:
        if stopping():
            return False
    return sys.stdin.readline().strip().casefold() in {"y", "yes"}
