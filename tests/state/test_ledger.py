import re
from collections.abc import Callable

import pytest
from ledgers import claim, facts, known

from connector.errors import OvertakenError
from connector.state.database import Database
from connector.state.ledger import Amount, ClaimLostError, Kept, Ledger
from connector.state.migrations import STEPS

Begin = Callable[..., Ledger]


@pytest.fixture
def ledger(begin: Begin) -> Ledger:
    return begin()


def refused(ledger: Ledger, *ids: str, digest: str = "1:a", reason: str = "why") -> int:
    [batch] = ledger.claim([claim(*ids, digest=digest)], now=100)
    ledger.mark_sent([batch], now=110)
    ledger.settle(batch, "refused", now=120, kept=Kept(reason=reason))
    return batch


def in_doubt(ledger: Ledger, *ids: str, sent_at: int = 110) -> int:
    [batch] = ledger.claim([claim(*ids)], now=100)
    ledger.mark_sent([batch], now=sent_at)
    ledger.settle(batch, "in_doubt", now=120, kept=Kept(reason="why", unclear=True))
    return batch


def test_a_destination_has_one_number_for_each_target(ledger: Ledger) -> None:
    where = {"pixel_id": "o8z6j", "event_id": "o87ne"}
    assert ledger.find_destination(target="x", **where) is None
    number = ledger.make_destination(target="x", **where)
    assert ledger.make_destination(target="x", **where) == number
    assert ledger.find_destination(target="x", **where) == number
    assert ledger.make_destination(target="http://127.0.0.1:8490", **where) != number


def test_a_claim_is_known_at_its_destination_alone(ledger: Ledger) -> None:
    [batch] = ledger.claim([claim("1", "2")], now=100)
    found = ledger.known(1, ["none", "2", "none", "1"])
    assert set(found) == {1, 3}
    assert found[1] == found[3]
    assert (found[1].batch, found[1].state, found[1].mapping) == (batch, "claimed", "purchases")
    assert ledger.known(2, ["1", "2"]) == {}


@pytest.mark.parametrize("one", ["12", "1e5", "true", "null", 'a"b', "a\\b", "ü", "🛒", "['x']"])
def test_an_id_is_found_as_it_was_written(ledger: Ledger, one: str) -> None:
    ledger.claim([claim(one)], now=100)
    assert known(ledger, one) is not None
    assert known(ledger, one + " ") is None


def test_claims_of_one_call_are_batches_of_their_own(ledger: Ledger) -> None:
    first, second = ledger.claim([claim("1"), claim("2", "3")], now=100)
    assert [known.batch for known in ledger.known(1, ["1", "2", "3"]).values()] == [
        first, second, second,
    ]  # fmt: skip


def test_of_two_ledgers_that_claim_one_conversion_the_second_loses_all(begin: Begin) -> None:
    ours, theirs = begin("purchases"), begin("refunds")
    ours.claim([claim("2")], now=100)
    with pytest.raises(ClaimLostError):
        theirs.claim([claim("0"), claim("1", "2", "3")], now=100)
    assert theirs.known(1, ["0", "1", "3"]) == {}
    [found] = ours.known(1, ["2"]).values()
    assert found.mapping == "purchases"


def test_a_conversion_that_moved_since_it_was_looked_up_is_lost(begin: Begin) -> None:
    ours, theirs = begin("purchases"), begin("refunds")
    seen = refused(ours, "1")
    theirs.claim([claim("1", seen=seen)], now=200)
    with pytest.raises(ClaimLostError):
        ours.claim([claim("1", seen=seen)], now=200)


def test_requests_leave_together_or_not_at_all(ledger: Ledger) -> None:
    one, other, last = ledger.claim([claim("1"), claim("2"), claim("3")], now=100)
    ledger.mark_sent([one], now=110)
    with pytest.raises(OvertakenError):
        ledger.mark_sent([one, other], now=120)
    assert facts(ledger, "2") == ("claimed", "1:a", None)
    ledger.mark_sent([other, last], now=130)
    assert {facts(ledger, key) for key in ("1", "2", "3")} == {("sent", "1:a", None)}


@pytest.mark.parametrize("state", ["claimed", "sent", "accepted", "held"])
def test_what_may_not_be_sent_again_cannot_be_claimed(ledger: Ledger, state: str) -> None:
    [batch] = ledger.claim([claim("1")], now=100)
    if state != "claimed":
        ledger.mark_sent([batch], now=110)
    if state in {"accepted", "held"}:
        ledger.settle(batch, state, now=120, kept=Kept())
    with pytest.raises(ClaimLostError):
        ledger.claim([claim("1", seen=batch)], now=200)
    assert facts(ledger, "1") == (state, "1:a", None)


def test_what_another_mapping_was_refused_can_be_taken_over(begin: Begin) -> None:
    seen = refused(begin("purchases"), "1")
    theirs = begin("refunds")
    theirs.claim([claim("1", digest="1:b", seen=seen)], now=200)
    found = known(theirs, "1")
    assert found is not None
    assert (found.mapping, found.state, found.digest) == ("refunds", "claimed", "1:b")


