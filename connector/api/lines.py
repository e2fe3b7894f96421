"""Lines to the platforms, and the apps that use them, as config.yaml names them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from connector.api.projects import Edges, state_place
from connector.budgets import open as budgets
from connector.budgets.answers import StateAnswers
from connector.budgets.budget import requests_of
from connector.budgets.open import Store
from connector.budgets.reads import Reads, Requests, Waiting, steady
from connector.errors import ConfigurationError
from connector.http import Session
from connector.project import Project, TikTokConnection, XConnection
from connector.project.address import TIKTOK_ADDRESS, belongs_to_tiktok, belongs_to_x
from connector.project.config import SIMULATED
from connector.state import database
from connector.state.database import Database
from connector.tiktok import authorization as tiktok
from connector.tiktok.calling import Line as TikTokLine
from connector.x import authorization as x
from connector.x.calling import Line, hosts_of
from connector.x.limits import mark

AnyConnection = XConnection | TikTokConnection
PERSON_SECONDS = 60.0
"""How long a person waits for the turn of a request."""
IMPORT_SECONDS = 30 * 60.0
"""How long a command waits that nobody looks at: two of X's windows."""


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
def x_line(
    connection: XConnection, edges: Edges, *, project: Project | None = None,
    state: Database | None = None, patience: float = PERSON_SECONDS,
) -> Iterator[Line]:  # fmt: skip
    """A line to X for one thread.

    With a project its reads slow down before X's limits, together with all that share its budgets,
    and scarce answers are kept in its state. What is waited for is told as a warning.

    Args:
        connection: where to, with the target that limits belong to.
        edges: time, and who is told.
        project: whose budgets count, where it has a state.
        state: that state, where it is open already; for the same thread.
        patience: seconds that all waiting for one read may take; beyond, it ends as out of reach.

    Raises:
        ConnectorError: with a project, its state or its budgets can't be used.
    """
    hosts = hosts_of(connection.base_url, own=belongs_to_x(connection.base_url))
    with closing(Session()) as session, budgets_opened(project, edges, state) as opened:
        line = Line(session=session, hosts=hosts, now=_clock(edges), pause=edges.pause)
        if opened is None:
            yield line
            return
        waiting = _waiting(edges, patience)
        target = connection.target
        yield replace(
            line,
            pacing=Reads(target=target, quotas=opened.store, waiting=waiting),
            answers=StateAnswers(target=target, database=opened.state, waiting=waiting),
        )


@contextmanager
def tiktok_line(
    connection: TikTokConnection, edges: Edges, *, project: Project | None = None,
    state: Database | None = None, patience: float = PERSON_SECONDS,
) -> Iterator[TikTokLine]:  # fmt: skip
    """A line to TikTok for one thread; its sandbox has its page of consent at the real place.

    With a project its requests keep the app's budget; all else is as for `x_line`.
    """
    base = connection.base_url
    with closing(Session()) as session, budgets_opened(project, edges, state) as opened:
        line = TikTokLine(
            session=session, base_url=base, now=_clock(edges), pause=edges.pause,
            consent=TIKTOK_ADDRESS if belongs_to_tiktok(base) else base,
        )  # fmt: skip
        if opened is None:
            yield line
            return
        budget = steady(requests_of(connection, app=app_mark(connection)))
        waiting = _waiting(edges, patience)
        yield replace(line, pacing=Requests(budget=budget, budgets=opened.store, waiting=waiting))


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A state, and the store of its project's budgets."""

    state: Database
    store: Store


@contextmanager
def budgets_opened(
    project: Project | None, edges: Edges, state: Database | None = None
) -> Iterator[Opened | None]:
    """The budgets of a project, None where there is no state yet to count in.

    Raises:
        ConnectorError: the state or the budgets can't be used.
    """
    if project is None or (state is None and not _has_state(project)):
        yield None
        return
    with ExitStack() as stack:
        if state is None:
            state = stack.enter_context(database.opened(state_place(project)))
        kept = budgets.opened(project.config, state, now=_clock(edges))
        yield Opened(state=state, store=stack.enter_context(kept))


def _has_state(project: Project) -> bool:
    """Whether there is a state, or a server that says so itself."""
    place = state_place(project)
    return not isinstance(place, Path) or place.exists()


def app_mark(connection: TikTokConnection) -> str:
    """What stands for the app of a connection; its advertiser, where config.yaml names no app."""
    app = connection.auth.app_id
    return mark(app.get_secret_value()) if app is not None else connection.advertiser_id


def _clock(edges: Edges) -> Callable[[], float]:
    return lambda: edges.now().timestamp()


def _waiting(edges: Edges, patience: float) -> Waiting:
    return Waiting(
        now=_clock(edges), pause=edges.pause, random=edges.random, stopping=edges.stopping,
        warn=edges.progress.warn, patience=patience,
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
