"""config.yaml: the warehouse, the state, the connections and their secrets."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Discriminator, Tag

from connector.project.address import (
    ADDRESS_RULE,
    TIKTOK_ADDRESS,
    X_ADDRESS,
    belongs_to_tiktok,
    belongs_to_x,
    parse_address,
    target_of,
    tiktok_target_of,
)
from connector.project.durations import Rate
from connector.project.expressions import BASE_36, one_of
from connector.project.metrics import Metrics
from connector.project.scalars import (
    STRICT,
    Flag,
    PerTime,
    Text,
    Token,
    matching,
    reader,
    refused,
)
from connector.project.stores import Budgets, State, Warehouse
from connector.project.tree import Path, Raw, Scalar, at

SIMULATED = "sim-"
X_ADS, TIKTOK_ADS = "x_ads", "tiktok_ads"
WAYS_TO_AUTHENTICATE = {
    X_ADS: ("pixel_token", "pixel_tokens", "oauth1", "stored"),
    TIKTOK_ADS: ("access_token", "stored"),
}
"""By platform the keys of `auth` of which exactly one is there."""
STORED = "stored"
APP = {X_ADS: ("client_id", "client_secret"), TIKTOK_ADS: ("app_id", "app_secret")}
"""By platform the keys of `auth` that name an app; they go with `stored` alone, all together."""
DEFAULT_MAPPINGS = "mappings"

BaseAddress = Annotated[str, reader(parse_address, ADDRESS_RULE)]
ConnectionName = Annotated[
    str, matching(r"[A-Za-z0-9_-]+", "must be of letters, digits, - and _, such as x")
]
Pixel = Annotated[
    str, matching(BASE_36, "must be a pixel's id in lower-case letters and digits, such as o8z6j")
]


def _stored(scalar: Scalar) -> Literal[True]:
    if scalar.resolved is not True:
        raise ValueError
    return True


Stored = Annotated[
    Literal[True], reader(_stored, "must be true: `connector connect` stores the credentials", bool)
]


def _some(raw: object) -> object:
    if raw == {}:
        raise refused("is empty; it must hold at least one")
    return raw


class OAuth1(BaseModel):
    """The four secrets of OAuth 1.0a."""

    model_config = STRICT
    consumer_key: Token
    consumer_secret: Token
    token: Token
    token_secret: Token


class Auth(BaseModel):
    """Exactly one way to authenticate; `pixel_tokens` by pixel.

    `stored` is what `connector connect` stored; for OAuth 2.0 the app stands beside it.
    """

    model_config = STRICT
    pixel_token: Token | None = None
    pixel_tokens: Annotated[dict[Pixel, Token], BeforeValidator(_some)] | None = None
    oauth1: OAuth1 | None = None
    stored: Stored | None = None
    client_id: Token | None = None
    client_secret: Token | None = None


class TikTokAuth(BaseModel):
    """A long-term access token, or the app whose token `connector connect` stored."""

    model_config = STRICT
    access_token: Token | None = None
    stored: Stored | None = None
    app_id: Token | None = None
    app_secret: Token | None = None


class RateLimits(BaseModel):
    """How much may be sent in a time by all who use the ad account.

    The default of events is what X's guide allows an ad account; that of writes stays well below
    X's own limit.
    """

    model_config = STRICT
    conversion_events: PerTime = Rate(amount=60_000, seconds=900.0)
    writes: PerTime = Rate(amount=50, seconds=60.0)


class TikTokRateLimits(BaseModel):
    """How many requests an app may send; the default is TikTok's for a new one."""

    model_config = STRICT
    requests: PerTime = Rate(amount=10, seconds=1.0)


_PLATFORM_RULE = f"must be a platform that is known here: {X_ADS}, {TIKTOK_ADS}"


class XConnection(BaseModel):
    """One ad account at X Ads; nothing that changes X is sent unless `live`."""

    model_config = STRICT
    platform: Annotated[Literal["x_ads"], matching(X_ADS, _PLATFORM_RULE)]
    live: Flag = False
    ad_account_id: Annotated[
        str, matching(BASE_36, "must be an account's id in lower-case letters and digits")
    ]
    base_url: BaseAddress = X_ADDRESS
    auth: Auth
    rate_limits: RateLimits = RateLimits()

    @property
    def target(self) -> str:
        """What ledger, cursors and runs belong to: `x`, or the address of anything else."""
        return target_of(self.base_url)


