"""X becomes as a file has it, once."""

from decimal import Decimal

import pytest
from campaigns_apply.office import Office

from connector.api import applying
from connector.campaigns import file, telling
from connector.campaigns.naming import without_token
from connector.errors import AlreadyRunningError, ConfigurationError, Exit, UnreachableError
from connector.state.lock import named_lock
from connector.state.place import place_of


def said(office: Office, text: str, **how: bool) -> list[str]:
    """The lines of a plan."""
    return [f"{one.mark} {one.text}" for one in telling.lines(office.plan(text, **how).difference)]


def test_a_tree_is_made_and_a_second_apply_writes_nothing(office: Office) -> None:
    text = office.text()
    plan, outcome = office.apply(text)
    assert outcome.error is None
    assert telling.counts(plan.difference)["create"] == 2 + 4 + 8 + 8
    assert office.writes() == [
        "campaigns", "line_items", "targeting_criteria", *["promoted_tweets"] * 4,
    ]  # fmt: skip
    again, nothing = office.apply(text)
    assert again.difference.changes == ()
    assert nothing.written == 0
    assert office.writes() == []
    assert office.bureau.twice() == {}


def test_what_is_made_is_paused_unless_the_file_says_otherwise(office: Office) -> None:
    text = "".join(
        line for line in office.text(campaigns=1).splitlines(keepends=True)
        if "entity_status" not in line
    )  # fmt: skip
    office.applied(text)
    assert {row["entity_status"] for row in office.bureau.named("campaigns", "spring 0")} == {
        "PAUSED"
    }


def test_what_is_to_be_active_begins_when_all_of_it_is_there(office: Office) -> None:
    plan, outcome = office.apply(office.text(campaigns=1, items=1, ads=1, status="ACTIVE"))
    assert outcome.error is None
    assert office.writes() == [
        "campaigns", "campaigns", "line_items", "line_items", "targeting_criteria",
        "promoted_tweets",
    ]  # fmt: skip
    assert [(one.entity, one.verb) for one in plan.requests][-3:] == [
        ("promoted_tweet", "create"), ("line_item", "update"), ("campaign", "update"),
    ]  # fmt: skip
    assert office.bureau.named("campaigns", "spring 0")[0]["entity_status"] == "ACTIVE"
    assert office.plan(office.text(campaigns=1, items=1, ads=1, status="ACTIVE")).requests == ()


def test_a_change_by_hand_is_what_the_plan_shows_and_nothing_else(office: Office) -> None:
    text = office.text()
    office.applied(text)
    stranger = office.bureau.stranger
    [campaign] = office.bureau.named("campaigns", "spring 1")
    stranger.done("PUT", f"campaigns/{campaign['id']}", daily_budget_amount_local_micro=31_000_000)
    plan = office.plan(text)
    [change] = plan.difference.changes
    assert [(one.known.name, one.before, one.after) for one in change.fields] == [
        ("daily_budget_amount_local", 31_000_000, 25_000_000)
    ]
    assert change.id == campaign["id"]
    office.applied(text)
    assert office.plan(text).difference.changes == ()


def test_what_was_deleted_by_hand_is_made_again(office: Office) -> None:
    text = office.text()
    office.applied(text)
    stranger = office.bureau.stranger
    [item] = [
        one for one in office.bureau.named("line_items", "pots 1")
        if one["campaign_id"] == office.bureau.named("campaigns", "spring 0")[0]["id"]
    ]  # fmt: skip
    stranger.done("DELETE", f"line_items/{item['id']}")
    plan = office.applied(text)
    assert [one.kind for one in plan.difference.changes] == ["create"] * 5
    assert office.plan(text).difference.changes == ()


def test_what_stands_beside_the_file_is_shown_and_deleted_only_when_that_is_said(
    office: Office,
) -> None:
    office.applied(office.text(campaigns=1))
    fewer = office.text(campaigns=1, items=1, ads=1)
    [tweets, item] = said(office, fewer)
    assert tweets.startswith("! promoted tweet of line item pots 0 of campaign spring 0: ")
    assert tweets.endswith("at X and not in the file; --prune deletes it")
    assert item.startswith("! line item pots 1 (")
    office.writes()
    office.applied(fewer)
    assert office.writes() == []
    plan = office.applied(fewer, prune=True)
    assert [(one.entity, one.verb) for one in plan.requests] == [
        ("promoted_tweet", "delete"), ("promoted_tweet", "delete"),
        ("targeting_criterion", "delete"), ("line_item", "delete"), ("promoted_tweet", "delete"),
    ]  # fmt: skip
    assert office.plan(fewer, prune=True).difference.changes == ()
    assert len(office.bureau.named("line_items", "pots 1")) == 0


