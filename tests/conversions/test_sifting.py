from collections.abc import Mapping
from datetime import timedelta

import pyarrow as pa
from delivery import START, mapped, numbered
from hypothesis import given
from hypothesis import strategies as st

from connector.conversions.outcomes import Sender, decide
from connector.conversions.sifting import Rules, Sifted, late, sift
from connector.state.facts import Known, Past

NOW = int(START * 1000)
HOUR = 3_600_000


def sender(again: frozenset[int] = frozenset()) -> Sender:
    return Sender(
        mapping="purchases", rules_digest="rules", in_doubt="resend", now=NOW, again=again
    )


def rules(*, begun_before: int | None = None, again: frozenset[int] = frozenset()) -> Rules:
    return Rules(sender=lambda: sender(again), begun_before=begun_before, browser_pixel=False)


def together(known: Mapping[int, Known]) -> Past:
    """What the ledger gathers for a mapping called purchases."""
    accepted = {place: past for place, past in known.items() if past.state == "accepted"}
    return Past(
        places=list(accepted),
        batches=[past.batch for past in accepted.values()],
        digests=[past.digest for past in accepted.values()],
        own=[past.mapping == "purchases" for past in accepted.values()],
        others={place: past for place, past in known.items() if place not in accepted},
    )


def ids(rows: pa.RecordBatch) -> list[str]:
    found: list[str] = rows["conversion_id"].to_pylist()
    return found


def counted(sifted: Sifted) -> dict[tuple[str, str], list[str]]:
    return {key: ids(sifted.part(*key)) for key in sifted.counted}


def one(state: str, **changes: object) -> Known:
    facts = {
        "batch": 7, "state": state, "mapping": "purchases", "rules_digest": "rules",
        "digest": "1:a", "doubt_since": None, "reason": None, **changes,
    }  # fmt: skip
    return Known(**facts)  # type: ignore[arg-type] # by name


def test_rows_part_by_what_is_known_of_them() -> None:
    known = {
        0: one("accepted", digest="1:b"), 2: one("in_doubt", doubt_since=NOW - HOUR),
        3: one("held", reason="in_doubt"), 4: one("in_doubt", doubt_since=NOW - 47 * HOUR),
        5: one("refused", reason="CODE"), 6: one("claimed", mapping="refunds"),
    }  # fmt: skip
    sifted = sift(mapped(numbered(8)), together(known), rules())
    assert ids(sifted.send) == ["1", "2", "7"]
    assert sifted.send["seen"].to_pylist() == [None, 7, None]
    assert sifted.send["doubt_since"].to_pylist() == [None, NOW - HOUR, None]
    assert {reason: ids(rows) for reason, rows in sifted.hold.items()} == {"in_doubt": ["4"]}
    assert counted(sifted) == {
        ("deduplicated", "accepted_before"): ["0"], ("held", "in_doubt"): ["3"],
        ("refused", "CODE"): ["5"], ("pending", "claimed_by_other_mapping"): ["6"],
    }  # fmt: skip
    assert (sifted.held_before, sifted.changed) == (1, 1)


def test_rows_from_before_the_beginning_were_sent_elsewhere_unless_the_ledger_knows_them() -> None:
    rows = mapped(numbered(3), time_ms=[NOW - 2, NOW - 2, NOW - 1])
    known = {1: one("refused", digest="1:b")}
    sifted = sift(rows, together(known), rules(begun_before=NOW - 1))
    assert ids(sifted.send) == ["1", "2"]
    assert counted(sifted) == {("deduplicated", "begun_before"): ["0"]}


def test_a_row_is_late_from_the_last_moment_of_its_window() -> None:
    rows = mapped(
        numbered(6),
        time_ms=[NOW, NOW, NOW, NOW - 48 * HOUR, NOW - 48 * HOUR + 1, NOW - 48 * HOUR],
    )
    doubts = pa.array([NOW - 47 * HOUR, NOW - 47 * HOUR + 1, None, None, None, None], pa.int64())
    rows = rows.append_column("doubt_since", doubts)
    rows = rows.append_column("again", pa.array([False] * 5 + [True]))
    rest, parts = late(rows, now=NOW, browser_pixel=True)
    assert ids(rest) == ["1", "2", "4", "5"]
    assert {reason: ids(part) for reason, part in parts.items()} == {
        "in_doubt": ["0"], "outside_dedup_window": ["3"],
    }  # fmt: skip
    rest, parts = late(rows, now=NOW, browser_pixel=False)
    assert (ids(rest), list(parts)) == (["1", "2", "3", "4", "5"], ["in_doubt"])


def test_a_row_that_is_late_twice_is_held_once() -> None:
    rows = mapped(["1"], age=timedelta(days=3)).append_column(
        "doubt_since", pa.array([NOW - 50 * HOUR], pa.int64())
    )
    rows = rows.append_column("again", pa.array([False]))
    rest, parts = late(rows, now=NOW, browser_pixel=True)
    assert (rest.num_rows, list(parts)) == (0, ["in_doubt"])


PASTS = st.builds(
    Known,
    batch=st.sampled_from([7, 8]), state=st.sampled_from(["accepted", "refused", "held"]),
    mapping=st.sampled_from(["purchases", "refunds"]), rules_digest=st.just("rules"),
    digest=st.sampled_from(["1:a", "1:b", "2:a"]), doubt_since=st.none(), reason=st.none(),
)  # fmt: skip


@given(known=st.dictionaries(st.integers(0, 19), PASTS), again=st.frozensets(st.sampled_from([7])))
def test_many_rows_are_decided_as_each_would_be(
    known: dict[int, Known], again: frozenset[int]
) -> None:
    sifted = sift(mapped(numbered(20)), together(known), rules(again=again))
    decisions = {
        place: decide(past, digest="1:a", sender=sender(again)) for place, past in known.items()
    }
    sent = {place for place, decision in decisions.items() if decision.course == "send"}
    assert {int(one) for one in ids(sifted.send)} == (set(range(20)) - known.keys()) | sent
    assert sifted.changed == sum(decision.changed for decision in decisions.values())
    held = {place for place, decision in decisions.items() if decision.course == "held"}
    assert sifted.held_before == len(held)
    assert {int(one) for part in counted(sifted).values() for one in part} == known.keys() - sent
    assert all(sifted.rows["seen"][place].as_py() == past.batch for place, past in known.items())
