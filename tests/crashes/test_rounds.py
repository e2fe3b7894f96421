"""Syncs are killed, stopped and interrupted while X fails: nothing is lost or sent again.

One thing nobody can take back: a request whose body was just leaving when its process was stopped
and lost its database. The figures count these.

Each round has a seed, which is printed where it fails; SEED=… repeats it, as far as processes that
race can be repeated. Without SOAK each database plays every second round; with SOAK=1 (or more) the
rounds are longer, 100 for each, and new each time.
"""

import os
import secrets
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from random import Random

import pytest
from crashes import proof
from crashes.conftest import Opened
from crashes.incidents import OTHERS, Incident, Target, kill_at
from crashes.scene import Scene

from connector.simulator.faults import FAULTS
from connector.simulator.poison import Poison
from connector.state.steps import STEPS

SOAK = int(os.environ.get("SOAK", "0"))
ROUNDS = 10
# What only a mapping, or a pixel's event, that is new comes by: such a round begins with it.
OPENINGS = (
    (Target("known", is_first=True), Target("reached", is_first=True)),
    (Target("known", is_first=False),),
    (Target("reached", is_first=False),),
)
OF_POLICY = {"resend": {"doubted", "in_doubt", "held_back"}, "hold": {"held"}}
POLICIES = tuple(OF_POLICY)
RARE = {"timeout": 0.01, "slow": 0.01}  # they take a real while


def targets(number: int) -> tuple[Target, ...]:
    """Where syncs of a round are killed; ROUNDS rounds have every step twice."""
    policy, part = POLICIES[number % 2], number // 2
    opening = OPENINGS[part % ROUNDS] if number % 2 == 0 and part < len(OPENINGS) else ()
    return opening + tuple(_of_policy(policy)[part :: ROUNDS // 2])


def _of_policy(policy: str) -> list[Target]:
    """Every second of the steps that both policies reach, and all that only this one reaches."""
    own = OF_POLICY[policy]
    common = [s for s in STEPS if not any(s in steps for steps in OF_POLICY.values())]
    shared = [
        Target(step, is_first)
        for step in common
        for is_first in (True, False)
        if step not in ("known", "reached")
    ]
    mine = [Target(step, is_first) for step in STEPS if step in own for is_first in (True, False)]
    return mine + shared[POLICIES.index(policy) :: 2]


def play(scene: Scene, random: Random, number: int) -> None:
    """A round: every incident leaves the ledger true, and in the end all is accepted."""
    first, rest = targets(number)[:2], targets(number)[2:]
    kills: list[Incident] = [partial(kill_at, target=target) for target in (*first, *rest)]
    later = [*kills[2:], *random.sample(OTHERS, len(OTHERS) if SOAK else 1)]
    random.shuffle(later)
    for incident in (*kills[:2], *later):
        incident(scene, random)
        proof.of_the_wire(scene)
    scene.shares.clear()
    scene.begin()
    proof.of_the_end(scene)
    proof.of_every_conversion(scene)


def pairs() -> Iterator[tuple[str, int]]:
    """The rounds of each database; without SOAK each has every second one of a policy."""
    for number, database in product(range(100 * SOAK or ROUNDS), ("sqlite", "postgresql")):
        if SOAK or (number // 2 % 2 == 0) == (database == "sqlite"):
            yield database, number


@pytest.mark.parametrize(("new_url", "number"), list(pairs()), indirect=["new_url"])
def test_whatever_happens_every_conversion_is_accepted_and_none_again(
    number: int, scene: Opened, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("SEED") or (secrets.randbits(32) if SOAK else number))
    print(f"SEED={seed} is this round's")  # noqa: T201 - seen where it fails
    random = Random(seed)
    shares = {name: RARE.get(name, random.uniform(0.02, 0.08)) for name in FAULTS}
    opened = scene(
        POLICIES[number % 2], shares, seed=seed, latency_seconds=random.choice((0, 0.005, 0.02)),
        modes=frozenset({"no_rate_headers"} if random.random() >= 0.5 else ()),
        poison=Poison(patterns={"description": "bad"}, quoted=random.random() < 0.5),
    )  # fmt: skip
    play(opened, random, number % ROUNDS)
    record_property("figures", dict(opened.counts))


def test_the_rounds_kill_at_every_step_when_it_is_first_reached_and_later() -> None:
    met = [target for number in range(ROUNDS) for target in targets(number)]
    assert sorted(met) == sorted(Target(s, is_first) for s in STEPS for is_first in (True, False))
