"""The small account a simulator holds: made from a seed, so that two of them are alike."""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, digits

from connector.simulator.world import (
    DEFAULT_SEED,
    Account,
    Advertiser,
    App,
    Event,
    FundingInstrument,
    Grant,
    Pixel,
    TikTok,
    TikTokApp,
    User,
    World,
)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What can be said about a world beside its seed.

    Attributes:
        roles: of the first user on each account they reach.
        further_accounts: ad accounts that user reaches beyond the first, and TikTok's alike.
        approved: whether the first app has access to the Ads API.
        public: whether the first app is a public client of OAuth 2.0.
        old_tokens: whether the ready-made tokens are from before the app was approved.
    """

    roles: tuple[str, ...] = ("AD_MANAGER",)
    further_accounts: int = 0
    approved: bool = True
    public: bool = False
    old_tokens: bool = False


ORDINARY = Terms()

# The ids of the example configuration, so that it works with the default seed as it stands.
_KNOWN_IDS: Mapping[int, Mapping[str, str]] = {
    DEFAULT_SEED: {"account": "18ce54d4x5t", "pixel": "o8z6j", "event": "o87ne"},
}

# name of the event, its pixel's place, its type, whether it is deleted
_EVENTS = (
    ("Purchase", 0, "PURCHASE", False),
    ("Newsletter", 0, "SIGN_UP", False),
    ("Add to cart", 0, "ADD_TO_CART", False),
    ("App store visit", 1, "DOWNLOAD", False),
    ("Lead", 2, "SIGN_UP", False),
    ("Old purchase", 0, "PURCHASE", True),
)

# name of the pixel, its account's place; the second account is out of every user's reach
_PIXELS = (("Shop", 0), ("Landing pages", 0), ("Another company", 1))

_CURRENCIES = ("EUR", "GBP", "JPY", "USD")
_TIMEZONES = ("Europe/Madrid", "Europe/London", "Asia/Tokyo", "America/Los_Angeles")

_FIRST_ADVERTISER = 7_001_122_334_455_667_788
_FIRST_TIKTOK_APP = 7_100_000_000_000_000_001


def make_world(seed: int = DEFAULT_SEED, *, terms: Terms = ORDINARY) -> World:
    """The account of `seed`: two pixels, four events, and one account nobody here may enter."""
    ids = _distinct_ids(seed)
    known = _KNOWN_IDS.get(seed, {})
    account_ids = (known.get("account") or f"18ce5{next(ids)}", f"18ce6{next(ids)}")
    pixel_ids = [known.get("pixel") or next(ids), next(ids), next(ids)]
    event_ids = [known.get("event") or next(ids), *(next(ids) for _ in _EVENTS[1:])]
    accounts = list(_accounts(account_ids, ids, terms.further_accounts))
    apps = [
        _app(seed, "16489123", approved=terms.approved, public=terms.public),
        _app(seed, "16489124", approved=False),
    ]
    users = _users([accounts[0].id, *(account.id for account in accounts[2:])], terms.roles)
    funding = [_funding(account, next(ids)) for account in accounts]
    funding.append(_funding(accounts[0], next(ids), deleted=True))
    return World(
        accounts={account.id: account for account in accounts},
        funding_instruments={one.id: one for one in funding},
        pixels={pixel.id: pixel for pixel in _pixels(seed, pixel_ids, accounts)},
        events={event.id: event for event in _events(event_ids, pixel_ids)},
        apps={app.consumer_key: app for app in apps},
        users={user.id: user for user in users},
        grants={grant.token: grant for grant in _grants(seed, apps, users, old=terms.old_tokens)},
        tiktok=_tiktok(seed, terms.further_accounts),
    )


def _accounts(known: tuple[str, str], ids: Iterator[str], further: int) -> Iterator[Account]:
    first, second = known
    yield Account(id=first, name="Garden shop", timezone="America/New_York", currency="USD")
    yield Account(id=second, name="Another company", timezone="Europe/Lisbon", currency="EUR")
    for number in range(further):
        yield Account(id=f"18ce7{next(ids)}", name=f"Garden shop {number + 2}", **_place(number))


def _place(number: int) -> dict[str, str]:
    at = number % len(_CURRENCIES)
    return {"timezone": _TIMEZONES[at], "currency": _CURRENCIES[at]}


def _pixels(seed: int, ids: Sequence[str], accounts: Sequence[Account]) -> Iterator[Pixel]:
    for id_, (name, at) in zip(ids, _PIXELS, strict=True):
        token = _secret(seed, f"pixel {id_}")
        yield Pixel(id=id_, account_id=accounts[at].id, name=name, token=token)


def _events(ids: Sequence[str], pixel_ids: Sequence[str]) -> Iterator[Event]:
    for id_, (name, at, type_, deleted) in zip(ids, _EVENTS, strict=True):
        yield Event(id=id_, pixel_id=pixel_ids[at], name=name, type=type_, deleted=deleted)


def _funding(account: Account, id_: str, *, deleted: bool = False) -> FundingInstrument:
    return FundingInstrument(
        id=id_,
        account_id=account.id,
        description="Card ending in 4417" if not deleted else "Card ending in 0023",
        currency=account.currency,
        deleted=deleted,
    )


def _users(account_ids: Sequence[str], roles: tuple[str, ...]) -> list[User]:
    first = account_ids[0]
    manager, analyst, stranger = (str(756_201_191_646_691_328 + number) for number in range(3))
    return [
        User(id=manager, screen_name="manager", roles=dict.fromkeys(account_ids, roles)),
        User(id=analyst, screen_name="analyst", roles={first: ("CAMPAIGN_ANALYST",)}),
        User(id=stranger, screen_name="stranger", roles={}),
    ]


def _app(seed: int, app_id: str, *, approved: bool, public: bool = False) -> App:
    return App(
        id=app_id,
        name=f"Connector {app_id}",
        consumer_key=_secret(seed, f"consumer key {app_id}"),
        consumer_secret=_secret(seed, f"consumer secret {app_id}"),
        client_id=_secret(seed, f"client id {app_id}"),
        client_secret=_secret(seed, f"client secret {app_id}"),
        approved=approved,
        public=public,
    )


def _grants(seed: int, apps: list[App], users: list[User], *, old: bool) -> Iterator[Grant]:
    for app in apps:
        for user in users:
            name = f"{app.id} {user.id}"
            yield Grant(
                consumer_key=app.consumer_key,
                user_id=user.id,
                token=_secret(seed, f"token {name}"),
                token_secret=_secret(seed, f"token secret {name}"),
                old=old,
            )


def _tiktok(seed: int, further: int) -> TikTok:
    apps = [
        TikTokApp(id=id_, name=f"Connector {id_[-4:]}", secret=_secret(seed, f"tiktok app {id_}"))
        for id_ in (str(_FIRST_TIKTOK_APP), str(_FIRST_TIKTOK_APP + 1))
    ]
    first = _FIRST_ADVERTISER + 1000 * seed
    advertisers = [
        Advertiser(id=str(first), name="Garden shop", timezone="America/New_York", currency="USD"),
        *(
            Advertiser(id=str(first + n + 1), name=f"Garden shop {n + 2}", **_place(n))
            for n in range(further)
        ),
    ]
    return TikTok(
        apps={app.id: app for app in apps},
        advertisers={one.id: one for one in advertisers},
        token=_secret(seed, "tiktok token"),
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
