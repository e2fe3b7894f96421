"""`connector media upload`: a file for the media library."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.cli.entities import CONNECTION, rehearsing
from connector.cli.terminal import Reporter, Terminal

if TYPE_CHECKING:
    from connector.api import Offered, Uploaded
    from connector.project import Project

_SAID = {
    "created": "is in the library", "adopted": "is in the library",
    "dry_run": "made up, nothing was sent",
}  # fmt: skip
_Text = Annotated[str | None, typer.Option(metavar="TEXT", show_default=False)]


def upload(
    terminal: Terminal,
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="In the library.", show_default=False)
    ] = None,
    title: _Text = None,
    description: _Text = None,
    media_category: Annotated[
        str | None,
        typer.Option(
            metavar="CATEGORY",
            show_default=False,
            help="tweet_image, tweet_gif, amplify_video, tweet_video; the usual one unless said.",
        ),
    ] = None,
    additional_owners: Annotated[
        str | None,
        typer.Option(
            metavar="IDS", help="Users who may use it, too, joined by commas.", show_default=False
        ),
    ] = None,
    connection: CONNECTION = None,
) -> None:
    """Put a file into the media library; one that was broken off goes on.

    An image has up to 5 MB, a GIF 15 MB, a video 512 MB.
    """
    from connector import api

    project = api.load(terminal.config)
    found, its_connection = api.x_connection(project, connection)
    texts = {"name": name, "title": title, "description": description}
    offered = api.Offered(
        path=file, category=media_category,
        owners=tuple(one.strip() for one in (additional_owners or "").split(",") if one.strip()),
        texts={key: text for key, text in texts.items() if text is not None},
    )  # fmt: skip
    if not its_connection.live:
        terminal.warn(rehearsing(found))
    uploaded = _uploaded(terminal, project, found, offered)
    _show(terminal, uploaded)
    if not uploaded.live:
        terminal.warn(rehearsing(found))


def _uploaded(
    terminal: Terminal, project: "Project", connection: str, offered: "Offered"
) -> "Uploaded":
    """Upload with a bar, until the user's first signal."""
    from connector import api
    from connector.cli.attending import attended

    steps = {**api.UPLOAD_STEPS, **api.WRITE_STEPS}
    reporter = Reporter(terminal=terminal, steps=steps, unit="kB")
    with attended(terminal, reporter) as edges:
        return api.upload(project, connection, offered, edges)


def _show(terminal: Terminal, uploaded: "Uploaded") -> None:
    for remark in uploaded.remarks:
        terminal.warn(remark)
    if terminal.json:
        terminal.document(
            {
                "status": uploaded.status, "id": uploaded.media_key,
                "connection": uploaded.connection, "live": uploaded.live,
                "file": asdict(uploaded.file),
                "segments": {
                    "total": uploaded.segments, "sent": uploaded.sent, "before": uploaded.before,
                },
                "requests": uploaded.requests, "data": uploaded.rows, "remarks": uploaded.remarks,
            }
        )  # fmt: skip
        return
    for request in uploaded.requests:
        times = f"  ({request['times']:,} times)" if request["times"] > 1 else ""
        terminal.line(f"{request['method']} {request['path']}{times}")
        for key, text in {**request.get("json", {}), **request.get("params", {})}.items():
            terminal.line(f"  {key}={text}")
    file = uploaded.file
    terminal.line(f"{file.name}: {file.media_type}, {file.size:,} bytes, {file.category}")
    terminal.line(f"media {uploaded.media_key} {_SAID[uploaded.status]}")
