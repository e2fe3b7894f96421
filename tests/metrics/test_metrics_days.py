from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import ConfigurationError
from connector.metrics.days import (
    Asked,
    Days,
    Earlier,
    Habits,
    days_to_import,
    final_through,
    hours_to_import,
    is_final,
    reached,
    refuse_contradictions,
    spans,
    starts,
    today_in,
    zone_of,
)

NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
MADRID, AUCKLAND, LOS_ANGELES = "Europe/Madrid", "Pacific/Auckland", "America/Los_Angeles"
HABITS = Habits(wait_days=1, lookback_days=14)
NOTHING_ASKED = Asked()


def november(day: int) -> date:
    return date(2026, 11, day)


def imported(since: date, until: date, *, at: datetime = NOW - timedelta(days=1)) -> Earlier:
    return Earlier(days=Days(since=since, until=until), finished_at=at)


def asked(
    *earlier: Earlier, of: Asked = NOTHING_ASKED, habits: Habits = HABITS, timezone: str = MADRID,
) -> tuple[date, date] | None:  # fmt: skip
    days = days_to_import(
        of,
        habits=habits,
        earlier=earlier,
        now=NOW,
        timezone=timezone,
    )
    return (days.since, days.until) if days else None


def test_the_first_import_takes_the_look_back() -> None:
    assert asked() == (november(8), november(21))


def test_the_next_import_takes_what_is_new_and_the_look_back() -> None:
    assert asked(imported(november(6), november(19))) == (november(6), november(21))


def test_an_import_on_the_same_day_reads_the_look_back_again() -> None:
    assert asked(imported(november(8), november(21))) == (november(8), november(21))


def test_without_a_look_back_there_is_nothing_to_read_twice() -> None:
    habits = Habits(wait_days=1, lookback_days=0)
    assert asked(imported(november(8), november(21)), habits=habits) is None
    assert asked(imported(november(8), november(20)), habits=habits) == (november(21),) * 2
    assert asked(habits=habits) == (november(21), november(21))


def test_a_day_settles_before_it_is_first_imported() -> None:
    habits = Habits(wait_days=3, lookback_days=7)
    assert asked(habits=habits) == (november(13), november(19))
    assert asked(habits=habits, of=Asked(until=november(21))) == (november(15), november(21))


@pytest.mark.parametrize(
    ("timezone", "yesterday"), [(AUCKLAND, 21), (LOS_ANGELES, 20), ("Etc/GMT+8", 20)]
)
def test_yesterday_is_the_accounts(timezone: str, yesterday: int) -> None:
    days = asked(timezone=timezone)
    assert days is not None
    assert days[1] == november(yesterday)


def test_an_account_that_moved_west_is_read_up_to_its_new_yesterday() -> None:
    before = imported(november(8), november(21))
    assert asked(before, timezone=LOS_ANGELES) == (november(7), november(20))


def test_days_are_taken_exactly() -> None:
    everything = imported(november(1), november(21))
    exact = Asked(since=november(3), until=november(4))
    assert asked(everything, of=exact) == (november(3), november(4))
    assert asked(everything, of=Asked(since=november(3))) == (november(3), november(21))
    assert asked(of=Asked(since=november(21), until=november(21))) == (november(21), november(21))


