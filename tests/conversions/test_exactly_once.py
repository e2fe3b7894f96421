"""Whatever X answers, whenever a run dies: nothing is lost, and nothing accepted goes out again.

With SOAK=1 (or more) in the environment there are many more lives of a ledger.
"""

import os
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

from delivery import (
    REFUSED_PORT,
    TIMED_OUT,
    Reply,
    Scene,
    Way,
    accept,
    acknowledged,
    answer,
    error,
    ids_of,
    made_at,
    mapped,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.conversions.replay import Replay
from connector.conversions.requests import Batch
from connector.conversions.tally import Tally
from connector.state.resolution import Word

EXAMPLES = 1000 * int(os.environ.get("SOAK", "0")) or 30
IDS = tuple(f"row-{number}" for number in range(12))
HOURS_47 = 47 * 3600
UNCLEAR: dict[str, Reply] = {
    "timed out": TIMED_OUT, "failed": answer(500), "unavailable": answer(503),
    "short": acknowledged(0), "gone": answer(408),
}  # fmt: skip
NOT_PROCESSED: dict[str, Reply] = {
    "limited": answer(429), "told to wait": answer(503, retry_after="30"), "locked": answer(423),
    "far": answer(429, retry_after="5000"), "refused port": REFUSED_PORT, "signed out": answer(401),
    "no token": None, "unknown event": answer(404), "redirected": answer(302),
}  # fmt: skip
STEPS = ("fine", "fine", "fine", "fine", "crash", *UNCLEAR, *NOT_PROCESSED)


class CrashError(Exception):
    """The process dies here."""


@dataclass(kw_only=True)
class X:
    """What arrived, and what a sender may know of it.

    `allowed` is what a person lets count once more, though it was accepted; `doubled` all that
    ever was.
    """

    scene: Scene
    bad: frozenset[str]
    steps: deque[str] = field(default_factory=deque)
    holding: bool = False
    acknowledged: set[str] = field(default_factory=set)
    doubted: dict[str, float] = field(default_factory=dict)
    stop_after: int = 1000
    target: str = "x"
    allowed: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)

    def at_target(self, ids: Iterable[str]) -> set[str]:
        return {f"{self.target} {one}" for one in ids}

    def allow(self, ids: Iterable[str]) -> None:
        """A person's word: these may be sent though X may have them."""
        named = self.at_target(ids)
        self.allowed |= named
        self.doubled |= named
        for one in named:
            self.doubted.pop(one, None)

    def reply(self, batch: Batch) -> Reply:
        ids = self.at_target(ids_of(batch))
        self._judge(ids)
        self.stop_after -= 1
        self.scene.stopping = self.stop_after <= 0
        step = self.steps.popleft() if self.steps else "fine"
        if step in NOT_PROCESSED:
            return NOT_PROCESSED[step]
        if step == "fine" and set(ids_of(batch)) & self.bad:
            return answer(400, error(parameter="value"))
        if step == "fine":
            self.acknowledged |= ids
            self.allowed -= ids
            return accept(batch)
        for one in ids:
            self.doubted.setdefault(one, self.scene.clock)
        if step == "crash":
            raise CrashError
        return UNCLEAR[step]

    def _judge(self, ids: set[str]) -> None:
        assert ids, "a request is never empty"
        again = ids & self.acknowledged - self.allowed
        assert not again, "what was accepted is not sent again unless a person says so"
        for one in ids & set(self.doubted):
            assert not self.holding, "who holds never sends twice"
            age = self.scene.clock - self.doubted[one]
            assert age < HOURS_47, "a doubt is sent again inside its window alone"


@dataclass(frozen=True, kw_only=True)
class Run:
    mapping: str
    ids: frozenset[str]
    events: int
    content: str
    hours: int
    steps: tuple[str, ...]
    stop_after: int
    senders: int
    target: str = "x"
    rules: str = "rules"
    replay: Literal["plain", "double"] | None = None
    word: Word | None = None


RUN = st.builds(
    Run,
    mapping=st.sampled_from(["purchases", "purchases", "refunds"]),
    ids=st.frozensets(st.sampled_from(IDS), min_size=1),
    events=st.sampled_from([1, 1, 3]),
    content=st.sampled_from("ab"),
    hours=st.sampled_from([0, 1, 30, 46, 48, 49]),
    steps=st.lists(st.sampled_from(STEPS), max_size=14).map(tuple),
    stop_after=st.sampled_from([1, 2, 5, 1000, 1000, 1000]),
    senders=st.sampled_from([1, 3]),
    target=st.sampled_from(["x", "x", "x", "http://127.0.0.1:8490"]),
    rules=st.sampled_from(["rules", "rules", "edited"]),
    replay=st.sampled_from([None, None, "plain", "double"]),
    word=st.sampled_from([None, None, None, "resend", "assume_accepted"]),
)


