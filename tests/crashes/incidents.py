"""What happens to syncs in a round: they are killed, stopped, interrupted, and several at once."""

import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from crashes.children import Rule
from crashes.scene import Scene, Sync

ATTEMPTS = 12
KILLED = -signal.SIGKILL
UNEXPECTED = {1, 2, 3, 5, 70}
TICK_SECONDS = 0.4  # about what a small sync takes


class Target(NamedTuple):
    """A step to be killed at: when it is first reached, or some time later."""

    step: str
    is_first: bool


@dataclass(frozen=True, kw_only=True)
class Way:
    """How a step comes about: X's faults, orders that X refuses, and what else happens before."""

    shares: Mapping[str, float] | None = None
    bad: float = 0.01
    rules: tuple[Rule, ...] = ()
    is_frequent: bool = False


UNCLEAR = {"error_500_after_commit": 0.4, "reset": 0.1, "reset_after_commit": 0.1}
WAYS: dict[str, Way] = {
    "claimed": Way(is_frequent=True),
    "sent": Way(is_frequent=True),
    "answered": Way(is_frequent=True),
    "accepted": Way(is_frequent=True),
    "refused": Way(bad=0.15, is_frequent=True),
    "split": Way(bad=0.15, is_frequent=True),
    "not_sent": Way(shares={"rate_limited": 0.3, "unavailable": 0.3}),
    "doubted": Way(shares=UNCLEAR, is_frequent=True),
    "in_doubt": Way(shares={"error_500_after_commit": 0.5, "reset": 0.45}),
    "held": Way(shares=UNCLEAR),
    "held_back": Way(shares=UNCLEAR, rules=(Rule(step="doubted", deed="jump", hours=48),)),
    "released": Way(rules=(Rule(step="claimed", deed="ask"),)),
}


def kill_at(scene: Scene, random: Random, target: Target) -> None:
    """A sync kills itself at a step."""
    way = WAYS.get(target.step, Way())
    usual = dict(scene.shares)
    if way.shares is not None:
        scene.shares.clear()
        scene.shares.update(way.shares)
    if any(rule.deed == "jump" for rule in way.rules):
        scene.begin()
        scene.skips = True
    for attempt in range(ATTEMPTS):
        scene.order(random, rows=random.randint(40, 60), bad=way.bad)
        most = 5 if way.is_frequent and not attempt else 2
        count = 1 if target.is_first else random.randint(2, most)
        rule = Rule(step=target.step, count=count)
        names = ("purchases",) if target.step in WAYS else ()
        sync = scene.start(*way.rules, rule, **_how(random, names=names))
        if ended(sync) == KILLED:
            assert sync.steps()[-1:] == [target.step]
            break
    else:
        raise AssertionError(f"{target.step} was not reached {count} times")
    scene.shares.clear()
    scene.shares.update(usual)
    scene.counts[f"killed at {target.step}"] += 1


