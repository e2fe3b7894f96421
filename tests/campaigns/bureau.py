"""A project that manages ads at a simulated X, whose faults meet writes alone where wanted."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from manager import Manager as Stranger

from connector import api
from connector.api.managing import Manager
from connector.campaigns import writes
from connector.campaigns.naming import without_token
from connector.campaigns.requests import Written
from connector.simulator.server import Address
from connector.state import database
from connector.state.journal import Entry, Journal
from connector.state.place import place_of

CONFIG = """\
warehouse: {{url: "duckdb:///shop.duckdb"}}
state: {{url: "{state}"}}
{more}connections:
  x:
    platform: x_ads
    live: {live}
    ad_account_id: {ad_account_id}
    base_url: {url}
    auth: {auth}
    rate_limits: {{writes: {writes}}}
"""


class Killed(BaseException):
    """Stands for the death of a process: nothing that tidies up after errors hears of it."""


@dataclass(kw_only=True)
class Telling(api.Silence):
    """Hears steps and warnings; `after` is called with each step."""

    after: Callable[[str], None] = lambda _step: None
    steps: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def reached(self, step: str) -> None:
        self.steps.append(step)
        self.after(step)


@dataclass(kw_only=True)
class Clock:
    """The machine's clock, ahead by what was waited, which takes no time."""

    waited: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return time.time() + sum(self.waited)


@dataclass(kw_only=True)
class Bureau:
    """A folder with a project; `shares` are those of X's faults, which heed a change at once."""

    folder: Path
    address: Address
    shares: dict[str, float] = field(default_factory=dict)
    state: str = "sqlite:///state/connector.db"
    telling: Telling = field(default_factory=Telling)
    clock: Callable[[], float] = field(default_factory=Clock)

    def open(self, **how: str) -> "Bureau":
        self.configure(**how)
        (self.folder / "mappings").mkdir(exist_ok=True)
        api.init_state(self.project)
        return self

    def configure(
        self, *, live: str = "true", writes: str = "10000 per 1 minute", more: str = "",
        auth: str = "",
    ) -> None:  # fmt: skip
        facts = self.address.describe()
        kept = auth or f"{{oauth1: {json.dumps(facts['oauth1'])}}}"
        told = CONFIG.format(
            **facts, state=self.state, live=live, writes=writes, more=more, auth=kept
        )
        (self.folder / "config.yaml").write_text(told, "utf-8")

    @property
    def project(self) -> Any:  # noqa: ANN401 - of the product
        return api.load(str(self.folder / "config.yaml"))

    @property
    def waited(self) -> list[float]:
        assert isinstance(self.clock, Clock)
        return self.clock.waited

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)

    @property
    def stranger(self) -> Stranger:
        """A plain client of the same user, for looking at what is there."""
        return Stranger(address=self.address, clock=self.clock)

    @contextmanager
    def managed(self, **edges: Any) -> Iterator[Manager]:  # noqa: ANN401 - those of `Edges`
        known: dict[str, Any] = {"progress": self.telling, "pause": self.pause, "now": self.now}
        with api.managed(self.project, None, api.Edges(**(known | edges))) as manager:
            yield manager

    def write(self, write: writes.Write, **edges: Any) -> Written:  # noqa: ANN401 - likewise
        """One command: a manager of its own, and somebody who hears of the end."""
        with self.managed(**edges) as manager:
            return manager.write(write, tell=lambda _written: None)

    def failing(self, *faults: str) -> None:
        """Let the next writes meet these faults, one each; reads meet none."""
        left = list(faults)

        def after(step: str) -> None:
            self.shares.clear()
            if step == "sent" and left:
                self.shares[left.pop(0)] = 1.0

        self.telling.after = after

    def killing(self, step: str, count: int = 1) -> None:
        """Let the next command die when it reaches a step for the `count`-th time."""
        left = count

        def after(reached: str) -> None:
            nonlocal left
            left -= reached == step
            if reached == step and not left:
                raise Killed

        self.telling.after = after

    def campaign(self, name: str = "spring", **more: Any) -> writes.Write:  # noqa: ANN401 - fields
        values = {
            "name": name, "funding_instrument_id": self.stranger.funding,
            "daily_budget_amount_local": "25.50",
        }  # fmt: skip
        key = more.pop("key", None)
        return writes.creating("campaign", values | more, key=key)

    def line_item(self, campaign_id: str, name: str = "pots", **more: Any) -> writes.Write:  # noqa: ANN401 - fields
        values = {
            "campaign_id": campaign_id, "name": name, "objective": "ENGAGEMENTS",
            "product_type": "PROMOTED_TWEETS", "placements": "ALL_ON_TWITTER",
            "start_time": "2027-03-10", "end_time": "", "bid_amount_local": "1.50",
        }  # fmt: skip
        return writes.creating("line_item", values | more)

    def promotion(self, line_item_id: str, *tweets: str) -> writes.Write:
        values = {"line_item_id": line_item_id, "tweet_ids": list(tweets)}
        return writes.creating("promoted_tweet", values)

    def tweets(self, *, foreign: bool = False) -> list[str]:
        """Published tweets, the user's own or another's."""
        own = self.stranger.user_id
        whose = str(int(own) + 99) if foreign else own
        rows = self.stranger.rows(
            "tweets", tweet_type="PUBLISHED", timeline_type="ALL", user_id=whose
        )
        return [row["id_str"] for row in rows]

    def named(self, path: str, name: str) -> list[dict[str, Any]]:
        """What is there under a name, whatever its token."""
        rows = self.stranger.rows(path, with_draft="true", count=1000)
        return [row for row in rows if without_token(row["name"] or "") == name]

    def twice(self) -> dict[str, dict[str, int]]:
        """What X has twice."""
        with urlopen(f"{self.address.url}/_simulator/ads") as answer:
            [account] = json.load(answer)["accounts"]
        found: dict[str, dict[str, int]] = account["twice"]
        return {kind: counts for kind, counts in found.items() if counts}

    def journal(self) -> list[Entry]:
        with database.opened(place_of(self.state, self.folder)) as state:
            target, account_id = self.address.url, self.stranger.account_id
            return Journal(
                state, target=target, account_id=account_id, run="look", now=lambda: 0.0
            ).entries()

    def asked(self, method: str) -> list[str]:
        """The paths that were called so, once for each call."""
        with urlopen(f"{self.address.url}/_simulator/requests") as answer:
            calls = json.load(answer)["requests"]
        return [
            one["path"].partition("/accounts/")[2].partition("/")[2]
            for one in calls if one["method"] == method for _ in range(one["count"])
        ]  # fmt: skip
