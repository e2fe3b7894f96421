"""Experiments that were started: their variants are switched on and off, and stopped together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from connector.api.managing import Manager, managed, x_connection
from connector.api.projects import Edges, state_place
from connector.campaigns.fields import Row
from connector.campaigns.requests import Written
from connector.campaigns.writes import pausing, resuming
from connector.errors import ConfigurationError, ConnectorError, Exit, StoppedError, worst
from connector.experiments.file import checked_name
from connector.experiments.outcome import Done, Outcome
from connector.project import Project, XConnection
from connector.state import database, experiments
from connector.state.experiments import Kept, Named

ACTIVE, PAUSED, DELETED = "ACTIVE", "PAUSED", "DELETED"
_SETTLED = {PAUSED: "unchanged", DELETED: "deleted"}


def named(connection: XConnection, name: str) -> Named:
    """What an experiment is kept under."""
    return Named(target=connection.target, account_id=connection.ad_account_id, name=name)


def toggle_variant(
    project: Project, connection: str | None, name: str, edges: Edges, *, variant: str, on: bool
) -> Outcome:
    """Let the line item of a variant go on, or pause it.

    Raises:
        ConfigurationError: there is no such experiment or variant, or not all of it is there.
        ConnectorError: as `Manager.write`.
    """
    with found_experiment(project, connection, name, edges) as (manager, kept):
        if variant not in kept.variants:
            known = ", ".join(kept.variants) or "none yet"
            raise ConfigurationError(
                f"experiment {name} has no variant {variant!r}; known: {known}"
            )
        if on:
            require_whole(kept, name)  # or it would be shown before its targeting is there
        id_ = kept.variants[variant]
        written = manager.write((resuming if on else pausing)("line_item", id_))
        done = Done(
            variant=variant, line_item_id=id_, status=written.status,
            entity_status=ACTIVE if on else PAUSED,
        )  # fmt: skip
        return _switched(manager, name, kept, "switched", [_End(done=done, written=written)])


def stop_experiment(project: Project, connection: str | None, name: str, edges: Edges) -> Outcome:
    """Pause the line items of all variants; what fails of one does not keep the others.

    Raises:
        ConfigurationError: there is no such experiment.
        ConnectorError: X does not say how the variants are, or the user wants an end.
    """
    with found_experiment(project, connection, name, edges) as (manager, kept):
        states = _states(manager, kept) if manager.live else {}
        ends = [
            _paused(manager, variant, id_, states.get(id_))
            for variant, id_ in kept.variants.items()
        ]
        return _switched(manager, name, kept, "stopped", ends)


@dataclass(frozen=True, kw_only=True)
class _End:
    done: Done
    written: Written | None = None
    code: Exit = Exit.DONE


def _paused(manager: Manager, variant: str, id_: str, there: str | None) -> _End:
    """Pause one, unless there is nothing to pause."""
    done = Done(variant=variant, line_item_id=id_, status="failed", entity_status=there)
    if there in _SETTLED:
        return _End(done=replace(done, status=_SETTLED[there]))
    try:
        written = manager.write(pausing("line_item", id_))
    except StoppedError:
        raise
    except ConnectorError as error:
        return _End(done=replace(done, error=str(error)), code=error.exit_code)
    return _End(done=replace(done, status=written.status, entity_status=PAUSED), written=written)


def _states(manager: Manager, kept: Kept) -> dict[str, str]:
    """The line items' status by id; X tells of a deleted one that it is so."""
    return {
        str(row["id"]): DELETED if row.get("deleted") else str(row.get("entity_status"))
        for row in line_items(manager, kept)
    }


def line_items(manager: Manager, kept: Kept) -> list[Row]:
    """The line items of an experiment, deleted ones too."""
    ids = ",".join(kept.variants.values())
    return list(
        manager.rows("line_item", line_item_ids=ids, with_deleted="true", with_draft="true")
    )


def _switched(
    manager: Manager, name: str, kept: Kept, status: str, ends: Sequence[_End]
) -> Outcome:
    written = [one.written for one in ends if one.written is not None]
    return Outcome(
        experiment=name, status=status if manager.live else "dry_run", connection=manager.name,
        live=manager.live, campaign_id=kept.campaign_id,
        variants=tuple(one.done for one in ends),
        requests=() if manager.live else tuple(one.request for one in written),
        exit_code=worst(one.code for one in ends),
    )  # fmt: skip


def require_whole(kept: Kept, name: str) -> int:
    """When all of an experiment was there, in milliseconds since 1970 (UTC).

    Raises:
        ConfigurationError: its start did not end.
    """
    if kept.started_at is None:
        raise ConfigurationError(
            f"experiment {name} was not started to its end: run `connector experiments start"
            f" {name}` again"
        )
    return kept.started_at


@contextmanager
def found_experiment(
    project: Project, connection: str | None, name: str, edges: Edges
) -> Iterator[tuple[Manager, Kept]]:
    """The ad account in which an experiment was started, whatever became of its file.

    Raises:
        ConfigurationError: it was started in none, or in several of which none is named.
    """
    checked_name(name)
    where = _where(project, connection, name)
    with managed(project, where, edges) as manager:
        kept = experiments.kept(manager.state, named(manager.connection, name))
        if kept is None:
            raise ConfigurationError(f"experiment {name} is not known any more")
        yield manager, kept


def _where(project: Project, connection: str | None, name: str) -> str:
    known = {
        key: one for key, one in project.config.connections.items() if isinstance(one, XConnection)
    }
    if connection is not None:
        key, one = x_connection(project, connection)
        known = {key: one}
    found: dict[Named, str] = {}
    others: set[str] = set()
    with database.opened(state_place(project)) as state:
        for key, one in known.items():
            mine = named(one, name)
            if experiments.kept(state, mine) is not None:
                found.setdefault(mine, key)
            others.update(experiments.names(state, target=one.target, account_id=one.ad_account_id))
    if len(found) > 1:
        accounts = ", ".join(found.values())
        raise ConfigurationError(
            f"experiment {name} was started by several connections: say one of {accounts} with"
            " --connection"
        )
    if not found:
        told = ", ".join(sorted(others)) or "none yet"
        raise ConfigurationError(
            f"experiment {name} was not started; known: {told}. `connector experiments start"
            f" {name}` starts it"
        )
    return next(iter(found.values()))
