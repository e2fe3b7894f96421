"""An advertiser at a simulated TikTok whose clock stands still, and a client of it."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import requests

from connector.http import Session
from connector.metrics.rows import AdDay, Reading
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.tiktok.calling import Line
from connector.tiktok.metrics.reading import Source, days, opened

NOW = datetime(2026, 3, 20, 15, tzinfo=UTC).timestamp()
UNLIMITED = dict.fromkeys(
    ("tiktok_seconds", "tiktok_minutes", "tiktok_advertiser", "tiktok_tasks"), 0
)
ALL = [{"field_name": "ad_status", "filter_type": "IN", "filter_value": '["STATUS_ALL"]'}]


@dataclass(kw_only=True)
class Clock:
    """Epoch seconds, which only waiting moves."""

    now: float = NOW
    waited: float = 0.0

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.waited += seconds


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The first advertiser of a simulator."""

    address: Address
    clock: Clock
    line: Line

    @property
    def token(self) -> str:
        return self.address.world.tiktok.token

    @property
    def id(self) -> str:
        return next(iter(self.address.world.tiktok.advertisers))

    def source(self) -> Source:
        return opened(self.line, self.token, self.id)

    def answer(self, path: str, **parameters: object) -> requests.Response:
        """A GET of a stranger, lists and objects as JSON; None leaves a parameter out."""
        own = {"advertiser_id": self.id, **parameters}
        query = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in own.items()
            if value is not None
        }
        return requests.get(
            f"{self.address.url}/open_api/v1.3{path}", params=query,
            headers={"Access-Token": self.token}, timeout=30,
        )  # fmt: skip

    def get(self, path: str, **parameters: object) -> dict[str, Any]:
        body: dict[str, Any] = self.answer(path, **parameters).json()
        return body

    def post(self, path: str, **body: object) -> dict[str, Any]:
        answer = requests.post(
            f"{self.address.url}/open_api/v1.3{path}", json={"advertiser_id": self.id, **body},
            headers={"Access-Token": self.token}, timeout=30,
        )  # fmt: skip
        told: dict[str, Any] = answer.json()
        return told

    def report(self, **changes: object) -> dict[str, Any]:
        """A report by ad and day, or what `changes` make of it."""
        return self.get("/report/integrated/get/", **{**REPORT, **changes})

    def truth(self, since: str, until: str, **more: str) -> list[dict[str, Any]]:
        answer = requests.get(
            f"{self.address.url}/_simulator/tiktok", timeout=30,
            params={"advertiser_id": self.id, "since": since, "until": until, **more},
        )  # fmt: skip
        days: list[dict[str, Any]] = answer.json()["days"]
        return days

    def asked(self) -> Counter[str]:
        """How many requests there were by the last words of their path, since last asked."""
        url = f"{self.address.url}/_simulator/requests"
        counted: Counter[str] = Counter()
        for one in requests.get(url, timeout=5).json()["requests"]:
            counted[one["path"].partition("/v1.3/")[2].strip("/") or "file"] += one["count"]
        requests.delete(url, timeout=5)
        return counted


REPORT: Mapping[str, object] = {
    "report_type": "BASIC",
    "data_level": "AUCTION_AD",
    "dimensions": ["ad_id", "stat_time_day"],
    "metrics": ["spend", "impressions", "clicks", "conversion"],
    "start_date": "2026-03-01",
    "end_date": "2026-03-03",
    "page_size": "1000",
    "filtering": ALL,
}


@contextmanager
def at_tiktok(**settings: Any) -> Iterator[Desk]:  # noqa: ANN401 - those of `Settings`
    """A simulator with nothing in the way but what `settings` put there."""
    clock = Clock()
    made = Settings(**{"limits": UNLIMITED, **settings})
    with running(made, clock=clock) as address, closing(Session()) as session:
        line = Line(
            session=session, base_url=address.url, consent=address.url, now=clock,
            pause=clock.pause,
        )  # fmt: skip
        yield Desk(address=address, clock=clock, line=line)


def of(desk: Desk, number: int) -> Desk:
    """The same client at another advertiser of the simulator."""
    every = desk.address.world.tiktok
    kept = dict([*every.advertisers.items()][number:])
    world = replace(desk.address.world, tiktok=replace(every, advertisers=kept))
    return replace(desk, address=replace(desk.address, world=world))


def days_of(source: Source, since: str, until: str) -> tuple[list[AdDay], Reading]:
    """The rows of some days, and what was told beside them."""
    reading = days(source, since=date.fromisoformat(since), until=date.fromisoformat(until))
    return list(reading.ads), reading


def sums(rows: Iterable[AdDay]) -> dict[str, dict[str, Any]]:
    """What rows of days come to, as the simulator tells the truth of them."""
    by_day: dict[str, dict[str, Any]] = {}
    for row in rows:
        day = by_day.setdefault(str(row.date), {"rows": 0, **dict.fromkeys(_NUMBERS, Decimal())})
        day["rows"] += 1
        for name in _NUMBERS:
            day[name] += getattr(row, name) or 0
    return by_day


def truth_of(desk: Desk, since: str, until: str, when: str = "now") -> dict[str, dict[str, Any]]:
    """Likewise, of the simulator."""
    return {
        day["date"]: {
            "rows": day["rows"],
            **{name: Decimal(day[when][told]) for name, told in _NUMBERS.items()},
        }
        for day in desk.truth(since, until)
        if day["rows"]
    }


_NUMBERS = {
    "impressions": "impressions", "clicks": "clicks", "conversions": "conversion",
    "cost": "spend", "conversion_value": "conversion_value",
}  # fmt: skip
