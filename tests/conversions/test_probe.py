import json
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from delivery import (
    REFUSED_PORT,
    START,
    TIMED_OUT,
    Reply,
    Scene,
    acknowledged,
    answer,
    error,
    made_at,
)

from connector.api import Silence
from connector.budgets.budget import Account, Budget
from connector.conversions.probe import Verified, destination, made_up, send_twice
from connector.conversions.world import Job, Options, World
from connector.errors import Exit
from connector.project.mapping import Mapping
from connector.state import database

NOW = datetime.fromtimestamp(START, UTC)
PROBE = made_up("o8z6j", "o87ne", now=NOW, mark="ab12cd")


BUDGET = Budget(name="b", amount=1, seconds=1)


@dataclass
class Waiting:
    """Budgets that let a request leave after these waits."""

    waits: deque[float] = field(default_factory=deque)
    remaining: list[int] = field(default_factory=list)

    def take(self, budget: Budget, amount: int) -> float:
        return self.waits.popleft() if self.waits else 0.0

    def told(self, budget: Budget, *, limit: int, remaining: int, resets_in: float) -> None:
        self.remaining.append(remaining)

    def used(self, budget: Budget) -> int:
        return 0


class Named:
    """As much of a mapping as a probe asks for."""

    name = "purchases"


@pytest.fixture
def scene(url: str) -> Scene:
    return made_at(url)


@pytest.fixture
def world(scene: Scene, tmp_path: Path) -> Iterator[World]:
    with database.opened(scene.place) as state:
        yield World(
            database=state, open_source=cast("Any", None), lock=nullcontext, post=scene.post,
            budget=Account(budget=BUDGET, budgets=Waiting()), now=lambda: NOW, pause=scene.pause,
            random=lambda: 1.0, stopping=lambda: False, progress=Silence(), folder=tmp_path,
            confirm=lambda _: False,
        )  # fmt: skip


def verified(scene: Scene, world: World, *replies: Reply) -> Verified:
    scene.script.extend(replies)
    job = Job(
        mapping=cast("Mapping", Named()), run_id="probe", target="x", live=True, pixel_scope=True,
        options=Options(),
    )  # fmt: skip
    return send_twice(job, world, PROBE)


@pytest.mark.parametrize(
    ("replies", "state", "ending", "sent"),
    [
        ((acknowledged(1), acknowledged(1)), "accepted", Exit.DONE, 2),
        ((acknowledged(1), TIMED_OUT), "accepted", Exit.UNFINISHED, 2),
        ((acknowledged(1), answer(400, error())), "accepted", Exit.CONFIGURATION, 2),
        ((TIMED_OUT, acknowledged(1)), "accepted", Exit.UNFINISHED, 2),
        ((TIMED_OUT, answer(500)), "in_doubt", Exit.UNFINISHED, 2),
        ((TIMED_OUT, answer(401)), "in_doubt", Exit.UNAUTHORIZED, 2),
        ((answer(400, error(parameter="event_id")),), "refused", Exit.CONFIGURATION, 1),
        ((answer(404),), None, Exit.CONFIGURATION, 1), ((None,), None, Exit.UNAUTHORIZED, 1),
        ((answer(403),), None, Exit.UNAUTHORIZED, 1), ((answer(429),), None, Exit.UNFINISHED, 1),
        ((REFUSED_PORT,), None, Exit.UNREACHABLE, 1),
    ],
)  # fmt: skip
def test_each_answer_is_kept_and_ends_as_it_should(
    scene: Scene, world: World, replies: tuple[Reply, ...], state: str | None, ending: Exit,
    sent: int,
) -> None:  # fmt: skip
    found = verified(scene, world, *replies)
    assert (found.state, found.ending) == (state or "not_sent", ending)
    assert len(found.answers) == len(scene.posts) == sent
    assert scene.states(PROBE.conversion_id) == [state]
    assert scene.open_batches("purchases") == 0


def test_a_budget_is_waited_for(scene: Scene, world: World) -> None:
    waiting = Waiting(waits=deque([3.0, 0.0, 2.0]))
    patient = replace(world, budget=Account(budget=BUDGET, budgets=waiting))
    limits = {f"x_account_rate_limit_{name}": "7" for name in ("limit", "remaining", "reset")}
    assert verified(scene, patient, acknowledged(1), answer(429, **limits)).state == "accepted"
    assert scene.pauses == [3.0, 2.0]
    assert waiting.remaining == [7]


@pytest.mark.parametrize(
    ("pixel", "event", "found"),
    [
        ("o8z6j", "o87ne", ("o8z6j", "o87ne")), ("o8z6j", "tw-o8z6j-o87ne", ("o8z6j", "o87ne")),
        ("o8z6j", "tw-other-o87ne", None), ("O8Z6J", "o87ne", None), ("o8z6j", "o87 ne", None),
        ("", "o87ne", None),
    ],
)  # fmt: skip
def test_a_full_event_id_has_to_be_of_the_pixel(
    pixel: str, event: str, found: tuple[str, str] | None
) -> None:
    assert destination(pixel, event) == found


def test_the_conversion_says_what_it_is() -> None:
    assert PROBE.conversion_id == f"connector-verify-dedup-{NOW:%Y%m%dT%H%M%SZ}-ab12cd"
    body = json.loads(PROBE.body)
    assert body["event_id"] == "tw-o8z6j-o87ne"
    assert body["conversion_time"] == f"{NOW:%Y-%m-%dT%H:%M:%S}.000Z"
