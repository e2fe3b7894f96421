"""Where the numbers of ads come from: connections that may read them, opened for an import."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import IO, TypeGuard

from connector.api.lines import IMPORT_SECONDS, AnyConnection, tiktok_line, x_line
from connector.api.projects import Edges
from connector.api.stored import (
    asked_roles,
    facts_of,
    is_known_to_allow,
    renewed,
    standing,
    tiktok_token,
    vault_opened,
    x_access,
)
from connector.api.trying import account_of
from connector.connecting import roles as role_table
from connector.credentials import PixelTokens, Vault
from connector.errors import ConfigurationError, StoppedError, TokenRefusedError
from connector.http import Answer, NoAnswer, Request
from connector.metrics.rows import TIKTOK, Account, Platform, Reading, Requests, X
from connector.project import Project, TikTokConnection, XConnection
from connector.project.config import TIKTOK_ADS, X_ADS
from connector.tiktok.calling import Sender
from connector.tiktok.metrics import reading as tiktok_reading
from connector.x.calling import Access, Bearer, Line
from connector.x.metrics import reading as x_reading
from connector.x.metrics.attribution import Attribution, attributed

PLATFORMS: dict[str, Platform] = {X_ADS: X, TIKTOK_ADS: TIKTOK}
"""By the platform of config.yaml that of the tables."""


@dataclass(frozen=True, kw_only=True)
class Feed:
    """An ad account's numbers; what a reading raises it raises while it is read.

    `warnings` are about all days that were read so far. `renew` gets a new token in place of one
    that was refused; False where there is none to be had.
    """

    account: Account
    days: Callable[[date, date], Reading]
    hours: Callable[[datetime, datetime], Reading]
    warnings: Callable[[], list[str]]
    renew: Callable[[], bool]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A sender whose requests are counted, and that sends nothing once the user wants an end."""

    sender: Sender
    requests: Requests
    stopping: Callable[[], bool]

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send once and read the answer.

        Raises:
            StoppedError: the user wants an end.
        """
        self._count()
        return self.sender.send(request)

    def fetch(self, request: Request, into: IO[bytes], *, largest: int) -> Answer | NoAnswer:
        """Send once; what a 200 holds goes into a file.

        Raises:
            StoppedError: the user wants an end.
        """
        self._count()
        return self.sender.fetch(request, into, largest=largest)

    def _count(self) -> None:
        if self.stopping():
            raise StoppedError("stopped by the user; the next import goes on")
        self.requests.sent += 1


def reading_connections(project: Project, names: Sequence[str]) -> list[str]:
    """The connections that are meant, none named meaning all `readers`.

    Raises:
        ConfigurationError: there is none of a name, or two are of one ad account.
        ConnectorError: what is stored can't be looked at.
    """
    known = project.config.connections
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(
            f"{project.path.name} has no connection {unknown[0]!r}; known there: {', '.join(known)}"
        )
    wanted = list(dict.fromkeys(names)) or readers(project)
    of_account: dict[tuple[str, str], str] = {}
    for name in wanted:
        key = (known[name].platform, account_of(known[name]))
        other = of_account.setdefault(key, name)
        if other != name:
            raise ConfigurationError(
                f"{project.path.name}: the connections {other} and {name} are both of ad account"
                f" {key[1]}, whose days would be imported twice; name one of them, as in"
                f" connector metrics import {other}"
            )
    return wanted


def readers(project: Project) -> list[str]:
    """The connections that are not for conversions alone; all of them when they all are.

    Raises:
        ConnectorError: what is stored can't be looked at.
    """
    known = project.config.connections
    with vault_opened(project) as vault:
        found = [name for name, one in known.items() if not _is_of_pixels(vault, name, one)]
    return found or list(known)


def _is_of_pixels(vault: Vault, name: str, connection: AnyConnection) -> bool:
    if not isinstance(connection, XConnection) or connection.auth.oauth1 is not None:
        return False
    if connection.auth.stored is None:
        return True
    facts = facts_of(vault, name)
    return facts is not None and facts.kind == "pixel_tokens"


@contextmanager
def feed_opened(project: Project, name: str, edges: Edges, *, requests: Requests) -> Iterator[Feed]:
    """The numbers of a connection's ad account; `requests` grows with each that leaves.

    Raises:
        CredentialsError: they are not taken, or the user's role does not let metrics be read.
        ConnectorError: of the kind of who must act.
    """
    connection = project.config.connections[name]
    if isinstance(connection, TikTokConnection):
        with _tiktok_opened(project, name, connection, edges, requests) as feed:
            yield feed
        return
    with x_opened(project, name, edges, requests=requests) as account:
        yield Feed(
            account=account.source.account,
            days=lambda since, until: x_reading.days(account.fresh(), since=since, until=until),
            hours=lambda since, until: x_reading.hours(account.fresh(), since=since, until=until),
            warnings=lambda: x_reading.differences(account.source),
            renew=account.renew,
        )


@contextmanager
def _tiktok_opened(
    project: Project, name: str, connection: TikTokConnection, edges: Edges, requests: Requests
) -> Iterator[Feed]:
    with tiktok_line(connection, edges, project=project, patience=IMPORT_SECONDS) as bare:
        watched = Watched(sender=bare.session, requests=requests, stopping=edges.stopping)
        line = replace(bare, session=watched)
        with vault_opened(project) as vault, _noting(vault, name, connection):
            token = tiktok_token(vault, name, connection, edges)
            source = tiktok_reading.opened(line, token, connection.advertiser_id)
        yield Feed(
            account=source.account,
            days=lambda since, until: tiktok_reading.days(source, since=since, until=until),
            hours=lambda since, until: tiktok_reading.hours(source, since=since, until=until),
            warnings=lambda: tiktok_reading.gaps(source),
            renew=lambda: False,
        )


@dataclass(kw_only=True)
class XAccount:
    """An ad account of X whose user may read metrics."""

    project: Project
    name: str
    connection: XConnection
    edges: Edges
    source: x_reading.Source

    def fresh(self) -> x_reading.Source:
        """The same with a token that is good for a while: an import may outlast one."""
        with vault_opened(self.project) as vault:
            access = metrics_access(vault, self.name, self.connection, self.edges)
        self.source = replace(self.source, access=access)
        return self.source

    def renew(self) -> bool:
        """Get a new token in place of one that X did not take before its end."""
        refused = self.source.access
        if not _is_renewable(refused, self.connection):
            return False
        with vault_opened(self.project) as vault, standing(vault, self.name):
            access = renewed(vault, self.name, self.connection, self.edges, refused=refused)
        self.source = replace(self.source, access=access)
        return True

    def attributed(self, since: date, until: date) -> Attribution:
        """What X attributes to events."""
        return attributed(self.fresh(), since=since, until=until)


@contextmanager
def x_opened(
    project: Project, name: str, edges: Edges, *, requests: Requests
) -> Iterator[XAccount]:
    """An ad account of X, once its user's role is known to be enough.

    Raises:
        ConnectorError: as `feed_opened`.
    """
    connection = project.config.connections[name]
    if not isinstance(connection, XConnection):
        raise ConfigurationError(f"connection {name} is of {connection.platform}, not of {X_ADS}")
    with x_line(connection, edges, project=project, patience=IMPORT_SECONDS) as bare:
        watched = Watched(sender=bare.session, requests=requests, stopping=edges.stopping)
        line = replace(bare, session=watched)
        with vault_opened(project) as vault, _noting(vault, name, connection):
            opening = partial(_admitted, vault, name, connection, line)
            access = metrics_access(vault, name, connection, edges)
            try:
                source = opening(access)
            except TokenRefusedError:
                if not _is_renewable(access, connection):
                    raise
                source = opening(renewed(vault, name, connection, edges, refused=access))
        yield XAccount(
            project=project, name=name, connection=connection, edges=edges, source=source
        )


def _admitted(
    vault: Vault, name: str, connection: XConnection, line: Line, access: Access
) -> x_reading.Source:
    is_stored = connection.auth.stored is not None
    if not (is_stored and is_known_to_allow(vault, name, connection, "metrics")):
        roles = asked_roles(vault, name, connection, (line, access))
        if not role_table.may(roles, "metrics"):
            raise role_table.refusal(name, roles, "metrics")
    return x_reading.opened(line, access, connection.ad_account_id)


def metrics_access(vault: Vault, name: str, connection: XConnection, edges: Edges) -> Access:
    """What lets reads of metrics in.

    Raises:
        ConfigurationError: there is the token of a pixel.
        ConnectorError: as `stored`.
    """
    access = x_access(vault, name, connection, edges)
    if isinstance(access, PixelTokens):
        raise ConfigurationError(
            f"connection {name} has the token of a pixel, which lets conversions in alone; for ad"
            f" metrics run `connector connect {name} --flow oauth1`, or pkce"
        )
    return access


def _is_renewable(access: Access, connection: XConnection) -> TypeGuard[Bearer]:
    return connection.auth.stored is not None and isinstance(access, Bearer)


def _noting(vault: Vault, name: str, connection: AnyConnection) -> AbstractContextManager[None]:
    return standing(vault, name) if connection.auth.stored is not None else nullcontext()
