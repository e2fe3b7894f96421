from datetime import date

import pytest

from connector.state import database
from connector.state.accepted import AcceptedDay, accepted_by_day
from connector.state.place import Place

DAYS = {"since": date(2026, 3, 1), "until": date(2026, 3, 2)}
AMOUNTS = [
    ("x", "o87ne", "2026-03-01", 3),
    ("x", "o87ne", "2026-03-01", 4),
    ("x", "ebqwo", "2026-03-02", 5),
    ("x", "o87ne", "2026-02-28", 90),
    ("x", "o87ne", "2026-03-03", 90),
    ("http://127.0.0.1:8490", "o87ne", "2026-03-01", 70),
]


@pytest.fixture
def filled(place: Place) -> Place:
    with database.opened(place) as state, state.write() as writing:
        for number, (target, event, day, count) in enumerate(AMOUNTS):
            writing.execute(
                "insert into destinations (target, pixel_id, event_id) values (?, 'o8z6j', ?)"
                " on conflict (target, pixel_id, event_id) do nothing",
                (target, event),
            )
            [batch] = writing.execute(
                "insert into batches (run, mapping, destination, state, rules_digest, claimed_at)"
                " select 1, 'purchases', id, 'accepted', '', 0 from destinations"
                " where target = ? and event_id = ? returning id",
                (target, event),
            ).fetchone()
            currency = "EUR" if number else ""
            writing.execute(
                "insert into amounts values (?, ?, ?, ?, '0')", (batch, day, currency, count)
            )
    return place


def test_conversions_are_counted_by_day_and_event_whatever_their_currency(filled: Place) -> None:
    with database.opened(filled) as state:
        found = accepted_by_day(state, targets=["x"], **DAYS)
        assert found == [
            AcceptedDay(day=DAYS["since"], pixel_id="o8z6j", event_id="o87ne", conversions=7),
            AcceptedDay(day=DAYS["until"], pixel_id="o8z6j", event_id="ebqwo", conversions=5),
        ]
        assert {type(one.conversions) for one in found} == {int}


def test_targets_are_kept_apart(filled: Place) -> None:
    with database.opened(filled) as state:
        both = accepted_by_day(state, targets=["x", "http://127.0.0.1:8490"], **DAYS)
        assert [one.conversions for one in both] == [77, 5]
        assert accepted_by_day(state, targets=[], **DAYS) == []
