"""The commands, grouped as `connector --help` shows them."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any

import typer

from connector import __version__
from connector.cli.command import command

# The commands by the panel of `--help`, each with the module of this folder and its function.
COMMANDS: Mapping[str, Mapping[str, str]] = {
    "Start": {"init": "start.init", "demo": "start.demo"},
    "Write mappings": {
        "check": "authoring.check", "compile": "authoring.compile_mapping",
        "schema": "authoring.schema", "preview": "authoring.preview",
        "test": "authoring.run_tests", "plan": "planning.plan",
    },
    "Run": {"sync": "sync.sync", "replay": "replay.replay", "resolve": "resolve.resolve"},
    "Look": {
        "status": "look.status", "runs": "look.runs", "rejects": "look.rejects",
        "trace": "look.trace",
    },
    "Connect": {"connect": "connect.connect"},
    "Try out": {
        "hash": "hashing.hash_value", "verify-dedup": "verify.verify_dedup",
        "simulator": "start.simulator",
    },
}  # fmt: skip
# The groups by panel, each with what it is for; one of entities tells that itself.
GROUPS: Mapping[str, Mapping[str, str]] = {
    "Ad metrics": {"metrics": "What ads cost and what came of them."},
    "Connect": {"connections": "What `connect` stored, and who may use it."},
    "Manage campaigns": {
        "campaigns": "", "line-items": "", "promoted-tweets": "", "media": "",
        "experiments": "Variants of a line item side by side.",
    },
    "State": {"state": "The ledger and what is kept beside it."},
}  # fmt: skip
# The commands of groups, beside the verbs that all entities have.
IN_GROUPS: Mapping[str, Mapping[str, str]] = {
    "metrics": {
        "import": "metrics.import_metrics", "show": "metrics.show",
        "reconcile": "metrics.reconcile",
    },
    "connections": {
        "list": "connections.list_connections", "show": "connections.show",
        "rename": "connections.rename", "share": "connections.share",
        "rekey": "connections.rekey", "remove": "connections.remove",
    },
    "campaigns": {"apply": "apply.apply", "export": "apply.export"},
    "media": {"upload": "media.upload"},
    "experiments": {
        "start": "experiments.start", "toggle": "experiments.toggle",
        "results": "experiments.results", "stop": "experiments.stop",
    },
    "state": {
        "init": "state.init", "begin": "state.begin", "prune": "state.prune",
        "export": "state.export", "backup": "state.backup", "migrate": "state.migrate",
    },
}  # fmt: skip


def application(words: Sequence[str] = ()) -> typer.Typer:
    """The command line; of one that begins with a command or a group only that is made."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        help="Moves conversions from a warehouse into X Ads, once each, and tells what became of"
        " every row.",
    )
    app.callback(invoke_without_command=True)(version)
    for panel, places in _asked(COMMANDS, words).items():
        for name, place in places.items():
            command(app, name, panel)(_function(place))
    for panel, texts in _asked(GROUPS, words).items():
        for name, text in texts.items():
            app.add_typer(_group(name, text), name=name, rich_help_panel=panel)
    return app


def _asked(
    table: Mapping[str, Mapping[str, str]], words: Sequence[str]
) -> Mapping[str, Mapping[str, str]]:
    """What a command line needs of a table: all, unless its first word is in one."""
    first = words[0] if words else ""
    if not any(first in names for each in (COMMANDS, GROUPS) for names in each.values()):
        return table
    return {panel: {first: names[first]} for panel, names in table.items() if first in names}


def _group(name: str, text: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=text) if text else _entities(name)
    for verb, place in IN_GROUPS.get(name, {}).items():
        command(group, verb)(_function(place))
    return group


def _entities(name: str) -> typer.Typer:
    from connector.cli.campaigns import group_of

    return group_of(name)


def _function(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(".")
    found: Callable[..., Any] = getattr(import_module(f"connector.cli.{module}"), name)
    return found


def version(
    show: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True)
    ] = False,
) -> None:
    """Nothing but `--version`."""
    if show:
        typer.echo(__version__)
        raise typer.Exit
