"""Connections that are there: looking at them, moving them, taking them away."""

from typing import Any

from connector import credentials
from connector.api.budgeting import budgets_used
from connector.api.lines import refuse_simulated
from connector.api.projects import Edges
from connector.api.revoking import revoke
from connector.api.stored import facts_of, texts_of, vault_opened
from connector.api.trying import account_of
from connector.credentials import Connection, Kept, PixelTokens, Rekeyed, public
from connector.errors import ConfigurationError, TokenRefusedError
from connector.project import Project

_NOTHING = Connection(name="", platform="", visibility="", status="not_connected")


def list_connections(project: Project, edges: Edges) -> list[dict[str, Any]]:
    """The public facts of all connections, those of config.yaml and what is stored beside them."""
    with vault_opened(project) as vault:
        kept = {one.name: one for one in credentials.listed(vault)}
    names = sorted({*project.config.connections, *kept})
    return [_facts(project, name, kept.get(name), edges) for name in names]


def show_connection(project: Project, name: str, edges: Edges) -> dict[str, Any]:
    """The public facts of a connection, and how much of its budgets is used and left.

    Raises:
        ConfigurationError: there is no such connection.
    """
    with vault_opened(project) as vault:
        kept = facts_of(vault, name)
    connection = project.config.connections.get(name)
    if kept is None and connection is None:
        raise _unknown(project, name)
    used = budgets_used(project, name, connection, edges) if connection is not None else ()
    return {**_facts(project, name, kept, edges), "budgets": list(used)}


def _facts(project: Project, name: str, kept: Connection | None, edges: Edges) -> dict[str, Any]:
    connection = project.config.connections.get(name)
    if kept is not None:
        return public(kept, edges.now())
    assert connection is not None  # noqa: S101 - a name is from one of the two
    nothing = public(_NOTHING, edges.now()) | {"visibility": None}
    return nothing | {
        "name": name, "platform": connection.platform,
        "status": "not_connected" if connection.auth.stored else "connected",
        "ad_account_ids": [account_of(connection)],
    }  # fmt: skip


def rename_connection(project: Project, name: str, to: str) -> bool:
    """Give what is stored another name; whether config.yaml has a connection of that name.

    Raises:
        ConfigurationError: there is none, or the other name is taken or can't be one.
    """
    with vault_opened(project) as vault:
        credentials.rename(vault, name, to)
    return to in project.config.connections


def share_connection(project: Project, name: str, visibility: str) -> Connection:
    """Move what is stored to another visibility.

    Raises:
        ConfigurationError: there is none, or there is no state or no key for the visibility.
    """
    with vault_opened(project) as vault:
        return credentials.share(vault, name, visibility)


def rekey_connections(project: Project) -> Rekeyed:
    """Reseal what can be opened here with the newest keys.

    Raises:
        ConfigurationError: something can't be opened.
    """
    with vault_opened(project) as vault:
        return credentials.rekey(vault)


def remove_connection(
    project: Project, name: str, edges: Edges, *, only_here: bool = False
) -> str | None:
    """Revoke what is stored where that can be done, then forget it; None when it was revoked.

    Otherwise the text says why the platform was not asked, or what it said. `only_here` does not
    ask it, and needs no key.

    Raises:
        ConfigurationError: there is none, or it can't be opened here.
        UnreachableError: the platform can't be asked now; nothing is forgotten.
    """
    with vault_opened(project) as vault:
        if facts_of(vault, name) is None:
            raise _not_stored(project, name)
        told: str | None = "it was not revoked at the platform, as --only-here says"
        if not only_here:
            told = _revoked(project, credentials.kept(vault, name), edges)
        credentials.remove(vault, name)
    return told


def _revoked(project: Project, one: Kept, edges: Edges) -> str | None:
    name, secret, platform = one.connection.name, one.secret, one.connection.platform
    connection = project.config.connections.get(name)
    if connection is None or connection.platform != platform:
        return f"{project.path.name} has no connection {name} of {platform}, so nothing was revoked"
    if isinstance(secret, PixelTokens):
        return "the token of a pixel is revoked in X's Events Manager alone"
    refuse_simulated(name, connection, texts_of(secret))
    try:
        revoke(name, connection, secret, edges)
    except TokenRefusedError as error:  # not what a wrong clock or a proxy makes X say
        return f"it was not valid any more ({error})"
    return None


def _not_stored(project: Project, name: str) -> ConfigurationError:
    if name not in project.config.connections:
        return _unknown(project, name)
    return ConfigurationError(
        f"nothing is stored for connection {name}; take it out of {project.path.name} instead"
    )


def _unknown(project: Project, name: str) -> ConfigurationError:
    known = ", ".join(project.config.connections)
    return ConfigurationError(
        f"there is no connection {name!r}, neither stored nor in {project.path.name}, which has"
        f" {known}"
    )
