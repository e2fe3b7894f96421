"""The mistakes that clients of X's numbers are known for, one test each."""

import gzip
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
from raw_server import resetting
from x.metrics.account import ads_of, at_x, expected, groups_of, read
from x.metrics.questions import ASKED, DAY, JOB, MADE, ROW, answer, ok
from x.metrics.scripted import Call, Reply, errors, in_turn, playing

from connector.errors import UnreachableError
from connector.simulator.ads import estate, founding
from connector.simulator.statistics.metrics import GROUPS, LEAVES
from connector.x.metrics.answers import parts_of
from connector.x.metrics.attribution import METRIC_OF
from connector.x.metrics.creating import made
from connector.x.metrics.files import fetched, refuse_elsewhere
from connector.x.metrics.jobs import answered_by_files
from connector.x.metrics.questions import (
    AD,
    CONVERSIONS,
    LINE_ITEM,
    NUMBERS,
    Subject,
)
from connector.x.metrics.reading import differences, hours

SINCE, UNTIL = "2026-03-21", "2026-04-19"


def numbers(metrics: dict[str, Any], subject: Subject = NUMBERS) -> dict[str, Any]:
    (part,) = parts_of(answer(metrics), replace(ASKED, subject=subject), DAY)
    return dict(part.numbers)


def test_zeros_are_kept() -> None:
    told = numbers({"impressions": [0] * 24, "billed_charge_local_micro": [0] * 24})
    assert told == {"impressions": [0], "cost": [0]}


def test_nulls_are_no_zeros() -> None:
    told = numbers({"impressions": None, "clicks": [None] * 24, "likes": [None] * 23 + [0]})
    assert told == {"clicks": [None], "likes": [0]}


def test_a_429_without_a_reset_is_waited_for() -> None:
    busy: Reply = ("429 Busy", errors("TOO_MANY_REQUESTS"))
    with playing(in_turn([busy, ok(), busy, busy, MADE])) as stage:
        assert stage.asking.get("stats/accounts/:id") == {"data": []}
        assert made(stage.asking, ASKED, DAY, known=()).id == str(JOB)
    assert stage.clock.waits == [2.0, 2.0, 5.0]
    assert (stage.asking.requests.sent, stage.asking.requests.retried) == (5, 3)


@pytest.mark.parametrize("status", ["500 Error", "503 Down", "504 Late"])
def test_a_post_that_may_have_been_processed_is_looked_for(status: str) -> None:
    replies: list[Reply] = [(status, errors("INTERNAL_ERROR")), ok(ROW)]
    with playing(in_turn(replies)) as stage:
        assert made(stage.asking, ASKED, DAY, known=()).id == str(JOB)
    assert [call.method for call in stage.calls] == ["POST", "GET"]


def test_a_job_is_not_made_twice_when_answers_are_lost() -> None:
    faults = {"reset_after_commit": 0.12, "error_500_after_commit": 0.08}
    with at_x(faults=faults, seed=5) as desk:
        rows, reading = read(desk.source(), SINCE, UNTIL)
        jobs = desk.told("jobs")["jobs"]
        told = desk.truth(SINCE, UNTIL, by="day")
        assert ads_of(rows) == expected({**told["ads"], **told["doubled"]})
    what = Counter(
        str([job[name] for name in ("entity", "entity_ids", "placement", "metric_groups")])
        for job in jobs
    )
    assert set(what.values()) == {1}
    assert reading.requests.retried > 3


def test_no_credentials_go_to_where_the_files_are() -> None:
    with at_x() as desk:
        read(desk.source(), SINCE, UNTIL)
        told = desk.told("jobs")
    assert told["downloads"] == 8
    assert told["downloads_with_credentials"] == 0


def test_a_file_is_fetched_from_where_x_says_and_nowhere_else() -> None:
    refuse_elsewhere("https://ton.twimg.com/advertiser-api/stats_job_1.json.gz", "https://a.x.com")
    refuse_elsewhere("http://127.0.0.1:8490/stats.json.gz", "http://127.0.0.1:8490")
    for url in (
        "https://ton.twimg.com.example.org/stats.json.gz", "http://ton.twimg.com/stats.json.gz",
        "https://example.org/ton.twimg.com", "https://ton.twimg.com@example.org/", "",
        "file:///etc/passwd", "http://127.0.0.1:8491/stats.json.gz",
    ):  # fmt: skip
        with pytest.raises(UnreachableError, match="a host that is not X's"):
            refuse_elsewhere(url, "http://127.0.0.1:8490")


