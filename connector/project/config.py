"""config.yaml: the warehouse, the state, the connections and their secrets."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, SecretStr

from connector.project.address import (
    ADDRESS_RULE,
    X_ADDRESS,
    belongs_to_x,
    parse_address,
    target_of,
)
from connector.project.durations import Rate
from connector.project.expressions import BASE_36, one_of
from connector.project.scalars import (
    STRICT,
    Flag,
    PerTime,
    Text,
    Token,
    Url,
    matching,
    reader,
    refused,
)
from connector.project.tree import Path, Raw, Scalar, at

SIMULATED = "sim-"
WAYS_TO_AUTHENTICATE = ("pixel_token", "pixel_tokens", "oauth1")
DEFAULT_MAPPINGS = "mappings"

_REDIS = re.compile(
    r"rediss?://([^\s@/?#]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)"
    r"(:(?P<port>[0-9]{1,5}))?(/[0-9]{0,4})?(\?[!-~]+)?"
)
_REDIS_RULE = (
    "must be an address such as redis://localhost:6379/0, or rediss://user:password@host:6379/0"
    " over TLS; signs such as @ : / % in the password are written %40 %3A %2F %25"
)

BaseAddress = Annotated[str, reader(parse_address, ADDRESS_RULE)]
ConnectionName = Annotated[
    str, matching(r"[A-Za-z0-9_-]+", "must be of letters, digits, - and _, such as x")
]
Pixel = Annotated[
    str, matching(BASE_36, "must be a pixel's id in lower-case letters and digits, such as o8z6j")
]


def _redis(scalar: Scalar) -> SecretStr:
    match = _REDIS.fullmatch(scalar)
    if match is None or int(match["port"] or 1) not in range(1, 65_536):
        raise ValueError
    return SecretStr(str(scalar))


RedisUrl = Annotated[SecretStr, reader(_redis, _REDIS_RULE, str)]


def _some(raw: object) -> object:
    if raw == {}:
        raise refused("is empty; it must hold at least one")
    return raw


class Warehouse(BaseModel):
    """Where rows come from: a DuckDB file or any SQLAlchemy address."""

    model_config = STRICT
    url: Url


class State(BaseModel):
    """Where ledger, runs and cursors are kept."""

    model_config = STRICT
    url: Url


class Budgets(BaseModel):
    """Where rate budgets are shared when not in the state."""

    model_config = STRICT
    url: RedisUrl


class OAuth1(BaseModel):
    """The four secrets of OAuth 1.0a."""

    model_config = STRICT
    consumer_key: Token
    consumer_secret: Token
    token: Token
    token_secret: Token


class Auth(BaseModel):
    """Exactly one way to authenticate; `pixel_tokens` by pixel."""

    model_config = STRICT
    pixel_token: Token | None = None
    pixel_tokens: Annotated[dict[Pixel, Token], BeforeValidator(_some)] | None = None
    oauth1: OAuth1 | None = None


class RateLimits(BaseModel):
    """How much may be sent in a time by all who use the ad account.

    The default of events is what X's guide allows an ad account; that of writes stays well below
    X's own limit.
    """

    model_config = STRICT
    conversion_events: PerTime = Rate(amount=60_000, seconds=900.0)
    writes: PerTime = Rate(amount=50, seconds=60.0)


class XConnection(BaseModel):
    """One ad account at X Ads; nothing that changes X is sent unless `live`."""

    model_config = STRICT
    platform: Annotated[
        Literal["x_ads"], matching("x_ads", "must be a platform that is known here: x_ads")
    ]
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


class Config(BaseModel):
    """The whole of config.yaml; `mappings` is a folder, relative to the file's own."""

    model_config = STRICT
    warehouse: Warehouse
    state: State
    mappings: Text = DEFAULT_MAPPINGS
    budgets: Budgets | None = None
    connections: Annotated[dict[ConnectionName, XConnection], BeforeValidator(_some)]


def _secrets(auth: Raw | None, path: Path) -> Iterator[tuple[Path, Scalar]]:
    if isinstance(auth, Scalar):
        yield path, auth
    elif isinstance(auth, dict):
        for key, value in auth.items():
            yield from _secrets(value, (*path, key))


def _of_connection(connection: Raw, path: Path) -> Iterator[tuple[Path, str]]:
    auth = at(connection, "auth")
    if isinstance(auth, dict):
        found = [way for way in WAYS_TO_AUTHENTICATE if way in auth]
        if len(found) != 1:
            yield (*path, "auth"), one_of(found, WAYS_TO_AUTHENTICATE)
    written = at(connection, "base_url")
    try:
        address = parse_address(written) if isinstance(written, Scalar) else X_ADDRESS
    except ValueError:
        return  # told by the address's own type
    for place, secret in _secrets(auth, (*path, "auth")):
        if belongs_to_x(address) and secret.strip().lower().startswith(SIMULATED):
            yield (
                place,
                "is a secret of the simulator and never sent to X; set base_url to its address",
            )


def between_keys(root: Raw) -> Iterator[tuple[Path, str]]:
    """What is wrong between keys of config.yaml, each with its path; takes trees of any shape."""
    connections = at(root, "connections")
    for name, connection in connections.items() if isinstance(connections, dict) else ():
        yield from _of_connection(connection, ("connections", name))