def test_a_field_is_taken_away_by_an_empty_value(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    office.applied(text.replace("end_time: ''", "end_time: 2027-04-01"))
    office.applied(text)
    assert office.bureau.named("line_items", "pots 0")[0]["end_time"] is None


def test_a_plan_is_refused_when_x_has_changed_since_it_was_made(office: Office) -> None:
    text = office.text()
    office.applied(text)
    [campaign] = office.bureau.named("campaigns", "spring 0")
    other = office.bureau.named("campaigns", "spring 1")[0]
    office.writes()

    def by_hand() -> None:
        office.bureau.stranger.done(
            "PUT", f"campaigns/{other['id']}", daily_budget_amount_local_micro=26_000_000
        )

    with pytest.raises(ConfigurationError, match="the plan is stale") as caught:
        office.apply(text.replace("25.00", "30.00"), between=by_hand)
    assert caught.value.exit_code == Exit.CONFIGURATION
    assert office.writes() == [f"campaigns/{other['id']}"]
    assert (
        office.bureau.named("campaigns", "spring 0")[0]["daily_budget_amount_local_micro"]
        == (campaign["daily_budget_amount_local_micro"])
    )


def test_a_plan_is_refused_when_another_run_has_begun_the_same(office: Office) -> None:
    text = office.text(campaigns=1)
    with pytest.raises(ConfigurationError, match="the plan is stale"):
        office.apply(text, between=lambda: office.applied(text))
    assert office.bureau.twice() == {}


def test_whoever_writes_to_the_account_is_waited_for_then_named(office: Office) -> None:
    bureau = office.bureau
    name = f"write {bureau.address.url} {bureau.stranger.account_id}"
    with named_lock(place_of(bureau.state, bureau.folder), name) as lock:
        assert lock.take()
        with pytest.raises(AlreadyRunningError):
            office.apply(office.text(campaigns=1))
    assert office.writes() == []


def test_a_plan_has_a_name_that_changes_with_file_option_and_x(office: Office) -> None:
    text = office.text(campaigns=1)
    first = office.plan(text).digest
    assert office.plan(text).digest == first
    assert office.plan(text, prune=True).digest != first
    assert office.plan(text.replace("25.00", "26.00")).digest != first
    office.applied(text)
    assert office.plan(text).digest != first


def test_what_x_refuses_is_named_and_what_was_done_stays(office: Office) -> None:
    text = office.text(campaigns=2).replace("place1", "place1, operator_type: GTE")
    wrong = text.replace("LOCATION, targeting_value: place1", "NONSENSE, targeting_value: place1")
    _, outcome = office.apply(wrong)
    assert outcome.written == 2 + 4
    assert isinstance(outcome.error, ConfigurationError)
    assert "INVALID_PARAMETER: operation 2" in str(outcome.error)
    assert str(outcome.error).endswith("it is the targeting NONSENSE GTE place1")
    again = office.applied(text)
    assert telling.counts(again.difference)["create"] == 8 + 8
    assert office.bureau.twice() == {}


def test_line_items_of_one_name_stand_in_campaigns_of_their_own(office: Office) -> None:
    office.applied(office.text(items=1))
    items = office.bureau.named("line_items", "pots 0")
    assert len({row["campaign_id"] for row in items}) == 2


def test_a_campaign_by_hand_of_the_same_name_is_taken_for_it(office: Office) -> None:
    campaign = office.bureau.stranger.campaign(name="spring 0")
    plan = office.plan(office.text(campaigns=1))
    assert plan.difference.things["campaigns", "0"].id == campaign["id"]


def test_two_of_the_same_name_are_told_apart_by_their_id_alone(office: Office) -> None:
    stranger = office.bureau.stranger
    ids = {stranger.campaign(name="spring 0")["id"] for _ in range(2)}
    with pytest.raises(ConfigurationError, match="X has several of this name") as caught:
        office.plan(office.text(campaigns=1))
    assert all(id_ in str(caught.value) for id_ in ids)
    assert str(caught.value).splitlines()[1].startswith("ads.yaml:2:")


def test_one_that_was_made_from_the_file_is_known_whatever_it_is_called_by_hand(
    office: Office,
) -> None:
    text = office.text(campaigns=1)
    office.applied(text)
    [campaign] = office.bureau.named("campaigns", "spring 0")
    office.bureau.stranger.done("PUT", f"campaigns/{campaign['id']}", name="renamed")
    [change] = office.plan(text).difference.changes
    assert (change.kind, change.id) == ("update", campaign["id"])
    assert change.fields[0].after == "spring 0"


def test_another_users_tweet_is_promoted_once_although_x_gives_it_another_id(
    office: Office,
) -> None:
    [foreign] = office.bureau.tweets(foreign=True)
    text = office.text(campaigns=1, items=1).replace(
        "promoted_tweets: [", f"promoted_tweets: [{foreign}, "
    )
    office.applied(text)
    [item] = office.bureau.named("line_items", "pots 0")
    rows = office.bureau.stranger.rows("promoted_tweets", line_item_ids=item["id"])
    assert len(rows) == 3
    assert foreign not in {row["tweet_id"] for row in rows}
    office.writes()
    assert office.applied(text, prune=True).difference.changes == ()
    assert office.writes() == []


def test_more_tweets_than_x_takes_at_once_leave_in_several_requests(office: Office) -> None:
    stranger = office.bureau.stranger
    office.tweets = [stranger.tweet(f"pot number {one}")["id_str"] for one in range(60)]
    text = office.text(campaigns=1, items=1, ads=60)
    plan = office.applied(text)
    assert [len(one.writes) for one in plan.requests if one.entity == "promoted_tweet"] == [50, 10]
    assert office.plan(text).difference.changes == ()


def test_a_rehearsal_shows_the_plan_and_writes_nothing(office: Office) -> None:
    office.bureau.configure(live="false")
    text = office.text(campaigns=1)
    with office.bureau.managed() as manager:
        wanted = file.read(text.encode(), "ads.yaml")
        plan = applying.plan_of(manager, wanted, prune=False)
        told = applying.document(manager, plan, applying.Outcome(), applied=False)
    assert told["live"] is False
    assert told["counts"]["create"] == 1 + 2 + 4 + 4
    assert office.writes() == []


def test_a_document_tells_every_change_with_its_id(office: Office) -> None:
    text = office.text(campaigns=1)
    with office.bureau.managed() as manager:
        plan = applying.plan_of(manager, file.read(text.encode(), "ads.yaml"), prune=False)
        told = applying.document(
            manager, plan, applying.carry_out(manager, plan), applied=True
        )  # fmt: skip
    assert (told["status"], told["exit_code"], told["applied"]) == ("succeeded", 0, True)
    assert told["written"] == 11
    [campaign] = office.bureau.named("campaigns", "spring 0")
    first = told["changes"][0]
    assert (first["entity"], first["id"]) == ("campaign", campaign["id"])
    assert Decimal(first["fields"]["daily_budget_amount_local"]["after"]) == 25
    assert without_token(first["fields"]["name"]["after"]) == "spring 0"
    assert all(one["id"] for one in told["changes"])
    assert told["requests"][0] == {
        "method": "POST", "path": f"batch/accounts/{office.bureau.stranger.account_id}/campaigns",
        "verb": "create", "writes": 1,
    }  # fmt: skip


def test_what_lets_more_be_spent_is_asked_about_and_nothing_else(office: Office) -> None:
    text = office.text(campaigns=1, items=1)
    assert office.applied(text).asks is False
    assert office.plan(text.replace("25.00", "20.00")).asks is False
    higher = office.plan(text.replace("25.00", "30.00"))
    [campaign] = higher.difference.changes
    assert list(higher.raises) == [f"{campaign.title}: daily_budget_amount_local 25.00 → 30.00 USD"]
    active = office.plan(text.replace("PAUSED", "ACTIVE"))
    assert [one.endswith("becomes active, up to 25.00 USD a day") for one in active.raises] == [
        True, False,
    ]  # fmt: skip
    assert active.asks
    fewer = text.replace("promoted_tweets: [", "promoted_tweets: [] # [")
    assert office.plan(fewer).asks is False
    assert office.plan(fewer, prune=True).asks


def test_x_out_of_reach_before_anything_was_written_is_an_error(office: Office) -> None:
    text = office.text(campaigns=1)
    office.bureau.shares["unavailable"] = 1.0
    with pytest.raises(UnreachableError):
        office.plan(text)
