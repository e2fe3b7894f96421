import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from servers import Server
from shop import MAPPING, ORDERS, Shell

from connector.simulator.server import Address
from connector.state.migrations import VERSION

OLD = Path(__file__).parents[1] / "state" / "state_v1.db"


@pytest.fixture
def on_a_server(tmp_path: Path, x_ads: Address, postgresql_server: Server) -> Shell:
    """A project with twelve orders whose state is to be in PostgreSQL."""
    state = postgresql_server.owner("of_a_shop").replace("postgres@", "postgres:hunter2@")
    shop = Shell(folder=tmp_path, address=x_ads, state=state)
    (tmp_path / "mappings").mkdir()
    shop.write("mappings/purchases.yaml", MAPPING)
    shop.config()
    shop.sql(ORDERS)
    return shop


def test_a_server_keeps_the_state_as_a_file_does(on_a_server: Shell) -> None:
    missing = on_a_server.run("sync")
    assert missing.code == 2
    assert "connector state init" in missing.err
    made, again = on_a_server.run("state", "init"), on_a_server.run("state", "init", "--json")
    assert (made.code, again.code, again.json["made"]) == (0, 0, False)
    summary = on_a_server.run("sync", "--json").json
    assert summary["mappings"][0]["rows"]["accepted"] == 12
    assert on_a_server.run("sync", "--json").json["mappings"][0]["rows"]["deduplicated"] == 12
    kept = on_a_server.folder / "state" / "runs" / f"{summary['run_id']}.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert (
        on_a_server.run("trace", "order-1", "--json").json["conversions"][0]["state"] == "accepted"
    )
    said = "".join(each.out + each.err for each in (missing, made, again))
    assert "hunter2" not in said
    assert "schema of_a_shop" in said


@pytest.mark.parametrize("command", [("state", "migrate"), ("sync",)])
def test_an_older_state_is_kept_and_migrated(shop: Shell, command: tuple[str, ...]) -> None:
    folder = shop.folder / "state"
    shutil.rmtree(folder)
    folder.mkdir()
    shutil.copy(OLD, folder / "connector.db")
    ended = shop.run(*command, "--json")
    assert ended.code == 0, ended.err
    assert (folder / "connector.db.v1.bak").exists()
    again = shop.run("state", "migrate")
    assert again.code == 0
    assert "nothing changed" in again.out


def test_migrating_tells_what_became_of_the_state(shop: Shell) -> None:
    shutil.copy(OLD, shop.folder / "state" / "connector.db")
    for file in (shop.folder / "state").glob("connector.db-*"):
        file.unlink()
    told = shop.run("state", "migrate", "--json").json
    assert (told["from"], told["to"]) == (1, VERSION)
    assert told["backup"] == str(shop.folder / "state" / "connector.db.v1.bak")


def test_without_a_state_there_is_nothing_to_migrate(shop: Shell) -> None:
    shutil.rmtree(shop.folder / "state")
    ended = shop.run("state", "migrate")
    assert ended.code == 2
    assert "connector state init" in ended.err


def test_a_migrated_state_still_knows_what_it_knew(shop: Shell) -> None:
    _old_state(shop)
    before = _tables(OLD)
    assert shop.run("state", "migrate").code == 0
    after = _tables(shop.folder / "state" / "connector.db")
    assert before.items() <= after.items()
    assert sum(len(rows) for rows in before.values()) > 0


def _old_state(shop: Shell) -> None:
    shutil.rmtree(shop.folder / "state")
    (shop.folder / "state").mkdir()
    shutil.copy(OLD, shop.folder / "state" / "connector.db")


def _tables(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)) as state:
        names = [n for (n,) in state.execute("select name from sqlite_master where type = 'table'")]
        return {
            name: list(state.execute(f"select * from {name}")) for name in names if name != "meta"
        }


def _aged(shop: Shell, days: int) -> None:
    """Make all that was settled look so many days older."""
    with closing(sqlite3.connect(shop.folder / "state" / "connector.db")) as state, state:
        past = days * 86_400_000
        state.execute("update batches set settled_at = settled_at - ?", (past,))
        state.execute("update runs set finished_at = finished_at - ?", (past,))


def _ledger(shop: Shell) -> dict[str, int]:
    (mapping,) = shop.run("status", "--json").json["mappings"]
    ledger: dict[str, int] = mapping["ledger"]
    return ledger


