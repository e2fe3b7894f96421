"""What is kept of a connection: public facts, and secrets that no repr shows."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Literal

from connector.errors import ConfigurationError

Status = Literal["connected", "expired", "revoked", "not_connected"]
PRIVATE, WORKSPACE, TEAM = "private", "workspace", "team:"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_TEAM = re.compile(r"team:[a-z0-9][a-z0-9_-]{0,40}")


@dataclass(frozen=True, kw_only=True)
class PixelTokens:
    """A token for each pixel of X, `""` for any."""

    tokens: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class OAuth1Tokens:
    """A token pair of OAuth 1.0a with the consumer pair that it was made for."""

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class OAuth2Tokens:
    """An access token, and what renews it; `expires_at` is the access token's end."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False, default=None)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TikTokTokens:
    """TikTok's long-term access token; `expires_at` None, as a rule: it has no end."""

    access_token: str = field(repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


Secret = PixelTokens | OAuth1Tokens | OAuth2Tokens | TikTokTokens
KINDS: dict[str, type[Secret]] = {
    "pixel_tokens": PixelTokens,
    "oauth1": OAuth1Tokens,
    "oauth2": OAuth2Tokens,
    "tiktok": TikTokTokens,
}


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The public facts of a connection; nothing here is secret. Times have a zone.

    `status` is what was last known: `status_at` says what holds at a time. `roles` are those of the
    user at the ad accounts. `identity`, `revision` and `refresh_began_at` are the vault's own: they
    tell copies of one connection apart, and a refresh whose answer never came.
    """

    name: str
    platform: str
    visibility: str = PRIVATE
    status: Status = "connected"
    kind: str = ""
    connected_at: datetime | None = None
    connected_by: str | None = None
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    renewable: bool = False
    last_used_at: datetime | None = None
    ad_account_ids: tuple[str, ...] = ()
    identity: str = ""
    revision: int = 0
    refresh_began_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A connection with its secret."""

    connection: Connection
    secret: Secret = field(repr=False)


PUBLIC = (
    "name", "platform", "status", "connected_at", "connected_by", "visibility", "role", "scopes",
    "expires_at", "last_used_at", "ad_account_ids",
)  # fmt: skip


def status_at(connection: Connection, now: datetime) -> Status:
    """What holds now: who can't be renewed expires."""
    ends = connection.expires_at
    over = ends is not None and not connection.renewable and ends <= now
    return "expired" if connection.status == "connected" and over else connection.status


def public(connection: Connection, now: datetime) -> dict[str, Any]:
    """The facts as `connections list --json` tells them."""
    facts = _plain(asdict(connection))
    facts |= {"status": status_at(connection, now), "role": ", ".join(connection.roles) or None}
    return {key: facts[key] for key in PUBLIC}


def checked_name(name: str) -> str:
    """A connection's name, which is a file's name too.

    Raises:
        ConfigurationError: it can't be one.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} can't name a connection; use letters, digits, - and _, such as x"
        )
    return name


def checked_visibility(text: str) -> str:
    """`private`, `workspace` or `team:NAME`, in small letters.

    Raises:
        ConfigurationError: it is none of them.
    """
    visibility = text.lower()
    if visibility not in {PRIVATE, WORKSPACE} and not _TEAM.fullmatch(visibility):
        raise ConfigurationError(
            f"{text!r} is no visibility; write private, workspace, or team:NAME with a name of"
            " letters, digits, - and _"
        )
    return visibility


def document_of(connection: Connection) -> dict[str, Any]:
    """The facts as JSON keeps them; name and visibility are told by the place."""
    facts = _plain(asdict(connection))
    return {key: value for key, value in facts.items() if key not in {"name", "visibility"}}


def connection_of(document: Mapping[str, Any], *, name: str, visibility: str) -> Connection:
    """The facts that `document_of` gave; what a newer tool added is left out."""
    known = {each.name for each in fields(Connection)}
    kept = {key: _typed(key, value) for key, value in document.items() if key in known}
    return Connection(**{**kept, "name": name, "visibility": visibility})


def secret_document(secret: Secret) -> dict[str, Any]:
    """A secret in the clear as JSON, to be sealed at once."""
    return {"kind": kind_of(secret), **_plain(asdict(secret))}


def secret_of(document: Mapping[str, Any]) -> Secret:
    """The secret that `secret_document` gave."""
    values = {key: _typed(key, value) for key, value in document.items() if key != "kind"}
    return KINDS[document["kind"]](**values)


def kind_of(secret: Secret) -> str:
    """The word for a secret's kind."""
    return next(kind for kind, one in KINDS.items() if isinstance(secret, one))


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
        for key, value in values.items()
    }


def _typed(key: str, value: Any) -> Any:  # noqa: ANN401 - of JSON
    if key.endswith("_at") and value is not None:
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
