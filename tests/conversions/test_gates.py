from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from connector.conversions.census import EMPTY, Census
from connector.conversions.gates import Stop, before_sending, endings, is_above_limit, only_dates
from connector.errors import Exit
from connector.state.runs import Remembered

KNOWN = Remembered(
    keys_digest="keys", rules_digest="rules", cursor=None, begun_before=None, finished_at=None
)
SENDABLE = replace(
    EMPTY, read=9, outcomes=Counter(sendable=9), repeated=1, conflicting=1,
    value={"EUR": Decimal("70.500000"), "USD": Decimal(1)},
)  # fmt: skip
WITH_HISTORY = replace(SENDABLE, older=3, older_value={"EUR": Decimal("20.000000")})


def stop(census: Census, remembered: Remembered | None) -> Stop | None:
    return before_sending(census, remembered, keys_digest="keys", mapping="purchases")


@pytest.mark.parametrize(
    ("census", "remembered", "reason"),
    [
        (WITH_HISTORY, KNOWN, None), (SENDABLE, KNOWN, None), (SENDABLE, None, None),
        (EMPTY, None, None), (WITH_HISTORY, None, "first_sync"),
        (SENDABLE, replace(KNOWN, keys_digest="other"), "keys_changed"),
        (EMPTY, replace(KNOWN, keys_digest="other"), None),
    ],
)  # fmt: skip
def test_a_person_is_asked_before_history_or_new_keys_leave(
    census: Census, remembered: Remembered | None, reason: str | None
) -> None:
    found = stop(census, remembered)
    assert (found.reason if found else None) == reason


@pytest.mark.parametrize("remembered", [None, replace(KNOWN, keys_digest="other")])
def test_who_is_asked_is_told_count_and_value_and_what_to_say(
    remembered: Remembered | None,
) -> None:
    found = stop(WITH_HISTORY, remembered)
    assert found is not None
    for words in (
        "7 conversions, worth 70.5 EUR + 1 USD", "3 of them older than 48 hours, worth 20 EUR",
        "connector state begin purchases --send-history", "--before TIME",
    ):  # fmt: skip
        assert words in found.message


def test_days_without_a_time_are_a_mistake_of_the_mapping() -> None:
    dates = replace(EMPTY, read=3, outcomes=Counter(rejected=3), warnings=Counter(date_alone=3))
    message = only_dates(dates)
    assert message is not None
    assert "conversion_time" in message
    assert only_dates(replace(dates, outcomes=Counter(rejected=2, sendable=1))) is None
    assert only_dates(replace(dates, warnings=Counter())) is None


@pytest.mark.parametrize(
    ("bad", "unseen", "above"), [(2, 20, False), (3, 20, True), (19, 19, False), (0, 0, False)]
)
def test_a_tenth_of_at_least_twenty_may_be_bad(bad: int, unseen: int, *, above: bool) -> None:
    assert is_above_limit(bad=bad, unseen=unseen, limit=0.1) == above


@pytest.mark.parametrize(
    ("facts", "earned"),
    [
        ({}, set()), ({"stopped": True}, {Exit.HELD}), ({"held": 1}, {Exit.HELD}),
        ({"unfinished": 1}, {Exit.UNFINISHED}),
        ({"above_limit": True}, {Exit.REJECTED_ABOVE_LIMIT}),
        ({"held": 1, "unfinished": 1}, {Exit.HELD, Exit.UNFINISHED}),
    ],
)  # fmt: skip
def test_an_end_earns_its_codes(facts: dict[str, int], earned: set[Exit]) -> None:
    found = endings(
        {Exit.UNAUTHORIZED}, held=facts.get("held", 0), unfinished=facts.get("unfinished", 0),
        stopped=bool(facts.get("stopped")), above_limit=bool(facts.get("above_limit")),
    )  # fmt: skip
    assert found == earned | {Exit.UNAUTHORIZED}
