"""Sending a selection once more."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from connector.api.projects import Edges, Wanted
from connector.api.syncing import sync
from connector.conversions.replay import STATES, Replay
from connector.conversions.world import Options
from connector.errors import ConfigurationError
from connector.project import Project


def selection(
    *, conversion_ids: Collection[str] | None = None, since: datetime | None = None,
    until: datetime | None = None, states: Collection[str] = (), allow_double_count: bool = False,
) -> Replay:  # fmt: skip
    """Which conversions are meant: those that every given condition holds for.

    Raises:
        ConfigurationError: there is none, or one that holds for nothing.
    """
    ids = None if conversion_ids is None else frozenset(conversion_ids)
    if ids is None and not (since or until or states):
        raise ConfigurationError(
            "say which conversions: --conversion-id, --ids, --since, --until or --state"
        )
    if ids is not None and not ids:
        raise ConfigurationError("there is no conversion id in what --ids names")
    if since and until and since >= until:
        raise ConfigurationError("--since must be earlier than --until")
    unknown = sorted(set(states) - set(STATES))
    if unknown:
        raise ConfigurationError(f"--state {unknown[0]!r}: choose from {', '.join(STATES)}")
    return Replay(
        conversion_ids=ids, since=since, until=until, states=frozenset(states),
        allow_double_count=allow_double_count,
    )  # fmt: skip


def replay(
    project: Project, mapping: str, wanted: Replay, edges: Edges, *,
    dry_run: bool = False, attended: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """Send a selection now, by the rules and the ledger of a sync; its summary.

    `edges.confirm` is asked with what is at stake before the first byte leaves. The source is read
    from its beginning, and the cursor stays where it is.

    Raises:
        ConfigurationError: there is no state, or no such mapping.
        UnreachableError: the state is out of reach.
    """
    options = Options(dry_run=dry_run, replay=wanted)
    return sync(project, Wanted(names=[mapping], options=options, attended=attended), edges)
