"""`connector campaigns apply` and `export`: an ad account as a file has it."""

import os
import sys
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.campaigns import managing
from connector.cli.entities import CONNECTION
from connector.cli.replay import agrees
from connector.cli.terminal import Reporter, Terminal
from connector.errors import ConfigurationError, Exit, StoppedError, UnreachableError

if TYPE_CHECKING:
    from connector.api import Manager
    from connector.api.applying import Outcome, Plan
    from connector.campaigns.file import File
    from connector.campaigns.telling import Line

_WIDTH = 100
_MARGIN = 2
_INDENT = 6


def apply(
    terminal: Terminal,
    file: Annotated[str, typer.Argument(metavar="FILE", show_default=False)],
    plan: Annotated[bool, typer.Option("--plan", help="Show the plan, write nothing.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Delete what the file's campaigns have beside it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    if_plan: Annotated[
        str | None,
        typer.Option(
            "--if-plan", metavar="PLAN", show_default=False,
            help="Only if the plan still is this one, as --plan named it.",
        ),
    ] = None,
    connection: CONNECTION = None,
) -> Exit:  # fmt: skip
    """Make campaigns, line items and promoted tweets as a file has them.

    Shows the difference first, and asks before more may be spent or something is deleted.
    """
    from connector.api import WRITE_STEPS, applying

    wanted = _file(file)
    reporter = Reporter(terminal=terminal, steps=WRITE_STEPS)
    with managing(terminal, _connection(wanted, connection), reporter) as manager:
        made = applying.plan_of(manager, wanted, prune=prune)
        if not terminal.json:
            _show(terminal, manager, made)
        for remark in made.remarks:
            terminal.warn(remark)
        _require(made, if_plan)
        sends = manager.live and not plan
        if sends and made.asks and not yes:
            _ask(terminal, manager, made)
        try:
            outcome = applying.carry_out(manager, made) if sends else applying.Outcome()
        finally:
            reporter.close()
        if terminal.json:
            terminal.document(applying.document(manager, made, outcome, applied=sends))
        else:
            _end(terminal, manager, made, outcome, is_applied=sends)
    if outcome.error is not None:
        terminal.error(str(outcome.error))
    if not sends and not plan:
        terminal.warn(
            f"connection {manager.name} is not live: this is a rehearsal, nothing is sent; set"
            f" connections.{manager.name}.live to true to send, or say --plan"
        )
    return outcome.exit_code


def _require(made: "Plan", digest: str | None) -> None:
    """Refuse another plan than the one that was looked at."""
    if digest not in {None, made.digest}:
        raise ConfigurationError(
            f"the plan is {made.digest} now, and not {digest}: what the file says or what is at X"
            " has changed; nothing was written; look at the new one with --plan"
        )


def _file(name: str) -> "File":
    from connector.campaigns import file

    try:
        content = Path(name).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{name} can't be read: {error.strerror}") from None
    return file.read(content, name)


def _connection(wanted: "File", said: str | None) -> str | None:
    if None not in {said, wanted.connection} and said != wanted.connection:
        raise ConfigurationError(
            f"{wanted.name} is for connection {wanted.connection}, and --connection says {said}"
        )
    return said or wanted.connection


def _show(terminal: Terminal, manager: "Manager", plan: "Plan") -> None:
    """The plan: what becomes of what, within 100 columns."""
    from connector.campaigns import telling

    _say(terminal, f"{plan.file.name} → ad account {manager.account_id}, {manager.name}")
    for line in telling.lines(plan.difference):
        _line(terminal, line)
    terminal.line("")
    _say(terminal, telling.summary(telling.counts(plan.difference)))
    for sentence in plan.raises:
        _say(terminal, f"more may be spent: {sentence}", _MARGIN)
    terminal.line(f"plan {plan.digest}")


def _line(terminal: Terminal, line: "Line") -> None:
    _say(terminal, f"{line.mark} {line.text}", hanging=_MARGIN)
    for detail in line.details:
        _say(terminal, detail, _INDENT)


def _say(terminal: Terminal, text: str, indent: int = 0, *, hanging: int = 0) -> None:
    """A text in lines that fit; wide characters count twice."""
    from rich.cells import cell_len

    start, room = " " * indent, _WIDTH - indent
    while cell_len(text) > room:
        cut = _cut(text, room)
        terminal.line(f"{start}{text[:cut].rstrip()}")
        text, start, room = text[cut:].lstrip(), " " * (indent + hanging), _WIDTH - indent - hanging
    terminal.line(f"{start}{text}")


def _cut(text: str, room: int) -> int:
    """Where a text is broken: at the last blank that fits, else wherever it is full."""
    from rich.cells import cell_len

    widths = accumulate(map(cell_len, text))
    full = next(place for place, width in enumerate(widths) if width > room)
    blank = text.rfind(" ", 1, full + 1)
    return blank if blank > room // 2 else full


def _ask(terminal: Terminal, manager: "Manager", plan: "Plan") -> None:
    """Ask whoever is there.

    Raises:
        ConfigurationError: nobody is.
        StoppedError: they do not agree.
    """
    count = len(plan.difference.of("delete"))
    reasons = ["lets more be spent"] * bool(plan.raises) + [f"deletes {count:,} for good"] * bool(
        count
    )
    told = " and ".join(reasons)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            f"this {told}, and nobody is here to agree to it, so nothing was written: --yes"
            " writes without asking, --plan shows what would be written"
        )
    if terminal.json:
        for sentence in plan.raises:
            typer.echo(sentence, err=True)
    if not agrees(f"This {told}. Apply it?", manager.edges.stopping):
        raise StoppedError("not applied: nothing was written")


