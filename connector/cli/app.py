"""The commands, grouped as `connector --help` shows them."""

from typing import Annotated

import typer

from connector import __version__
from connector.cli import (
    apply,
    authoring,
    campaigns,
    connect,
    connections,
    experiments,
    hashing,
    look,
    media,
    metrics,
    planning,
    replay,
    resolve,
    start,
    state,
    sync,
    verify,
)
from connector.cli.command import command

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Moves conversions from a warehouse into X Ads, once each, and tells what became of every"
    " row.",
)


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True)
    ] = False,
) -> None:
    """Nothing but `--version`."""
    if show:
        typer.echo(__version__)
        raise typer.Exit


START, WRITE, RUN, LOOK, METRICS, CONNECT, MANAGE, STATE, TRY = (
    "Start", "Write mappings", "Run", "Look", "Ad metrics", "Connect", "Manage campaigns", "State",
    "Try out",
)  # fmt: skip

command(app, "init", START)(start.init)
command(app, "demo", START)(start.demo)
command(app, "check", WRITE)(authoring.check)
command(app, "compile", WRITE)(authoring.compile_mapping)
command(app, "schema", WRITE)(authoring.schema)
command(app, "preview", WRITE)(authoring.preview)
command(app, "test", WRITE)(authoring.run_tests)
command(app, "plan", WRITE)(planning.plan)
command(app, "sync", RUN)(sync.sync)
command(app, "replay", RUN)(replay.replay)
command(app, "resolve", RUN)(resolve.resolve)
command(app, "status", LOOK)(look.status)
command(app, "runs", LOOK)(look.runs)
command(app, "rejects", LOOK)(look.rejects)
command(app, "trace", LOOK)(look.trace)
_metrics = typer.Typer(no_args_is_help=True, help="What ads cost and what came of them.")
command(_metrics, "import")(metrics.import_metrics)
command(_metrics, "show")(metrics.show)
command(_metrics, "reconcile")(metrics.reconcile)
app.add_typer(_metrics, name="metrics", rich_help_panel=METRICS)
command(app, "connect", CONNECT)(connect.connect)
_connections = typer.Typer(no_args_is_help=True, help="What `connect` stored, and who may use it.")
command(_connections, "list")(connections.list_connections)
command(_connections, "show")(connections.show)
command(_connections, "rename")(connections.rename)
command(_connections, "share")(connections.share)
command(_connections, "rekey")(connections.rekey)
command(_connections, "remove")(connections.remove)
app.add_typer(_connections, name="connections", rich_help_panel=CONNECT)
command(campaigns.GROUPS["media"], "upload")(media.upload)
command(campaigns.GROUPS["campaigns"], "apply")(apply.apply)
command(campaigns.GROUPS["campaigns"], "export")(apply.export)
for _name, _group in campaigns.GROUPS.items():
    app.add_typer(_group, name=_name, rich_help_panel=MANAGE)
_experiments = typer.Typer(no_args_is_help=True, help="Variants of a line item side by side.")
command(_experiments, "start")(experiments.start)
command(_experiments, "toggle")(experiments.toggle)
command(_experiments, "results")(experiments.results)
command(_experiments, "stop")(experiments.stop)
app.add_typer(_experiments, name="experiments", rich_help_panel=MANAGE)
_state = typer.Typer(no_args_is_help=True, help="The ledger and what is kept beside it.")
command(_state, "init")(state.init)
command(_state, "begin")(state.begin)
command(_state, "prune")(state.prune)
command(_state, "export")(state.export)
command(_state, "backup")(state.backup)
command(_state, "migrate")(state.migrate)
app.add_typer(_state, name="state", rich_help_panel=STATE)
command(app, "hash", TRY)(hashing.hash_value)
command(app, "verify-dedup", TRY)(verify.verify_dedup)
command(app, "simulator", TRY)(start.simulator)