def test_nothing_is_forgotten_that_would_be_sent_again(shop: Shell) -> None:
    shop.write("mappings/longer.yaml", f"{MAPPING}limits: {{max_age: 120 days}}\nenabled: false\n")
    shop.run("sync")
    _aged(shop, 300)
    short = shop.run("state", "prune", "--older-than", "120d", "--yes")
    assert short.code == 2
    assert "longer still lets through" in short.err
    assert "; 121d is safe" in short.err
    assert _ledger(shop) == {"accepted": 12}
    assert shop.run("state", "prune", "--older-than", "172805m").code == 0
    assert shop.run("status", "--json").json["mappings"] == []


def test_what_was_forgotten_is_not_sent_again(shop: Shell) -> None:
    shop.run("sync")
    _aged(shop, 91)
    shop.sql("update orders set paid_at = paid_at - interval 91 day")
    pruned = shop.run("state", "prune", "--older-than", "91d", "--json")
    assert pruned.json == {
        "older_than": "91d",
        "forgotten": {"conversions": 12, "rejects": 0, "runs": 1, "writes": 0, "uploads": 0},
    }  # fmt: skip
    again = shop.run("sync", "--full-refresh", "--json").json["mappings"][0]
    assert again["reasons"]["rejected"] == {"too_old": 12}
    assert shop.wire()["receipts"] == 12
    assert "0 conversions" in shop.run("state", "prune", "--older-than", "91d").out


def test_what_other_mappings_sent_is_forgotten_only_with_a_yes(shop: Shell) -> None:
    shop.run("sync")
    _aged(shop, 200)
    mappings = shop.folder / "mappings"
    (mappings / "purchases.yaml").rename(mappings / "orders.yaml")
    asked = shop.run("state", "prune", "--older-than", "180d")
    assert asked.code == 2
    assert "not in this project: purchases; say --yes" in asked.err
    done = shop.run("state", "prune", "--older-than", "180d", "--yes", "--json")
    assert done.json["forgotten"]["conversions"] == 12


def test_a_span_that_is_none_is_told(shop: Shell) -> None:
    ended = shop.run("state", "prune", "--older-than", "180")
    assert ended.code == 2
    assert "--older-than '180': must be a span of time" in ended.err


def test_the_state_is_exported_as_parquet(shop: Shell) -> None:
    shop.run("sync")
    told = shop.run("state", "export", "out", "--json").json["files"]
    assert {"file": "out/conversions.parquet", "rows": 12} in told
    file = shop.folder / "out" / "conversions.parquet"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(pq.read_table(file)["state"].to_pylist()) == {"accepted"}
    assert "out/runs.parquet" in shop.run("state", "export", "out").out


def test_a_state_is_copied_once_to_each_file(shop: Shell) -> None:
    shop.run("sync")
    assert shop.run("state", "backup", "copy.db", "--json").json == {"backup": "copy.db"}
    copy = shop.folder / "copy.db"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert len(_tables(copy)["conversions"]) == 12
    again = shop.run("state", "backup", "copy.db")
    assert again.code == 2
    assert "is there already" in again.err
    nowhere = shop.run("state", "backup", "no/copy.db")
    assert nowhere.code == 2
    assert "there is no folder no" in nowhere.err


def test_a_server_s_state_is_exported_but_its_backup_is_the_server_s(on_a_server: Shell) -> None:
    on_a_server.run("state", "init")
    on_a_server.run("sync")
    assert on_a_server.run("state", "export", "out").code == 0
    rows = pq.read_table(on_a_server.folder / "out" / "conversions.parquet").to_pylist()
    assert {row["state"] for row in rows if row["target"] == on_a_server.address.url} == {
        "accepted"
    }
    refused = on_a_server.run("state", "backup", "copy.db")
    assert refused.code == 2
    assert "pg_dump" in refused.err
    assert not (on_a_server.folder / "copy.db").exists()


@pytest.mark.parametrize(
    "words", [("prune", "--older-than", "180d"), ("export", "out"), ("backup", "copy.db")]
)
def test_without_a_state_there_is_nothing_to_keep(shop: Shell, words: tuple[str, ...]) -> None:
    shutil.rmtree(shop.folder / "state")
    ended = shop.run("state", *words)
    assert ended.code == 2
    assert "connector state init" in ended.err
    assert sorted(each.name for each in shop.folder.iterdir()) == [
        "config.yaml", "mappings", "shop.duckdb",
    ]  # fmt: skip


def test_a_beginning_that_is_yet_to_come_is_told(shop: Shell) -> None:
    ended = shop.run("state", "begin", "purchases", "--before", "2999-01-01")
    assert "until then nothing new is sent" in ended.err
    assert shop.run("state", "begin", "purchases", "--before", "2020-01-01").err == ""
    shop.run("state", "begin", "purchases", "--before", "2999-01-01")
    [mapping] = shop.run("sync", "--json").json["mappings"]
    assert mapping["reasons"]["deduplicated"] == {"begun_before": 12}
