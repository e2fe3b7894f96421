import fcntl
import json
import os
import pty
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

from shop import MAPPING, Shell

from connector.conversions.reasons import PENDING
from connector.simulator.server import Address


def test_a_sync_sends_every_row_and_a_second_one_nothing(shop: Shell) -> None:
    first = shop.run("sync", "--json")
    assert first.code == 0, first.err
    assert first.json["mappings"][0]["rows"] == {
        "read": 12, "accepted": 12, "deduplicated": 0, "suppressed": 0, "rejected": 0,
        "refused": 0, "in_doubt": 0, "held": 0, "pending": 0,
    }  # fmt: skip
    assert first.json["mappings"][0]["value"] == {"EUR": "78.00"}
    second = shop.run("sync", "--json").json["mappings"][0]
    assert second["rows"]["accepted"] == 0
    assert second["reasons"]["deduplicated"] == {"accepted_before": 12}
    assert second["requests"] == {"sent": 0, "retried": 0}
    assert shop.wire()["receipts"] == 12


def test_the_summary_has_exactly_the_keys_of_the_documentation(shop: Shell) -> None:
    summary = shop.run("sync", "--json").json
    assert list(summary) == [
        "schema_version", "tool_version", "run_id", "status", "exit_code", "started_at",
        "finished_at", "mappings",
    ]  # fmt: skip
    assert list(summary["mappings"][0]) == [
        "mapping", "status", "target", "live", "rows", "reasons", "dropped_identifiers",
        "already_hashed", "identifiers", "changed_after_acceptance", "held_before", "value",
        "anomalies", "warnings", "requests", "duration_seconds",
    ]  # fmt: skip


def test_the_summary_of_each_run_is_kept_for_its_owner_alone(shop: Shell) -> None:
    summary = shop.run("sync", "--json").json
    kept = shop.folder / "state" / "runs" / f"{summary['run_id']}.json"
    assert json.loads(kept.read_text()) == summary
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE((shop.folder / "state" / "connector.db").stat().st_mode) == 0o600


def test_without_a_state_a_sync_ends_with_2_and_says_what_to_do(shop: Shell) -> None:
    for file in (shop.folder / "state").iterdir():
        file.unlink()
    ended = shop.run("sync")
    assert ended.code == 2
    assert "connector state init" in ended.err
    assert shop.wire()["receipts"] == 0


def test_making_a_state_twice_changes_nothing(shop: Shell) -> None:
    shop.run("sync")
    again = shop.run("state", "init")
    assert again.code == 0
    assert "nothing changed" in again.out
    assert shop.run("sync", "--json").json["mappings"][0]["rows"]["accepted"] == 0


def test_a_connection_that_is_not_live_ends_a_cron_line_with_2(shop: Shell) -> None:
    shop.config(live=False)
    ended = shop.run("sync", "--json")
    assert ended.code == 2
    assert ended.json["status"] == "dry_run"
    assert ended.json["exit_code"] == 2
    assert ended.json["mappings"][0]["reasons"]["pending"] == {"dry_run": 12}
    assert ended.err.count("is not live") == 2
    assert shop.wire()["receipts"] == 0


def test_on_a_terminal_a_connection_that_is_not_live_is_a_rehearsal(shop: Shell) -> None:
    shop.config(live=False)
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "connector", "sync"]
    done = subprocess.run(  # noqa: PLW1510 - the code is what is asserted
        command, cwd=shop.folder, stdin=terminal, stdout=terminal, stderr=terminal, timeout=60
    )
    os.close(terminal)
    printed = os.read(controller, 100_000).decode()
    os.close(controller)
    assert done.returncode == 0
    assert "is not live" in printed
    assert shop.wire()["receipts"] == 0


def test_a_dry_run_that_was_asked_for_ends_with_0(shop: Shell) -> None:
    ended = shop.run("sync", "--dry-run", "--json")
    assert (ended.code, ended.json["status"]) == (0, "dry_run")
    assert not any(ended.json["mappings"][0]["identifiers"].values())
    assert shop.wire()["receipts"] == 0
    assert shop.run("sync", "--json").json["mappings"][0]["rows"]["accepted"] == 12


