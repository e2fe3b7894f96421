import csv
import io
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from shop import MAPPING, Shell, clean_environment


@pytest.fixture
def mixed(shop: Shell) -> Shell:
    """Twelve orders, one of them without an e-mail, after a first sync."""
    shop.sql("update orders set email = null where order_id = 'order-2'")
    assert shop.run("sync").code == 0
    return shop


def test_runs_are_listed_newest_first(mixed: Shell) -> None:
    mixed.run("sync")
    second, first = mixed.run("runs", "--json").json["runs"]
    assert first["rows"]["accepted"] == 11
    assert second["rows"]["accepted"] == 0
    assert first["run_id"] in mixed.run("runs").out
    assert mixed.run("runs", "nobody", "--json").json == {"runs": []}
    assert mixed.run("runs", "-n", "9" * 20).code == 2


def test_rejected_rows_are_listed_with_their_reasons(mixed: Shell) -> None:
    (row,) = mixed.run("rejects", "--json").json["rejected"]
    assert (row["row"], row["reasons"]) == ("order-2", ["missing_identifier"])
    table = mixed.run("rejects", "--format", "csv").out
    assert [r["reasons"] for r in csv.DictReader(io.StringIO(table))] == ["missing_identifier"]
    assert "order-2" in mixed.run("rejects").out


def test_rejected_rows_of_a_run_are_those_it_found_new_or_changed(mixed: Shell) -> None:
    mixed.run("sync")
    second, first = (run["run_id"] for run in mixed.run("runs", "--json").json["runs"])
    assert len(mixed.run("rejects", first, "--json").json["rejected"]) == 1
    assert mixed.run("rejects", second, "--json").json["rejected"] == []
    assert mixed.run("rejects", "19700101T000000Z-000000").code == 2


def test_rejected_rows_are_written_as_parquet(mixed: Shell) -> None:
    file = mixed.folder / "rejects.parquet"
    with file.open("wb") as out:
        command = [str(c) for c in ("rejects", "--format", "parquet")]
        subprocess.run(
            [sys.executable, "-m", "connector", *command],
            cwd=mixed.folder, env=clean_environment(), stdout=out, check=True,
        )  # fmt: skip
    assert pq.read_table(file)["row"].to_pylist() == ["order-2"]


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("form", ["table", "csv", "parquet"])
def test_a_list_that_cannot_be_printed_is_told(mixed: Shell, form: str, unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "connector", "rejects", "--format", form], cwd=mixed.folder,
            env=clean_environment() | {"PYTHONUNBUFFERED": unbuffered}, stdout=full,
            stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert ran.stderr.endswith(b"the result cannot be printed: No space left on device\n")
    assert ran.returncode == 8


def test_a_conversion_is_traced_to_its_answer(mixed: Shell) -> None:
    (known,) = mixed.run("trace", "order-1", "--json").json["conversions"]
    assert (known["state"], known["event_id"], known["mapping"]) == (
        "accepted", "o87ne", "purchases",
    )  # fmt: skip
    assert known["debug_id"]
    assert known["settled_at"] >= known["sent_at"]
    assert "accepted" in mixed.run("trace", "order-1").out
    assert "missing_identifier" in mixed.run("trace", "order-2").out
    unknown = mixed.run("trace", "order-99").out
    assert "nothing is known of order-99: it was never read, is pending" in unknown


