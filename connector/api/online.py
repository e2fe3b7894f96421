"""What only the platforms can say of a project: `connector check --online`. Nothing is changed."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Literal

from connector.api.connections import show_connection
from connector.api.lines import AnyConnection, tiktok_app, tiktok_line, x_line
from connector.api.projects import Edges, named
from connector.api.stored import (
    facts_of,
    renewed,
    standing,
    tiktok_token,
    vault_opened,
    x_access,
)
from connector.connecting.roles import may, refusal
from connector.credentials import PixelTokens, Vault, learn_roles
from connector.errors import ConfigurationError, ConnectorError, Exit, TokenRefusedError
from connector.project import Mapping, Project, TikTokConnection, XConnection
from connector.tiktok import accounts as tiktok_accounts
from connector.tiktok.calling import get as tiktok_get
from connector.x import accounts as x_accounts
from connector.x.accounts import AdAccount, EventTag
from connector.x.calling import Access, Bearer, Line
from connector.x.errors import MOST_SKEW_SECONDS, skew_of, skew_sentence

Outcome = Literal["right", "wrong", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was asked: what came of it, and what to do where something is wrong."""

    connection: str
    subject: str
    outcome: Outcome
    text: str
    mapping: str | None = None
    code: Exit = Exit.DONE

    def document(self) -> dict[str, Any]:
        """As `--json` tells it."""
        return {
            "connection": self.connection, "mapping": self.mapping, "subject": self.subject,
            "outcome": self.outcome, "text": self.text,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Subject:
    """A connection that is looked at, and the mappings that send over it."""

    name: str
    connection: AnyConnection
    mappings: Sequence[Mapping]

    def right(self, subject: str, text: str, mapping: str | None = None) -> Finding:
        return Finding(
            connection=self.name, subject=subject, outcome="right", text=text, mapping=mapping
        )

    def unknown(self, subject: str, text: str, mapping: str | None = None) -> Finding:
        return Finding(
            connection=self.name, subject=subject, outcome="unknown", text=text, mapping=mapping
        )

    def wrong(self, subject: str, error: ConnectorError, mapping: str | None = None) -> Finding:
        return Finding(
            connection=self.name, subject=subject, outcome="wrong", text=str(error),
            mapping=mapping, code=error.exit_code,
        )  # fmt: skip


def check_online(project: Project, names: Sequence[str], edges: Edges) -> list[Finding]:
    """Ask the platforms about the connections of mappings; without names about all there are.

    Raises:
        ConfigurationError: there is no such mapping.
    """
    mappings = [named(project, name) for name in names] or list(project.mappings.values())
    found: list[Finding] = []
    for name, connection in project.config.connections.items():
        own = [one for one in mappings if one.destination.connection == name]
        if own or not names:
            subject = _Subject(name=name, connection=connection, mappings=own)
            found += _of_connection(project, subject, edges)
    return found


def _of_connection(project: Project, subject: _Subject, edges: Edges) -> Iterator[Finding]:
    try:
        with vault_opened(project) as vault:
            if isinstance(subject.connection, XConnection):
                yield from _of_x(project, vault, subject, subject.connection, edges)
            else:
                yield from _of_tiktok(project, vault, subject, subject.connection, edges)
    except ConnectorError as error:
        yield subject.wrong("credentials", error)
    with suppress(ConnectorError):
        for one in show_connection(project, subject.name, edges)["budgets"]:
            told = f"{one['budget']}: used {one['used']:,}, left {one['left']:,}"
            yield subject.right("budget", f"{told} of {one['limit']:,} in {one['seconds']:,.0f} s")


def _of_x(
    project: Project, vault: Vault, subject: _Subject, connection: XConnection, edges: Edges
) -> Iterator[Finding]:
    held = x_access(vault, subject.name, connection, edges)
    if isinstance(held, PixelTokens):
        yield from _of_pixels(subject, held)
        return
    with x_line(connection, edges, project=project) as line:
        with standing(vault, subject.name) if connection.auth.stored else nullcontext():
            account, access = _account(vault, subject, connection, (line, held), edges)
        yield subject.right("credentials", "X takes them")
        yield _clock(subject, "X", account.skew)
        yield subject.right("account", f"{account.id}, {account.name}")
        yield from _role(vault, subject, connection, (line, access))
        yield from _events(subject, connection, (line, access))


def _account(
    vault: Vault,
    subject: _Subject,
    connection: XConnection,
    way: tuple[Line, Access],
    edges: Edges,
) -> tuple[AdAccount, Access]:
    """The ad account, and the access that X took: a token that it does not take is renewed once."""
    line, access = way
    try:
        return x_accounts.account(line, access, connection.ad_account_id), access
    except TokenRefusedError:
        if not connection.auth.stored or not isinstance(access, Bearer):
            raise
    again = renewed(vault, subject.name, connection, edges, refused=access)
    return x_accounts.account(line, again, connection.ad_account_id), again


def _of_pixels(subject: _Subject, access: PixelTokens) -> Iterator[Finding]:
    yield subject.unknown(
        "credentials",
        "the token of a pixel can't ask X for its account, role, clock or events: the first sync"
        " shows whether X takes it, or `connector verify-dedup` before",
    )
    for mapping in subject.mappings:
        pixel, _ = _ids(mapping)
        if pixel is not None and not (access.tokens.get(pixel) or access.tokens.get("")):
            error = ConfigurationError(
                f"there is no token of pixel {pixel}; run `connector connect {subject.name}"
                f" --pixel {pixel}`, or write it into auth.pixel_tokens"
            )
            yield subject.wrong("credentials", error, mapping.name)
        yield subject.unknown(
            "event", "its form is right; whether X has it, a pixel's token can't ask", mapping.name
        )


def _clock(subject: _Subject, platform: str, skew: float | None) -> Finding:
    if skew is None:
        return subject.unknown("clock", f"{platform} does not tell the time")
    if abs(skew) > MOST_SKEW_SECONDS:
        told = f"{skew_sentence(platform, skew)}; set it (NTP)"
        return subject.wrong("clock", ConfigurationError(told))
    return subject.right("clock", f"within {max(1.0, abs(skew)):,.0f} s of {platform}'s")


def _role(
    vault: Vault, subject: _Subject, connection: XConnection, way: tuple[Line, Access]
) -> Iterator[Finding]:
    roles = x_accounts.roles(*way, connection.ad_account_id)
    facts = facts_of(vault, subject.name) if connection.auth.stored else None
    if facts is not None and facts.roles != roles:
        learn_roles(vault, subject.name, roles)
    job: Literal["conversions", "metrics"] = "conversions" if subject.mappings else "metrics"
    if not may(roles, job):
        yield subject.wrong("role", refusal(subject.name, roles, job))
        return
    yield subject.right("role", ", ".join(roles))
    if isinstance(way[1], Bearer) and subject.mappings:
        error = ConfigurationError(
            "X takes no conversions by OAuth 2.0; connect with --flow pixel-token or oauth1"
        )
        yield subject.wrong("credentials", error)


def _events(
    subject: _Subject, connection: XConnection, way: tuple[Line, Access]
) -> Iterator[Finding]:
    if not subject.mappings:
        return
    try:
        tags = x_accounts.event_tags(*way, connection.ad_account_id)
    except ConfigurationError as error:  # its page is gone from X's documentation
        yield subject.unknown("event", f"X does not list the events: {error}")
        return
    for mapping in subject.mappings:
        yield from _of_mapping(subject, mapping, tags)


def _of_mapping(subject: _Subject, mapping: Mapping, tags: Sequence[EventTag]) -> Iterator[Finding]:
    pixel, event = _ids(mapping)
    if pixel is None or event is None:
        yield subject.unknown(
            "event", "pixel or event come from the rows, so they are not asked for", mapping.name
        )
        return
    found = next((tag for tag in tags if tag.id == event), None)
    account = getattr(subject.connection, "ad_account_id", "")
    wrong = None
    if not any(tag.pixel_id == pixel for tag in tags):
        wrong = f"ad account {account} has no pixel {pixel} with an event; compare pixel_id with"
    elif found is None:
        wrong = f"ad account {account} has no event {event}; compare event_id with"
    elif found.deleted:
        wrong = f"event {event} ({found.name}) is deleted; make another one in"
    elif found.pixel_id != pixel:
        wrong = (
            f"event {event} ({found.name}) is of pixel {found.pixel_id}, not {pixel}; compare with"
        )
    if wrong is not None:
        yield subject.wrong(
            "event", ConfigurationError(f"{wrong} X's Events Manager"), mapping.name
        )
    elif found is not None:
        yield subject.right(
            "event", f"{event} is {found.name} ({found.type}) of pixel {pixel}", mapping.name
        )


def _ids(mapping: Mapping) -> tuple[str | None, str | None]:
    """Pixel and short event of a mapping, None for what comes from the rows."""
    texts = [
        one.text if one.kind == "value" else None
        for one in (mapping.destination.pixel_id, mapping.destination.event_id)
    ]
    return texts[0], texts[1].rpartition("-")[2] if texts[1] is not None else None


def _of_tiktok(
    project: Project,
    vault: Vault,
    subject: _Subject,
    connection: TikTokConnection,
    edges: Edges,
) -> Iterator[Finding]:
    token = tiktok_token(vault, subject.name, connection, edges)
    with tiktok_line(connection, edges, project=project) as line:
        with standing(vault, subject.name) if connection.auth.stored else nullcontext():
            reply = tiktok_get(line, token, "user/info/")
        yield subject.right("credentials", "TikTok takes them")
        yield _clock(subject, "TikTok", skew_of(reply.answer, now=line.now()))
        if connection.auth.app_id is None:
            yield subject.unknown(
                "account", "without app_id and app_secret TikTok does not list its advertisers"
            )
            return
        app = tiktok_app(subject.name, connection)
        known = {one.id: one.name for one in tiktok_accounts.advertisers(line, app, token)}
    if connection.advertiser_id in known:
        name = known[connection.advertiser_id]
        yield subject.right("account", f"{connection.advertiser_id}, {name}")
        return
    error = ConfigurationError(
        f"the token does not reach advertiser {connection.advertiser_id}; within reach are"
        f" {', '.join(list(known)[:20]) or 'none'}: compare advertiser_id in config.yaml"
    )
    yield subject.wrong("account", error)
