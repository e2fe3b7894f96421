"""An experiment in a project: its file, its campaign, and commands about it."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.request import urlopen

from campaigns.bureau import Bureau

from connector import api
from connector.campaigns.naming import without_token
from connector.experiments.outcome import Outcome

LINE_ITEM = """\
line_item:
  objective: WEBSITE_CLICKS
  product_type: PROMOTED_TWEETS
  placements: ALL_ON_TWITTER
  start_time: 2026-01-01
  end_time:
  bid_strategy: MAX
  bid_amount_local: 1.5
"""
VARIANTS = """\
treatments:
  low: {bid: 1.20}
  other:
    tweets: [SECOND]
    targeting: [{targeting_type: LOCATION, targeting_value: 5a110d312052166f}]
"""
TARGETING = "targeting: [{targeting_type: LOCATION, targeting_value: 96683cc9126741d1}]\n"


@dataclass(kw_only=True)
class Lab:
    """A project whose experiment is called `bids`."""

    bureau: Bureau
    name: str = "bids"
    campaign_id: str = field(init=False)
    tweets: list[str] = field(init=False)

    def __post_init__(self) -> None:
        """A campaign of its own, active."""
        values = {"entity_status": "ACTIVE", "daily_budget_amount_local_micro": 90_000_000}
        self.campaign_id = self.bureau.stranger.campaign(name="lab", **values)["id"]
        self.tweets = self.bureau.tweets()[:2]
        self.write()

    def write(
        self, variants: str = VARIANTS, *, line_item: str = LINE_ITEM, more: str = ""
    ) -> None:
        """The file of the experiment; FIRST and SECOND stand for tweets."""
        head = f"campaign: {self.campaign_id}\ntweets: [FIRST]\n{TARGETING}"
        text = f"{head}{line_item}{variants}{more}"
        text = text.replace("FIRST", self.tweets[0]).replace("SECOND", self.tweets[1])
        folder = self.bureau.folder / "experiments"
        folder.mkdir(exist_ok=True)
        (folder / f"{self.name}.yaml").write_text(text, "utf-8")

    def edges(self, **more: Any) -> api.Edges:  # noqa: ANN401 - those of `Edges`
        bureau = self.bureau
        known: dict[str, Any] = {
            "progress": bureau.telling, "pause": bureau.pause, "now": bureau.now,
        }  # fmt: skip
        return api.Edges(**(known | more))

    def start(self, **more: Any) -> Outcome:  # noqa: ANN401 - likewise
        return api.start_experiment(self.bureau.project, None, self.name, self.edges(**more))

    def toggle(self, variant: str, *, on: bool) -> Outcome:
        return api.toggle_variant(
            self.bureau.project, None, self.name, self.edges(), variant=variant, on=on
        )

    def stop(self) -> Outcome:
        return api.stop_experiment(self.bureau.project, None, self.name, self.edges())

    def results(self) -> dict[str, Any]:
        return api.experiment_results(self.bureau.project, None, self.name, self.edges())

    def wait(self, **span: float) -> None:
        """Put the clock ahead."""
        self.bureau.waited.append(timedelta(**span).total_seconds())

    def line_items(self) -> dict[str, dict[str, Any]]:
        """The campaign's line items by name, the token left out; none is there twice."""
        rows = self.bureau.stranger.rows("line_items", campaign_ids=self.campaign_id, count=1000)
        found = {without_token(row["name"]): row for row in rows}
        assert len(found) == len(rows)
        return found

    def statuses(self) -> dict[str, str]:
        return {name: row["entity_status"] for name, row in self.line_items().items()}

    def promoted(self, line_item_id: str) -> list[str]:
        rows = self.bureau.stranger.rows("promoted_tweets", line_item_ids=line_item_id)
        return [row["tweet_id"] for row in rows]

    def targeted(self, line_item_id: str) -> list[tuple[str, str]]:
        rows = self.bureau.stranger.rows("targeting_criteria", line_item_ids=line_item_id)
        return [(row["targeting_type"], row["targeting_value"]) for row in rows]

    def truth(self, days: int) -> dict[str, dict[str, Any]]:
        """What line items truly came to in the last days, by id."""
        today = self.bureau.now().date()
        since, until = today - timedelta(days=days), today + timedelta(days=1)
        account = self.bureau.stranger.account_id
        url = f"{self.bureau.address.url}/_simulator/metrics"
        with urlopen(f"{url}?account={account}&since={since}&until={until}") as answer:
            found: dict[str, dict[str, Any]] = json.load(answer)["line_items"]
        return found
