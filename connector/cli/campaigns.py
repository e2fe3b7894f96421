"""The commands of campaign management: one group for each kind of thing, with the same verbs."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connector.campaigns.fields import ENTITIES, EntityName
from connector.campaigns.kinds import DRY
from connector.cli.command import command
from connector.cli.entities import (
    CONNECTION,
    ONE_ID,
    Function,
    asked,
    cell,
    cells,
    dashed,
    field_options,
    filters_of,
    head,
    rehearsing,
    said,
    with_options,
)
from connector.cli.terminal import Reporter, Terminal
from connector.errors import ConfigurationError, ConnectorError

if TYPE_CHECKING:
    from connector.api import Manager, Written
    from connector.campaigns.writes import Write

_HELP: Mapping[EntityName, tuple[str, str]] = {
    "campaign": ("campaigns", "Campaigns of an ad account at X."),
    "line_item": ("line-items", "Line items: objective, bid, placements, audience."),
    "promoted_tweet": ("promoted-tweets", "Tweets that line items promote."),
    "media": ("media", "The media library of an ad account."),
}
_PAYER = "funding_instrument_id"
_KEY = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key", metavar="KEY", show_default=False,
        help="The same key answers with what it did the first time.",
    ),
]  # fmt: skip


def _list(entity: EntityName) -> Function:
    def show_list(
        terminal: Terminal,
        *,
        with_deleted: Annotated[
            bool, typer.Option("--with-deleted", help="Deleted ones, too.")
        ] = False,
        connection: CONNECTION = None,
        **filters: str | None,
    ) -> None:
        query = asked(filters)
        if with_deleted:
            query["with_deleted"] = "true"
        with managing(terminal, connection) as manager:
            rows = list(manager.rows(entity, **query))
        if terminal.json:
            terminal.document({_plural(entity): rows})
        else:
            terminal.table(head(entity), (cells(entity, row) for row in rows))

    show_list.__doc__ = f"List every {ENTITIES[entity].title}."
    return with_options(show_list, filters_of(entity))


def _show(entity: EntityName) -> Function:
    def show(
        terminal: Terminal,
        id_: ONE_ID,
        *,
        with_deleted: Annotated[
            bool, typer.Option("--with-deleted", help="Also when it is deleted.")
        ] = False,
        connection: CONNECTION = None,
    ) -> None:
        with managing(terminal, connection) as manager:
            row = manager.row(entity, id_, with_deleted=with_deleted)
        if terminal.json:
            terminal.document(row)
            return
        for name, value in row.items():
            if shown := cell(name, value):
                terminal.line(f"{name.removesuffix('_micro'):32}{shown}")

    show.__doc__ = f"Show one {ENTITIES[entity].title}."
    return show


def _create(entity: EntityName) -> Function:
    has_status = ENTITIES[entity].has_status

    def create(
        terminal: Terminal,
        *,
        connection: CONNECTION = None,
        idempotency_key: _KEY = None,
        **fields: Any,  # noqa: ANN401 - a flag, and texts
    ) -> None:
        from connector.campaigns import writes

        active = bool(fields.pop("active", None))
        values = said(entity, fields)
        try:
            write = writes.creating(entity, values, active=active, key=idempotency_key)
        except ConfigurationError as error:
            if entity != "campaign" or _PAYER in values:
                raise
            told = _payers(terminal, connection)
            raise ConfigurationError("\n".join([str(error), *told])) from None
        _carry_out(terminal, connection, write)

    create.__doc__ = f"Create a {ENTITIES[entity].title}" + (
        ", paused unless --active is said." if has_status else "."
    )
    options = field_options(entity, "create") | ({"active": _ACTIVE} if has_status else {})
    return with_options(create, options)


def _payers(terminal: Terminal, connection: str | None) -> list[str]:
    """What could be said to pay, as far as X is asked at all and tells it."""
    from connector.api.paying import payers

    with suppress(ConnectorError), managing(terminal, connection) as manager:
        if manager.live:
            return [f"{_PAYER}: {told} can pay" for told in payers(manager)]
    return []


_ACTIVE = Annotated[bool, typer.Option("--active", help="It begins at once.")]


def _update(entity: EntityName) -> Function:
    def update(
        terminal: Terminal,
        id_: ONE_ID,
        *,
        connection: CONNECTION = None,
        **fields: str | None,
    ) -> None:
        from connector.campaigns import writes

        write = writes.updating(entity, id_, said(entity, fields))
        _carry_out(terminal, connection, write)

    update.__doc__ = f"Change fields of a {ENTITIES[entity].title}; '' takes one away."
    return with_options(update, field_options(entity, "update"))


def _verb(entity: EntityName, verb: str, text: str) -> Function:
    """A verb that needs nothing but an id."""

    def run(terminal: Terminal, id_: ONE_ID, *, connection: CONNECTION = None) -> None:
        from connector.campaigns import writes

        verbs: Mapping[str, Callable[[EntityName, str], writes.Write]] = {
            "pause": writes.pausing, "resume": writes.resuming, "delete": writes.deleting,
        }  # fmt: skip
        _carry_out(terminal, connection, verbs[verb](entity, id_))

    run.__doc__ = text.format(ENTITIES[entity].title)
    return run


def _carry_out(terminal: Terminal, connection: str | None, write: "Write") -> None:
    """Write, and say how it ended before that is noted."""
    with managing(terminal, connection) as manager:
        if not manager.live:
            terminal.warn(rehearsing(manager.name))

        def tell(written: "Written") -> None:
            for remark in written.remarks:
                terminal.warn(remark)
            _print(terminal, manager, write.entity, written)

        manager.write(write, tell=tell)
        if not manager.live:
            terminal.warn(rehearsing(manager.name))


def _print(terminal: Terminal, manager: "Manager", entity: EntityName, written: "Written") -> None:
    """The end of a write: as a document, or the request of a rehearsal and what came of it."""
    if terminal.json:
        terminal.document(
            {
                "status": written.status, "id": written.id, "ids": written.ids,
                "connection": manager.name, "live": manager.live, "request": written.request,
                "data": written.rows, "remarks": written.remarks,
            }
        )  # fmt: skip
        return
    request = written.request
    if not manager.live:
        terminal.line(f"{request['method']} {request['path']}")
        for name, text in request["params"].items():
            terminal.line(f"  {name}={text}")
    for place, id_ in enumerate(written.ids):
        name = written.rows[place].get("name") if place < len(written.rows) else None
        said = "is made up, nothing was sent" if id_.startswith(DRY) else _SAID[written.status]
        terminal.line(f"{ENTITIES[entity].title} {id_} {said}{f': {name}' if name else ''}")


_SAID = {
    "created": "created", "adopted": "is there", "updated": "changed", "deleted": "deleted",
    "dry_run": "is as it was, nothing was sent",
}  # fmt: skip


@contextmanager
def managing(
    terminal: Terminal, connection: str | None, reporter: Reporter | None = None
) -> Iterator["Manager"]:
    """The ad account, until the user's first signal has been obeyed."""
    from connector import api
    from connector.cli.attending import attended

    project = api.load(terminal.config)
    reporter = reporter or Reporter(terminal=terminal, steps=api.WRITE_STEPS)
    with (
        attended(terminal, reporter) as edges,
        api.managed(project, connection, edges) as manager,
    ):
        yield manager


def _plural(entity: EntityName) -> str:
    return _HELP[entity][0].replace("-", "_")


def group_of(name: str) -> typer.Typer:
    """The verbs of one kind of thing; options may be written with underscores, as fields are."""
    entity = next(entity for entity, (known, _) in _HELP.items() if known == name)
    group = typer.Typer(
        no_args_is_help=True, help=_HELP[entity][1],
        context_settings={"token_normalize_func": dashed},
    )  # fmt: skip
    command(group, "list")(_list(entity))
    command(group, "show")(_show(entity))
    command(group, "create")(_create(entity))
    command(group, "update")(_update(entity))
    command(group, "pause")(_verb(entity, "pause", "Pause a {}."))
    command(group, "resume")(_verb(entity, "resume", "Let a {} go on."))
    command(group, "delete")(_verb(entity, "delete", "Delete a {}, for good."))
    return group
