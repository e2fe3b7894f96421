"""A project whose ads are at simulated platforms, at a moment that only waiting moves."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from adrows import opened

from connector import api
from connector.api.importing import WantedMetrics, import_metrics
from connector.errors import Exit
from connector.metrics.database import Database
from connector.metrics.rows import AD_COLUMNS, AD_GROUP_COLUMNS
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

NOW = datetime(2026, 4, 20, 15, 35, tzinfo=UTC)
WAREHOUSE = "duckdb:///shop.duckdb"
CONFIG = """\
warehouse: {{url: "{warehouse}"}}
state: {{url: "sqlite:///state/connector.db"}}
metrics: {metrics}
connections:
  x: {x}
  tiktok: {tiktok}
"""
OF_X = (
    "{{platform: x_ads, ad_account_id: {account}, base_url: {url}, auth: {{oauth1: {{"
    "consumer_key: {consumer_key}, consumer_secret: {consumer_secret}, token: {token},"
    " token_secret: {token_secret}}}}}}}"
)
OF_TIKTOK = (
    '{{platform: tiktok_ads, advertiser_id: "{advertiser}", base_url: {url},'
    " auth: {{access_token: {access_token}}}}}"
)
ORDER = "order by ad_platform, ad_account_id, date"
UNLIMITED = dict.fromkeys(
    ("tiktok_seconds", "tiktok_minutes", "tiktok_advertiser", "tiktok_tasks", "analytics"), 0
)

Row = tuple[Any, ...]


@dataclass(kw_only=True)
class Clock:
    """Epoch seconds, which only waiting moves."""

    now: float = NOW.timestamp()

    def __call__(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def skip(self, **span: float) -> None:
        self.now += sum(
            number * {"days": 86_400, "hours": 3_600, "minutes": 60}[unit]
            for unit, number in span.items()
        )


@dataclass(kw_only=True)
class Heard(api.Silence):
    """Progress that remembers what was said, and does something when a step is reached."""

    said: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    then: Callable[[list[str]], None] = lambda _steps: None

    def phase(self, name: str, total: int | None) -> None:
        self.said.append(name)

    def warn(self, message: str) -> None:
        self.said.append(message)

    def reached(self, step: str) -> None:
        self.steps.append(step)
        self.then(self.steps)


@dataclass(frozen=True, kw_only=True)
class Agency:
    """A project with a connection to each platform; by number which ad accounts they are."""

    folder: Path
    address: Address
    clock: Clock
    warehouse: str = WAREHOUSE
    account: int = 0

    @property
    def x_id(self) -> str:
        """The ad account at X; the second one there is nobody's here."""
        return list(self.address.world.accounts)[self.account and self.account + 1]

    @property
    def tiktok_id(self) -> str:
        return list(self.address.world.tiktok.advertisers)[self.account]

    def x(self, **instead: str) -> str:
        facts: dict[str, Any] = self.address.describe()
        known = {**facts["oauth1"], "url": facts["url"], "account": self.x_id}
        return OF_X.format(**{**known, **instead})

    def tiktok(self, **instead: str) -> str:
        facts: dict[str, Any] = self.address.describe()
        known = {**facts["tiktok"], "url": facts["url"], "advertiser": self.tiktok_id}
        return OF_TIKTOK.format(**{**known, **instead})

    def config(self, metrics: str = "{}", *more: str, **instead: str) -> None:
        """Write config.yaml; `more` are further lines of connections."""
        parts = {"x": self.x(), "tiktok": self.tiktok(), "warehouse": self.warehouse, **instead}
        text = CONFIG.format(metrics=metrics, **parts) + "".join(f"  {one}\n" for one in more)
        (self.folder / "config.yaml").write_text(text)
        (self.folder / "mappings").mkdir(exist_ok=True)

    @property
    def url(self) -> str:
        """The warehouse's, wherever it is read."""
        return self.warehouse.replace("duckdb:///shop", f"duckdb:///{self.folder}/shop")

    def edges(self, **instead: Any) -> api.Edges:  # noqa: ANN401 - those of `Edges`
        own: dict[str, Any] = {
            "now": lambda: datetime.fromtimestamp(self.clock(), UTC), "pause": self.clock.pause,
            "monotonic": self.clock, "random": lambda: 0.5,
        }  # fmt: skip
        return api.Edges(**{**own, **instead})

    def project(self) -> Any:  # noqa: ANN401 - of `api`
        return api.load(str(self.folder / "config.yaml"))

    def run(self, *names: str, edges: api.Edges | None = None, **wanted: Any) -> dict[str, Any]:  # noqa: ANN401 - those of `WantedMetrics`
        """An import; its summary, whose exit code is the one that was given."""
        wish = WantedMetrics(names=names, **wanted)
        summary, code = import_metrics(self.project(), wish, edges or self.edges())
        assert summary["exit_code"] == code
        json.dumps(summary)
        return summary

    def span(self, since: str, until: str, *names: str) -> dict[str, Any]:
        """An import of some days, which succeeds."""
        summary = self.run(*names, since=day(since), until=day(until))
        assert summary["exit_code"] == Exit.DONE, summary
        return summary

    @contextmanager
    def database(self) -> Iterator[Database]:
        with opened(self.url, writing=False) as database:
            yield database

    def rows(self, columns: str, table: str = "daily_ad_metrics", rest: str = "") -> list[Row]:
        with self.database() as database:
            return database.run(f"select {columns} from {table} {rest}")

    def everything(self) -> dict[str, list[Row]]:
        """All that an import leaves but when it was."""
        ads, groups = (
            ", ".join(f'"{column.name}"' for column in columns if column.name != "imported_at")
            for columns in (AD_COLUMNS, AD_GROUP_COLUMNS)
        )
        return {
            "ads": self.rows(ads, rest=f"{ORDER}, ad_id"),
            "groups": self.rows(groups, "daily_ad_group_metrics", f"{ORDER}, ad_group_id"),
        }

    def told(self, what: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        """What only the simulator can tell."""
        url = f"{self.address.url}/_simulator/{what}?{urlencode(query)}"
        with urlopen(url, timeout=30) as answer:
            return json.load(answer)

    def truth(self, since: str, until: str, **more: str) -> dict[str, Any]:
        """The true sums at X."""
        found: dict[str, Any] = self.told(
            "metrics", account=self.x_id, since=since, until=until, **more
        )
        return found

    def truth_of_tiktok(self, since: str, until: str) -> list[dict[str, Any]]:
        """The true sums of each day at TikTok."""
        days: list[dict[str, Any]] = self.told(
            "tiktok", advertiser_id=self.tiktok_id, since=since, until=until
        )["days"]
        return days

    def asked(self) -> Counter[str]:
        """How many requests there were by path, since last asked."""
        counted: Counter[str] = Counter()
        for one in self.told("requests")["requests"]:
            counted[one["path"]] += one["count"]
        url = f"{self.address.url}/_simulator/requests"
        with urlopen(Request(url, method="DELETE"), timeout=30):
            return counted


@contextmanager
def agency(
    folder: Path, *, account: int = 0, warehouse: str = WAREHOUSE,
    **settings: Any,  # noqa: ANN401 - those of `Settings`
) -> Iterator[Agency]:  # fmt: skip
    """A project whose platforms have these settings, and no limits unless they say so."""
    clock = Clock()
    limits = UNLIMITED | settings.pop("limits", {})
    made = Settings(**{"limits": limits, "further_accounts": 1, **settings})
    with running(made, clock=clock) as address:
        opened_ = Agency(
            folder=folder, address=address, clock=clock, account=account, warehouse=warehouse
        )
        opened_.config()
        yield opened_


def elsewhere(one: Agency, name: str, *, warehouse: str = WAREHOUSE) -> Agency:
    """The same platforms and moment, and a project of its own that holds nothing yet."""
    folder = one.folder.parent / name
    folder.mkdir()
    other = replace(one, folder=folder, warehouse=warehouse)
    other.config()
    return other


def keep_rates(cache: Path, now: float) -> None:
    """Keep the shipped rates as if they were just fetched, so that nobody asks for them."""
    file = cache / "ads-connector" / "eurofxref-hist.zip"
    file.parent.mkdir(parents=True)
    shipped = files("connector.metrics").joinpath("eurofxref-hist.zip").read_bytes()
    file.write_bytes(shipped)
    os.utime(file, (now, now))


def day(text: str) -> date:
    return date.fromisoformat(text)


def micros(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 1_000_000)


def entry(summary: dict[str, Any], name: str) -> dict[str, Any]:
    """What a summary says of a connection."""
    [found] = [one for one in summary["imports"] if one["connection"] == name]
    return dict(found)