def test_a_file_is_fetched_with_the_path_as_it_is_and_without_a_header_that_tells_who() -> None:
    packed = gzip.compress(json.dumps(answer({"impressions": [1] * 24})).encode())
    with playing(in_turn([("200 OK\nContent-Type: application/gzip", packed)])) as stage:
        url = f"{stage.server.url}/advertiser-api/a%2Fb.json.gz?x=1"
        (part,) = fetched(stage.asking, url, ASKED, DAY)
    assert part.numbers == {"impressions": [24]}
    assert stage.server.received[0].line == "GET /advertiser-api/a%2Fb.json.gz?x=1 HTTP/1.1"
    assert "authorization" not in stage.calls[0].headers


def test_a_page_of_html_is_no_crash() -> None:
    html: Reply = ("502 Bad Gateway", b"<html><h1>Bad gateway</h1>")
    with playing(in_turn([html, ok(), html, ok(), html, ok(), html, html, html])) as stage:
        with pytest.raises(UnreachableError, match="POST stats/jobs/accounts/:id: 502 no code"):
            made(stage.asking, ASKED, DAY, known=())
        with pytest.raises(UnreachableError, match="GET stats/accounts/:id: 502 no code"):
            stage.asking.get("stats/accounts/:id")


def test_a_job_that_fails_for_good_is_an_error_that_names_what_is_missing() -> None:
    failed: Reply = ok({**ROW, "status": "FAILED"})
    with (
        playing(in_turn([MADE, failed, MADE, failed])) as stage,
        pytest.raises(UnreachableError, match=r"ENGAGEMENT,BILLING of PROMOTED_TWEET 5ft2qa on"),
    ):
        list(answered_by_files(stage.asking, [ASKED], DAY, refused=set()))
    assert len(stage.of("POST")) == 2


def test_a_job_that_never_ends_is_an_error_too() -> None:
    def script(call: Call) -> Reply:
        return MADE if call.method == "POST" else ok(ROW)

    with (
        playing(script) as stage,
        pytest.raises(UnreachableError, match="200 PROCESSING: nothing came of any job for 3,600"),
    ):
        list(answered_by_files(stage.asking, [ASKED], DAY, refused=set()))
    assert len(stage.of("POST")) == 1


def test_the_metrics_asked_for_exist() -> None:
    known = {name for names in GROUPS.values() for name in names}
    for subject in (NUMBERS, CONVERSIONS):
        for paths in subject.fields[""].values():
            for name, *leaf in paths:
                assert name in known
                assert set(leaf) <= set(LEAVES["WEB_CONVERSION"])
    assert {f"conversion_{name}" for name in METRIC_OF.values()} <= known


def test_only_active_entities_are_asked_about() -> None:
    with at_x() as desk:
        source, until = desk.source(), datetime.fromtimestamp(desk.clock.now, UTC)
        rows = list(hours(source, since=until - timedelta(hours=9), until=until).hours)
        ran = {row.id for row in rows}
        assert set(source.known.entities[AD]) <= ran
        everything = desk.truth("2025-04-20", UNTIL)
    assert len(source.known.entities[AD]) < len(everything["ads"])


def test_amounts_are_millionths_and_counts_are_not() -> None:
    one = {"metric": [1] * 24, "sale_amount": [37_450_000] + [0] * 23, "order_quantity": [1] * 24}
    other = {"metric": [None] * 23 + [2], "sale_amount": None}
    told = numbers(
        {"conversion_purchases": one, "conversion_custom": other, "conversion_sign_ups": one},
        CONVERSIONS,
    )
    assert told == {"conversions": [26], "conversion_value": [37_450_000]}
    with at_x() as desk:
        rows, _ = read(desk.source(), "2026-04-18", UNTIL)
    values = {row.conversion_value for row in rows if row.conversion_value}
    assert values
    assert all(Decimal(9) / 10 < value < 5_000 for value in values)


def test_every_placement_that_is_named_is_asked_and_added_up() -> None:
    with at_x() as desk:
        _, reading = read(desk.source(), SINCE, UNTIL)
        placements = {job["placement"] for job in desk.told("jobs")["jobs"]}
        told = desk.truth(SINCE, UNTIL, by="day")
        assert placements == {"ALL_ON_TWITTER", "SPOTLIGHT"}
        assert groups_of(reading.groups) == expected(told["line_items"])