def test_an_accepted_batch_keeps_its_amounts_and_x_s_word(ledger: Ledger, state: Database) -> None:
    [batch] = ledger.claim([claim("1")], now=100)
    ledger.mark_sent([batch], now=110)
    days = ("2026-11-21", "2026-11-22")
    amounts = [Amount(day=day, currency="EUR", conversions=1, amount="9.995") for day in days]
    kept = Kept(debug_id="b51c0d7e")
    ledger.settle(batch, "accepted", now=120, kept=kept, amounts=amounts)
    assert facts(ledger, "1") == ("accepted", "1:a", None)
    assert state.read("select * from amounts order by day") == [
        (batch, day, "EUR", 1, "9.995") for day in days
    ]
    assert state.read("select debug_id, sent_at, settled_at from batches") == [
        ("b51c0d7e", 110, 120)
    ]


def test_what_was_not_processed_is_claimed_as_before(ledger: Ledger, state: Database) -> None:
    [batch] = ledger.claim([claim("1")], now=100)
    ledger.mark_sent([batch], now=110)
    ledger.mark_not_sent(batch)
    assert facts(ledger, "1") == ("claimed", "1:a", None)
    assert state.read("select sent_at from batches") == [(None,)]


def test_a_doubt_counts_from_the_first_sending(ledger: Ledger) -> None:
    [batch] = ledger.claim([claim("1")], now=100)
    for sent_at in (110, 120):
        ledger.mark_sent([batch], now=sent_at)
        ledger.mark_in_doubt(batch)
        assert facts(ledger, "1") == ("claimed", "1:a", 110)
    ledger.mark_sent([batch], now=130)
    ledger.mark_not_sent(batch)
    assert facts(ledger, "1") == ("claimed", "1:a", 110)
    ledger.mark_sent([batch], now=140)
    ledger.settle(batch, "in_doubt", now=150, kept=Kept(unclear=True))
    assert facts(ledger, "1") == ("in_doubt", "1:a", 110)


@pytest.mark.parametrize("answer", ["refused", "in_doubt"])
def test_no_later_answer_ends_a_doubt(ledger: Ledger, answer: str) -> None:
    seen = in_doubt(ledger, "1", sent_at=110)
    [batch] = ledger.claim([claim("1", digest="1:b", seen=seen)], now=200)
    ledger.mark_sent([batch], now=210)
    ledger.settle(batch, answer, now=220, kept=Kept(unclear=answer == "in_doubt"))
    assert facts(ledger, "1") == (answer, "1:b", 110)


def test_parts_of_a_request_keep_its_doubt(ledger: Ledger, state: Database) -> None:
    [batch] = ledger.claim([claim("1", "2", "3")], now=100)
    ledger.mark_sent([batch], now=110)
    ledger.mark_in_doubt(batch)
    ledger.mark_sent([batch], now=120)
    numbers = ledger.split(batch, [claim("1", "2"), claim("3")], now=130)
    found = ledger.known(1, ["1", "2", "3"])
    assert [found[place].batch for place in range(3)] == [numbers[0], numbers[0], numbers[1]]
    assert facts(ledger, "3") == ("claimed", "1:a", 110)
    assert state.read("select id from batches where id = :batch", batch=batch) == []


def test_a_claim_that_is_taken_back_was_never_made(ledger: Ledger, state: Database) -> None:
    [batch] = ledger.claim([claim("1")], now=100)
    ledger.release(batch, claim("1"), reason="", now=110)
    assert known(ledger, "1") is None
    assert state.read("select id from batches") == []


def test_a_refusal_that_is_taken_back_was_never_made(ledger: Ledger) -> None:
    batch = refused(ledger, "1")
    ledger.release(batch, claim("1"), reason="", now=130)
    assert known(ledger, "1") is None


def test_a_released_conversion_is_what_it_was_refused_as(begin: Begin) -> None:
    seen = refused(begin("purchases", rules_digest="old"), "1", digest="1:old", reason="X said no")
    theirs = begin("refunds", rules_digest="new")
    before = known(theirs, "1")
    [batch] = theirs.claim([claim("1", digest="1:new", seen=seen)], now=200)
    theirs.release(batch, claim("1"), reason="", now=210)
    assert known(theirs, "1") == before
    assert before is not None
    assert (before.digest, before.rules_digest, before.reason) == ("1:old", "old", "X said no")


def test_a_released_conversion_is_in_doubt_as_before(ledger: Ledger) -> None:
    seen = in_doubt(ledger, "1", sent_at=110)
    before = known(ledger, "1")
    for _ in range(2):
        [batch] = ledger.claim([claim("1", digest="1:b", seen=seen)], now=200)
        ledger.release(batch, claim("1"), reason="", now=210)
        assert known(ledger, "1") == before
    assert before is not None
    assert before.doubt_since == 110