def sync(x: X, run: Run, in_doubt: Literal["resend", "hold"]) -> Tally | None:
    """A run to its end, None when it died."""
    scene = x.scene
    scene.clock += run.hours * 3600
    scene.stopping, x.stop_after, x.steps = False, run.stop_after, deque(run.steps)
    scene.usually, x.target = x.reply, run.target
    if run.word is not None:
        decide(x, run, run.word)
    double = run.replay == "double"
    way = Way(
        mapping=run.mapping, in_doubt=in_doubt, senders=run.senders, target=run.target,
        rules=run.rules, replay=Replay(allow_double_count=double) if run.replay else None,
    )  # fmt: skip
    if double:
        scene.agree = lambda _: x.allow(in_state(scene, run, "accepted"))
    events = [
        mapped(sorted(f"{event}/{one}" for one in run.ids), event_id=f"e{event}",
               content=run.content)
        for event in range(run.events)
    ]  # fmt: skip
    tally = None
    with suppress(CrashError):
        tally = scene.sync(*events, way=way)
    scene.agree = lambda _: None
    # What X refuses though it had accepted it before, or what never left, is accepted as before.
    x.allowed -= x.at_target(in_state(scene, run, "accepted"))
    return tally


def decide(x: X, run: Run, word: Word) -> None:
    """A person's word on all that is undecided."""
    undecided = ("held", "in_doubt", "sent", "claimed")
    everything = replace(run, ids=frozenset(IDS), events=3)
    before = in_state(x.scene, everything, *undecided, mapping=run.mapping)
    x.scene.resolve(word, mapping=run.mapping, target=run.target)
    after = {"resend": "refused", "assume_accepted": "accepted"}[word]
    decided = before & in_state(x.scene, everything, after, mapping=run.mapping)
    if word == "resend":
        x.allow(decided)
    else:
        x.acknowledged |= x.at_target(decided)


def in_state(scene: Scene, run: Run, *states: str, mapping: str | None = None) -> set[str]:
    """The rows of a run, of a mapping or of all, that the ledger has in one of these states."""
    found = set()
    for event in range(run.events):
        ids = [f"{event}/{one}" for one in run.ids]
        known = scene.known(*ids, event_id=f"e{event}", target=run.target)
        found |= {
            one for one, past in known.items()
            if past.state in states and mapping in (None, past.mapping)
        }  # fmt: skip
    return found


def states_of(scene: Scene, run: Run) -> Counter[str]:
    """What the ledger says of the rows of a run; `theirs` is what another mapping must end."""
    found = Counter({"open batches": scene.open_batches(run.mapping, target=run.target)})
    for event in range(run.events):
        ids = [f"{event}/{one}" for one in run.ids]
        known = scene.known(*ids, event_id=f"e{event}", target=run.target)
        for one in ids:
            state = known[one].state if one in known else "unknown"
            own = one not in known or known[one].mapping == run.mapping
            found[state if own or state in {"accepted", "refused", "held"} else "theirs"] += 1
    return found


def check(run: Run, tally: Tally, states: Counter[str], doubled: set[str]) -> None:
    """The counts add up, and say of each row what the ledger says.

    What X has accepted stays so, whatever became of it when it was sent once more.
    """
    again = sum(f"{run.target} {e}/{one}" in doubled for e in range(run.events) for one in run.ids)
    rows = tally.rows
    assert sum(rows.values()) == len(run.ids) * run.events
    assert min(rows.values()) >= 0
    assert all(sum(tally.reasons[o].values()) == rows[o] for o in ("held", "pending", "in_doubt"))
    assert states["claimed"] == states["sent"] == states["open batches"] == 0
    fallen_back = states["accepted"] - rows["accepted"] - rows["deduplicated"]
    assert 0 <= fallen_back <= min(again, rows["refused"] + rows["pending"] + rows["in_doubt"])
    assert rows["held"] == states["held"]
    assert rows["refused"] <= states["refused"] + fallen_back
    assert rows["pending"] >= states["unknown"] + states["theirs"]
    unfinished = rows["pending"] + rows["in_doubt"]
    assert unfinished >= states["in_doubt"]
    assert (tally.unfinished_cursor is not None) == bool(unfinished)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    runs=st.lists(RUN, min_size=1, max_size=6),
    bad=st.frozensets(st.sampled_from(IDS), max_size=4),
    in_doubt=st.sampled_from(["resend", "hold"]),
)
def test_nothing_is_lost_and_nothing_accepted_goes_out_again(
    new_url: Callable[[], str],
    runs: list[Run],
    bad: frozenset[str],
    in_doubt: Literal["resend", "hold"],
) -> None:
    scene = made_at(new_url())
    wrong = frozenset(f"{event}/{one}" for event in range(3) for one in bad)
    x = X(scene=scene, bad=wrong, holding=in_doubt == "hold")
    for run in runs:
        tally = sync(x, run, in_doubt)
        if tally is not None:
            check(run, tally, states_of(scene, run), x.doubled)


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(runs=st.lists(RUN, min_size=1, max_size=4))
def test_what_is_resent_arrives_in_the_end(new_url: Callable[[], str], runs: list[Run]) -> None:
    scene = made_at(new_url())
    x = X(scene=scene, bad=frozenset())
    for run in runs:
        sync(x, run, "resend")
    last = Run(
        mapping="purchases", ids=frozenset(IDS), events=3, content="a", hours=0, steps=(),
        stop_after=1000, senders=1,
    )  # fmt: skip
    for mapping in ("refunds", "purchases"):
        run = replace(last, mapping=mapping)
        assert sync(x, run, "resend") is not None
    states = +states_of(scene, last)
    assert set(states) <= {"accepted", "held"}
    assert states["held"] <= len(x.doubted)
