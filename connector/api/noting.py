"""What a sync tells of the credentials that it sent with."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connector.api.stored import vault_opened
from connector.credentials import learn_status
from connector.errors import ConnectorError
from connector.project import Project
from connector.state.database import Database

# X's codes for a token that is nobody's, as reasons why rows wait.
REFUSED = frozenset({"UNAUTHORIZED_ACCESS", "89"})


def note_sync(project: Project, name: str, state: Database, summary: Mapping[str, Any]) -> None:
    """Note whether X took what is stored for a connection, where a sync of a mapping shows it."""
    if project.config.connections[name].auth.stored is None:
        return
    refused = not REFUSED.isdisjoint(summary["reasons"].get("pending", {}))
    if refused or summary["rows"]["accepted"]:
        with suppress(ConnectorError), vault_opened(project, state) as vault:
            learn_status(vault, name, "revoked" if refused else "connected")
