"""The commands for connections that are there: `connector connections …`."""

from typing import Annotated, Any

import typer

from connector.cli.connect import One
from connector.cli.terminal import Terminal


def list_connections(terminal: Terminal) -> None:
    """List the connections, with status, role and expiry; no secret is shown."""
    from connector import api

    found = api.list_connections(api.load(terminal.config), api.Edges())
    if terminal.json:
        terminal.document({"connections": found})
        return
    head = ("name", "platform", "status", "visibility", "role", "expires (UTC)", "last used (UTC)")
    terminal.table(head, [_row(each) for each in found])


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    return (
        each["name"], each["platform"], each["status"],
        each["visibility"] or _IN_CONFIG[each["status"]],
        each["role"] or "", _short(each["expires_at"]), _short(each["last_used_at"]),
    )  # fmt: skip


_IN_CONFIG = {"connected": "in config.yaml", "not_connected": ""}


def _short(instant: str | None) -> str:
    return (instant or "").replace("T", " ")[:16]


def show(terminal: Terminal, name: One) -> None:
    """Show a connection, and how much of its budgets is used and left."""
    from connector import api

    found = api.show_connection(api.load(terminal.config), name, api.Edges())
    if terminal.json:
        terminal.document(found)
        return
    for key, value in found.items():
        if key != "budgets" and value not in (None, [], ()):
            shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            terminal.line(f"{key:16}{shown}")
    for one in found["budgets"]:
        until = f", until {_short(one['resets_at'])} UTC" if one["resets_at"] else ""
        terminal.line(
            f"{one['budget']:18} used {one['used']:,}, left {one['left']:,} of {one['limit']:,} in"
            f" {one['seconds']:,.0f} s{until}"
        )


def rename(
    terminal: Terminal,
    name: One,
    to: Annotated[str, typer.Argument(metavar="NEW", show_default=False)],
) -> None:
    """Give what is stored another name; config.yaml must name it so, too."""
    from connector import api

    project = api.load(terminal.config)
    known = api.rename_connection(project, name, to)
    _done(terminal, {"connection": to, "renamed_from": name}, f"{name} is {to} now")
    if not known:
        terminal.warn(f"{project.path.name} has no connection {to} yet: rename it there, too")


def share(
    terminal: Terminal,
    name: One,
    whom: Annotated[
        str, typer.Option("--with", metavar="WHO", help="private, team:NAME or workspace.")
    ],
) -> None:
    """Say who may use what is stored."""
    from connector import api

    moved = api.share_connection(api.load(terminal.config), name, whom)
    _done(
        terminal, {"connection": name, "visibility": moved.visibility},
        f"{name} is {moved.visibility} now",
    )  # fmt: skip


def rekey(terminal: Terminal) -> None:
    """Reseal what is stored with the newest key of each variable."""
    from connector import api

    done = api.rekey_connections(api.load(terminal.config))
    if terminal.json:
        terminal.document({"resealed": dict(done.resealed), "skipped": list(done.skipped)})
        return
    for visibility, count in done.resealed.items():
        terminal.line(f"{visibility}: {count} resealed")
    for visibility in done.skipped:
        terminal.line(f"{visibility}: skipped, its key is not set here")
    if not done.resealed and not done.skipped:
        terminal.line("nothing is stored")


def remove(
    terminal: Terminal,
    name: One,
    only_here: Annotated[
        bool, typer.Option("--only-here", help="Forget it without asking the platform.")
    ] = False,
) -> None:
    """Revoke what is stored where that can be done, and forget it."""
    from connector import api

    told = api.remove_connection(api.load(terminal.config), name, api.Edges(), only_here=only_here)
    revoked = "revoked and " if told is None else ""
    _done(
        terminal, {"connection": name, "revoked": told is None, "remark": told},
        f"{name}: {revoked}forgotten",
    )  # fmt: skip
    if told is not None:
        terminal.warn(f"{name}: {told}")


def _done(terminal: Terminal, facts: dict[str, Any], sentence: str) -> None:
    if terminal.json:
        terminal.document(facts)
    else:
        terminal.line(sentence)
