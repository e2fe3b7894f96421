"""What a simulator's account is made of; `founding.make_world` makes one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

DEFAULT_SEED = 0

# Roles whose users may send conversions and change things; the others on an account may only look.
SENDING_ROLES = frozenset({"ACCOUNT_ADMIN", "AD_MANAGER"})

# Roles that may read the metrics of ads.
METRICS_ROLES = SENDING_ROLES | {"CREATIVE_MANAGER", "CAMPAIGN_ANALYST"}

ROLES = METRICS_ROLES | {"ANALYST", "PARTNER_AUDIENCE_MANAGER", "TWEET_COMPOSER"}


@dataclass(frozen=True, kw_only=True)
class Account:
    """An ad account."""

    id: str
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class FundingInstrument:
    """What pays for an account's ads."""

    id: str
    account_id: str
    description: str
    currency: str
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Pixel:
    """An event source of an account, with the token its server side may use."""

    id: str
    account_id: str
    name: str
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Event:
    """A single event tag of a pixel; `id` is the short form, windows are in days.

    One that was made here is not `tracking`: no browser has loaded it yet.
    """

    id: str
    pixel_id: str
    name: str
    type: str
    deleted: bool = False
    click_window: int = 14
    view_through_window: int = 1
    retargeting_enabled: bool = False
    tracking: bool = True

    @property
    def full_id(self) -> str:
        """The id as browsers send it: `tw-<pixel>-<event>`."""
        return f"tw-{self.pixel_id}-{self.id}"


@dataclass(frozen=True, kw_only=True)
class App:
    """A client application, with its keys for OAuth 1.0a and for OAuth 2.0.

    `approved` is its access to the Ads API; a `public` one proves nothing but its client id.
    """

    id: str
    name: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    client_id: str
    client_secret: str = field(repr=False)
    approved: bool
    public: bool = False


@dataclass(frozen=True, kw_only=True)
class User:
    """A person, with the roles on each account they are on."""

    id: str
    screen_name: str
    roles: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The OAuth 1.0a credentials a user gave to an app; `old` from before the app was approved."""

    consumer_key: str
    user_id: str
    token: str = field(repr=False)
    token_secret: str = field(repr=False)
    old: bool = False


@dataclass(frozen=True, kw_only=True)
class Advertiser:
    """An ad account at TikTok."""

    id: str
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class TikTokApp:
    """A client application at TikTok."""

    id: str
    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class TikTok:
    """Everything at TikTok; the token is the first app's, for every advertiser there is."""

    apps: Mapping[str, TikTokApp]
    advertisers: Mapping[str, Advertiser]
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything there is, by the key it is asked for; the first of a kind is the default."""

    accounts: Mapping[str, Account]
    funding_instruments: Mapping[str, FundingInstrument]
    pixels: Mapping[str, Pixel]
    events: Mapping[str, Event]
    apps: Mapping[str, App]  # by consumer key
    users: Mapping[str, User]
    grants: Mapping[str, Grant]  # by token
    tiktok: TikTok


@dataclass(frozen=True, kw_only=True)
class Tags:
    """What an event id may refer to in a request for one pixel."""

    pixel_id: str
    account_id: str
    pixels: frozenset[str]
    events: frozenset[str]


def tags_of(world: World, pixel: Pixel) -> Tags:
    """The tags of the account that owns `pixel`; deleted ones are none."""
    events = events_of(world, pixel.account_id)
    return Tags(
        pixel_id=pixel.id,
        account_id=pixel.account_id,
        pixels=frozenset(p.id for p in world.pixels.values() if p.account_id == pixel.account_id),
        events=frozenset(event.id for event in events if not event.deleted),
    )


def events_of(world: World, account_id: str) -> Iterator[Event]:
    """The events of all pixels of an account, deleted ones too."""
    pixels = world.pixels
    return (e for e in world.events.values() if pixels[e.pixel_id].account_id == account_id)


def describe(world: World, url: str) -> dict[str, object]:
    """What a client needs to use the defaults of `world` at `url`; JSON types only."""
    grant = next(iter(world.grants.values()))
    pixel = next(iter(world.pixels.values()))
    event = next(iter(world.events.values()))
    app = world.apps[grant.consumer_key]
    tiktok_app = next(iter(world.tiktok.apps.values()))
    return {
        "url": url,
        "oauth1": {
            "consumer_key": grant.consumer_key,
            "consumer_secret": app.consumer_secret,
            "token": grant.token,
            "token_secret": grant.token_secret,
        },
        "pixel_token": pixel.token,
        "ad_account_id": pixel.account_id,
        "pixel_id": pixel.id,
        "event_id": event.full_id,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "tiktok": {
            "access_token": world.tiktok.token,
            "advertiser_id": next(iter(world.tiktok.advertisers)),
            "app_id": tiktok_app.id,
            "app_secret": tiktok_app.secret,
        },
    }
