"""Requests that carry several writes: what X answers, and what was done when it does not."""

import pytest
from campaigns.bureau import Killed
from campaigns_apply.office import Office

from connector.errors import ConfigurationError, StoppedError, UnreachableError

COMMITTED = ("reset_after_commit", "error_500_after_commit")
LOST = ("reset",)
REFUSED = ("unavailable", "rate_limited")


def whole(office: Office, text: str) -> None:
    """All of a file is there, once."""
    office.at_ease()
    assert office.plan(text, prune=True).difference.changes == ()
    assert office.bureau.twice() == {}
    assert all(entry.state in {"done", "adopted"} for entry in office.bureau.journal())


@pytest.mark.parametrize("fault", [*COMMITTED, *LOST, *REFUSED])
def test_every_request_may_meet_a_fault_and_nothing_is_made_twice(
    office: Office, fault: str
) -> None:
    text = office.text(campaigns=2, items=1, status="ACTIVE")
    office.failing(*([fault] if fault in COMMITTED else [fault, ""]) * 20)
    _, outcome = office.apply(text)
    assert outcome.error is None
    whole(office, text)


@pytest.mark.parametrize("fault", COMMITTED)
def test_what_was_done_all_the_same_is_found_and_not_sent_again(office: Office, fault: str) -> None:
    text = office.text(campaigns=2, items=1)
    office.failing(*[fault] * 20)
    _, outcome = office.apply(text)
    assert outcome.error is None
    assert office.writes() == [
        "campaigns", "line_items", "targeting_criteria", "promoted_tweets", "promoted_tweets",
    ]  # fmt: skip
    whole(office, text)


@pytest.mark.parametrize("fault", [*COMMITTED, *LOST])
def test_deletions_that_had_no_answer_are_done_once(office: Office, fault: str) -> None:
    office.applied(office.text(campaigns=1, items=3, ads=2))
    fewer = office.text(campaigns=1, items=1, ads=1, criteria=1)
    office.failing(*([fault, ""] if fault in LOST else [fault]) * 20)
    _, outcome = office.apply(fewer, prune=True)
    assert outcome.error is None
    whole(office, fewer)


def test_changes_that_had_no_answer_are_sent_again(office: Office) -> None:
    text = office.text(campaigns=2, items=1)
    office.applied(text)
    changed = text.replace("25.00", "30.00").replace("1.50", "2.50")
    office.failing("reset", "error_500_after_commit", "", "reset_after_commit")
    _, outcome = office.apply(changed)
    assert outcome.error is None
    whole(office, changed)


