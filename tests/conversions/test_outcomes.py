import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Literal

import pytest
from delivery import REFUSED_PORT, START, TIMED_OUT, acknowledged, answer, error

from connector.conversions.outcomes import (
    Allowance,
    Decision,
    Sender,
    backoff,
    decide,
    is_past_window,
    judge,
    same_content,
    told_allowance,
    told_wait,
)
from connector.http import Answer
from connector.state.ledger import Known

HOUR = 3_600_000
NOT_SET = error("INVALID_PARAMETER", "event_id", "event_id (p3k9d) is not a single event tag (SET)")
FOREIGN = error("NOT_FOUND", "event_id", "event_id (abc) does not belong to provided account")


def meaning(reply: Answer) -> tuple[str, str]:
    verdict = judge(reply, sent=2, now=START)
    return verdict.meaning, verdict.reason


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (100, "in_doubt"), (201, "in_doubt"), (202, "in_doubt"), (204, "in_doubt"),
        (300, "configuration"), (301, "configuration"), (302, "configuration"),
        (303, "configuration"), (304, "configuration"), (307, "configuration"),
        (308, "configuration"), (400, "row"), (401, "credentials"), (402, "in_doubt"),
        (403, "credentials"), (404, "destination"), (405, "configuration"), (408, "in_doubt"),
        (409, "in_doubt"), (413, "too_large"), (418, "in_doubt"), (422, "row"),
        (423, "not_processed"), (425, "not_processed"), (429, "not_processed"),
        (500, "in_doubt"), (502, "in_doubt"), (503, "in_doubt"), (504, "in_doubt"),
        (599, "in_doubt"),
    ],
)  # fmt: skip
def test_a_status_means_the_same_with_json_and_with_html(status: int, expected: str) -> None:
    for reply in (answer(status), answer(status, error("SOME_CODE", "value"))):
        assert judge(reply, sent=2, now=START).meaning == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(400), ("row", "HTTP 400")),
        (answer(400, error("INVALID_PARAMETER", "value")), ("row", "INVALID_PARAMETER value")),
        (answer(400, error("INVALID_PARAMETER")), ("row", "INVALID_PARAMETER")),
        (answer(400, NOT_SET), ("destination", "INVALID_PARAMETER event_id")),
        (answer(422, NOT_SET), ("destination", "INVALID_PARAMETER event_id")),
        (answer(400, error("X", "value"), FOREIGN), ("destination", "X value")),
        (answer(404, FOREIGN, NOT_SET), ("destination", "NOT_FOUND event_id")),
        (answer(404), ("destination", "HTTP 404")),
        (answer(401, error("UNAUTHORIZED_ACCESS")), ("credentials", "UNAUTHORIZED_ACCESS")),
        (answer(429, {"code": 88}), ("not_processed", "88")),
        (answer(503, retry_after="2"), ("not_processed", "HTTP 503")),
        (answer(503, retry_after=""), ("not_processed", "HTTP 503")),
        (answer(503), ("in_doubt", "HTTP 503")),
        (answer(302), ("configuration", "302: X's address redirects")),
        (answer(500, error("INTERNAL_ERROR")), ("in_doubt", "INTERNAL_ERROR")),
    ],
)
def test_an_answer_means_this_and_is_told_by_x_s_own_words(
    reply: Answer, expected: tuple[str, str]
) -> None:
    assert meaning(reply) == expected


def test_only_the_right_count_without_errors_is_an_acknowledgement() -> None:
    verdict = judge(acknowledged(2), sent=2, now=START)
    assert (verdict.meaning, verdict.reason, verdict.debug_id) == ("accepted", "", "b51c0d7e")
    unclear = [acknowledged(1), acknowledged(3), acknowledged(0), answer(200), answer(200, error())]
    full = b'{"data": {"conversions_processed": 2}, "errors": [{"code": "X"}]}'
    unclear.append(Answer(status=200, headers={}, body=full))
    assert {meaning(reply)[0] for reply in unclear} == {"in_doubt"}


def test_silence_is_a_doubt_only_when_something_left() -> None:
    left, stayed = (judge(reply, sent=2, now=START) for reply in (TIMED_OUT, REFUSED_PORT))
    assert (left.meaning, left.reason, left.answered) == ("in_doubt", "no answer in time", False)
    assert (stayed.meaning, stayed.answered) == ("not_processed", False)


