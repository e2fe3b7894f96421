"""Connecting: from a person's consent to credentials that were tried out and are stored."""

import getpass
import os
import socket
from typing import Any

from connector.api.lines import AnyConnection, configured, refuse_simulated
from connector.api.obtaining import OBTAIN, Asked, Chooser, Wish, flow_of
from connector.api.projects import Edges
from connector.api.revoking import kept_or_ended
from connector.api.stored import texts_of, vault_opened
from connector.api.trying import Reached, account_of, reach
from connector.connecting.roles import TOLD, may
from connector.credentials import Connection, check_place, keep
from connector.project import Project, TikTokConnection, XConnection
from connector.x.authorization import SCOPES


def connect(
    project: Project, name: str, asked: Asked, person: Chooser, edges: Edges
) -> dict[str, Any]:
    """Get credentials for a connection, try them out and store them; what came of it.

    `untried` of the result says why they could not be tried out, None when they were.

    Raises:
        ConfigurationError: config.yaml, the app or the command is not right.
        CredentialsError: nobody consented, or the platform does not take what it gave.
        UnreachableError: no answer came.
    """
    connection = configured(project, name)
    wish = Wish(
        project=project, name=name, connection=connection, asked=asked, person=person, edges=edges
    )
    flow = flow_of(wish)
    with vault_opened(project, use_keyring=asked.use_keyring) as vault:
        visibility = check_place(vault, name, asked.visibility)
    secret = OBTAIN[flow](wish)
    refuse_simulated(name, connection, texts_of(secret))
    with kept_or_ended(wish, secret, keeping=False):
        reached = reach(wish, secret)
    facts = Connection(
        name=name, platform=connection.platform, visibility=visibility,
        connected_at=edges.now(), connected_by=who(), roles=reached.roles,
        scopes=getattr(secret, "scopes", ()), ad_account_ids=_ordered(reached, connection),
    )  # fmt: skip
    with (
        kept_or_ended(wish, secret, keeping=True),
        vault_opened(project, use_keyring=asked.use_keyring) as vault,
    ):
        keep(vault, facts, secret)
    return {
        "connection": name, "platform": connection.platform, "flow": flow,
        "visibility": visibility, "account": reached.picked,
        "accounts": [{"id": id_, "name": called} for id_, called in reached.accounts],
        "role": ", ".join(reached.roles) or None, "scopes": list(facts.scopes),
        "config": _config(connection, flow, reached), "remarks": _remarks(connection, facts, flow),
        "untried": str(reached.failed) if reached.failed else None,
    }  # fmt: skip


def _config(connection: AnyConnection, flow: str, reached: Reached) -> list[str]:
    """The lines of config.yaml that go with it."""
    account = reached.picked or account_of(connection)
    if isinstance(connection, TikTokConnection):
        app = "app_id: ${TIKTOK_APP_ID}, app_secret: ${TIKTOK_APP_SECRET}, "
        return [f'advertiser_id: "{account}"', f"auth: {{{app}stored: true}}"]
    app = ""
    if flow == "pkce":
        app = "client_id: ${X_ADS_CLIENT_ID}, client_secret: ${X_ADS_CLIENT_SECRET}, "
        if connection.auth.client_secret is None:
            app = "client_id: ${X_ADS_CLIENT_ID}, "
    return [f"ad_account_id: {account}", f"auth: {{{app}stored: true}}"]


def _remarks(connection: AnyConnection, facts: Connection, flow: str) -> list[str]:
    """What a person should know now rather than from the first sync."""
    remarks = []
    if connection.auth.stored is None:
        remarks.append(
            "config.yaml has other credentials still: they are used until its auth says"
            " stored: true"
        )
    if flow == "pixel-token":
        remarks.append(
            "the token of a pixel can't ask X for accounts, roles or events: the first"
            " sync shows whether X takes it"
        )
    if flow == "pkce":
        remarks.append(
            "X takes no conversions by OAuth 2.0: they need --flow pixel-token or oauth1"
            " and a connection of their own"
        )
        missing = [scope for scope in SCOPES if facts.scopes and scope not in facts.scopes]
        remarks += [f"{scope} was not granted: {_WITHOUT[scope]}" for scope in missing]
    if isinstance(connection, XConnection) and facts.roles and flow != "pixel-token":
        jobs = [job for job in TOLD if not may(facts.roles, job)]
        remarks += [f"{', '.join(facts.roles)} may not {TOLD[job]}" for job in jobs]
    return remarks  # fmt: skip


_WITHOUT = {
    "ads.read": "nothing can be read",
    "ads.write": "nothing can be changed",
    "offline.access": "the connection ends in two hours and can't be renewed",
}


def _ordered(reached: Reached, connection: AnyConnection) -> tuple[str, ...]:
    """The accounts within reach, the one that is used first."""
    first = reached.picked or account_of(connection)
    return tuple(dict.fromkeys([first, *(id_ for id_, _ in reached.accounts)]))


def who() -> str:
    """The account and host of this process."""
    try:
        account = getpass.getuser()
    except (OSError, KeyError):
        account = str(os.getuid())
    return f"{account}@{socket.gethostname()}"