def test_a_rehearsal_does_not_count_as_sent_to_another_target(
    shop: Shell, another_x_ads: Address
) -> None:
    shop.run("sync")
    shop.config(address=another_x_ads)
    there = shop.run("sync", "--json").json["mappings"][0]
    assert there["rows"]["accepted"] == 12
    assert there["target"] == another_x_ads.url


def test_a_first_sync_with_a_history_stops_until_a_person_says_how(shop: Shell) -> None:
    shop.sql("update orders set paid_at = now() - interval 5 day where order_id = 'order-3'")
    stopped = shop.run("sync", "--json")
    assert stopped.code == 4
    assert stopped.json["mappings"][0]["reasons"]["pending"] == {"first_sync": 12}
    assert "3.00" in stopped.out or "3 EUR" in stopped.out
    assert shop.wire()["receipts"] == 0
    assert shop.run("state", "begin", "purchases", "--send-history").code == 0
    assert shop.run("sync", "--json").json["mappings"][0]["rows"]["accepted"] == 12


def test_what_is_older_than_the_beginning_counts_as_sent_elsewhere(shop: Shell) -> None:
    shop.sql("update orders set paid_at = now() - interval 5 day where order_id = 'order-3'")
    shop.run("state", "begin", "purchases", "--before", "2026-01-01")
    shop.run("state", "begin", "purchases", "--before", _days_ago(3))
    ended = shop.run("sync", "--json").json["mappings"][0]
    assert ended["reasons"]["deduplicated"] == {"begun_before": 1}
    assert ended["rows"]["accepted"] == 11


def test_a_changed_key_stops_before_the_first_byte(shop: Shell) -> None:
    shop.run("sync")
    shop.write(
        "mappings/purchases.yaml", MAPPING.replace("order_id,", "{sql: \"'x' || order_id\"},")
    )
    stopped = shop.run("sync", "--json")
    assert stopped.code == 4
    assert stopped.json["mappings"][0]["reasons"]["pending"] == {"keys_changed": 12}
    assert shop.wire()["receipts"] == 12


def test_the_full_form_of_the_same_event_is_no_changed_key(shop: Shell) -> None:
    shop.run("sync")
    shop.write("mappings/purchases.yaml", MAPPING.replace("tw-o8z6j-o87ne", "o87ne"))
    ended = shop.run("sync", "--json")
    assert ended.code == 0
    assert ended.json["mappings"][0]["reasons"]["deduplicated"] == {"accepted_before": 12}


def test_an_accepted_row_that_changes_is_reported_and_not_sent(shop: Shell) -> None:
    shop.run("sync")
    shop.sql("update orders set amount = 1000, updated_at = now() where order_id = 'order-3'")
    ended = shop.run("sync", "--json").json["mappings"][0]
    assert ended["changed_after_acceptance"] == 1
    assert shop.wire()["receipts"] == 12


def test_a_limit_reads_so_many_rows_and_leaves_the_cursor(shop: Shell) -> None:
    assert shop.run("sync", "--limit", "5", "--json").json["mappings"][0]["rows"]["read"] == 5
    assert shop.run("sync", "--json").json["mappings"][0]["rows"]["read"] == 12
    assert shop.wire()["distinct"] == 12


def test_since_bounds_the_conversion_time(shop: Shell) -> None:
    shop.sql("update orders set paid_at = now() - interval 30 hour where order_id = 'order-3'")
    ended = shop.run("sync", "--since", _days_ago(1), "--json").json["mappings"][0]
    assert ended["rows"]["accepted"] == ended["rows"]["read"] == 11


def test_too_many_rejected_rows_are_told_once(shop: Shell) -> None:
    shop.sql(
        "insert into orders select order_id || 'b', null, paid_at, updated_at, 1, 'EUR' from orders"
    )
    ended = shop.run("sync", "--json")
    assert (ended.code, ended.json["status"]) == (3, "rejected_above_limit")
    assert ended.json["mappings"][0]["rows"]["accepted"] == 12
    assert shop.run("sync").code == 0


