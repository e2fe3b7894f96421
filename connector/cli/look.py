"""The commands that tell what happened: status, runs, rejects, trace."""

import csv
import sys
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import typer

from connector.cli.terminal import Terminal, pairs, printing
from connector.errors import ConfigurationError, Exit

_WAITING = {
    "held": "a person must decide: `connector resolve {mapping}{elsewhere}`",
    "in_doubt": "the next sync decides",
    "refused": "sent again when the row or the mapping changes",
}
_MOST_RUNS = 1_000_000
_REJECTED = ("mapping", "target", "row", "reasons", "run_id", "at")


def status(terminal: Terminal) -> None:
    """Show the last run of each mapping and what the ledger holds."""
    from connector import api

    project = api.load(terminal.config)
    found = api.status(project)
    if terminal.json:
        terminal.document(found)
        return
    rows = [_status_row(entry) for entry in found["mappings"]]
    if rows:
        terminal.table(("mapping", "target", "last run (UTC)", "status", "rows", "ledger"), rows)
    for name in found["never_run"]:
        terminal.line(f"{name}: never run")
    for entry in found["mappings"]:
        for line in _waiting(project, entry):
            terminal.line(line)
        if entry["changed_after_acceptance"]:
            changed = entry["changed_after_acceptance"]
            terminal.line(f"{entry['mapping']}: {changed} changed after acceptance, not sent")


def _waiting(project: Any, entry: dict[str, Any]) -> Iterator[str]:  # noqa: ANN401 - imported lazily
    """What waits, and for whom; where no sync of this project goes on, for a person."""
    name, target = entry["mapping"], entry["target"]
    mapping = project.mappings.get(name)
    goes_on = (
        mapping and project.config.connections[mapping.destination.connection].target == target
    )
    for state in _WAITING:
        if entry["ledger"].get(state):
            meaning = _WAITING[state if goes_on or state == "refused" else "held"]
            told = meaning.format(mapping=name, elsewhere="" if goes_on else f" --target {target}")
            yield f"{name}: {entry['ledger'][state]} {state}, {told}"


def _status_row(entry: dict[str, Any]) -> tuple[str, ...]:
    return (
        entry["mapping"], entry["target"], _short(entry["started_at"]), entry["status"],
        _outcomes(entry["rows"]), pairs(entry["ledger"]) or "empty",
    )  # fmt: skip


def _outcomes(rows: dict[str, int] | None) -> str:
    counted = {name: count for name, count in (rows or {}).items() if count and name != "read"}
    return pairs(counted) or "none"


def _short(instant: str | None) -> str:
    return (instant or "").replace("T", " ").removesuffix("Z")


def runs(
    terminal: Terminal,
    mapping: Annotated[str | None, typer.Argument(metavar="[MAPPING]", show_default=False)] = None,
    rows: Annotated[int, typer.Option("-n", min=1, max=_MOST_RUNS, help="How many.")] = 20,
) -> None:
    """List the last runs, newest first."""
    from connector import api

    found = api.recent_runs(api.load(terminal.config), mapping, rows)
    if terminal.json:
        terminal.document({"runs": found})
        return
    head = ("run", "mapping", "target", "started (UTC)", "status", "rows")
    terminal.table(
        head,
        [
            (r["run_id"], r["mapping"], r["target"], _short(r["started_at"]), r["status"],
             _outcomes(r["rows"]))
            for r in found
        ],
    )  # fmt: skip


def rejects(
    terminal: Terminal,
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", show_default=False)] = None,
    form: Annotated[
        Literal["table", "csv", "parquet"], typer.Option("--format", help="How it is written.")
    ] = "table",
) -> None:
    """List the rows that are rejected and why; of a RUN those it found new or changed."""
    from connector import api

    found = api.rejected(api.load(terminal.config), run)
    if terminal.json:
        terminal.document({"rejected": found})
        return
    rows = [
        {**{key: entry[key] for key in _REJECTED}, "reasons": " ".join(entry["reasons"])}
        for entry in found
    ]
    if form == "parquet":
        _write_parquet(rows)
    elif form == "csv":
        with printing():
            writer = csv.DictWriter(sys.stdout, _REJECTED, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    else:
        shown = ("mapping", "row", "reasons", "at")
        terminal.table(shown, [tuple(str(row[key] or "") for key in shown) for row in rows])


def _write_parquet(rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if sys.stdout.isatty():
        raise ConfigurationError("Parquet is no text; write it to a file: > rejects.parquet")
    schema = pa.schema([(name, pa.string()) for name in _REJECTED])
    with printing():
        pq.write_table(pa.Table.from_pylist(rows, schema), sys.stdout.buffer)


def trace(
    terminal: Terminal,
    conversion_id: Annotated[str, typer.Argument(metavar="ID", show_default=False)],
) -> Exit:
    """Tell everything that is known of a conversion id."""
    from connector import api
    from connector.conversions.reasons import advice

    found = api.trace(api.load(terminal.config), conversion_id)
    if terminal.json:
        terminal.document(found)
    for entry in [] if terminal.json else found["conversions"]:
        run = f", run {entry['run_id']}" if entry["run_id"] else ""  # a person's word has none
        terminal.line(
            f"{entry['target']}, pixel {entry['pixel_id']}, event {entry['event_id']}:"
            f" {entry['state']} ({entry['mapping']}{run})"
        )
        for key in ("claimed_at", "sent_at", "settled_at", "doubt_since", "reason", "debug_id"):
            if entry[key]:
                terminal.line(f"  {key.replace('_', ' ')}: {entry[key]}")
    for entry in [] if terminal.json else found["rejected"]:
        terminal.line(f"{entry['target']}: rejected by {entry['mapping']}")
        for reason in entry["reasons"]:
            terminal.line(f"  {reason}: {advice(reason)}")
    known = bool(found["conversions"] or found["rejected"])
    if not known and not terminal.json:
        terminal.line(
            f"nothing is known of {conversion_id}: it was never read, is pending, was suppressed or"
            " pruned, or is from before `state begin --before`"
        )
    return Exit.DONE
