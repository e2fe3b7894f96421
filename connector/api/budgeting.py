"""How much of the budgets of a connection is used and left."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

from connector.api.lines import AnyConnection, app_mark, budgets_opened
from connector.api.projects import Edges
from connector.api.stored import access_of_kept, vault_opened, x_access
from connector.budgets.budget import Budget, budget_of, requests_of
from connector.budgets.open import Store
from connector.budgets.reads import group_of, steady
from connector.credentials import find
from connector.errors import ConfigurationError
from connector.project import Project, XConnection
from connector.x.calling import Access, Bearer, Signing, client_of, user_of
from connector.x.limits import WINDOW_SECONDS, owners

_KINDS: tuple[Literal["conversion_events", "writes"], ...] = ("conversion_events", "writes")


def budgets_used(
    project: Project, name: str, connection: AnyConnection, edges: Edges
) -> Iterator[dict[str, Any]]:
    """What of each budget is used and left; nothing is used where there is no state yet.

    Reads of X are told as X told them; who can't open what is stored does not see them. Moments are
    in UTC, None for a window that slides, and for one that is over.

    Raises:
        ConnectorError: the state or the budgets can't be used.
    """
    with budgets_opened(project, edges) as opened:
        store = opened.store if opened is not None else None
        if not isinstance(connection, XConnection):
            requests = requests_of(connection, app=app_mark(connection))
            yield {**_window("requests", steady(requests), store), "seconds": requests.seconds}
            return
        for kind in _KINDS:
            yield _window(kind, budget_of(connection, kind), store)
        access = _access(project, name, connection, edges)
        if store is not None and access is not None:
            yield from _reads(connection, access, store, edges)


def _window(kind: str, budget: Budget, store: Store | None) -> dict[str, Any]:
    used = store.used(budget) if store is not None else 0
    return {
        "budget": kind, "limit": budget.amount, "seconds": budget.seconds, "used": used,
        "left": max(0, budget.amount - used), "resets_at": None,
    }  # fmt: skip


def _access(project: Project, name: str, connection: XConnection, edges: Edges) -> Access | None:
    """What is here, without asking anybody."""
    with vault_opened(project) as vault, suppress(ConfigurationError):
        if connection.auth.stored is None:
            access = x_access(vault, name, connection, edges)
        elif (kept := find(vault, name)) is not None:
            access = access_of_kept(kept, connection)
        else:
            return None
        return access if isinstance(access, Signing | Bearer) else None
    return None


def _reads(
    connection: XConnection, access: Access, store: Store, edges: Edges
) -> Iterator[dict[str, Any]]:
    """What X said last of each kind of read, less what has left since."""
    known = store.known(group_of(connection.target, client_of(access)))
    whose, now = owners(user_of(access), connection.ad_account_id), edges.now()
    for name, quota in sorted(known.items()):
        owner, _, kind = name.partition(": ")
        if owner not in whose:
            continue
        resets_at = datetime.fromtimestamp(quota.resets_at / 1000, UTC)
        left = max(0, quota.left) if resets_at > now else quota.limit
        yield {
            "budget": f"reads {kind}", "limit": quota.limit, "seconds": WINDOW_SECONDS,
            "used": quota.limit - left, "left": left,
            "resets_at": resets_at.isoformat() if resets_at > now else None,
        }  # fmt: skip
