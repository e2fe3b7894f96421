"""Writes from plan to end, against a simulated X that fails when it is told to."""

import pytest
from campaigns.bureau import Bureau
from campaigns.conftest import MakeBureau

from connector.api import writing
from connector.campaigns import finding, writes
from connector.campaigns.naming import token_of
from connector.errors import ConfigurationError, StoppedError, UnreachableError

UNCLEAR = ("reset_after_commit", "error_500_after_commit")


def states(bureau: Bureau) -> list[str]:
    return [entry.state for entry in bureau.journal()]


def test_what_is_made_is_paused_and_carries_its_token(bureau: Bureau) -> None:
    written = bureau.write(bureau.campaign())
    assert written.status == "created"
    [row] = bureau.named("campaigns", "spring")
    assert (row["id"], row["entity_status"]) == (written.id, "PAUSED")
    assert row["daily_budget_amount_local_micro"] == 25_500_000
    [entry] = bureau.journal()
    assert (entry.state, entry.token, entry.entity_ids) == (
        "done",
        token_of(row["name"]),
        (row["id"],),
    )
    assert entry.what == "POST campaigns"
    assert entry.told_at is not None
    assert bureau.telling.steps == ["planned", "sent", "answered", "done", "told"]


@pytest.mark.parametrize("fault", UNCLEAR)
def test_what_was_made_though_the_answer_was_lost_is_adopted(bureau: Bureau, fault: str) -> None:
    bureau.failing(fault)
    written = bureau.write(bureau.campaign())
    assert written.status == "adopted"
    assert [row["id"] for row in bureau.named("campaigns", "spring")] == [written.id]
    assert states(bureau) == ["adopted"]
    assert bureau.asked("POST") == ["campaigns"]
    assert bureau.waited == []


def test_what_was_not_made_is_looked_for_well_and_sent_again(bureau: Bureau) -> None:
    bureau.failing("reset")
    written = bureau.write(bureau.campaign())
    assert written.status == "created"
    assert len(bureau.named("campaigns", "spring")) == 1
    assert bureau.waited == list(finding.WAITS)
    [entry] = bureau.journal()
    assert (entry.sendings, entry.is_doubtful) == (2, True)
    assert len({one for one in bureau.telling.warnings if "looking whether" in one}) == 1


def test_what_the_search_does_not_know_yet_is_found_among_the_newest(
    make_bureau: MakeBureau,
) -> None:
    bureau = make_bureau(search_lag_seconds=3600)
    bureau.failing("reset_after_commit", "error_500_after_commit")
    campaign = bureau.write(bureau.campaign())
    line_item = bureau.write(bureau.line_item(campaign.id))
    assert (campaign.status, line_item.status) == ("adopted", "adopted")
    assert bureau.asked("POST") == ["campaigns", "line_items"]
    assert bureau.waited == []


def test_a_name_of_the_greatest_length_is_cut_and_found_again(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(search_lag_seconds=3600)
    bureau.failing("reset_after_commit")
    written = bureau.write(bureau.campaign("ä" * 255))
    [row] = bureau.named("campaigns", "ä" * 243)
    assert len(row["name"]) == 255
    assert written.ids == (row["id"],)
    assert "the name was cut" in written.remarks[-1]


@pytest.mark.parametrize("fault", ["unavailable", "rate_limited"])
def test_what_was_not_processed_is_sent_again_without_looking(bureau: Bureau, fault: str) -> None:
    bureau.failing(fault, fault)
    assert bureau.write(bureau.campaign()).status == "created"
    assert len(bureau.waited) == 2
    assert all(0 < seconds <= 3 for seconds in bureau.waited)
    assert "looked" not in bureau.telling.steps
    [entry] = bureau.journal()
    assert (entry.sendings, entry.is_doubtful) == (3, False)


def test_a_doubt_lasts_through_answers_that_it_was_not_processed(bureau: Bureau) -> None:
    bureau.failing("reset", "unavailable", "reset_after_commit")
    assert bureau.write(bureau.campaign()).status == "adopted"
    assert len(bureau.named("campaigns", "spring")) == 1
    assert bureau.telling.steps.count("sent") == 3


def test_a_refusal_is_told_and_the_same_command_begins_anew(bureau: Bureau) -> None:
    write = bureau.campaign(daily_budget_amount_local="1.001")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="400 INVALID_DENOMINATION: daily_budget"):
            bureau.write(write)
    assert states(bureau) == ["refused", "refused"]
    assert {entry.reason for entry in bureau.journal()} == {"INVALID_DENOMINATION"}
    assert bureau.named("campaigns", "spring") == []


def test_what_stays_unclear_ends_and_the_same_command_goes_on(bureau: Bureau) -> None:
    bureau.failing(*["reset"] * writing.MOST_DOUBTS)
    with pytest.raises(UnreachableError, match="run the same command again"):
        bureau.write(bureau.campaign())
    [left] = bureau.journal()
    assert (left.state, left.sendings, left.reason) == ("unclear", 3, "no answer")
    assert bureau.write(bureau.campaign()).status == "created"
    [entry] = bureau.journal()
    assert (entry.key, entry.token, entry.state) == (left.key, left.token, "done")
    assert len(bureau.named("campaigns", "spring")) == 1


def test_x_that_is_down_for_long_leaves_a_write_that_never_left(bureau: Bureau) -> None:
    bureau.failing(*["unavailable"] * 20)
    with pytest.raises(UnreachableError, match="503 SERVICE_UNAVAILABLE"):
        bureau.write(bureau.campaign())
    [entry] = bureau.journal()
    assert (entry.state, entry.is_doubtful) == ("planned", False)
    assert len(bureau.waited) == len(writing.PASSING_SECONDS)


