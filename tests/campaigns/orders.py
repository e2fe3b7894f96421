"""The commands of a round: every verb of every kind of thing, a file, and what X refuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from campaigns.bureau import Bureau
from campaigns.children import Command, Verb
from campaigns.rounds import Round
from campaigns_apply.trees import LINE_ITEM

from connector.campaigns.fields import EntityName
from connector.campaigns.naming import LONGEST_NAME
from connector.state.journal import STEPS

Kind = tuple[Verb, EntityName]
KINDS: tuple[Kind, ...] = (
    ("create", "campaign"), ("create", "line_item"), ("create", "promoted_tweet"),
    ("update", "campaign"), ("update", "line_item"), ("pause", "campaign"), ("pause", "line_item"),
    ("resume", "campaign"), ("resume", "line_item"), ("delete", "campaign"),
    ("delete", "line_item"), ("delete", "promoted_tweet"), ("apply", "campaign"),
)  # fmt: skip
PATHS: Mapping[str, str] = {
    "campaign": "campaigns", "line_item": "line_items", "promoted_tweet": "promoted_tweets",
}  # fmt: skip
MISSING = "zzzzz"
_CHANGES: Mapping[EntityName, dict[str, str]] = {
    "campaign": {"daily_budget_amount_local": "30"}, "line_item": {"bid_amount_local": "2"},
}  # fmt: skip
# What a change makes of the row at X.
MADE: Mapping[Kind, tuple[str, Any]] = {
    ("update", "campaign"): ("daily_budget_amount_local_micro", 30_000_000),
    ("update", "line_item"): ("bid_amount_local_micro", 2_000_000),
    ("pause", "campaign"): ("entity_status", "PAUSED"),
    ("pause", "line_item"): ("entity_status", "PAUSED"),
    ("resume", "campaign"): ("entity_status", "ACTIVE"),
    ("resume", "line_item"): ("entity_status", "ACTIVE"),
}


def _comes_about(step: str, verb: Verb) -> bool:
    """What is changed or deleted is sent again and not adopted; a file's writes tell nobody."""
    if step == "adopted":
        return verb in {"create", "apply"}
    return step != "told" or verb != "apply"


DEATHS: tuple[tuple[str, Kind], ...] = tuple(
    (step, kind) for step in STEPS for kind in KINDS if _comes_about(step, kind[0])
)
_STRIDE = 43  # from death to death, so that few rounds meet each step and each kind


def deaths(number: int, many: int) -> list[tuple[str, Kind]]:
    """Which commands of a round are killed, and at which steps."""
    first = number * many
    return [DEATHS[place * _STRIDE % len(DEATHS)] for place in range(first, first + many)]


def create(entity: EntityName, **values: object) -> Command:
    return Command(verb="create", entity=entity, values=values)


@dataclass(kw_only=True)
class Orders:
    """What is ordered in a round, each name once; what is there before was made by hand."""

    round: Round
    numbers: "count[int]" = field(default_factory=count)

    @property
    def bureau(self) -> Bureau:
        return self.round.bureau

    def new(self, verb: Verb, entity: EntityName) -> Command:
        """A command that ends well."""
        if verb == "apply":
            return self.file(self.bureau.stranger.funding)
        if verb == "create":
            return _NEW[entity](self)
        values = _CHANGES[entity] if verb == "update" else {}
        return Command(verb=verb, entity=entity, id=self.ready(verb, entity), values=values)

    def refused(self, verb: Verb, entity: EntityName) -> Command:
        """A command that X refuses."""
        if verb == "apply":
            return self.file(MISSING)
        if verb == "create":
            wrong: Mapping[EntityName, dict[str, str]] = {
                "campaign": {"daily_budget_amount_local": "1.001"},
                "line_item": {"campaign_id": MISSING}, "promoted_tweet": {"tweet_ids": "1"},
            }  # fmt: skip
            return create(entity, **{**self.new(verb, entity).values, **wrong[entity]})
        values = _CHANGES[entity] if verb == "update" else {}
        return Command(verb=verb, entity=entity, id=MISSING, values=values)

    def name(self) -> str:
        text = f"round {next(self.numbers)}"
        return text.ljust(LONGEST_NAME, "x") if self.round.random.random() < 0.3 else text

    def campaign(self) -> Command:
        return create(
            "campaign", name=self.name(), funding_instrument_id=self.bureau.stranger.funding,
            daily_budget_amount_local="25.50",
        )  # fmt: skip

    def line_item(self, campaign_id: str = "") -> Command:
        return create(
            "line_item", name=self.name(), campaign_id=campaign_id or self.ready("", "campaign"),
            objective="ENGAGEMENTS", product_type="PROMOTED_TWEETS", placements="ALL_ON_TWITTER",
            end_time="", start_time="2027-03-10", bid_amount_local="1.50",
        )  # fmt: skip

    def promotion(self) -> Command:
        """Of two tweets of the user's own and one of another's."""
        own, foreign = self.bureau.tweets(), self.bureau.tweets(foreign=True)
        tweets = [*self.round.random.sample(own, 2), self.round.random.choice(foreign)]
        line_item = self.ready("", "line_item")
        return create("promoted_tweet", line_item_id=line_item, tweet_ids=tweets)

    def file(self, funding: str) -> Command:
        tweets = [*self.bureau.tweets()[:2], *self.bureau.tweets(foreign=True)[:1]]
        text = (
            f"campaigns:\n  - name: {self.name()}\n    funding_instrument_id: {funding}\n"
            "    daily_budget_amount_local: 25.00\n    entity_status: ACTIVE\n    line_items:\n"
            f"{LINE_ITEM.format(name='pots')}        entity_status: ACTIVE\n"
            "        targeting_criteria: [{targeting_type: LOCATION, targeting_value: a}]\n"
            f"        promoted_tweets: [{', '.join(tweets)}]\n"
        )
        return Command(verb="apply", entity="campaign", values={"text": text})

    def ready(self, verb: str, entity: EntityName) -> str:
        """The id of something that was made by hand, for a verb to change."""
        stranger, status = self.bureau.stranger, "ACTIVE" if verb == "pause" else "PAUSED"
        named = {"name": f"ready {next(self.numbers)}", "entity_status": status}
        if entity == "campaign":
            return str(stranger.campaign(**named)["id"])
        if entity == "line_item":
            campaign = self.ready("", "campaign")
            return str(stranger.line_item(campaign_id=campaign, **named)["id"])
        [row] = stranger.done(
            "POST", "promoted_tweets", line_item_id=self.ready("", "line_item"),
            tweet_ids=self.bureau.tweets()[0],
        )  # fmt: skip
        return str(row["id"])


_NEW: Mapping[EntityName, Callable[[Orders], Command]] = {
    "campaign": Orders.campaign, "line_item": Orders.line_item, "promoted_tweet": Orders.promotion,
}  # fmt: skip