def test_a_placement_that_x_names_and_does_not_answer_for_is_a_warning() -> None:
    plans = [
        replace(
            plan,
            line_items=tuple(
                replace(item, placements=("ALL_ON_TWITTER", "TAP_FULL")) for item in plan.line_items
            ),
        )
        for plan in estate.CAMPAIGNS
    ]
    modes = frozenset({"no_publisher_network"})
    with patch.object(founding, "CAMPAIGNS", plans), at_x(modes=modes) as desk:
        for since in (SINCE, "2026-04-15"):
            rows, reading = read(desk.source(), since, UNTIL)
            assert len(rows) > 50
            (told,) = reading.warnings
            assert "the placement PUBLISHER_NETWORK, for which X does not answer" in told
        assert desk.asked()["POST stats/jobs/accounts"] == 4 + 1


def test_the_end_of_a_span_is_exclusive() -> None:
    with at_x() as desk:
        read(desk.source(), SINCE, UNTIL)
        ends = {job["end_time"] for job in desk.told("jobs")["jobs"]}
    assert ends == {"2026-04-19T22:00:00Z"}


def test_days_are_stepped_by_the_calendar_and_not_by_24_hours() -> None:
    with at_x() as desk:
        rows, _ = read(desk.source(), "2026-03-28", "2026-03-30")
        told = desk.truth("2026-03-28", "2026-03-30", by="day")
    assert {str(row.date) for row in rows} == {"2026-03-28", "2026-03-29", "2026-03-30"}
    assert ads_of(rows) == expected({**told["ads"], **told["doubled"]})


def test_an_id_is_not_rounded() -> None:
    bare = {name: value for name, value in ROW.items() if name != "id_str"}
    assert int(float(JOB)) != JOB
    with playing(in_turn([("200 OK", {"data": bare})])) as stage:
        assert made(stage.asking, ASKED, DAY, known=()).id == "1833344455566677789"


def test_a_tweet_promoted_twice_is_a_warning_with_both_sums() -> None:
    with at_x() as desk:
        source = desk.source()
        rows, reading = read(source, "2026-04-14", UNTIL)
        told = desk.truth("2026-04-14", UNTIL)
    assert not reading.warnings
    of_items: Counter[str] = Counter()
    for row in rows:
        of_items[row.ad_group_id] += row.cost  # type: ignore[assignment, operator]
    differing = {
        id_: cost
        for id_, cost in of_items.items()
        if abs(cost - (true := _cost(told["line_items"][id_]))) > true / 100
    }
    assert len(differing) == len(differences(source)) == 3
    for id_, cost in differing.items():
        (warning,) = [text for text in differences(source) if f"line item {id_} " in text]
        assert f"cost {cost.normalize()} EUR" in warning  # type: ignore[attr-defined]
        assert f"itself {_cost(told['line_items'][id_]).normalize()}, which is right" in warning


def _cost(sums: dict[str, int]) -> Decimal:
    return Decimal(sums["billed_charge_local_micro"]) / 1_000_000


def test_a_post_that_did_not_leave_or_was_not_processed_is_sent_again() -> None:
    locked: Reply = ("423 Locked", errors("LOCK_ACQUISITION_TIMEOUT"))
    later: Reply = ("503 Down\nRetry-After: 7", errors("OVER_CAPACITY"))
    with playing(in_turn([locked, later, MADE])) as stage:
        assert made(stage.asking, ASKED, DAY, known=()).id == str(JOB)
    assert [call.method for call in stage.calls] == ["POST"] * 3
    assert stage.clock.waits == [1.0, 7.0]


def test_a_job_of_somebody_else_or_of_earlier_is_not_taken_for_a_lost_one() -> None:
    strangers = [
        {**ROW, "entity_ids": ["5ft2qa", "5ft2qb"]},
        {**ROW, "entity": LINE_ITEM},
        {**ROW, "placement": "SPOTLIGHT"},
        {**ROW, "metric_groups": ["WEB_CONVERSION"]},
        {**ROW, "end_time": "2026-07-03T00:00:00Z"},
        {**ROW, "created_at": "2026-04-20T15:00:00Z"},
        {**ROW, "created_at": None},
        {**ROW, "status": "FAILED"},
        {**ROW, "segmentation_type": "AGE"},
        {**ROW, "id_str": "4711"},
    ]
    fresh = {**ROW, "id": 2, "id_str": "2"}
    replies: list[Reply] = [resetting, ok(*strangers), ("200 OK", {"data": fresh})]
    with playing(in_turn(replies)) as stage:
        assert made(stage.asking, ASKED, DAY, known=("4711",)).id == "2"