@pytest.mark.parametrize(
    ("code", "parameter"),
    [
        ("a@b.com", "+14155550123"), ("e586883b2b4faf78d48300a79e0e15138d664cdf", "14155550123"),
        ("a b", "two\nlines"), ("x" * 41, "<b>"), ({"a": 1}, ["value"]),
    ],
)  # fmt: skip
def test_what_is_not_a_name_is_not_told(code: object, parameter: object) -> None:
    reply = answer(400, {"code": code, "parameter": parameter, "message": "a@b.com"})
    assert meaning(reply) == ("row", "HTTP 400")


def test_what_x_complains_about_is_kept_from_view() -> None:
    reply = answer(
        400, error(message='hashed_email (abc) is wrong, got "2026" for'), {"value": "a@b.com"}
    )
    verdict = judge(reply, sent=2, now=START)
    assert verdict.values == {"abc", "2026", "a@b.com"}
    assert "abc" not in repr(verdict)
    assert "a@b.com" not in repr(verdict)


def http_date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(START + seconds, UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "120"}, 120), ({"retry_after": " 7 "}, 7), ({"retry_after": "0"}, 0),
        ({"retry_after": http_date(90)}, 90), ({"retry_after": http_date(-90)}, 0),
        ({"retry_after": http_date(90), "date": http_date(60)}, 30),
        ({"retry_after": http_date(90).replace("GMT", "-0000")}, 90),
        ({"retry_after": "soon"}, None), ({"retry_after": "²"}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "Fri, 31 Dec 99999999999 00:00:00 GMT"}, None),
        ({"x_account_rate_limit_reset": str(int(START) + 60)}, 60),
        ({"x_rate_limit_reset": str(int(START) + 60)}, 60),
        ({"x_rate_limit_reset": str(int(START) + 60), "date": http_date(40)}, 20),
        ({"x_rate_limit_reset": str(int(START) + 60), "date": http_date(-40)}, 100),
        ({"x_rate_limit_reset": str(int(START) - 60)}, 0), ({"x_rate_limit_reset": "?"}, None),
        (
            {"x_rate_limit_reset": str(int(START) + 5),
             "x_account_rate_limit_reset": str(int(START) + 9)}, 9,
        ),
        ({"retry_after": "3", "x_account_rate_limit_reset": str(int(START) + 9)}, 3),
        ({"retry_after": "soon", "x_rate_limit_reset": str(int(START) + 9)}, 9),
    ],
)  # fmt: skip
def test_the_wait_an_answer_tells(headers: dict[str, str], seconds: float | None) -> None:
    assert told_wait(answer(429, **headers), now=START) == seconds


def limits(
    family: str, limit: object = 100, remaining: object = 7, reset: object = int(START) + 60
) -> dict[str, str]:
    """Headers of a rate limit."""
    told = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"x_{family}rate_limit_{name}": str(value) for name, value in told.items()}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        (limits(""), (100, 7, 60)), (limits("account_"), (100, 7, 60)),
        (limits("") | limits("account_", remaining=3), (100, 3, 60)),
        (limits("") | limits("account_", remaining=""), (100, 7, 60)),
        (limits("") | {"date": http_date(40)}, (100, 7, 20)),
        (limits("") | {"date": http_date(-40)}, (100, 7, 100)),
        (limits("") | {"date": "today"}, (100, 7, 60)),
        (limits("", reset=int(START) - 60), (100, 7, 0)),
        (limits("", remaining=" 0 "), (100, 0, 60)),
        (limits("", remaining=-1), None), (limits("", limit="1e2"), None),
        (limits("", reset="²"), None), (limits("", reset="9" * 5000), None),
        ({"x_rate_limit_reset": str(int(START) + 60)}, None),
    ],
)  # fmt: skip
def test_what_headers_say_of_the_limit(
    headers: dict[str, str], expected: tuple[int, int, float] | None
) -> None:
    allowance = told_allowance(answer(200, **headers), now=START)
    if expected is None:
        assert allowance is None
    else:
        limit, remaining, resets_in = expected
        assert allowance == Allowance(limit=limit, remaining=remaining, resets_in=resets_in)


@pytest.fixture
def in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_a_zone_of_the_host_does_not_move_a_date(in_tokyo: None) -> None:
    reply = answer(429, retry_after=http_date(90).replace("GMT", "-0000"))
    assert told_wait(reply, now=START) == 90