def test_an_end_alone_begins_where_it_would_without() -> None:
    assert asked(imported(november(1), november(10)), of=Asked(until=november(15))) == (
        date(2026, 10, 28),
        november(15),
    )


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (Asked(until=november(22)), "--until 2026-11-22 is not over yet .* Europe/Madrid"),
        (Asked(since=november(22)), "--since 2026-11-22 is not over yet"),
        (Asked(since=november(5), until=november(4)), "--since 2026-11-05 is after --until"),
        (Asked(since=november(5), backfill=3), "both say where to begin"),
        (Asked(backfill=366), "1 to 365 days"),
        (Asked(backfill=0), "1 to 365 days"),
    ],
)
def test_what_contradicts_itself_is_refused(of: Asked, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        asked(of=of)


def test_what_is_wrong_anywhere_is_refused_before_a_zone_is_known() -> None:
    with pytest.raises(ConfigurationError):
        refuse_contradictions(Asked(since=november(5), backfill=3))
    refuse_contradictions(Asked(since=november(5), until=november(5)))


@pytest.mark.parametrize("of", [Asked(until=november(22)), Asked(since=november(22))])
def test_a_day_that_is_over_nowhere_is_refused_whatever_the_zone(of: Asked) -> None:
    with pytest.raises(ConfigurationError, match="2026-11-22 is not over yet, in whatever"):
        refuse_contradictions(of, now=NOW)
    # Ten hours before midnight in UTC it is midnight in Kiritimati.
    refuse_contradictions(of, now=datetime(2026, 11, 22, 10, tzinfo=UTC))


def test_a_backfill_is_so_many_days() -> None:
    assert asked(of=Asked(backfill=365)) == (date(2025, 11, 22), november(21))
    assert asked(of=Asked(backfill=1, until=november(4))) == (november(4), november(4))


def test_a_backfill_that_stopped_goes_on() -> None:
    done = imported(date(2025, 11, 21), date(2025, 12, 20), at=NOW - timedelta(hours=3))
    assert asked(done, of=Asked(backfill=365)) == (date(2025, 12, 21), november(21))


def test_a_backfill_that_was_finished_or_is_long_ago_begins_again() -> None:
    whole = imported(date(2025, 11, 22), november(21), at=NOW - timedelta(hours=3))
    old = imported(date(2025, 11, 22), date(2025, 12, 21), at=NOW - timedelta(hours=25))
    daily = imported(november(8), november(21), at=NOW - timedelta(hours=3))
    for earlier in (whole, old, daily):
        assert asked(earlier, of=Asked(backfill=365)) == (date(2025, 11, 22), november(21))


def test_a_backfill_that_was_finished_before_midnight_begins_again_after_it() -> None:
    evening = NOW - timedelta(hours=8)
    whole = imported(date(2025, 11, 21), november(20), at=evening)
    assert asked(whole, of=Asked(backfill=365)) == (date(2025, 11, 22), november(21))
    assert asked(whole, of=Asked(backfill=10)) == (november(12), november(21))
    stopped = imported(date(2025, 11, 21), november(19), at=evening)
    assert asked(stopped, of=Asked(backfill=365)) == (november(20), november(21))
    until = Asked(backfill=10, until=november(20))
    assert asked(stopped, of=until) == (november(20), november(20))


def test_days_that_were_asked_for_alone_leave_no_gap() -> None:
    usual = imported(november(1), november(5), at=NOW - timedelta(days=9))
    alone = imported(november(20), november(21), at=NOW - timedelta(days=1))
    assert reached([alone, usual]) == november(5)
    assert asked(alone, usual) == (date(2026, 10, 23), november(21))


def test_a_backfill_does_not_move_what_was_reached() -> None:
    usual = imported(november(8), november(21), at=NOW - timedelta(days=2))
    older = imported(date(2025, 11, 1), date(2025, 11, 30), at=NOW - timedelta(days=1))
    assert reached([usual, older]) == november(21)
    assert reached([]) is None


@given(
    since=st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    length=st.integers(min_value=1, max_value=400),
)
def test_spans_are_the_days_in_order_at_most_thirty_at_once(since: date, length: int) -> None:
    days = Days(since=since, until=since + timedelta(days=length - 1))
    parts = spans(days)
    together = [part.since + timedelta(days=n) for part in parts for n in range(len(part))]
    assert together == [since + timedelta(days=n) for n in range(length)]
    assert all(1 <= len(part) <= 30 for part in parts)


@given(
    days_ago=st.lists(st.integers(1, 120), max_size=6), lookback=st.integers(0, 30),
    wait=st.sampled_from([1, 3]), zone=st.sampled_from([MADRID, AUCKLAND, LOS_ANGELES]),
)  # fmt: skip
def test_importing_each_day_misses_none(
    days_ago: list[int], lookback: int, wait: int, zone: str
) -> None:
    earlier: list[Earlier] = []
    habits = Habits(wait_days=wait, lookback_days=lookback)
    for ago in sorted(days_ago, reverse=True):
        now = NOW - timedelta(days=ago)
        days = days_to_import(Asked(), habits=habits, earlier=earlier, now=now, timezone=zone)
        if days is not None:
            earlier += [Earlier(days=part, finished_at=now) for part in spans(days)]
            assert days.until == today_in(zone, now) - timedelta(days=wait)
    covered = {one.days.since + timedelta(days=n) for one in earlier for n in range(len(one.days))}
    assert not covered or len(covered) == (max(covered) - min(covered)).days + 1


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        (date(2026, 3, 29), MADRID, 23),
        (date(2026, 10, 25), MADRID, 25),
        (date(2026, 10, 26), MADRID, 24),
        (date(2026, 11, 1), "America/Havana", 25),  # it has midnight twice
        (date(2018, 11, 4), "America/Sao_Paulo", 23),  # it begins at one
    ],
)
def test_a_day_has_its_hours(day: date, timezone: str, hours: int) -> None:
    begins, ends = starts(day, timezone), starts(day + timedelta(days=1), timezone)
    assert ends - begins == timedelta(hours=hours)


def test_a_day_begins_with_the_first_of_two_midnights() -> None:
    assert starts(date(2026, 11, 1), "America/Havana") == datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_numbers_are_final_when_the_platform_says() -> None:
    today = november(22)
    assert is_final(november(7), platform="x", today=today)
    assert not is_final(november(8), platform="x", today=today)
    assert is_final(november(14), platform="tiktok", today=today)
    assert not is_final(november(15), platform="tiktok", today=today)


def test_final_through_is_the_last_day_whose_numbers_stay() -> None:
    today = november(22)
    assert final_through(november(21), platform="x", today=today) == november(7)
    assert final_through(november(21), platform="tiktok", today=today) == november(14)
    assert final_through(november(3), platform="x", today=today) == november(3)


def test_hours_begin_with_the_last_that_is_held() -> None:
    now = NOW + timedelta(minutes=59)
    assert hours_to_import(NOW - timedelta(hours=2), now=now) == (NOW - timedelta(hours=2), NOW)
    assert hours_to_import(None, now=now) == (NOW - timedelta(days=7), NOW)
    assert hours_to_import(NOW - timedelta(days=30), now=now) == (NOW - timedelta(days=7), NOW)
    assert hours_to_import(NOW, now=now) is None


def test_a_zone_that_is_unknown_is_said() -> None:
    for name in ("Europe/Atlantis", "", "../etc/passwd"):
        with pytest.raises(ConfigurationError, match="is not known here"):
            zone_of(name)
