"""Commands are killed, stopped and run at once while X fails: nothing is made twice or lost.

Each round has a seed, which is printed where it fails; SEED=… repeats it, as far as processes that
race can be repeated. With SOAK=1 (or more) there are 100 rounds, new each time.
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest
from campaigns.bureau import Bureau
from campaigns.children import Command
from campaigns.rounds import Round
from crashes.clock import Clock
from manager import UNLIMITED
from zygote import Zygote, zygote

from connector.campaigns.fields import EntityName
from connector.campaigns.naming import LONGEST_NAME, named
from connector.simulator.server import running
from connector.simulator.settings import Settings
from connector.state.journal import OPEN, STEPS

SOAK = int(os.environ.get("SOAK", "0"))
ROUNDS = 15
STEPS_OF_A_ROUND = 3
FAULTS = ("reset", "reset_after_commit", "error_500_after_commit", "unavailable", "rate_limited")


@pytest.fixture(scope="session")
def commands() -> Iterator[Zygote]:
    with zygote("campaigns.children") as started:
        yield started


@pytest.fixture
def open_round(
    tmp_path: Path, commands: Zygote, behind: Executor, request: pytest.FixtureRequest
) -> Iterator[Callable[[Random, int], Round]]:
    """Open a project whose state is in a file or, every second time, in PostgreSQL."""
    stack = ExitStack()

    def make(random: Random, number: int) -> Round:
        usual = {name: random.uniform(0.01, 0.06) for name in FAULTS}
        clock = Clock(tmp_path / "clock")
        shares: dict[str, float] = {}
        settings = Settings(
            faults=shares, limits=UNLIMITED, search_lag_seconds=random.choice((0, 2, 5, 60)),
            seed=random.randrange(1000), rate_headers=random.random() < 0.5,
        )  # fmt: skip
        address = stack.enter_context(running(settings, clock=clock.time))
        server = None
        bureau = Bureau(folder=tmp_path, address=address, shares=shares, clock=clock.time)
        if number % 2:
            postgresql = request.getfixturevalue("postgresql_server")
            bureau.state = postgresql.owner(f"writes_{secrets.token_hex(4)}")
            server = f"postgresql://postgres@127.0.0.1:{postgresql.port}/postgres"
        bureau.open()
        return Round(
            bureau=bureau, clock=clock, usual=usual, zygote=commands, random=random, server=server
        )

    yield make
    behind.submit(stack.close)


def targets(number: int) -> list[str]:
    """The steps that commands of a round are killed at."""
    steps = list(STEPS)
    first = number * STEPS_OF_A_ROUND
    return [steps[place % len(steps)] for place in range(first, first + STEPS_OF_A_ROUND)]


def create(entity: EntityName, **values: object) -> Command:
    return Command(verb="create", entity=entity, values=values)


class Shop:
    """Names and values of what a round makes, each name once."""

    def __init__(self, one: Round) -> None:
        self.round = one
        self.funding = one.bureau.stranger.funding
        self.number = 0

    def name(self) -> str:
        self.number += 1
        text = f"round {self.number}"
        return text.ljust(LONGEST_NAME, "x") if self.round.random.random() < 0.3 else text

    def campaign(self, **more: object) -> Command:
        values = {
            "name": self.name(), "funding_instrument_id": self.funding,
            "daily_budget_amount_local": "25.50",
        }  # fmt: skip
        return create("campaign", **(values | more))

    def refused(self) -> Command:
        return self.campaign(daily_budget_amount_local="1.001")

    def line_item(self, campaign_id: str) -> Command:
        return create(
            "line_item", name=self.name(), campaign_id=campaign_id, objective="ENGAGEMENTS",
            product_type="PROMOTED_TWEETS", placements="ALL_ON_TWITTER", end_time="",
            start_time="2027-03-10", bid_amount_local="1.50",
        )  # fmt: skip


def play(one: Round, number: int) -> None:
    """A round: whatever happens, each command is done once."""
    shop, bureau, random = Shop(one), one.bureau, one.random
    tweets = [*random.sample(bureau.tweets(), 2), random.choice(bureau.tweets(foreign=True))]
    one.faults(one.usual)
    for step in targets(number):
        one.kill_at(step, shop.refused if step == "refused" else shop.campaign)
    [campaign] = one.finish(shop.campaign())
    [line_item] = one.finish(shop.line_item(campaign))
    one.crowd([shop.line_item(campaign), shop.line_item(campaign), shop.campaign()])
    one.stopped(shop.line_item(campaign))
    promotion = create("promoted_tweet", line_item_id=line_item, tweet_ids=tweets)
    one.finish(promotion)
    assert sorted(one.finish(promotion)) == sorted(one.made.pop()[1])
    change = {"daily_budget_amount_local": "30"}
    one.finish(Command(verb="update", entity="campaign", id=campaign, values=change))
    [gone] = one.finish(shop.line_item(campaign))
    one.finish(Command(verb="delete", entity="line_item", id=gone))
    one.made = [each for each in one.made if gone not in each[1]]
    one.faults({})


def prove(one: Round) -> None:
    """What X has is what was said, once each; and the journal knows of it."""
    bureau, journal = one.bureau, one.bureau.journal()
    assert bureau.twice() == {}
    assert [entry.what for entry in journal if entry.state in OPEN] == []
    ended = [entry for entry in journal if entry.state in {"done", "adopted"}]
    for command, ids in one.made:
        mine = [entry for entry in ended if set(entry.entity_ids) == set(ids)]
        assert mine, f"the journal does not know {ids}"
        if command.verb == "create" and command.entity != "promoted_tweet":
            path = f"{command.entity}s"
            name = named(str(command.values["name"]), "c00000000")[:-12]
            assert [row["id"] for row in bureau.named(path, name)] == ids
            assert [entry.told_at for entry in mine if entry.told_at] != []
            assert len([entry for entry in mine if entry.what == f"POST {path}"]) == 1
    made = {tuple(ids) for command, ids in one.made if command.entity == "campaign"}
    rows = bureau.stranger.rows("campaigns", count=1000, with_draft="true")
    ours = [row["id"] for row in rows if row["name"].startswith("round ")]
    assert sorted(ours) == sorted({id_ for ids in made for id_ in ids})
    _of_promotions(one)


def _of_promotions(one: Round) -> None:
    for command, ids in one.made:
        if command.entity == "promoted_tweet":
            line_item = command.values["line_item_id"]
            rows = one.bureau.stranger.rows("promoted_tweets", line_item_ids=line_item)
            assert sorted(row["id"] for row in rows) == sorted(ids)
            assert len({row["tweet_id"] for row in rows}) == len(command.values["tweet_ids"])


@pytest.mark.parametrize("number", range(100 * SOAK or ROUNDS))
def test_whatever_happens_each_write_is_done_once(
    number: int, open_round: Callable[[Random, int], Round]
) -> None:
    seed = int(os.environ.get("SEED") or (secrets.randbits(32) if SOAK else number))
    print(f"SEED={seed} is this round's")  # noqa: T201 - seen where it fails
    one = open_round(Random(seed), number)
    play(one, number)
    prove(one)
    print(dict(one.counts))  # noqa: T201 - likewise


def test_the_rounds_kill_at_every_step() -> None:
    met = Counter(step for number in range(ROUNDS) for step in targets(number))
    assert met.keys() == STEPS.keys()
    assert min(met.values()) >= 4