def test_plan_against_says_what_changed_and_what_breaks(mixed: Shell) -> None:
    git = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for words in (("init", "-q"), ("add", "mappings"), (*git, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=mixed.folder, check=True, capture_output=True)
    same = mixed.run("plan", "--against", "HEAD", "--json").json["mappings"][0]
    assert (same["changed"], same["breaking"]) == ({}, [])
    changed = MAPPING.replace("value: amount", 'value: {sql: "amount * 2"}')
    changed = changed.replace("email: email", "email: {sql: \"'x' || email\"}")
    mixed.write("mappings/purchases.yaml", changed)
    found = mixed.run("plan", "--against", "HEAD", "--json").json["mappings"][0]
    assert found["changed"] == {"hashed_email": 11, "value": 11}
    assert found["breaking"] == ["hashed_email"]
    other_key = MAPPING.replace("order_id,", "{sql: \"order_id || 'b'\"},")
    mixed.write("mappings/purchases.yaml", other_key)
    told = mixed.run("plan", "--against", "HEAD").out
    assert "conversion_id: 12 rows  BREAKING" in told
    mixed.write("mappings/new.yaml", MAPPING)
    assert "new: not there at HEAD" in mixed.run("plan", "new", "--against", "HEAD").out
    nowhere = mixed.run("plan", "--against", "nowhere")
    assert (nowhere.code, "git knows no such ref in" in nowhere.err) == (2, True)


def test_plan_against_tells_what_git_does_not_like(shop: Shell) -> None:
    ended = shop.run("plan", "--against", "HEAD", environment={"GIT_DIR": "/nowhere"})
    assert ended.code == 2
    assert "--against HEAD: git says 'fatal: not a git repository: " in ended.err


def test_plan_against_another_query_matches_by_conversion_id(mixed: Shell) -> None:
    git = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for words in (("init", "-q"), ("add", "mappings"), (*git, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=mixed.folder, check=True, capture_output=True)
    narrower = MAPPING.replace("table: orders", "query: select * from orders limit 5")
    mixed.write("mappings/purchases.yaml", narrower)
    found = mixed.run("plan", "--against", "HEAD", "--json").json["mappings"][0]
    assert (found["other_query"], found["removed"], found["added"]) == (True, 7, 0)


def test_status_counts_what_changed_after_it_was_accepted(mixed: Shell) -> None:
    before = mixed.run("status", "--json").json["mappings"][0]
    assert (before["changed_after_acceptance"], before["held_before"]) == (0, 0)
    mixed.sql(
        "update orders set amount = amount + 1, updated_at = now() where order_id > 'order-4'"
    )
    mixed.run("sync")
    after = mixed.run("status", "--json").json["mappings"][0]
    assert (after["changed_after_acceptance"], after["held_before"]) == (5, 0)
    assert "5 changed after acceptance, not sent" in mixed.run("status").out


def test_what_is_held_at_another_target_is_decided_there(mixed: Shell) -> None:
    hold = "update batches set state = 'held', reason = 'in_doubt', doubt_since = sent_at"
    with closing(sqlite3.connect(mixed.folder / "state" / "connector.db")) as state, state:
        state.execute(hold)
    assert "decide: `connector resolve purchases`\n" in mixed.run("status").out
    here = mixed.address.url
    config = (mixed.folder / "config.yaml").read_text()
    mixed.write("config.yaml", config.replace("127.0.0.1", "localhost"))
    assert f"`connector resolve purchases --target {here}`" in mixed.run("status").out


def test_what_a_deleted_mapping_left_in_doubt_waits_for_a_person(mixed: Shell) -> None:
    with closing(sqlite3.connect(mixed.folder / "state" / "connector.db")) as state, state:
        state.execute("update batches set state = 'in_doubt', doubt_since = sent_at")
    assert "11 in_doubt, the next sync decides" in mixed.run("status").out
    mappings = mixed.folder / "mappings"
    (mappings / "purchases.yaml").rename(mappings / "orders.yaml")
    told = f"`connector resolve purchases --target {mixed.address.url}`"
    assert f"11 in_doubt, a person must decide: {told}" in mixed.run("status").out


def test_a_run_without_a_summary_counted_nothing(mixed: Shell) -> None:
    mixed.write("mappings/purchases.yaml", MAPPING.replace("amount", "price"))
    assert mixed.run("sync").code == 2
    last = mixed.run("status", "--json").json["mappings"][0]
    assert (last["status"], last["changed_after_acceptance"]) == ("misconfigured", None)
    assert mixed.run("status").code == 0
