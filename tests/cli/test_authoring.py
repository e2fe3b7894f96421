import json
import sqlite3
from contextlib import closing

from shop import MAPPING, Shell


def test_check_says_that_all_fits(shop: Shell) -> None:
    ended = shop.run("check")
    assert ended.code == 0
    assert "purchases: fits" in ended.out


def test_check_names_file_line_and_column_of_what_does_not_fit(shop: Shell) -> None:
    shop.sql("alter table orders alter order_id type double using 1.5")
    shop.write("mappings/purchases.yaml", MAPPING.replace("email: email", "email: e_mail"))
    ended = shop.run("check")
    assert ended.code == 2
    assert "mappings/purchases.yaml:3:22: the source has no column 'e_mail'" in ended.out
    assert "mappings/purchases.yaml:4:51: conversion_id is DOUBLE in the warehouse" in ended.out


def test_a_missing_variable_is_named_with_its_line(shop: Shell) -> None:
    config = (shop.folder / "config.yaml").read_text()
    token = str(shop.address.describe()["pixel_token"])
    shop.write("config.yaml", config.replace(token, "${X_TOKEN_OF_TESTS}"))
    ended = shop.run("check")
    assert ended.code == 2
    assert "config.yaml:9:" in ended.err
    assert "X_TOKEN_OF_TESTS" in ended.err
    assert shop.run("check", environment={"X_TOKEN_OF_TESTS": token}).code == 0


def test_all_mistakes_of_all_files_are_told_at_once(shop: Shell) -> None:
    shop.write("config.yaml", "warehous: {}\n" + (shop.folder / "config.yaml").read_text())
    shop.write("mappings/purchases.yaml", MAPPING.replace("cursor:", "curser:"))
    ended = shop.run("check")
    assert ended.code == 2
    assert "config.yaml:1:1: unknown key 'warehous'; did you mean 'warehouse'" in ended.err
    assert "mappings/purchases.yaml:1:" in ended.err
    assert "did you mean 'cursor'" in ended.err


def test_preview_shows_rows_as_json_lines(shop: Shell) -> None:
    shop.sql("update orders set email = null where order_id = 'order-2'")
    ended = shop.run("preview", "purchases", "-n", "2")
    first, second = (json.loads(line) for line in ended.out.splitlines())
    assert first["pixel_id"] == "o8z6j"
    assert first["conversion"]["conversion_id"] == "order-1"
    assert second == {"conversion_id": "order-2", "rejected": ["missing_identifier"]}


def test_compile_prints_the_statement_with_its_words(shop: Shell) -> None:
    ended = shop.run("compile", "purchases")
    assert ended.code == 0
    assert "create macro connector_trimmed" in ended.out
    assert '"order_id" as "conversion_id.given"' in ended.out


def test_a_date_without_a_time_is_a_configuration_error(shop: Shell) -> None:
    shop.sql("alter table orders alter paid_at type date")
    ended = shop.run("sync")
    assert ended.code == 2
    assert "conversion_time is DATE" in ended.err
    shop.sql("alter table orders alter paid_at type varchar")
    ended = shop.run("sync")
    assert ended.code == 2
    assert "a date without a time of day" in ended.err
    assert shop.wire()["receipts"] == 0


def test_plan_counts_and_changes_nothing(shop: Shell) -> None:
    plan = shop.run("plan", "--json").json["mappings"][0]
    assert (plan["to_send"], plan["requests"], plan["value"]) == (12, 1, {"EUR": "78.00"})
    assert plan["identifiers"]["hashed_email"] == 12
    assert "to send: 12, worth 78.00 EUR" in shop.run("plan").out
    assert shop.wire()["requests"] == 0
    assert shop.run("status", "--json").json == {"mappings": [], "never_run": ["purchases"]}


def test_plan_tells_what_waits_for_another_mapping_from_what_is_to_be_sent(shop: Shell) -> None:
    shop.run("sync")
    with closing(sqlite3.connect(shop.folder / "state" / "connector.db")) as state, state:
        state.execute("update batches set state = 'in_doubt', doubt_since = sent_at")
    shop.sql("insert into orders select order_id || 'b', * exclude order_id from orders limit 3")
    shop.write("mappings/copies.yaml", MAPPING)
    plan = shop.run("plan", "copies", "--json").json["mappings"][0]
    assert (plan["to_send"], plan["identifiers"]["hashed_email"]) == (3, 3)
    assert plan["reasons"]["pending"] == {"claimed_by_other_mapping": 12, "dry_run": 3}
    told = shop.run("plan", "copies").out
    assert "to send: 3" in told
    assert "pending: 12 (claimed_by_other_mapping 12)" in told
    assert "hashed_email 100%" in told


def test_plan_counts_the_requests_of_a_small_budget(shop: Shell) -> None:
    config = (shop.folder / "config.yaml").read_text()
    shop.write("config.yaml", config + "    rate_limits: {conversion_events: 5 per 1 minute}\n")
    plan = shop.run("plan", "--json").json["mappings"][0]
    assert (plan["requests"], plan["seconds_at_rate_limit"]) == (3, 120)


def test_status_tells_the_last_run_and_the_ledger(shop: Shell) -> None:
    shop.run("sync")
    (entry,) = shop.run("status", "--json").json["mappings"]
    assert (entry["mapping"], entry["status"]) == ("purchases", "succeeded")
    assert entry["ledger"] == {"accepted": 12}
    assert "accepted 12" in shop.run("status").out


def test_a_mapping_that_is_not_there_is_answered_with_those_that_are(shop: Shell) -> None:
    ended = shop.run("sync", "purchase")
    assert ended.code == 2
    assert "known here: purchases" in ended.err


def test_an_option_that_is_not_there_ends_with_2(shop: Shell) -> None:
    assert shop.run("sync", "--dryrun").code == 2


def test_beginning_needs_one_word_on_how(shop: Shell) -> None:
    assert shop.run("state", "begin", "purchases").code == 2
    ended = shop.run("state", "begin", "purchases", "--before", "yesterday")
    assert ended.code == 2
    assert "'yesterday' is not a time" in ended.err


def test_check_remarks_on_a_conversion_id_that_looks_wrong(shop: Shell) -> None:
    shop.sql("insert into orders select order_id || 'b', * exclude (order_id) from orders")
    remarks = {
        "{sql: \"'all'\"}": "the same in all 24 rows",
        '{sql: "left(order_id, 7)"}': "only 9 values in 24 rows",
        "again": "changes each time the source is read",
        "email": "holds an e-mail address in 24 of 24 rows",
        "{sql: \"case when order_id like '%b' then order_id end\"}": "NULL or blank in 12 of 24",
    }
    query = 'query: "select *, uuid()::varchar as again from orders"'
    for expression, remark in remarks.items():
        mapping = MAPPING.replace("conversion_id: order_id", f"conversion_id: {expression}")
        shop.write("mappings/purchases.yaml", mapping.replace("table: orders", query))
        ended = shop.run("check", "--json")
        assert ended.code == 0
        assert remark in " ".join(ended.json["mappings"][0]["remarks"]), expression
