import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shop import MAPPING, Ended, Shell, clean_environment


@pytest.fixture
def sent(shop: Shell) -> Shell:
    """A shop whose twelve orders are accepted."""
    assert shop.run("sync").code == 0
    return shop


def entry(ended: Ended) -> dict[str, Any]:
    [found] = ended.json["mappings"]
    return dict(found)


def rows(ended: Ended) -> dict[str, int]:
    """The outcomes that occurred."""
    return {name: count for name, count in entry(ended)["rows"].items() if count}


def receipts(shop: Shell) -> dict[str, int]:
    return {each["conversion_id"]: each["receipts"] for each in shop.wire()["conversions"]}


def replayed(shop: Shell, *words: str) -> Ended:
    return shop.run("replay", "purchases", *words, "--yes", "--json")


def minutes_ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


def test_what_is_accepted_is_not_sent_again(sent: Shell) -> None:
    ended = replayed(sent, "--conversion-id", "order-3")
    assert ended.code == 0, ended.err
    assert rows(ended) == {"read": 1, "deduplicated": 1}
    assert "worth 3.00 EUR" in ended.err
    assert "--allow-double-count" in entry(ended)["warnings"][0]
    assert receipts(sent)["order-3"] == 1


def test_a_person_may_let_it_count_twice(sent: Shell) -> None:
    words = ("--conversion-id", "order-3", "--conversion-id", "order-4", "--allow-double-count")
    ended = replayed(sent, *words)
    assert ended.code == 0, ended.err
    assert rows(ended) == {"read": 2, "accepted": 2}
    assert entry(ended)["value"] == {"EUR": "7.00"}
    assert "COUNT TWICE: 2 conversions, worth 7.00 EUR" in ended.err
    assert {one for one, count in receipts(sent).items() if count == 2} == {"order-3", "order-4"}
    assert rows(sent.run("sync", "--json")) == {"read": 12, "deduplicated": 12}
    [traced] = sent.run("trace", "order-3", "--json").json["conversions"]
    assert traced["state"] == "accepted"


def test_the_summary_is_kept_as_that_of_a_sync(sent: Shell) -> None:
    ended = replayed(sent, "--conversion-id", "order-3")
    kept = sent.folder / "state" / "runs" / f"{ended.json['run_id']}.json"
    assert json.loads(kept.read_text()) == ended.json


def test_ids_come_from_a_file_and_those_that_are_not_there_are_named(sent: Shell) -> None:
    sent.sql("insert into orders select * replace ('new' as order_id) from orders limit 1")
    sent.write("ids.txt", "\ufefforder-1\r\n\r\n  new \nnobody\nada@example.com\n")
    ended = replayed(sent, "--ids", "ids.txt")
    assert rows(ended) == {"read": 2, "accepted": 1, "deduplicated": 1}
    [missing] = [one for one in entry(ended)["warnings"] if "not in the source" in one]
    assert "'nobody'" in missing
    assert "ada@" not in ended.out + ended.err
    assert "an e-mail address" in missing


def test_ids_come_from_standard_input(sent: Shell) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "connector", "replay", "purchases", "--ids", "-", "--yes", "--json"],
        cwd=sent.folder, env=clean_environment(), input="order-1\norder-2\n", text=True,
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["mappings"][0]["rows"]["read"] == 2


def test_a_span_of_time_ends_before_its_end(sent: Shell) -> None:
    ended = replayed(sent, "--since", minutes_ago(5.5), "--until", minutes_ago(2.5))
    assert rows(ended)["read"] == 3
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=9)
    days = f"timestamptz '{day.isoformat()}' + interval 1 day * (length(order_id) - 7)"
    sent.sql(f"update orders set paid_at = {days}")  # of order-1 to order-9 that day, then the next
    for since, read in ((day, 9), (day + timedelta(days=1), 3)):
        until = since + timedelta(days=1)
        ended = replayed(sent, "--since", since.isoformat(), "--until", until.isoformat())
        assert rows(ended)["read"] == read