def past(state: str, **changes: object) -> Known:
    facts = {
        "batch": 1, "state": state, "mapping": "purchases", "rules_digest": "rules",
        "digest": "1:a", "doubt_since": None, "reason": None, **changes,
    }  # fmt: skip
    return Known(**facts)  # type: ignore[arg-type] # by name


def decided(
    known: Known, *, digest: str = "1:a", rules: str = "rules",
    in_doubt: Literal["resend", "hold"] = "resend",
) -> Decision:  # fmt: skip
    sender = Sender(mapping="purchases", rules_digest=rules, in_doubt=in_doubt, now=100 * HOUR)
    return decide(known, digest=digest, sender=sender)


FRESH, OLD = 53 * HOUR + 1, 53 * HOUR


@pytest.mark.parametrize(
    ("known", "course", "reason"),
    [
        (past("accepted"), "accepted", "accepted_before"),
        (past("accepted", mapping="refunds"), "accepted", "accepted_by_other_mapping"),
        (past("held", reason="outside_dedup_window"), "held", "outside_dedup_window"),
        (past("held", mapping="refunds", reason="in_doubt"), "held", "in_doubt"),
        (past("refused", reason="CODE value"), "refused", "CODE value"),
        (past("refused", digest="1:b"), "send", ""),
        (past("refused", rules_digest="older"), "send", ""),
        (
            past("refused", mapping="refunds", rules_digest="theirs", reason="CODE"),
            "refused",
            "CODE",
        ),
        (past("refused", mapping="refunds", digest="1:b"), "send", ""),
        (past("refused", digest="1:b", doubt_since=FRESH), "send", ""),
        (past("refused", digest="1:b", doubt_since=OLD), "hold", "in_doubt"),
        (past("refused", digest="1:b", doubt_since=OLD, mapping="refunds"), "hold", "in_doubt"),
        (past("refused", doubt_since=OLD, reason="CODE"), "refused", "CODE"),
        (past("in_doubt", doubt_since=FRESH), "send", ""),
        (past("in_doubt", doubt_since=FRESH, digest="1:b"), "send", ""),
        (past("in_doubt", doubt_since=OLD), "hold", "in_doubt"),
        (
            past("in_doubt", doubt_since=OLD, mapping="refunds"),
            "pending",
            "claimed_by_other_mapping",
        ),
        (past("claimed", mapping="refunds"), "pending", "claimed_by_other_mapping"),
        (past("sent", mapping="refunds"), "pending", "claimed_by_other_mapping"),
        (past("claimed"), "send", ""),
        (past("sent"), "send", ""),
    ],
)
def test_the_past_of_a_conversion_decides(known: Known, course: str, reason: str) -> None:
    decision = decided(known)
    assert (decision.course, decision.reason) == (course, reason)


@pytest.mark.parametrize(
    ("known", "course"),
    [
        (past("in_doubt", doubt_since=FRESH), "hold"),
        (past("refused", digest="1:b", doubt_since=FRESH), "hold"),
        (past("sent"), "hold"),
        (past("claimed"), "send"),
        (past("refused", digest="1:b"), "send"),
    ],
)
def test_a_mapping_that_holds_never_sends_what_may_have_arrived(known: Known, course: str) -> None:
    assert decided(known, in_doubt="hold").course == course


def test_an_accepted_row_that_changed_is_told() -> None:
    assert decided(past("accepted"), digest="1:b").changed
    assert not decided(past("accepted")).changed
    assert not decided(past("accepted", mapping="refunds"), digest="1:b").changed
    assert not decided(past("accepted"), digest="2:b").changed


def test_digests_are_compared_within_their_version() -> None:
    assert same_content("1:a", "1:a")
    assert not same_content("1:a", "1:b")
    assert same_content("1:a", "2:b")


def test_the_window_ends_after_47_hours() -> None:
    now = 100 * HOUR
    assert not is_past_window(None, now)
    assert not is_past_window(now - 47 * HOUR + 1, now)
    assert is_past_window(now - 47 * HOUR, now)


def test_waiting_doubles_up_to_a_minute_with_chance_in_it() -> None:
    assert [backoff(attempt, random=1.0) for attempt in range(1, 9)] == [
        1, 2, 4, 8, 16, 32, 60, 60,
    ]  # fmt: skip
    assert backoff(3, random=0.0) == 2
    assert backoff(10_000, random=1.0) == timedelta(minutes=1).total_seconds()
