from decimal import Decimal

import pyarrow as pa
from delivery import counts, mapped, numbered

from connector.conversions.amounts import amounts_of
from connector.conversions.tally import Tally
from connector.state.ledger import Amount

DAY = 86_400_000


def test_amounts_are_by_day_and_currency_and_exact() -> None:
    rows = mapped(
        numbered(5), time_ms=[0, DAY - 1, DAY, DAY, DAY],
        value=["0.10", "0.20", "9.995", None, "1000.00"],
        currency=["EUR", "EUR", "EUR", None, "JPY"],
    )  # fmt: skip
    assert amounts_of(rows) == [
        Amount(day="1970-01-01", currency="EUR", conversions=2, amount="0.30"),
        Amount(day="1970-01-02", currency="EUR", conversions=1, amount="9.995"),
        Amount(day="1970-01-02", currency="", conversions=1, amount="0.00"),
        Amount(day="1970-01-02", currency="JPY", conversions=1, amount="1000.00"),
    ]


def test_what_is_accepted_is_worth_something_by_currency() -> None:
    tally = Tally()
    tally.accepted(amounts_of(mapped(numbered(3))))
    tally.accepted(amounts_of(mapped(["x"], value=[None], currency=[None])))
    assert counts(tally) == {"accepted": 4}
    assert tally.value == {"EUR": Decimal("4.50")}


def test_rows_to_read_again_hold_the_cursor_at_the_smallest() -> None:
    tally = Tally()
    for cursors in ([9, 7], [8], [None]):
        ids = numbered(len(cursors))
        tally.unfinished("pending", mapped(ids, cursor=cursors), "deadline")
    assert tally.unfinished_cursor == 7
    assert tally.reasons["pending"] == {"deadline": 4}


def test_no_rows_hold_nothing() -> None:
    tally = Tally()
    tally.unfinished("pending", mapped([]), "deadline")
    assert tally.unfinished_cursor is None
    assert counts(tally) == {}


def test_what_did_not_leave_is_in_doubt_where_it_was_before() -> None:
    tally = Tally()
    rows = mapped(numbered(3)).append_column("doubt_since", pa.array([None, 5, None], pa.int64()))
    tally.unsent(rows, "deadline")
    assert counts(tally) == {"pending": 2, "in_doubt": 1}
    assert tally.unfinished_cursor == 0


def test_identifiers_are_counted_by_their_bits() -> None:
    tally = Tally()
    tally.sent(mapped(numbered(3), identifiers=[1, 1 | 4, 8 | 2]))
    assert tally.identifiers == {
        "twclid": 2, "hashed_email": 1, "hashed_phone_number": 1, "ip_address_user_agent": 1,
    }  # fmt: skip
    assert tally.rows_sent == 3


def test_what_a_rehearsal_counted_as_sent_can_be_taken_back() -> None:
    tally = Tally()
    tally.sent(mapped(numbered(3)))
    tally.nothing_was_sent()
    assert (tally.rows_sent, tally.identifiers) == (0, {})


def test_a_refusal_that_is_taken_back_was_never_counted() -> None:
    tally = Tally()
    rows = mapped(numbered(2)).append_column("seen", pa.array([None, 4], pa.int64()))
    tally.refuse(rows, "CODE")
    assert (counts(tally), tally.newly_refused) == ({"refused": 2}, 1)
    tally.refuse(rows, "CODE", sign=-1)
    assert (counts(tally), tally.newly_refused) == ({}, 0)