def test_two_same_commands_that_end_well_make_two(bureau: Bureau) -> None:
    first, second = bureau.write(bureau.campaign()), bureau.write(bureau.campaign())
    assert first.id != second.id
    assert {row["id"] for row in bureau.named("campaigns", "spring")} == {first.id, second.id}
    assert bureau.twice() == {}


def test_a_key_of_ones_own_answers_with_the_first_for_ever(bureau: Bureau) -> None:
    write = bureau.campaign(key="order-7")
    first, again = bureau.write(write), bureau.write(write)
    assert (first.status, again.status, again.id) == ("created", "adopted", first.id)
    assert len(bureau.named("campaigns", "spring")) == 1
    with pytest.raises(ConfigurationError, match="used for something else"):
        bureau.write(bureau.campaign("autumn", key="order-7"))
    assert bureau.named("campaigns", "autumn") == []


def test_what_was_deleted_since_is_made_anew(bureau: Bureau) -> None:
    write = bureau.campaign(key="order-7")
    first = bureau.write(write)
    bureau.write(writes.deleting("campaign", first.id))
    again = bureau.write(write)
    assert again.status == "created"
    assert [row["id"] for row in bureau.named("campaigns", "spring")] == [again.id]


def test_what_nobody_heard_of_is_what_the_same_command_answers_with(bureau: Bureau) -> None:
    with bureau.managed() as manager, pytest.raises(BrokenPipeError):
        manager.write(bureau.campaign(), tell=_deaf)
    again = bureau.write(bureau.campaign())
    assert again.status == "adopted"
    assert "nothing was sent again" in again.remarks[0]
    assert [row["id"] for row in bureau.named("campaigns", "spring")] == [again.id]
    assert bureau.write(bureau.campaign()).status == "created"


def _deaf(_written: object) -> None:
    raise BrokenPipeError


def test_without_anybody_to_tell_a_write_is_told_at_once(bureau: Bureau) -> None:
    with bureau.managed() as manager:
        ids = [manager.write(bureau.campaign()).id for _ in range(2)]
    assert len(set(ids)) == 2


@pytest.mark.parametrize("fault", [*UNCLEAR, "reset", "unavailable"])
def test_changes_are_sent_again_until_they_are_clear(bureau: Bureau, fault: str) -> None:
    campaign = bureau.write(bureau.campaign()).id
    bureau.failing(fault, fault)
    write = writes.updating("campaign", campaign, {"daily_budget_amount_local": "30"})
    assert bureau.write(write).status == "updated"
    [row] = bureau.named("campaigns", "spring")
    assert row["daily_budget_amount_local_micro"] == 30_000_000
    bureau.failing(fault)
    assert bureau.write(writes.resuming("campaign", campaign)).status == "updated"
    assert bureau.named("campaigns", "spring")[0]["entity_status"] == "ACTIVE"


def test_a_change_is_sent_each_time_it_is_asked_for(bureau: Bureau) -> None:
    campaign = bureau.write(bureau.campaign()).id
    for units in ("30", "40", "30"):
        write = writes.updating("campaign", campaign, {"daily_budget_amount_local": units})
        bureau.write(write)
    [row] = bureau.named("campaigns", "spring")
    assert row["daily_budget_amount_local_micro"] == 30_000_000


@pytest.mark.parametrize("fault", UNCLEAR)
def test_a_deletion_that_was_done_is_done(bureau: Bureau, fault: str) -> None:
    campaign = bureau.write(bureau.campaign()).id
    bureau.failing(fault)
    written = bureau.write(writes.deleting("campaign", campaign))
    assert (written.status, written.ids) == ("deleted", (campaign,))
    assert bureau.named("campaigns", "spring") == []
    with pytest.raises(ConfigurationError, match="404 CAMPAIGN_NOT_FOUND"):
        bureau.write(writes.deleting("campaign", campaign))
    assert states(bureau)[1:] == ["done", "refused"]


def test_a_deletion_that_nobody_heard_of_is_done_and_a_change_is_sent_again(
    bureau: Bureau,
) -> None:
    campaign = bureau.write(bureau.campaign()).id
    change = writes.updating("campaign", campaign, {"name": "autumn"})
    for write in (change, writes.deleting("campaign", campaign)):
        with bureau.managed() as manager, pytest.raises(BrokenPipeError):
            manager.write(write, tell=_deaf)
        bureau.write(write)
    assert bureau.asked("PUT") == ["campaigns/" + campaign] * 2
    assert bureau.asked("DELETE") == ["campaigns/" + campaign]


def test_media_that_is_there_is_found_by_its_key(bureau: Bureau) -> None:
    [media, *_] = bureau.stranger.rows("media_library")
    bureau.failing("reset_after_commit")
    write = writes.creating("media", {"media_key": media["media_key"], "title": "pots"})
    assert bureau.write(write).ids == (media["media_key"],)
    bureau.write(writes.updating("media", media["media_key"], {"title": ""}))
    [row] = bureau.stranger.rows("media_library", media_keys=media["media_key"])
    assert row["title"] is None


def test_the_users_wish_to_stop_leaves_a_write_that_goes_on(bureau: Bureau) -> None:
    bureau.failing("reset")
    with pytest.raises(StoppedError, match="stopped; run the same command again"):
        bureau.write(bureau.campaign(), stopping=lambda: True)
    assert states(bureau) == ["unclear"]
    assert bureau.write(bureau.campaign()).status == "created"
    assert len(bureau.named("campaigns", "spring")) == 1
