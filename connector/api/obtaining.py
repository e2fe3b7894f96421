"""How secrets of a connection are obtained: typed, or by consent at the platform."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, Protocol

from connector.api.lines import (
    AnyConnection,
    refuse_simulated,
    tiktok_app,
    tiktok_line,
    x_app,
    x_line,
)
from connector.api.projects import Edges
from connector.api.stored import tokens_of, vault_opened
from connector.connecting import flows
from connector.connecting.flows import Flow, Person, Way
from connector.credentials import OAuth1Tokens, PixelTokens, Secret, TikTokTokens, find
from connector.errors import ConfigurationError
from connector.project import Project, TikTokConnection, XConnection
from connector.x.calling import Consumer

FlowName = Literal["pixel-token", "oauth1", "pkce"]
Choices = Sequence[tuple[str, str]]
"""Ad accounts: ids and names."""


class Chooser(Person, Protocol):
    """A person who also picks an ad account."""

    def pick(self, choices: Choices, *, proposed: str | None) -> str | None:
        """The id of one, None when nobody is there to pick."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How to connect; `flow` None for what suits the connection, `pixels` those of the mappings."""

    way: Way
    flow: FlowName | None = None
    visibility: str = "private"
    account: str | None = None
    pixels: tuple[str, ...] = ()
    use_keyring: bool = False


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Somebody wants a connection connected."""

    project: Project
    name: str
    connection: AnyConnection
    asked: Asked
    person: Chooser
    edges: Edges

    @property
    def flow(self) -> Flow:
        """How consent is asked for."""
        return Flow(person=self.person, way=self.asked.way, monotonic=self.edges.monotonic)

    @property
    def of_x(self) -> XConnection:
        """The connection, which is of X."""
        if not isinstance(self.connection, XConnection):
            raise ConfigurationError(f"connection {self.name} is of {self.connection.platform}")
        return self.connection

    @property
    def of_tiktok(self) -> TikTokConnection:
        """The connection, which is of TikTok."""
        if not isinstance(self.connection, TikTokConnection):
            raise ConfigurationError(f"connection {self.name} is of {self.connection.platform}")
        return self.connection


def flow_of(wish: Wish) -> str:
    """The flow that is meant.

    Raises:
        ConfigurationError: it goes with another platform, or the way back with another flow.
    """
    if isinstance(wish.connection, TikTokConnection):
        if wish.asked.flow is not None:
            raise ConfigurationError("--flow is for connections of x_ads; TikTok has one flow")
        flow = "tiktok"
    else:
        flow = wish.asked.flow or ("pkce" if wish.connection.auth.client_id else "pixel-token")
    wrong = {"pin": flow != "oauth1", "code": flow != "tiktok", "paste": flow == "pixel-token"}
    if wrong.get(wish.asked.way.back):
        options = {"pin": "--pin is for --flow oauth1", "code": "--code is for TikTok"}
        raise ConfigurationError(
            options.get(wish.asked.way.back, "--paste-url is for flows with a browser")
            + f"; connection of {wish.connection.platform}, flow {flow}"
        )
    return flow


def _pixel_tokens(wish: Wish) -> Secret:
    pixels = wish.asked.pixels or _pixels_of(wish.project, wish.name) or ("",)
    tokens = {}
    for pixel in pixels:
        prompt = f"Token of pixel {pixel}" if pixel else "Token of the pixel"
        tokens[pixel] = _typed(wish.person.secret(prompt), prompt)
    if wish.asked.pixels:  # beside those of other pixels
        with vault_opened(wish.project) as vault:
            before = find(vault, wish.name)
        if before is not None and isinstance(before.secret, PixelTokens):
            tokens = {**before.secret.tokens, **tokens}
    return PixelTokens(tokens=tokens)


def _pixels_of(project: Project, name: str) -> tuple[str, ...]:
    """The pixels that mappings of a connection name."""
    found = [
        mapping.destination.pixel_id.text
        for mapping in project.mappings.values()
        if mapping.destination.connection == name and mapping.destination.pixel_id.kind == "value"
    ]
    return tuple(dict.fromkeys(found))


def _oauth1(wish: Wish) -> Secret:
    connection = wish.of_x
    consumer = _consumer(connection, wish.person)
    refuse_simulated(wish.name, connection, [consumer.key, consumer.secret])
    with x_line(connection, wish.edges) as line:
        granted = flows.by_oauth1(line, consumer, wish.flow)
    return OAuth1Tokens(
        consumer_key=consumer.key, consumer_secret=consumer.secret,
        token=granted.signing.token, token_secret=granted.signing.token_secret,
    )  # fmt: skip


def _consumer(connection: XConnection, person: Person) -> Consumer:
    """The app's pair: that of config.yaml, else typed."""
    auth = connection.auth.oauth1
    if auth is not None:
        return Consumer(
            key=auth.consumer_key.get_secret_value(), secret=auth.consumer_secret.get_secret_value()
        )
    key, secret = (
        _typed(person.secret(each), each) for each in ("Consumer key", "Consumer secret")
    )
    return Consumer(key=key, secret=secret)


def _pkce(wish: Wish) -> Secret:
    connection = wish.of_x
    app = x_app(wish.name, connection)
    with x_line(connection, wish.edges) as line:
        pair = flows.by_pkce(line, app, wish.flow)
    return tokens_of(pair, wish.edges.now())


def _tiktok(wish: Wish) -> Secret:
    connection = wish.of_tiktok
    app = tiktok_app(wish.name, connection)
    with tiktok_line(connection, wish.edges) as line:
        granted = flows.by_tiktok(line, app, wish.flow)
    ends = None
    if granted.seconds is not None:
        ends = wish.edges.now() + timedelta(seconds=granted.seconds)
    return TikTokTokens(access_token=granted.token, expires_at=ends, scopes=granted.scopes)


OBTAIN: dict[str, Callable[[Wish], Secret]] = {
    "pixel-token": _pixel_tokens,
    "oauth1": _oauth1,
    "pkce": _pkce,
    "tiktok": _tiktok,
}


def _typed(text: str, what: str) -> str:
    """A secret without blanks around it.

    Raises:
        ConfigurationError: it is none.
    """
    found = text.strip()
    if not found or not all("!" <= sign <= "~" for sign in found):
        raise ConfigurationError(f"{what}: that is no secret: one word of plain signs is needed")
    return found
