import shutil
import stat
from pathlib import Path

import pytest
from servers import Server
from shop import MAPPING, ORDERS, Shell

from connector.simulator.server import Address

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
    assert (told["from"], told["to"]) == (1, 2)
    assert told["backup"] == str(shop.folder / "state" / "connector.db.v1.bak")


def test_without_a_state_there_is_nothing_to_migrate(shop: Shell) -> None:
    shutil.rmtree(shop.folder / "state")
    ended = shop.run("state", "migrate")
    assert ended.code == 2
    assert "connector state init" in ended.err
