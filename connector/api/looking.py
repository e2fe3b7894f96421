"""What happened: runs, the ledger, rejected rows."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connector.api.projects import state_place
from connector.conversions import summary
from connector.errors import ConfigurationError
from connector.project import Project
from connector.state import database, history, mounts, runs


def status(project: Project) -> dict[str, Any]:
    """The last run of each mapping and target, and what the ledger holds of it.

    `changed_after_acceptance` and `held_before` are of that run, None when it did not get so far.
    """
    with database.opened(state_place(project)) as state:
        standing = runs.standing(state)
        last = runs.latest(state)
    found = {
        (row.mapping, row.target): {**_run(row), **_counted(row), "ledger": {}} for row in last
    }
    for mapping, target, state_name, count in standing:
        if (mapping, target) in found:
            found[mapping, target]["ledger"][state_name] = count
    never = [name for name in project.mappings if name not in {name for name, _ in found}]
    return {"mappings": list(found.values()), "never_run": never}


def state_remarks(project: Project) -> list[str]:
    """What looks wrong with where the state is."""
    place = state_place(project)
    kind = mounts.network_kind(place) if isinstance(place, Path) else None
    if kind is None:
        return []
    remark = (
        f"the state {place} is on a network file system ({kind}), whose locks SQLite cannot rely"
        " on: two syncs at once could send twice; put it on a local disk, or into PostgreSQL"
    )
    return [remark]


def recent_runs(project: Project, mapping: str | None, limit: int) -> list[dict[str, Any]]:
    """The last runs of a mapping, or of all, newest first."""
    with database.opened(state_place(project)) as state:
        return [_run(row) for row in runs.recent(state, mapping=mapping, limit=limit)]


def rejected(project: Project, run_id: str | None) -> list[dict[str, Any]]:
    """The rows that are rejected; of a run those that it found new or changed.

    Raises:
        ConfigurationError: there is no such run.
    """
    with database.opened(state_place(project)) as state:
        if run_id is not None and not history.is_run(state, run_id):
            raise ConfigurationError(f"there is no run {run_id}; `connector runs` lists them")
        return [_rejected(row) for row in history.rejected(state, run_id=run_id)]


def trace(project: Project, conversion_id: str) -> dict[str, Any]:
    """Everything that is known of a conversion id."""
    with database.opened(state_place(project)) as state:
        traced = history.trace(state, conversion_id)
        rows = history.rejected(state, row_key=conversion_id)
    times = ("claimed_at", "sent_at", "settled_at", "doubt_since")
    conversions = [
        {**vars(one), **{name: _shown(getattr(one, name)) for name in times}} for one in traced
    ]
    return {
        "conversion_id": conversion_id,
        "conversions": conversions,
        "rejected": [_rejected(row) for row in rows],
    }


def _run(row: runs.RunRow) -> dict[str, Any]:
    return {
        "mapping": row.mapping, "target": row.target, "run_id": row.run_id, "status": row.status,
        "started_at": _shown(row.started_at), "finished_at": _shown(row.finished_at),
        "rows": row.summary["rows"] if row.summary else None,
    }  # fmt: skip


def _counted(row: runs.RunRow) -> dict[str, int | None]:
    names = ("changed_after_acceptance", "held_before")
    return {name: row.summary.get(name) if row.summary else None for name in names}


def _rejected(row: history.Rejected) -> dict[str, Any]:
    return {
        "mapping": row.mapping, "target": row.target, "row": row.row_key,
        "reasons": list(row.reasons), "run_id": row.run_id, "at": _shown(row.at),
    }  # fmt: skip


def _shown(milliseconds_: int | None) -> str | None:
    if milliseconds_ is None:
        return None
    return summary.instant(datetime.fromtimestamp(milliseconds_ / 1000, UTC))
