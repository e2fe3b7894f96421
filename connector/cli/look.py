"""The commands that tell what happened: status."""

from typing import Any

from connector.cli.terminal import Terminal, pairs

_WAITING = {
    "held": "a person must decide",
    "in_doubt": "the next sync decides",
    "refused": "sent again when the row or the mapping changes",
}


def status(terminal: Terminal) -> None:
    """Show the last run of each mapping and what the ledger holds."""
    from connector import api

    found = api.status(api.load(terminal.config))
    if terminal.json:
        terminal.document(found)
        return
    rows = [_row(entry) for entry in found["mappings"]]
    if rows:
        terminal.table(("mapping", "target", "last run (UTC)", "status", "rows", "ledger"), rows)
    for name in found["never_run"]:
        terminal.line(f"{name}: never run")
    for entry in found["mappings"]:
        for state, meaning in _WAITING.items():
            if entry["ledger"].get(state):
                terminal.line(f"{entry['mapping']}: {entry['ledger'][state]} {state}, {meaning}")


def _row(entry: dict[str, Any]) -> tuple[str, ...]:
    rows = entry["rows"]
    counted = {name: count for name, count in (rows or {}).items() if count and name != "read"}
    started = (entry["started_at"] or "").replace("T", " ").removesuffix("Z")
    return (
        entry["mapping"], entry["target"], started, entry["status"],
        pairs(counted) or "none", pairs(entry["ledger"]) or "empty",
    )  # fmt: skip
