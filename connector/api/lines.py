"""Lines to the platforms, and the apps that use them, as config.yaml names them."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from connector.api.projects import Edges
from connector.errors import ConfigurationError
from connector.http import Session
from connector.project import Project, TikTokConnection, XConnection
from connector.project.address import TIKTOK_ADDRESS, belongs_to_tiktok, belongs_to_x
from connector.project.config import SIMULATED
from connector.tiktok import authorization as tiktok
from connector.tiktok.calling import Line as TikTokLine
from connector.x import authorization as x
from connector.x.calling import Line, hosts_of

AnyConnection = XConnection | TikTokConnection


def configured(project: Project, name: str) -> AnyConnection:
    """A connection of config.yaml.

    Raises:
        ConfigurationError: there is none of this name.
    """
    found = project.config.connections.get(name)
    if found is None:
        known = ", ".join(project.config.connections)
        raise ConfigurationError(
            f"{project.path.name} has no connection {name!r}; known there: {known}. Write it there"
            " first, with auth: {stored: true} and any account id: connecting tells the right one"
        )
    return found


@contextmanager
def x_line(connection: XConnection, edges: Edges) -> Iterator[Line]:
    """A line to X for one thread."""
    hosts = hosts_of(connection.base_url, own=belongs_to_x(connection.base_url))
    with closing(Session(threads=1)) as session:
        yield Line(
            session=session, hosts=hosts, now=lambda: edges.now().timestamp(), pause=edges.pause
        )


@contextmanager
def tiktok_line(connection: TikTokConnection, edges: Edges) -> Iterator[TikTokLine]:
    """A line to TikTok for one thread; its sandbox has its page of consent at the real place."""
    base = connection.base_url
    with closing(Session(threads=1)) as session:
        yield TikTokLine(
            session=session, base_url=base, now=lambda: edges.now().timestamp(),
            consent=TIKTOK_ADDRESS if belongs_to_tiktok(base) else base, pause=edges.pause,
        )  # fmt: skip


def x_app(name: str, connection: XConnection) -> x.App:
    """The app of OAuth 2.0.

    Raises:
        ConfigurationError: config.yaml does not name it.
    """
    auth = connection.auth
    if auth.client_id is None:
        raise ConfigurationError(
            f"connection {name}: OAuth 2.0 needs the app: write client_id (and client_secret, where"
            " the app has one) beside stored: true"
        )
    secret = auth.client_secret.get_secret_value() if auth.client_secret else None
    return x.App(client_id=auth.client_id.get_secret_value(), client_secret=secret)


def tiktok_app(name: str, connection: TikTokConnection) -> tiktok.App:
    """The app of TikTok.

    Raises:
        ConfigurationError: config.yaml does not name it.
    """
    auth = connection.auth
    if auth.app_id is None or auth.app_secret is None:
        raise ConfigurationError(
            f"connection {name}: TikTok needs the app: write app_id and app_secret beside"
            " stored: true"
        )
    return tiktok.App(
        app_id=auth.app_id.get_secret_value(), secret=auth.app_secret.get_secret_value()
    )


def refuse_simulated(name: str, connection: AnyConnection, texts: list[str]) -> None:
    """Keep the simulator's secrets from the platforms.

    Raises:
        ConfigurationError: one of them would get there.
    """
    owns = belongs_to_x if isinstance(connection, XConnection) else belongs_to_tiktok
    if owns(connection.base_url) and any(text.lower().startswith(SIMULATED) for text in texts):
        raise ConfigurationError(
            f"connection {name} has a secret of the simulator, which is never sent to"
            f" {connection.base_url}; set base_url to the simulator's address, or connect again"
        )