def test_the_states_of_the_ledger_select(sent: Shell) -> None:
    sent.sql(
        "insert into orders select * replace ('new-' || order_id as order_id) from orders limit 2"
    )
    assert rows(replayed(sent, "--state", "refused,in_doubt")) == {}
    assert rows(replayed(sent, "--state", "new, refused")) == {"read": 2, "accepted": 2}
    assert rows(replayed(sent, "--state", "accepted")) == {"read": 14, "deduplicated": 14}
    words = ("--state", "accepted", "--conversion-id", "order-1")
    assert rows(replayed(sent, *words)) == {"read": 1, "deduplicated": 1}


def test_rules_apply_as_in_a_sync(sent: Shell) -> None:
    sent.sql("update orders set paid_at = now() - interval 200 day where order_id = 'order-1'")
    words = ("--conversion-id", "order-1", "--allow-double-count")
    ended = replayed(sent, *words)
    assert rows(ended) == {"read": 1, "rejected": 1}
    assert entry(ended)["reasons"]["rejected"] == {"too_old": 1}


def test_the_cursor_stays_where_it_is(sent: Shell) -> None:
    sent.sql("update orders set updated_at = now() - interval 30 day")
    before = sent.run("sync", "--full-refresh", "--json")
    assert rows(before)["read"] == 12
    sent.sql(
        "insert into orders select * replace ('far' as order_id, now() + interval 3 day as"
        " updated_at) from orders limit 1"
    )
    ended = replayed(sent, "--conversion-id", "far")
    assert rows(ended) == {"read": 1, "accepted": 1}
    sent.sql("insert into orders select * replace ('late' as order_id) from orders limit 1")
    assert rows(sent.run("sync", "--json"))["accepted"] == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "say which conversions"),
        (("--state", "acepted"), "choose from new, refused, in_doubt, accepted"),
        (("--ids", "no.txt"), "No such file"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "--since must be earlier"),
        (("--since", "yesterday"), "is not a time"),
        (("--conversion-id", "order-1"), "--yes sends without asking"),
    ],
)  # fmt: skip
def test_what_is_asked_wrongly_ends_with_2_and_a_sentence(
    sent: Shell, words: tuple[str, ...], sentence: str
) -> None:
    ended = sent.run("replay", "purchases", *words)
    assert ended.code == 2
    assert sentence in ended.err
    assert "Traceback" not in ended.err


def test_an_empty_list_of_ids_is_not_all_of_them(sent: Shell) -> None:
    sent.write("ids.txt", "\n \n")
    ended = replayed(sent, "--ids", "ids.txt", "--allow-double-count")
    assert ended.code == 2
    assert sent.wire()["receipts"] == 12


def test_an_unknown_mapping_ends_with_2(sent: Shell) -> None:
    assert sent.run("replay", "refunds", "--state", "new", "--yes").code == 2


def test_a_dry_run_shows_what_is_at_stake_and_sends_nothing(sent: Shell) -> None:
    words = ("--state", "accepted", "--allow-double-count", "--dry-run", "--json")
    ended = sent.run("replay", "purchases", *words)
    assert (ended.code, ended.json["status"]) == (0, "dry_run")
    assert rows(ended) == {"read": 12, "pending": 12}
    assert "COUNT TWICE: 12 conversions, worth 78.00 EUR" in ended.err
    assert sent.wire()["receipts"] == 12


def test_a_connection_that_is_not_live_sends_nothing_and_ends_with_2(sent: Shell) -> None:
    sent.config(live=False)
    ended = replayed(sent, "--conversion-id", "order-1", "--allow-double-count")
    assert (ended.code, ended.json["status"]) == (2, "dry_run")
    assert ended.err.count("is not live") == 2
    assert sent.wire()["receipts"] == 12


def test_a_first_sync_with_a_history_stops_a_replay_of_something_else(shop: Shell) -> None:
    shop.sql("update orders set paid_at = now() - interval 5 day where order_id = 'order-3'")
    ended = replayed(shop, "--conversion-id", "order-1")
    assert ended.code == 4
    assert entry(ended)["reasons"]["pending"] == {"first_sync": 1}
    assert "connector state begin purchases" in ended.err
    assert shop.run("sync").code == 4, "the replay has not begun the mapping"
    assert shop.wire()["receipts"] == 0