def test_after_three_unclear_answers_a_run_gives_up_and_the_next_goes_on(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    office.failing("reset", "reset", "reset")
    _, outcome = office.apply(text)
    assert isinstance(outcome.error, UnreachableError)
    assert "run the same command again" in str(outcome.error)
    office.at_ease()
    assert office.applied(text).difference.changes
    whole(office, text)


def test_another_users_tweet_is_found_again_after_an_answer_that_was_lost(office: Office) -> None:
    [foreign] = office.bureau.tweets(foreign=True)
    text = office.text(campaigns=1, items=1, criteria=0).replace(
        "promoted_tweets: [", f"promoted_tweets: [{foreign}, "
    )
    office.failing("unavailable", "unavailable", "reset_after_commit")
    _, outcome = office.apply(text)
    assert outcome.error is None
    [item] = office.bureau.named("line_items", "pots 0")
    rows = office.bureau.stranger.rows("promoted_tweets", line_item_ids=item["id"])
    assert len(rows) == 3
    whole(office, text)


@pytest.mark.parametrize("fault", [*COMMITTED, ""])
def test_what_was_promoted_by_hand_is_not_taken_for_another_users_tweet(
    office: Office, fault: str
) -> None:
    text = office.text(campaigns=1, items=1, criteria=0, ads=1)
    office.applied(text)
    [item] = office.bureau.named("line_items", "pots 0")
    by_hand = office.tweets[5]
    office.bureau.stranger.done(
        "POST", "promoted_tweets", line_item_id=item["id"], tweet_ids=by_hand
    )
    [foreign] = office.bureau.tweets(foreign=True)
    more = text.replace("promoted_tweets: [", f"promoted_tweets: [{foreign}, ")
    if fault:
        office.failing(fault)
        office.apply(more)
    else:
        office.bureau.killing("answered", 1)
        with pytest.raises(Killed):
            office.apply(more)
    office.at_ease()
    assert office.applied(more).difference.of("create") == ()
    [left] = office.plan(more).difference.changes
    assert (left.kind, left.title) == ("unmanaged", f"promoted tweet {by_hand} ({left.id})")


def test_the_tweets_of_one_request_are_not_taken_for_copies_of_the_next(office: Office) -> None:
    stranger = office.bureau.stranger
    [foreign] = office.bureau.tweets(foreign=True)
    own = [stranger.tweet(f"pot number {one}")["id_str"] for one in range(51)]
    office.tweets = [*own, foreign]
    text = office.text(campaigns=1, items=1, criteria=0, ads=52)
    office.failing("", "", "", "reset_after_commit")
    _, outcome = office.apply(text)
    assert outcome.error is None
    whole(office, text)


def test_a_batch_that_x_refuses_is_refused_as_a_whole(office: Office) -> None:
    text = office.text(campaigns=2, items=1)
    wrong = text.replace(office.bureau.stranger.funding, "zzzzz", 1)
    _, outcome = office.apply(wrong)
    assert isinstance(outcome.error, ConfigurationError)
    assert "FUNDING_INSTRUMENT_NOT_FOUND: operation 1" in str(outcome.error)
    assert str(outcome.error).endswith("it is the campaign spring 0")
    assert outcome.written == 0
    assert {entry.state for entry in office.bureau.journal()} == {"refused"}
    office.applied(text)
    assert office.plan(text).difference.changes == ()
    assert office.bureau.twice() == {}


def test_a_stop_ends_it_between_two_requests(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    _, outcome = office.apply(text, stopping=lambda: "answered" in office.bureau.telling.steps)
    assert isinstance(outcome.error, StoppedError)
    assert outcome.written == 1
    office.applied(text)
    assert office.plan(text).difference.changes == ()
    assert office.bureau.twice() == {}


def test_forty_writes_leave_in_one_request_and_no_more(office: Office) -> None:
    office.tweets = office.tweets[:1]
    text = office.text(campaigns=45, items=1, ads=0, criteria=0)
    plan = office.applied(text)
    assert [len(one.writes) for one in plan.requests] == [40, 5, 40, 5]
    assert office.writes() == ["campaigns"] * 2 + ["line_items"] * 2


def test_what_was_meant_otherwise_before_is_made_as_it_is_meant_now(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    office.failing("reset", "reset", "reset")
    office.apply(text)
    office.at_ease()
    other = text.replace("25.00", "27.00")
    office.applied(other)
    assert office.plan(other, prune=True).difference.changes == ()
    assert office.bureau.twice() == {}
    reasons = {entry.reason for entry in office.bureau.journal() if entry.state == "refused"}
    assert reasons == {"superseded"}


def test_what_an_unclear_run_made_is_changed_to_what_is_meant_now(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    office.bureau.killing("answered", 1)
    with pytest.raises(Killed):
        office.apply(text)
    office.at_ease()
    other = text.replace("25.00", "27.00")
    plan = office.applied(other)
    first = plan.difference.changes[0]
    assert (first.kind, first.entity) == ("update", "campaign")
    assert office.bureau.twice() == {}
    assert len(office.bureau.named("campaigns", "spring 0")) == 1


def test_what_an_earlier_run_may_have_sent_is_looked_for_before_a_refusal_counts(
    office: Office,
) -> None:
    text = office.text(campaigns=1, items=1).replace(office.bureau.stranger.funding, "zzzzz")
    office.bureau.killing("sent", 1)
    with pytest.raises(Killed):
        office.apply(text)
    office.at_ease()
    [entry] = office.bureau.journal()

    def arrives(step: str) -> None:
        if step == "sent" and not office.bureau.named("campaigns", "spring 0"):
            office.bureau.stranger.campaign(name=f"spring 0 [{entry.token}]")

    office.bureau.telling.after = arrives
    _, outcome = office.apply(text)
    assert outcome.error is None
    assert len(office.bureau.named("campaigns", "spring 0")) == 1
    assert office.bureau.journal()[0].state == "adopted"
