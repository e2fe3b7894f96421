"""The small account a simulator holds: made from a seed, so that two of them are alike."""

import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import ascii_lowercase, digits

DEFAULT_SEED = 0

# Roles whose users may send conversions; the others on an account may only look.
SENDING_ROLES = frozenset({"ACCOUNT_ADMIN", "AD_MANAGER"})


@dataclass(frozen=True, kw_only=True)
class Account:
    """An ad account."""

    id: str
    name: str
    timezone: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class Pixel:
    """An event source of an account, with the token its server side may use."""

    id: str
    account_id: str
    name: str
    token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Event:
    """A single event tag of a pixel; `id` is the short form."""

    id: str
    pixel_id: str
    name: str
    type: str

    @property
    def full_id(self) -> str:
        """The id as browsers send it: `tw-<pixel>-<event>`."""
        return f"tw-{self.pixel_id}-{self.id}"


@dataclass(frozen=True, kw_only=True)
class App:
    """A client application; `approved` is its access to the Ads API."""

    id: str
    consumer_key: str
    consumer_secret: str = field(repr=False)
    approved: bool


@dataclass(frozen=True, kw_only=True)
class User:
    """A person, with a role for each account they are on."""

    id: str
    screen_name: str
    roles: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Grant:
    """The credentials a user gave to an app."""

    consumer_key: str
    user_id: str
    token: str = field(repr=False)
    token_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything there is, by the key it is asked for; the first of a kind is the default."""

    accounts: Mapping[str, Account]
    pixels: Mapping[str, Pixel]
    events: Mapping[str, Event]
    apps: Mapping[str, App]  # by consumer key
    users: Mapping[str, User]
    grants: Mapping[str, Grant]  # by token


@dataclass(frozen=True, kw_only=True)
class Tags:
    """What an event id may refer to in a request for one pixel."""

    pixel_id: str
    account_id: str
    pixels: frozenset[str]
    events: frozenset[str]


def tags_of(world: World, pixel: Pixel) -> Tags:
    """The tags of the account that owns `pixel`."""
    pixels = {p.id for p in world.pixels.values() if p.account_id == pixel.account_id}
    return Tags(
        pixel_id=pixel.id,
        account_id=pixel.account_id,
        pixels=frozenset(pixels),
        events=frozenset(e.id for e in world.events.values() if e.pixel_id in pixels),
    )


def describe(world: World, url: str) -> dict[str, object]:
    """What a client needs to use the defaults of `world` at `url`; JSON types only."""
    grant = next(iter(world.grants.values()))
    pixel = next(iter(world.pixels.values()))
    event = next(iter(world.events.values()))
    return {
        "url": url,
        "oauth1": {
            "consumer_key": grant.consumer_key,
            "consumer_secret": world.apps[grant.consumer_key].consumer_secret,
            "token": grant.token,
            "token_secret": grant.token_secret,
        },
        "pixel_token": pixel.token,
        "ad_account_id": pixel.account_id,
        "pixel_id": pixel.id,
        "event_id": event.full_id,
    }


# The ids of the example configuration, so that it works with the default seed as it stands.
_KNOWN_IDS = {
    DEFAULT_SEED: {"account": "18ce54d4x5t", "pixel": "o8z6j", "event": "o87ne"},
}

# name of the event, its pixel's place, its type
_EVENTS = (
    ("Purchase", 0, "PURCHASE"),
    ("Newsletter", 0, "SIGN_UP"),
    ("Add to cart", 0, "ADD_TO_CART"),
    ("App store visit", 1, "DOWNLOAD"),
    ("Lead", 2, "SIGN_UP"),
)

# name of the pixel, its account's place; the second account is out of every user's reach
_PIXELS = (("Shop", 0), ("Landing pages", 0), ("Another company", 1))


def make_world(seed: int = DEFAULT_SEED) -> World:
    """The account of `seed`: two pixels, four events, and one account nobody here may enter."""
    ids = _distinct_ids(seed)
    known = _KNOWN_IDS.get(seed, {})
    accounts = _accounts(known.get("account") or f"18ce5{next(ids)}", f"18ce6{next(ids)}")
    pixel_ids = [known.get("pixel") or next(ids), next(ids), next(ids)]
    event_ids = [known.get("event") or next(ids), *(next(ids) for _ in _EVENTS[1:])]
    pixels = [
        Pixel(id=id_, account_id=accounts[at].id, name=name, token=_secret(seed, f"pixel {id_}"))
        for id_, (name, at) in zip(pixel_ids, _PIXELS, strict=True)
    ]
    events = [
        Event(id=id_, pixel_id=pixel_ids[at], name=name, type=type_)
        for id_, (name, at, type_) in zip(event_ids, _EVENTS, strict=True)
    ]
    apps = [_app(seed, "16489123", approved=True), _app(seed, "16489124", approved=False)]
    users = _users(accounts[0].id)
    return World(
        accounts={account.id: account for account in accounts},
        pixels={pixel.id: pixel for pixel in pixels},
        events={event.id: event for event in events},
        apps={app.consumer_key: app for app in apps},
        users={user.id: user for user in users},
        grants={grant.token: grant for grant in _grants(seed, apps, users)},
    )


def _accounts(*ids: str) -> list[Account]:
    first, second = ids
    return [
        Account(id=first, name="Garden shop", timezone="America/New_York", currency="USD"),
        Account(id=second, name="Another company", timezone="Europe/Lisbon", currency="EUR"),
    ]


def _users(account_id: str) -> list[User]:
    return [
        User(id="756201191646691328", screen_name="manager", roles={account_id: "AD_MANAGER"}),
        User(
            id="756201191646691329", screen_name="analyst", roles={account_id: "CAMPAIGN_ANALYST"}
        ),
        User(id="756201191646691330", screen_name="stranger", roles={}),
    ]


def _app(seed: int, app_id: str, *, approved: bool) -> App:
    return App(
        id=app_id,
        consumer_key=_secret(seed, f"consumer key {app_id}"),
        consumer_secret=_secret(seed, f"consumer secret {app_id}"),
        approved=approved,
    )


def _grants(seed: int, apps: list[App], users: list[User]) -> Iterator[Grant]:
    for app in apps:
        for user in users:
            name = f"{app.id} {user.id}"
            yield Grant(
                consumer_key=app.consumer_key,
                user_id=user.id,
                token=_secret(seed, f"token {name}"),
                token_secret=_secret(seed, f"token secret {name}"),
            )


def _secret(seed: int, name: str) -> str:
    """A secret that repeats with the seed and that nobody can take for one of X."""
    return f"sim-{hashlib.sha256(f'{seed} {name}'.encode()).hexdigest()[:40]}"


def _distinct_ids(seed: int) -> Iterator[str]:
    """Ids as X has them: five characters of base 36, a letter first, each one once."""
    source = random.Random(seed)  # noqa: S311  ids must repeat, not be secret
    used = set(_KNOWN_IDS[DEFAULT_SEED].values())
    while True:
        drawn = source.choice(ascii_lowercase) + "".join(
            source.choices(digits + ascii_lowercase, k=4),
        )
        if drawn not in used:
            used.add(drawn)
            yield drawn