def _end(
    terminal: Terminal, manager: "Manager", plan: "Plan", outcome: "Outcome", *, is_applied: bool
) -> None:
    """What was done, or what would be sent."""
    total = sum(len(one.writes) for one in plan.requests)
    if is_applied and total:
        terminal.line(f"done: {outcome.written:,} of {total:,} writes")
    elif plan.requests:
        _say(
            terminal, f"would be sent, {len(plan.requests):,} requests: {_requests(manager, plan)}"
        )


def _requests(manager: "Manager", plan: "Plan") -> str:
    """The requests in words, those of one path together."""
    from connector.api import applying

    counted: dict[str, int] = {}
    for one in plan.requests:
        request = applying.request_of(one, manager.account_id)
        path = request["path"].partition(manager.account_id)[2]
        place = f"{request['method']} …{path} ({request['verb']})"
        counted[place] = counted.get(place, 0) + request["writes"]
    return ", ".join(f"{place} {count:,}" for place, count in counted.items())


def export(
    terminal: Terminal,
    ids: Annotated[list[str], typer.Argument(metavar="ID...", show_default=False)],
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Else stdout.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file.")] = False,
    connection: CONNECTION = None,
) -> None:
    """Write campaigns as a file that `apply` takes, and that makes no difference."""
    from connector.api import applying
    from connector.campaigns.file import MODELINE, SCHEMA_FILE

    folder = Path(output).parent if output else Path()
    modeline = MODELINE if (folder / SCHEMA_FILE).exists() else ""
    with managing(terminal, connection) as manager:
        text, remarks = applying.export(manager, ids, modeline=modeline)
    for remark in remarks:
        terminal.warn(remark)
    if output is None:
        terminal.line(text.rstrip("\n"))
    else:
        _write(output, text, force=force)
        terminal.info(f"{output}: written")


def _write(output: str, text: str, *, force: bool) -> None:
    """Write a file as a whole or not at all."""
    if not force and os.path.lexists(output):
        raise ConfigurationError(f"{output} is there already; --force writes over it")
    beside = Path(f"{output}.{os.getpid()}.part")
    try:
        beside.write_text(text, "utf-8")
        beside.replace(output)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UnreachableError(f"{output} can't be written: {error.strerror}") from None
