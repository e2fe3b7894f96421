import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from shop import MAPPING, Shell

from connector.state.lock import sync_lock

HOLD = (
    "update batches set state = 'held', reason = 'in_doubt', doubt_since = sent_at"
    " where state = 'accepted'"
)


def hold(shell: Shell, statement: str = HOLD) -> None:
    """Make what was accepted look as if X had never answered."""
    with closing(sqlite3.connect(shell.folder / "state" / "connector.db")) as state, state:
        state.execute(statement)


def synced(shell: Shell) -> dict[str, int]:
    rows = shell.run("sync", "--json").json["mappings"][0]["rows"]
    return {name: count for name, count in rows.items() if count}


@pytest.fixture
def held(shop: Shell) -> Shell:
    """Twelve orders that are held; a sync reads only the newest of them again."""
    shop.write("mappings/purchases.yaml", MAPPING.replace("_at}", "_at, lookback: 0s}", 1))
    assert shop.run("sync").code == 0
    hold(shop)
    return shop


def test_what_is_to_be_sent_again_goes_with_the_next_sync(held: Shell) -> None:
    assert synced(held) == {"read": 1, "held": 1}
    told = held.run("resolve", "purchases", "--resend", "--yes")
    assert told.code == 0
    assert "12 conversions (held 12, in_doubt 0) are sent again" in told.out
    assert "younger than 90d" in told.out
    assert synced(held) == {"read": 12, "accepted": 12}
    assert held.wire()["receipts"] == 24
    assert synced(held) == {"read": 1, "deduplicated": 1}


def test_what_is_taken_as_accepted_is_never_sent_again(held: Shell) -> None:
    told = held.run("resolve", "purchases", "--assume-accepted", "--yes", "--json")
    target = held.address.url
    assert told.json == {
        "mapping": "purchases", "word": "assume_accepted", "conversions": 12,
        "targets": [{"target": target, "held": 12, "in_doubt": 0}], "remarks": [],
    }  # fmt: skip
    assert held.run("sync", "--full-refresh").code == 0
    assert held.wire()["receipts"] == 12
    (mapping,) = held.run("status", "--json").json["mappings"]
    assert mapping["ledger"] == {"accepted": 12}


def test_a_word_on_some_leaves_the_others(held: Shell) -> None:
    named = ("--conversion-id", "order-1", "--conversion-id", "order-2")
    told = held.run("resolve", "purchases", "--resend", "--yes", "--json", *named)
    assert told.json["conversions"] == 2
    assert ": refused (purchases)\n" in held.run("trace", "order-1").out
    assert synced(held) == {"read": 12, "accepted": 2, "held": 10}
    assert held.wire()["receipts"] == 14


def test_named_ones_that_need_no_word_are_told_and_nothing_changes(held: Shell) -> None:
    named = ("--conversion-id", "order-1")
    held.run("resolve", "purchases", "--assume-accepted", "--yes", *named)
    wrong = held.run(
        "resolve", "purchases", "--resend", "--yes", *named, "--conversion-id", "order-2",
        "--conversion-id", "order-99",
    )  # fmt: skip
    assert wrong.code == 2
    assert "order-1 (accepted), order-99 (not known); nothing was changed" in wrong.err
    (mapping,) = held.run("status", "--json").json["mappings"]
    assert mapping["ledger"] == {"accepted": 1, "held": 11}


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_without_a_terminal_it_takes_a_yes(held: Shell, form: tuple[str, ...]) -> None:
    asked = held.run("resolve", "purchases", "--resend", *form)
    assert (asked.code, asked.out) == (2, "")
    assert "held 12, in_doubt 0" in asked.err
    assert "may count twice" in asked.err
    assert "--yes" in asked.err
    assert synced(held)["held"] == 1


@pytest.mark.parametrize(
    ("answer", "code", "left"),
    [("y", 0, {}), ("n", 7, {"held": 12}), ("\x04", 7, {"held": 12})],  # the last is Ctrl-D
)
def test_on_a_terminal_it_asks(held: Shell, answer: str, code: int, left: dict[str, int]) -> None:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "connector", "resolve", "purchases", "--assume-accepted"]
    os.write(controller, f"{answer}\n".encode())
    done = subprocess.run(
        command, cwd=held.folder, stdin=terminal, stdout=terminal, stderr=terminal, timeout=60,
        check=False,
    )  # fmt: skip
    os.close(terminal)
    printed = os.read(controller, 100_000).decode()
    os.close(controller)
    assert done.returncode == code, printed
    assert "held 12, in_doubt 0" in printed
    assert "never sent again" in printed
    (mapping,) = held.run("status", "--json").json["mappings"]
    assert mapping["ledger"] == (left or {"accepted": 12})


def test_while_a_sync_runs_there_is_no_word(held: Shell) -> None:
    state, target = held.folder / "state" / "connector.db", held.address.url
    with sync_lock(state, mapping="purchases", target=target, wait=False, sleep=lambda _: None):
        ended = held.run("resolve", "purchases", "--resend", "--yes")
    assert ended.code == 6
    assert "is running" in ended.err
    assert synced(held)["held"] == 1


def test_a_mapping_that_was_renamed_is_known_to_the_ledger(held: Shell) -> None:
    mappings = held.folder / "mappings"
    (mappings / "purchases.yaml").rename(mappings / "orders.yaml")
    assert synced(held) == {"read": 12, "held": 12}
    told = held.run("resolve", "purchases", "--resend", "--yes")
    assert told.code == 0
    assert "--full-refresh" in told.out
    again = held.run("sync", "--full-refresh", "--json").json["mappings"][0]
    assert again["rows"]["accepted"] == 12
    assert held.run("resolve", "purchases", "--resend", "--yes").code == 2


def test_another_target_has_to_be_named(held: Shell) -> None:
    there, here = "http://127.0.0.1:9", held.address.url
    hold(held, f"update destinations set target = '{there}'")
    assert "nothing to decide" in held.run("resolve", "purchases", "--resend").out
    told = held.run("resolve", "purchases", "--resend", "--yes", "--target", there, "--json")
    assert told.json["targets"] == [{"target": there, "held": 12, "in_doubt": 0}]
    (held.folder / "mappings" / "purchases.yaml").unlink()
    unknown = held.run("resolve", "purchases", "--resend", "--yes", "--target", here)
    assert unknown.code == 2


@pytest.mark.parametrize("words", [(), ("--resend", "--assume-accepted")])
def test_exactly_one_word_is_said(held: Shell, words: tuple[str, ...]) -> None:
    ended = held.run("resolve", "purchases", *words)
    assert ended.code == 2
    assert "either --resend or --assume-accepted" in ended.err


def test_a_name_that_nobody_knows_is_told(held: Shell) -> None:
    ended = held.run("resolve", "purchase", "--resend", "--yes")
    assert ended.code == 2
    assert "there is no mapping 'purchase'" in ended.err


def test_a_word_holds_for_what_the_web_pixel_fired_too(held: Shell) -> None:
    browser = MAPPING.replace("o87ne}", "o87ne, browser_pixel: true}")
    held.write("mappings/purchases.yaml", browser)
    assert held.run("resolve", "purchases", "--resend", "--yes").code == 0
    held.sql("update orders set paid_at = paid_at - interval 3 day where order_id = 'order-1'")
    assert synced(held) == {"read": 12, "accepted": 12}


def test_status_says_what_to_do_about_what_is_held(held: Shell) -> None:
    assert "connector resolve purchases" in held.run("status").out
