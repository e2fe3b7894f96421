"""An ad account at a simulated X whose clock stands still, and a line to it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import requests

from connector.http import Session
from connector.metrics.rows import AdDay, AdGroupDay, Reading
from connector.simulator import founding
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.x.calling import Consumer, Line, Signing, hosts_of
from connector.x.metrics.reading import Source, days, opened

NOW = datetime(2026, 4, 20, 15, 30, tzinfo=UTC).timestamp()
JOBS, FILES = "/12/stats/jobs/accounts", "/advertiser-api-async-analytics"


@dataclass(kw_only=True)
class Clock:
    """Epoch seconds, which only waiting moves."""

    now: float = NOW
    waits: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.waits.append(seconds)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An ad account of a simulator."""

    address: Address
    clock: Clock
    line: Line
    id: str

    @property
    def access(self) -> Signing:
        world = self.address.world
        grant = next(iter(world.grants.values()))
        app = world.apps[grant.consumer_key]
        return Signing(
            consumer=Consumer(key=app.consumer_key, secret=app.consumer_secret),
            token=grant.token, token_secret=grant.token_secret,
        )  # fmt: skip

    def source(self) -> Source:
        return opened(self.line, self.access, self.id)

    def truth(self, since: str, until: str, **more: str) -> dict[str, Any]:
        told: dict[str, Any] = self.told("metrics", since=since, until=until, **more)
        return told

    def told(self, what: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """What only the simulator can tell."""
        url = f"{self.address.url}/_simulator/{what}"
        return requests.get(url, params={"account": self.id, **query}, timeout=30).json()

    def asked(self) -> Counter[str]:
        """How many requests there were by method and path, since last asked."""
        counted: Counter[str] = Counter()
        for one in self.told("requests")["requests"]:
            path = one["path"].replace(f"/{self.id}", "").replace("/12/", "/")
            name = "file" if path.startswith(FILES) else f"{one['method']} {path[1:]}"
            counted[name] += one["count"]
        requests.delete(f"{self.address.url}/_simulator/requests", timeout=5)
        return counted


@contextmanager
def at_x(
    *, zone: str = "Europe/Berlin", currency: str = "EUR", now: float = NOW,
    founded_at: float | None = None, **settings: Any,  # noqa: ANN401 - those of `Settings`
) -> Iterator[Desk]:  # fmt: skip
    """A simulator with an account of a zone and a currency."""
    clock = Clock(now=now)
    made = Settings(**{"further_accounts": 1, "founded_at": founded_at, **settings})
    place = {"timezone": zone, "currency": currency}
    with (
        patch.object(founding, "_place", lambda _: place),
        running(made, clock=clock) as address,
        closing(Session()) as session,
    ):
        hosts = hosts_of(address.url, own=False)
        line = Line(session=session, hosts=hosts, now=clock, pause=clock.pause)
        yield Desk(address=address, clock=clock, line=line, id=list(address.world.accounts)[2])


def read(source: Source, since: str, until: str) -> tuple[list[AdDay], Reading]:
    """The rows of some days, and what was told beside them."""
    reading = days(source, since=date.fromisoformat(since), until=date.fromisoformat(until))
    return list(reading.ads), reading


Numbers = Mapping[str, int | Decimal | None]


def ads_of(rows: Iterable[AdDay]) -> dict[str, dict[str, Numbers]]:
    """The numbers of rows by ad and day."""
    return _by_day((row.ad_id, row) for row in rows)


def groups_of(rows: Iterable[AdGroupDay]) -> dict[str, dict[str, Numbers]]:
    """Likewise by line item."""
    return _by_day((row.ad_group_id, row) for row in rows)


def _by_day(rows: Iterable[tuple[str, AdGroupDay]]) -> dict[str, dict[str, Numbers]]:
    found: dict[str, dict[str, Numbers]] = {}
    for id_, row in rows:
        assert str(row.date) not in found.setdefault(id_, {})
        found[id_][str(row.date)] = {name: getattr(row, name) for name in _COLUMNS}
    return found


def expected(told: Mapping[str, Mapping[str, Mapping[str, int | None]]]) -> dict[str, Any]:
    """The same, of what the simulator tells by id and day."""
    return {
        id_: {day: _numbers(sums) for day, sums in by_day.items()} for id_, by_day in told.items()
    }


def _numbers(sums: Mapping[str, int | None]) -> Numbers:
    plain: dict[str, Any] = {name: sums.get(name) for name in _COLUMNS[:7]}
    micros = {
        "cost": sums["billed_charge_local_micro"],
        "conversion_value": _sum(sums, "sale_amount"),
    }
    amounts = {
        name: None if number is None else Decimal(number) / 1_000_000
        for name, number in micros.items()
    }
    return {**plain, "conversions": _sum(sums, "metric"), **amounts}


def _sum(sums: Mapping[str, int | None], leaf: str) -> int | None:
    told = [sums[f"conversion_{kind}.{leaf}"] for kind in ("purchases", "custom")]
    known = [number for number in told if number is not None]
    return sum(known) if known else None


_COLUMNS = (
    "impressions", "clicks", "url_clicks", "app_clicks", "retweets", "likes", "engagements",
    "conversions", "conversion_value", "cost",
)  # fmt: skip


def of_account(desk: Desk, number: int) -> Desk:
    """The same line to another account."""
    return replace(desk, id=list(desk.address.world.accounts)[number])