class TikTokConnection(BaseModel):
    """One advertiser at TikTok Ads; nothing that changes TikTok is sent unless `live`."""

    model_config = STRICT
    platform: Annotated[Literal["tiktok_ads"], matching(TIKTOK_ADS, _PLATFORM_RULE)]
    live: Flag = False
    advertiser_id: Annotated[
        str, matching(r"[0-9]+", "must be an advertiser's id, such as 7001234567890123456")
    ]
    base_url: BaseAddress = TIKTOK_ADDRESS
    auth: TikTokAuth
    rate_limits: TikTokRateLimits = TikTokRateLimits()

    @property
    def target(self) -> str:
        """What budgets and imports belong to: `tiktok`, or the address of anything else."""
        return tiktok_target_of(self.base_url)


# Angle brackets can't be in a connection's name, so `words` tells a kind from a key of the file.
_KINDS = {X_ADS: "<XConnection>", TIKTOK_ADS: "<TikTokConnection>"}


def _platform(raw: object) -> str:
    """The platform that is meant, also where it is misspelt or missing."""
    if not isinstance(raw, dict):
        return X_ADS
    written = str(raw.get("platform", ""))
    guessed = "tiktok" in written.lower() or any("advertiser" in key for key in raw)
    return TIKTOK_ADS if written != X_ADS and guessed else X_ADS


Connection = Annotated[
    Annotated[XConnection, Tag(_KINDS[X_ADS])]
    | Annotated[TikTokConnection, Tag(_KINDS[TIKTOK_ADS])],
    Discriminator(lambda raw: _KINDS[_platform(raw)]),
]


class Config(BaseModel):
    """The whole of config.yaml; `mappings` is a folder, relative to the file's own."""

    model_config = STRICT
    warehouse: Warehouse
    state: State
    mappings: Text = DEFAULT_MAPPINGS
    budgets: Budgets | None = None
    metrics: Metrics = Metrics()
    connections: Annotated[dict[ConnectionName, Connection], BeforeValidator(_some)]


def _secrets(auth: Raw | None, path: Path) -> Iterator[tuple[Path, Scalar]]:
    if isinstance(auth, Scalar):
        yield path, auth
    elif isinstance(auth, dict):
        for key, value in auth.items():
            yield from _secrets(value, (*path, key))


@dataclass(frozen=True, kw_only=True)
class _Home:
    """A platform's own address, whether another one is its own too, and its name."""

    address: str
    owns: Callable[[str], bool]
    name: str


_HOMES = {
    X_ADS: _Home(address=X_ADDRESS, owns=belongs_to_x, name="X"),
    TIKTOK_ADS: _Home(address=TIKTOK_ADDRESS, owns=belongs_to_tiktok, name="TikTok"),
}


def _of_auth(auth: dict[str, Raw], platform: str, path: Path) -> Iterator[tuple[Path, str]]:
    ways = WAYS_TO_AUTHENTICATE[platform]
    found = [way for way in ways if way in auth]
    if len(found) != 1:
        yield path, one_of(found, ways)
    elif found != [STORED]:
        for key in APP[platform]:
            if key in auth:
                yield (*path, key), f"goes with stored: true; beside {found[0]} it says nothing"
    else:
        yield from _of_app(auth, platform, path)


def _of_app(auth: dict[str, Raw], platform: str, path: Path) -> Iterator[tuple[Path, str]]:
    """An app has an id and a secret; X also has apps without a secret, and ways without an app."""
    identity, secret = APP[platform]
    if identity not in auth and (secret in auth or platform == TIKTOK_ADS):
        yield path, f"needs {identity}"
    if secret not in auth and platform == TIKTOK_ADS:
        yield path, f"needs {secret}"


def _of_connection(connection: Raw, path: Path) -> Iterator[tuple[Path, str]]:
    auth, platform = at(connection, "auth"), _platform(connection)
    home = _HOMES[platform]
    if isinstance(auth, dict):
        yield from _of_auth(auth, platform, (*path, "auth"))
    written = at(connection, "base_url")
    try:
        address = parse_address(written) if isinstance(written, Scalar) else home.address
    except ValueError:
        return  # told by the address's own type
    for place, secret in _secrets(auth, (*path, "auth")):
        if home.owns(address) and secret.strip().lower().startswith(SIMULATED):
            told = f"is a secret of the simulator and never sent to {home.name}"
            yield place, f"{told}; set base_url to its address"


def platforms(connections: dict[str, Raw]) -> dict[str, str]:
    """The platform of each connection of a config, as it is meant."""
    return {name: _platform(connection) for name, connection in connections.items()}


def between_keys(root: Raw) -> Iterator[tuple[Path, str]]:
    """What is wrong between keys of config.yaml, each with its path; takes trees of any shape."""
    connections = at(root, "connections")
    for name, connection in connections.items() if isinstance(connections, dict) else ():
        yield from _of_connection(connection, ("connections", name))
