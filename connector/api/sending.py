"""What lets conversions in: secrets of config.yaml, or what `connector connect` stored.

Most connections have theirs in config.yaml, and a sync of those loads nothing of what is stored.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from connector.api.projects import Edges
from connector.errors import ConnectorError
from connector.project import Project, XConnection
from connector.project.config import Auth
from connector.state.database import Database
from connector.x.conversions import Credentials

# X's codes for a token that is nobody's, as reasons why rows wait.
REFUSED = frozenset({"UNAUTHORIZED_ACCESS", "89"})


def per_pixel(project: Project, name: str, connection: XConnection) -> bool:
    """Whether each pixel has credentials of its own."""
    if connection.auth.stored is None:
        return connection.auth.oauth1 is None
    from connector.api.stored import facts_of, vault_opened  # noqa: PLC0415 - see above

    with vault_opened(project) as vault:
        facts = facts_of(vault, name)
    return facts is None or facts.kind == "pixel_tokens"


def sending(
    project: Project, name: str, connection: XConnection, state: Database, edges: Edges
) -> Credentials:
    """What lets conversions in.

    Raises:
        CredentialsError: they are of OAuth 2.0, or the user's role does not allow it.
        ConnectorError: as `connector.api.stored.stored`.
    """
    if connection.auth.stored is None:
        return of_config(connection.auth)
    from connector.api.stored import sending_stored, vault_opened  # noqa: PLC0415 - see above

    with vault_opened(project, state) as vault:
        return sending_stored(vault, name, connection, edges)


def of_config(auth: Auth) -> Credentials:
    """What config.yaml says."""
    if auth.oauth1 is not None:
        one = auth.oauth1
        key, secret, token, token_secret = (
            each.get_secret_value()
            for each in (one.consumer_key, one.consumer_secret, one.token, one.token_secret)
        )
        return Credentials(oauth1=(key, secret, token, token_secret))
    tokens = auth.pixel_tokens or ({"": auth.pixel_token} if auth.pixel_token else {})
    return Credentials(pixel_tokens={key: one.get_secret_value() for key, one in tokens.items()})


def note_sync(project: Project, name: str, state: Database, summary: Mapping[str, Any]) -> None:
    """Note whether X took what is stored for a connection, where a sync of a mapping shows it."""
    if project.config.connections[name].auth.stored is None:
        return
    from connector.api.stored import vault_opened  # noqa: PLC0415 - see above
    from connector.credentials import learn_status  # noqa: PLC0415 - see above

    refused = not REFUSED.isdisjoint(summary["reasons"].get("pending", {}))
    if refused or summary["rows"]["accepted"]:
        with suppress(ConnectorError), vault_opened(project, state) as vault:
            learn_status(vault, name, "revoked" if refused else "connected")