def test_a_batch_that_got_in_doubt_stays_so_when_it_is_released(ledger: Ledger) -> None:
    [batch] = ledger.claim([claim("1", "2")], now=100)
    ledger.mark_sent([batch], now=110)
    ledger.mark_in_doubt(batch)
    ledger.release(batch, claim("1", "2"), reason="deadline", now=120)
    assert facts(ledger, "1") == facts(ledger, "2") == ("in_doubt", "1:a", 110)
    found = known(ledger, "1")
    assert found is not None
    assert found.reason == "deadline"


def test_what_is_held_says_why(ledger: Ledger) -> None:
    ledger.hold(claim("1"), reason="outside_dedup_window", now=100)
    found = known(ledger, "1")
    assert found is not None
    assert (found.state, found.reason) == ("held", "outside_dedup_window")


def test_what_another_claimed_meanwhile_is_not_held(begin: Begin) -> None:
    begin("refunds").claim([claim("1")], now=100)
    ledger = begin("purchases")
    with pytest.raises(ClaimLostError):
        ledger.hold(claim("1"), reason="in_doubt", now=110)
    assert facts(ledger, "1") == ("claimed", "1:a", None)


@pytest.mark.parametrize("ids", [("1",), ("1", "2")])
def test_part_of_a_claim_or_all_of_it_can_be_held_back(
    ledger: Ledger, ids: tuple[str, ...]
) -> None:
    [batch] = ledger.claim([claim("1", "2")], now=100)
    ledger.mark_sent([batch], now=110)
    ledger.mark_in_doubt(batch)
    part = claim(*ids) if len(ids) == 1 else None
    ledger.hold_back(batch, part, reason="in_doubt", now=120)
    assert facts(ledger, "1") == ("held", "1:a", 110)
    assert facts(ledger, "2") == ("held" if part is None else "claimed", "1:a", 110)


CHANGES: dict[str, Callable[[Ledger, int, int], object]] = {
    "make_destination": lambda it, *_: it.make_destination(
        target="x", pixel_id="o8z6j", event_id="o87ne"
    ),
    "claim": lambda it, *_: it.claim([claim("9")], now=200),
    "hold": lambda it, *_: it.hold(claim("9"), reason="in_doubt", now=200),
    "hold_back": lambda it, claimed, _: it.hold_back(claimed, None, reason="in_doubt", now=200),
    "split": lambda it, _, sent: it.split(sent, [claim("3"), claim("4")], now=200),
    "mark_sent": lambda it, claimed, _: it.mark_sent([claimed], now=200),
    "mark_not_sent": lambda it, _, sent: it.mark_not_sent(sent),
    "mark_in_doubt": lambda it, _, sent: it.mark_in_doubt(sent),
    "settle": lambda it, _, sent: it.settle(sent, "accepted", now=200, kept=Kept()),
    "release": lambda it, claimed, _: it.release(claimed, claim("1"), reason="", now=200),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_run_that_was_overtaken_can_change_nothing(
    begin: Begin, state: Database, change: Callable[[Ledger, int, int], object]
) -> None:
    stopped = begin("purchases")
    claimed, sent = stopped.claim([claim("1", "2"), claim("3", "4")], now=100)
    stopped.mark_sent([sent], now=110)
    begin("purchases")
    tables = ("destinations", "batches", "conversions", "amounts")
    before = [state.read(f"select * from {table}") for table in tables]
    with pytest.raises(OvertakenError):
        change(stopped, claimed, sent)
    assert [state.read(f"select * from {table}") for table in tables] == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_run_of_another_mapping_is_no_obstacle(
    begin: Begin, change: Callable[[Ledger, int, int], object]
) -> None:
    ledger = begin("purchases")
    claimed, sent = ledger.claim([claim("1", "2"), claim("3", "4")], now=100)
    ledger.mark_sent([sent], now=110)
    begin("refunds")
    change(ledger, claimed, sent)


def test_a_run_settles_nothing_of_another_run(begin: Begin) -> None:
    theirs = begin("refunds")
    [batch] = theirs.claim([claim("1")], now=100)
    theirs.mark_sent([batch], now=110)
    with pytest.raises(OvertakenError):
        begin("purchases").settle(batch, "accepted", now=120, kept=Kept())
    assert facts(theirs, "1") == ("sent", "1:a", None)


def test_an_answer_is_settled_once(ledger: Ledger) -> None:
    [batch] = ledger.claim([claim("1")], now=100)
    ledger.mark_sent([batch], now=110)
    ledger.settle(batch, "accepted", now=120, kept=Kept())
    for again in ("refused", "in_doubt"):
        with pytest.raises(OvertakenError):
            ledger.settle(batch, again, now=130, kept=Kept())
    with pytest.raises(OvertakenError):
        ledger.release(batch, claim("1"), reason="", now=130)
    assert facts(ledger, "1") == ("accepted", "1:a", None)


def test_no_identifier_has_a_place_in_the_ledger() -> None:
    words = set(re.findall(r"[a-z_]+", " ".join(sql for _, sql in STEPS)))
    assert "conversion_id" in words
    assert not words & {"body", "payload", "email", "phone", "twclid", "ip_address", "user_agent"}