def _how(random: Random, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - what a plan has
    read = random.choice((0.2, 0.2, 0.2, 1.5))
    return {"batch": random.choice((5, 10, 20, 500)), "read": read, **more}


def ended(sync: Sync) -> int:
    """The exit code of a sync that has come to its end, which is none of an accident."""
    code = sync.end()
    assert code not in UNEXPECTED, (code, sync.told.read_text("utf-8")[-2000:])
    return code


def killed_sometime(scene: Scene, random: Random) -> None:
    scene.order(random, rows=random.randint(20, 60), bad=0.01)
    sync = scene.start(**_how(random))
    _after(sync, random.uniform(0.02, TICK_SECONDS), signal.SIGKILL)
    scene.counts["killed at random moments"] += ended(sync) == KILLED


def _after(sync: Sync, seconds: float, number: int) -> None:
    ends = time.monotonic() + seconds
    sync.until(lambda: time.monotonic() >= ends)
    sync.signal(number)


# After these a sync is one that the ledger knows.
STOPS: tuple[str, ...] = (
    "begun", "read", "expired", "known", "reached", "claimed", "sent", "sent", "answered",
    "accepted", "split", "not_sent", "doubted", "held",
)  # fmt: skip


def stopped(scene: Scene, random: Random) -> None:
    """A sync is stopped and its connection cut; another one runs, then it is woken."""
    scene.order(random, rows=random.randint(20, 60), bad=0.01)
    rule = Rule(step=random.choice(STOPS), count=random.randint(1, 3), deed="stop")
    at_a_step, hours = random.random() < 0.7, random.choice((0, 0, random.uniform(1, 60)))
    if hours:
        scene.begin()  # no other time is as good: it may be stopped while it writes
    sync = scene.start(*(rule,) * at_a_step, **_how(random, names=("purchases",)))
    if at_a_step:
        sync.until(lambda: False)
    else:
        _after(sync, random.uniform(0.1, TICK_SECONDS), signal.SIGSTOP)
        sync.until(lambda: False)
    if not sync.is_stopped:
        ended(sync)
        return
    scene.counts["stopped and woken"] += 1
    if not scene.is_readable():  # stopped in the moment that SQLite opens or closes a file alone
        sync.signal(signal.SIGCONT)
        ended(sync)
        return
    if hours:
        scene.skip(hours)
    is_cut = random.random() < 0.8 and scene.cut(sync, lock_alone=random.random() < 0.5) > 0
    _meanwhile(scene, random, sync, is_cut=is_cut and "begun" in sync.steps())


def _meanwhile(scene: Scene, random: Random, sync: Sync, *, is_cut: bool) -> None:
    on_the_way = set(
        scene.read(
            "select c.conversion_id from conversions c join batches b on b.id = c.batch"
            " where b.state = 'sent'"
        )
    )
    other = ended(scene.start(**_how(random, names=("purchases",))))
    before, arrived = _tables(scene), scene.wire()
    sync.signal(signal.SIGCONT)
    ended(sync)
    if not is_cut:
        return
    scene.counts["overtaken"] += 1
    assert other != 6
    for table, rows in _tables(scene).items():
        changed = set(rows) ^ set(before[table])
        assert not changed, f"who was overtaken changed {table}: {changed}; {sync.steps()}"
    later = scene.wire()
    again = {one for one in arrived if later[one].times > arrived[one].times}
    assert again <= {one for (one,) in on_the_way}
    assert {later[one].times - arrived[one].times for one in again} <= {1}
    # What had left this process, or was just about to, nobody can call back.
    accepted = {one for one, known in scene.ledger().items() if known.state == "accepted"}
    scene.counts["received from who was overtaken"] += len(again)
    scene.counts["received from who was overtaken, after acceptance"] += len(again & accepted)
    scene.excused |= again


TABLES = {
    "mappings": "target, mapping", "runs": "id", "batches": "id",
    "conversions": "destination, conversion_id", "amounts": "batch, day, currency",
}  # fmt: skip


def _tables(scene: Scene) -> dict[str, list[tuple[Any, ...]]]:
    return {name: scene.read(f"select * from {name} order by {by}") for name, by in TABLES.items()}


def crowd(scene: Scene, random: Random) -> None:
    """Two or three syncs at once, of which one may be killed."""
    scene.order(random, rows=random.randint(20, 60), bad=0.01)
    syncs = []
    for _ in range(random.choice((2, 3))):
        patience = random.choice(({}, {"wait": True}, {"skip_if_running": True}))
        names = random.choice(((), ("purchases",), ("copies",), ("copies", "purchases")))
        syncs.append(scene.start(**_how(random, names=names, **patience)))
    scene.counts["syncs at once"] += len(syncs)
    if random.random() < 0.5:
        _after(syncs[0], random.uniform(0.02, TICK_SECONDS), signal.SIGKILL)
        scene.counts["killed among others"] += ended(syncs[0]) == KILLED
    for sync in syncs:
        ended(sync)


def interrupted(scene: Scene, random: Random) -> None:
    """The command is told to stop, once or twice, or is killed, at a line that it prints."""
    scene.order(random, rows=random.randint(20, 60), bad=0.01)
    step = random.choice(("begun", "read", "claimed", "sent", "answered", "accepted"))
    how = _how(random, names=("purchases",))
    sync = scene.start(**how, words=random.choice((("--wait",), ("--json",))))
    sync.until(lambda: step in sync.steps())
    numbers = random.choice(
        ((signal.SIGINT,), (signal.SIGTERM,), (signal.SIGTERM,) * 2, (signal.SIGKILL,))
    )
    for number in numbers:
        _after(sync, random.uniform(0, 0.05), number)
    code = ended(sync)
    # Once all is recorded, a signal has nothing to finish any more.
    is_over = "ended" in sync.steps()
    assert is_over or code in {0, 4, 7, KILLED}, (code, sync.told.read_text("utf-8")[-2000:])
    scene.counts["the command killed" if code == KILLED else "the command interrupted"] += 1


def slept(scene: Scene, random: Random) -> None:
    scene.begin()
    scene.skip(random.uniform(20, 60))


Incident = Callable[[Scene, Random], None]
OTHERS: tuple[Incident, ...] = (
    killed_sometime, stopped, stopped, crowd, interrupted, slept,
)  # fmt: skip
