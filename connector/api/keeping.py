"""Keeping the state: a person's word on what is undecided; prune, export, backup."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from connector.api.projects import Edges, connection_of, state_place
from connector.conversions.world import milliseconds
from connector.errors import ConfigurationError
from connector.project import Project
from connector.state import database, resolution, upkeep
from connector.state.database import Database
from connector.state.lock import sync_lock
from connector.state.resolution import Word
from connector.state.upkeep import Pruned

_UNITS = (("d", timedelta(days=1)), ("h", timedelta(hours=1)), ("m", timedelta(minutes=1)))
_MOST_NAMED = 10

Undecided = Mapping[str, Mapping[str, int]]
"""By target how many conversions are `held` and how many `in_doubt`."""


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """A person's word: on whose conversions, where (None: `resolve` says), and on which (all)."""

    mapping: str
    word: Word
    target: str | None = None
    conversion_ids: Sequence[str] | None = None


def resolve(
    project: Project, ruling: Ruling, *, agree: Callable[[Undecided], None], edges: Edges
) -> Undecided:
    """Take a person's word on what is held or in doubt; what it was about.

    Without a target it is the one the mapping sends to. A mapping that is not in the project any
    more is meant at every target where something of it waits. No sync of it runs meanwhile.
    `agree` is asked when there is anything, and raises to leave all as it is.

    Raises:
        ConfigurationError: nobody knows the mapping, or a named conversion is not undecided.
        AlreadyRunningError: a sync of it is running.
    """
    name = ruling.mapping
    with database.opened(state_place(project)) as state, ExitStack() as locks:
        targets = _targets(project, ruling, state)
        for target in targets:
            locks.enter_context(
                sync_lock(state.place, mapping=name, target=target, wait=False, sleep=edges.pause)
            )
        _settle_dead(state, ruling, targets, edges.now())
        _refuse_decided(state, ruling, targets)
        ids = ruling.conversion_ids
        found = {
            target: resolution.undecided(state, mapping=name, target=target, conversion_ids=ids)
            for target in targets
        }
        if any(any(counts.values()) for counts in found.values()):
            agree(found)
            _take(state, ruling, targets, edges.now())
        return found


def _targets(project: Project, ruling: Ruling, state: Database) -> list[str]:
    name, mapping = ruling.mapping, project.mappings.get(ruling.mapping)
    if mapping is not None:
        return [ruling.target or connection_of(project, mapping).target]
    waiting = resolution.waiting_targets(state, mapping=name)
    if ruling.target is not None:
        waiting = [target for target in waiting if target == ruling.target]
    if not waiting:
        raise ConfigurationError(
            f"there is no mapping {name!r}, and nothing of such a one is held or in doubt"
        )
    return waiting


def _settle_dead(state: Database, ruling: Ruling, targets: Sequence[str], now: datetime) -> None:
    with state.write() as connection:
        for target in targets:
            resolution.settle_dead(
                connection, mapping=ruling.mapping, target=target, now=milliseconds(now)
            )


def _refuse_decided(state: Database, ruling: Ruling, targets: Sequence[str]) -> None:
    """Refuse a word on named conversions that need none."""
    if ruling.conversion_ids is None:
        return
    told = dict.fromkeys(ruling.conversion_ids, "not known")
    open_ids = set()
    for target in targets:
        for one, mapping, status in resolution.standing_of(
            state, target=target, conversion_ids=list(told)
        ):
            told[one] = status if mapping == ruling.mapping else f"{status}, of {mapping}"
            if mapping == ruling.mapping and status in resolution.UNDECIDED:
                open_ids.add(one)
    wrong = [f"{one} ({what})" for one, what in told.items() if one not in open_ids]
    if wrong:
        more = f" and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
        raise ConfigurationError(
            f"{ruling.mapping}: neither held nor in doubt:"
            f" {', '.join(wrong[:_MOST_NAMED])}{more}; nothing was changed"
        )


def _take(state: Database, ruling: Ruling, targets: Sequence[str], now: datetime) -> None:
    with state.write() as connection:
        for target in targets:
            resolution.resolve(
                connection, mapping=ruling.mapping, target=target, word=ruling.word,
                conversion_ids=ruling.conversion_ids, now=milliseconds(now),
            )  # fmt: skip


def prune(project: Project, *, older_than: timedelta, strangers: bool, edges: Edges) -> Pruned:
    """Forget what was settled longer ago than `older_than`; how much that was.

    `strangers` says that mappings which the ledger knows and the project does not let nothing
    through that is older than that either.

    Raises:
        ConfigurationError: a mapping's rules would let through, and send again, what is forgotten.
    """
    with database.opened(state_place(project)) as state:
        others = [name for name in upkeep.mappings_sent(state) if name not in project.mappings]
        _refuse_to_forget(project, older_than)
        if others and not strangers:
            raise ConfigurationError(
                f"the ledger holds conversions of mappings that are not in this project:"
                f" {', '.join(others)}; say --yes if none of them is used elsewhere or comes back"
                f" with a max_age above {written(older_than)}"
            )
        before = milliseconds(edges.now() - older_than)
        return upkeep.prune(state, before=before, pause=edges.pause)


def _refuse_to_forget(project: Project, older_than: timedelta) -> None:
    """A conversion may lie `max_in_future` ahead when it is settled, and is read to `max_age`."""
    reach = [
        (mapping.limits.max_age + mapping.limits.max_in_future, name)
        for name, mapping in project.mappings.items()
    ]
    smallest, name = max(reach, default=(timedelta(0), ""))
    if older_than < smallest:
        limits = project.mappings[name].limits
        days = -(-smallest // timedelta(days=1))
        raise ConfigurationError(
            f"--older-than {written(older_than)} would forget what {name} still lets through, and"
            f" would send again: its max_age is {written(limits.max_age)}, its max_in_future"
            f" {written(limits.max_in_future)}; {days}d is safe"
        )


def written(span: timedelta) -> str:
    """A span of time as the command line takes it, in the largest unit that is exact."""
    for unit, length in _UNITS:
        if span and not span % length:
            return f"{span // length}{unit}"
    return f"{span.total_seconds():g}s"


def export_state(project: Project, folder: Path) -> dict[Path, int]:
    """Write the state to `folder` as Parquet, one file for each table; the files with their rows.

    Raises:
        UnreachableError: the state cannot be read, or the files not written.
    """
    # pyarrow's Parquet is loaded by who needs it.
    from connector.state.export import export  # noqa: PLC0415 - see above

    with database.opened(state_place(project)) as state:
        return export(state, folder)


def backup_state(project: Project, file: Path) -> None:
    """Copy the state to a new file as it is now, syncs running or not.

    Raises:
        ConfigurationError: the file is there, its folder is not, or a server keeps the state.
        UnreachableError: the state cannot be read, or the copy not written.
    """
    if not file.parent.is_dir():
        raise ConfigurationError(f"there is no folder {file.parent}")
    place = state_place(project)
    with database.opened(place):
        upkeep.backup(place, file)
