"""An apply that dies anywhere is finished by the next one, with nothing made twice."""

import os
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from campaigns.bureau import Killed
from campaigns_apply.conftest import MakeOffice
from campaigns_apply.office import Office

from connector.campaigns import writes
from connector.errors import ConfigurationError

ROUNDS = 40 if os.environ.get("SOAK") else 3
STEPS = (
    ("planned", 1), ("planned", 3), ("sent", 1), ("sent", 3), ("answered", 1), ("answered", 2),
    ("answered", 4), ("done", 1), ("done", 3), ("done", 6), ("done", 11), ("answered", 7),
)  # fmt: skip


def whole(office: Office, text: str) -> None:
    office.at_ease()
    office.applied(text)
    office.writes()
    assert office.applied(text, prune=True).difference.changes == ()
    assert office.writes() == []
    assert office.bureau.twice() == {}
    assert {one.state for one in office.bureau.journal()} <= {"done", "adopted", "refused"}
    rows = Counter(row["name"] for row in office.bureau.stranger.rows("campaigns", count=1000))
    assert max(rows.values()) == 1


@pytest.mark.parametrize(("step", "count"), STEPS)
def test_the_next_run_finishes_what_died_at_a_step(office: Office, step: str, count: int) -> None:
    text = office.text(campaigns=2, items=1, status="ACTIVE")
    office.bureau.killing(step, count)
    with pytest.raises(Killed):
        office.apply(text)
    whole(office, text)


def test_a_run_that_died_after_the_answer_is_lost_takes_up_what_it_made(office: Office) -> None:
    text = office.text(campaigns=2, items=1)
    office.bureau.killing("answered", 1)
    with pytest.raises(Killed):
        office.apply(text)
    office.at_ease()
    office.writes()
    office.applied(text)
    assert "campaigns" not in office.writes()
    made = [one for one in office.bureau.journal() if one.entity == "campaign"]
    assert {one.state for one in made} == {"adopted"}
    whole(office, text)


def test_what_may_be_on_its_way_is_waited_for_and_taken_up(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    office.bureau.killing("sent", 1)
    with pytest.raises(Killed):
        office.apply(text)
    office.at_ease()
    [entry] = office.bureau.journal()
    assert (entry.state, entry.entity_ids) == ("sent", ())

    def arrives(seconds: float) -> None:
        office.bureau.waited.append(seconds)
        if len(office.bureau.waited) == 2:
            office.bureau.stranger.campaign(name=f"spring 0 [{entry.token}]")

    _, outcome = office.apply(text, pause=arrives)
    assert outcome.error is None
    assert office.bureau.waited == [3.0, 7.0]
    assert len(office.bureau.named("campaigns", "spring 0")) == 1
    whole(office, text)


def test_a_plan_is_refused_when_another_run_died_over_it_meanwhile(office: Office) -> None:
    text = office.text(campaigns=1, items=1)

    def dies() -> None:
        office.bureau.killing("sent", 1)
        with pytest.raises(Killed):
            office.apply(text)
        office.at_ease()

    with pytest.raises(ConfigurationError, match="the plan is stale"):
        office.apply(text, between=dies)
    assert office.bureau.named("campaigns", "spring 0") == []
    whole(office, text)


@pytest.mark.parametrize("step", ["planned", "sent", "answered", "done"])
def test_whatever_the_state_is_kept_in(
    make_office: MakeOffice, new_url: Callable[[], str], step: str
) -> None:
    office = make_office(state=new_url())
    text = office.text(campaigns=2, items=1)
    office.bureau.killing(step, 3)
    with pytest.raises(Killed):
        office.apply(text)
    whole(office, text)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_runs_that_die_again_and_again_under_faults_come_to_the_same_end(
    make_office: MakeOffice, seed: int
) -> None:
    random = Random(seed)
    office = make_office(seed=seed)
    [foreign] = office.bureau.tweets(foreign=True)
    deaths = 0
    for lap in range(4):
        text = office.text(
            campaigns=random.randint(1, 3), items=random.randint(1, 3), ads=random.randint(1, 3),
            status=random.choice(["ACTIVE", "PAUSED"]),
        )  # fmt: skip
        text = text.replace("25.00", f"{25 + lap}.00").replace(
            "promoted_tweets: [", f"promoted_tweets: [{foreign}, ", 1
        )
        for _ in range(3):
            step = random.choice(["planned", "taken", "sent", "answered", "unclear", "done"])
            _dying(office, random, step if deaths else "sent")
            try:
                office.apply(text, prune=True)
            except Killed:
                deaths += 1
            office.at_ease()
        office.applied(text, prune=True)
        whole(office, text)
    assert deaths


def _dying(office: Office, random: Random, step: str) -> None:
    """The next run meets faults, and dies at a step."""
    faults = ["reset_after_commit", "reset", "error_500_after_commit"]
    office.failing(*random.choices(faults, k=random.randint(0, 3)))
    fail = office.bureau.telling.after
    office.bureau.killing(step, random.randint(1, 6) if step != "sent" else 1)
    die = office.bureau.telling.after

    def after(reached: str) -> None:
        fail(reached)
        die(reached)

    office.bureau.telling.after = after


def test_the_journal_says_what_became_of_changes_that_a_dead_run_had_sent(office: Office) -> None:
    text = office.text(campaigns=1, items=2, ads=2)
    office.applied(text)
    fewer = office.text(campaigns=1, items=1, ads=1).replace("25.00", "20.00")
    done = 0
    while True:
        office.bureau.killing("answered", 1)
        try:
            office.apply(fewer, prune=True)
        except Killed:
            done += 1
        else:
            break
    assert done == 6
    whole(office, fewer)
    ends = {one.what.partition(" ")[0]: one.state for one in office.bureau.journal()}
    assert ends == {"POST": "done", "DELETE": "adopted", "PUT": "adopted"}


def test_what_a_command_was_to_delete_is_told_by_that_command_all_the_same(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    office.applied(text)
    gone = office.bureau.stranger.campaign(name="by hand")["id"]
    kept = office.bureau.stranger.campaign(name="kept")["id"]
    for id_, step in ((gone, "answered"), (kept, "sent")):
        office.bureau.killing(step, 1)
        with pytest.raises(Killed):
            office.bureau.write(writes.deleting("campaign", id_))
    office.at_ease()
    office.applied(text)
    assert [one.state for one in office.bureau.journal()[-2:]] == ["adopted", "sent"]
    for id_ in (gone, kept):
        assert office.bureau.write(writes.deleting("campaign", id_)).status == "deleted"
    assert sorted(office.bureau.asked("DELETE")) == sorted(
        [f"campaigns/{kept}", f"campaigns/{gone}"]
    )


def test_what_another_run_has_recorded_meanwhile_is_let_be(office: Office) -> None:
    office.applied(office.text(campaigns=1, items=1))
    text = office.text(campaigns=1, items=1).replace("25.00", "20.00")
    office.bureau.killing("answered", 1)
    with pytest.raises(Killed):
        office.apply(text)
    office.at_ease()
    _, outcome = office.apply(text, between=lambda: office.applied(text))
    assert outcome.error is None
    whole(office, text)