def test_refused_credentials_end_with_5_and_keep_the_rows(shop: Shell) -> None:
    config = (shop.folder / "config.yaml").read_text()
    token = str(shop.address.describe()["pixel_token"])
    shop.write("config.yaml", config.replace(token, "sim-wrong"))
    ended = shop.run("sync", "--json")
    assert (ended.code, ended.json["status"]) == (5, "unauthorized")
    assert ended.json["mappings"][0]["rows"]["pending"] == 12
    assert "sim-wrong" not in ended.out + ended.err
    shop.write("config.yaml", config)
    assert shop.run("sync", "--json").json["mappings"][0]["rows"]["accepted"] == 12


def test_a_dead_network_is_waited_for_and_then_named(shop: Shell) -> None:
    config = (shop.folder / "config.yaml").read_text()
    shop.write("config.yaml", config.replace(shop.address.url, "http://127.0.0.1:9"))
    ended = shop.run("sync", "--max-runtime", "2s", "--json")
    assert (ended.code, ended.json["status"]) == (8, "unreachable")
    assert ended.json["mappings"][0]["rows"]["pending"] == 12
    assert "the connection was refused" in ended.err


def test_a_budget_without_room_leaves_rows_pending_for_a_reason_that_is_explained(
    shop: Shell,
) -> None:
    config = (shop.folder / "config.yaml").read_text()
    limits = "    rate_limits: {conversion_events: 5 per 1 hour}\n"
    shop.write("config.yaml", config + limits)
    ended = shop.run("sync", "--json")
    assert (ended.code, ended.json["status"]) == (7, "unfinished")
    assert ended.json["mappings"][0]["reasons"]["pending"] == {"rate_budget": 7}
    assert "rate_budget" in PENDING


def test_another_sync_is_waited_for_until_the_deadline(shop: Shell) -> None:
    shop.run("sync")
    (lock,) = (shop.folder / "state").glob("*.lock-*")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = shop.run("sync", "--wait", "--max-runtime", "1s", "--json")
    assert (ended.code, ended.json["status"]) == (6, "running")


def test_two_mappings_are_summed_and_one_that_fails_does_not_stop_the_other(shop: Shell) -> None:
    shop.write("mappings/broken.yaml", MAPPING.replace("email: email", "email: mail"))
    ended = shop.run("sync", "--json")
    assert ended.code == 2
    statuses = {m["mapping"]: m["status"] for m in ended.json["mappings"]}
    assert statuses == {"broken": "misconfigured", "purchases": "succeeded"}
    assert "broken.yaml:3" in ended.err
    assert "did you mean 'email'" in ended.err


def test_a_mapping_that_is_not_enabled_is_synced_when_it_is_named(shop: Shell) -> None:
    shop.write("mappings/purchases.yaml", "enabled: false\n" + MAPPING)
    none = shop.run("sync", "--json")
    assert none.json["mappings"] == []
    assert "no mapping is enabled" in none.err
    assert shop.run("sync", "purchases", "--json").json["mappings"][0]["rows"]["accepted"] == 12


def test_a_tag_chooses_mappings(shop: Shell) -> None:
    shop.write("mappings/purchases.yaml", "tags: [hourly]\n" + MAPPING)
    none = shop.run("sync", "--tag", "daily", "--json")
    assert none.json["mappings"] == []
    assert "no enabled mapping has the tag daily" in none.err
    assert len(shop.run("sync", "--tag", "hourly", "--json").json["mappings"]) == 1


def test_no_identifier_reaches_the_state_the_logs_or_the_summary(shop: Shell) -> None:
    ended = shop.run("sync", "-v", "--json", "--log-format", "json")
    payloads = shop.wire()["conversions"]
    digest = payloads[0]["payload"]["identifiers"][0]["hashed_email"]
    kept = b"".join(p.read_bytes() for p in (shop.folder / "state").rglob("*") if p.is_file())
    for secret in (digest, "@example.com", str(shop.address.describe()["pixel_token"])):
        assert secret not in ended.out + ended.err
        assert secret.encode() not in kept


def _days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def test_where_nothing_is_wrong_nothing_is_said_on_stderr(shop: Shell) -> None:
    assert shop.run("sync", "--quiet").err == ""
    assert shop.run("sync", "--quiet").err == ""