def test_without_a_history_a_replay_may_be_the_beginning(shop: Shell) -> None:
    assert rows(replayed(shop, "--conversion-id", "order-1")) == {"read": 1, "accepted": 1}
    assert rows(shop.run("sync", "--json")) == {"read": 12, "accepted": 11, "deduplicated": 1}


def test_a_changed_key_stops_a_replay(sent: Shell) -> None:
    mapping = MAPPING.replace("order_id,", "{sql: \"'x' || order_id\"},")
    sent.write("mappings/purchases.yaml", mapping)
    ended = replayed(sent, "--conversion-id", "xorder-1")
    assert ended.code == 4
    assert entry(ended)["reasons"]["pending"] == {"keys_changed": 1}
    assert sent.wire()["receipts"] == 12


def test_what_something_else_has_sent_is_left_alone_unless_it_may_count_twice(shop: Shell) -> None:
    shop.sql("update orders set paid_at = now() - interval 5 day where order_id = 'order-3'")
    before = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    shop.run("state", "begin", "purchases", "--before", before)
    assert shop.run("sync").code == 0
    words = ("--conversion-id", "order-3")
    assert entry(replayed(shop, *words))["reasons"]["deduplicated"] == {"begun_before": 1}
    assert "order-3" not in receipts(shop)
    ended = replayed(shop, *words, "--allow-double-count")
    assert rows(ended) == {"read": 1, "accepted": 1}
    assert "COUNT TWICE: 1 conversions, worth 3.00 EUR" in ended.err


class Person:
    """Somebody at a terminal, who answers when asked."""

    def __init__(self, shop: Shell, *words: str) -> None:
        self.controller, terminal = pty.openpty()
        command = [sys.executable, "-m", "connector", *words]
        self.process = subprocess.Popen(
            command, cwd=shop.folder, stdin=terminal, stdout=terminal, stderr=terminal
        )
        os.close(terminal)

    def answers(self, text: str) -> tuple[int, str]:
        """Wait for the question, answer; the exit code and all that was seen."""
        seen = self.until("[y/N]")
        os.write(self.controller, text.encode())
        return self.ends(seen)

    def ends(self, seen: str = "") -> tuple[int, str]:
        seen += self.until(None)
        code = self.process.wait(timeout=60)
        os.close(self.controller)
        return code, seen

    def until(self, text: str | None) -> str:
        seen, deadline = "", time.monotonic() + 60
        while text is None or text not in seen:
            assert time.monotonic() < deadline, seen
            if not select.select([self.controller], [], [], 1)[0]:
                continue
            try:
                data = os.read(self.controller, 10_000)
            except OSError:  # the other end is closed
                data = b""
            if not data:
                break
            seen += data.decode(errors="replace")
        return seen


REPLAY = ("replay", "purchases", "--conversion-id", "order-3", "--allow-double-count")


@pytest.mark.parametrize(("answer", "count"), [("y\n", 2), ("yes\n", 2), ("\n", 1), ("x\n", 1)])
def test_a_person_is_asked_and_only_a_yes_sends(sent: Shell, answer: str, count: int) -> None:
    code, seen = Person(sent, *REPLAY).answers(answer)
    assert code == 0, seen
    assert "to be sent: 1 conversions, worth 3.00 EUR" in seen
    assert "COUNT TWICE: 1 conversions, worth 3.00 EUR" in seen
    assert ("nothing was sent" in seen.replace("\r\n    ", " ")) == (count == 1)
    assert receipts(sent)["order-3"] == count


def test_a_signal_at_the_question_is_a_no(sent: Shell) -> None:
    person = Person(sent, *REPLAY)
    person.until("[y/N]")
    person.process.send_signal(signal.SIGINT)
    code, seen = person.ends()
    assert code == 0, seen
    assert receipts(sent)["order-3"] == 1


def test_nobody_is_asked_when_nothing_would_be_sent(sent: Shell) -> None:
    person = Person(sent, "replay", "purchases", "--conversion-id", "order-3")
    code, seen = person.ends()
    assert code == 0, seen
    assert "[y/N]" not in seen
