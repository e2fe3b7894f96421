import json
import sqlite3
from contextlib import closing

import pytest
from shop import MAPPING, Ended, Shell

ORDERS_AT_ONCE = """\
insert into orders
select 'bulk-' || i, 'eve' || i || '@example.com', now(), now(), 6.5, 'EUR' from range(120) t(i)
"""
JUMP = "new rows: 120, the last 6 runs had 24"


@pytest.fixture
def practised(shop: Shell) -> Shell:
    """A shop whose mapping has sent twenty-four orders in each of its last runs."""
    shop.sql("insert into orders select 'more-' || order_id, * exclude (order_id) from orders")
    assert shop.run("sync").code == 0
    with closing(sqlite3.connect(shop.folder / "state" / "connector.db")) as state, state:
        state.execute(
            "insert into runs (run_id, mapping, target, started_at, finished_at, status, summary)"
            " select run_id || '-' || value, mapping, target, started_at + value, finished_at,"
            "  status, summary from runs, (select 1 as value union select 2 union select 3"
            "  union select 4 union select 5 union select 6) where id = 1"
        )
    return shop


def jump(shop: Shell, anomaly: str, *words: str) -> Ended:
    """A sync of five times the orders."""
    shop.write("mappings/purchases.yaml", f"{MAPPING}limits: {{anomaly: {anomaly}}}\n")
    shop.sql(ORDERS_AT_ONCE)
    return shop.run("sync", "--json", *words)


def test_a_run_unlike_the_last_ones_is_told_and_sent(practised: Shell) -> None:
    ended = jump(practised, "warn")
    entry = ended.json["mappings"][0]
    assert (ended.code, entry["rows"]["accepted"]) == (0, 120)
    assert entry["anomalies"] == [JUMP]
    assert f"purchases: {JUMP}" in ended.err


def test_to_stop_means_before_the_first_byte(practised: Shell) -> None:
    sent = practised.wire()["receipts"]
    # What was stopped is not what is usual, so that the second run stops as well.
    for ended in (jump(practised, "stop"), practised.run("sync", "--json")):
        entry = ended.json["mappings"][0]
        assert (ended.code, entry["status"], entry["anomalies"]) == (4, "held", [JUMP])
        assert entry["reasons"]["pending"] == {"anomaly": 120}
        assert entry["identifiers"]["hashed_email"] == entry["requests"]["sent"] == 0
        assert "connector sync purchases --accept-anomalies" in ended.err
    assert practised.wire()["receipts"] == sent


def test_a_person_accepts_what_was_stopped(practised: Shell) -> None:
    jump(practised, "stop")
    accepted = practised.run("sync", "purchases", "--accept-anomalies", "--json")
    entry = accepted.json["mappings"][0]
    assert (accepted.code, entry["rows"]["accepted"], entry["anomalies"]) == (0, 120, [])
    assert entry["warnings"] == [f"accepted as usual: {JUMP}"]


def test_a_plan_tells_it_beforehand(practised: Shell) -> None:
    practised.sql(ORDERS_AT_ONCE)
    assert practised.run("plan", "--json").json["mappings"][0]["anomalies"] == [JUMP]
    assert JUMP in practised.run("plan").out + practised.run("plan").err


def test_where_nothing_is_to_be_sent_there_is_nothing_to_stop(practised: Shell) -> None:
    practised.write("mappings/purchases.yaml", f"{MAPPING}limits: {{anomaly: stop}}\n")
    ended = practised.run("sync", "--json")
    assert ended.json["mappings"][0]["anomalies"] == ["new rows: 0, the last 6 runs had 24"]
    assert (ended.code, ended.json["status"]) == (0, "succeeded")


def test_what_a_person_accepted_is_usual_from_then_on(practised: Shell) -> None:
    jump(practised, "stop", "--accept-anomalies")
    practised.sql("update orders set order_id = 'again-' || order_id where order_id like 'bulk%'")
    ended = practised.run("sync", "--json")
    assert (ended.code, ended.json["mappings"][0]["rows"]["accepted"]) == (0, 120)


def test_off_says_nothing(practised: Shell) -> None:
    ended = jump(practised, "off")
    entry = ended.json["mappings"][0]
    assert (ended.code, entry["rows"]["accepted"], entry["anomalies"]) == (0, 120, [])


@pytest.mark.parametrize("words", [("--limit", "500"), ("--full-refresh",)])
def test_a_run_that_is_unusual_by_intention_is_not_judged_nor_compared_with(
    practised: Shell, words: tuple[str, ...]
) -> None:
    ended = jump(practised, "stop", *words)
    entry = ended.json["mappings"][0]
    assert (ended.code, entry["rows"]["accepted"], entry["anomalies"]) == (0, 120, [])
    with closing(sqlite3.connect(practised.folder / "state" / "connector.db")) as state:
        kept = state.execute("select summary from runs order by id desc limit 1").fetchone()
    assert "figures" not in json.loads(kept[0])


def test_the_summary_of_a_run_does_not_show_what_only_the_state_keeps(practised: Shell) -> None:
    assert "figures" not in practised.run("sync", "--json").json["mappings"][0]
