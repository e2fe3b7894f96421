import json
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from shop import Shell, clean_environment


def test_a_new_project_says_what_is_missing_and_where(empty: Shell) -> None:
    made = empty.run("init")
    assert made.code == 0
    assert (empty.folder / "state" / "connector.db").exists()
    unset = empty.run("check")
    assert unset.code == 2
    assert "X_PIXEL_TOKEN" in unset.err
    no_warehouse = empty.run("check", environment={"X_PIXEL_TOKEN": "token-of-a-test"})
    assert no_warehouse.code == 2
    assert "warehouse.duckdb does not exist" in no_warehouse.err


def test_a_project_is_never_written_over(empty: Shell) -> None:
    empty.run("init", "there")
    again = empty.run("init", "there")
    assert again.code == 2
    assert "there/config.yaml" in again.err


def test_a_project_and_all_in_it_are_for_its_owner_alone(empty: Shell) -> None:
    empty.run("init", "new/there")
    made = [empty.folder / "new", *(empty.folder / "new").rglob("*")]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in made}
    assert modes == {(True, 0o700), (False, 0o600)}


def test_a_project_that_cannot_be_made_leaves_nothing(empty: Shell) -> None:
    (empty.folder / "mappings").touch()
    failed = empty.run("init")
    assert (failed.code, [path.name for path in empty.folder.iterdir()]) == (2, ["mappings"])
    assert "mappings can't be made: File exists" in failed.err


def test_a_link_to_nowhere_is_no_place_for_a_project(empty: Shell) -> None:
    (empty.folder / "config.yaml").symlink_to("/nonexistent/config.yaml")
    again = empty.run("init")
    assert (again.code, [path.name for path in empty.folder.iterdir()]) == (2, ["config.yaml"])


def test_the_demo_explains_itself_and_sends_each_conversion_once(empty: Shell) -> None:
    ended = empty.run("demo")
    assert ended.code == 0, ended.err
    assert "four time zones" in ended.out
    assert "0 sent again after X had accepted them" in ended.out
    assert "changed after acceptance, not sent: 1" in ended.out
    assert "$ connector metrics show --by campaign" in ended.out
    assert "total, blended: all 1," in ended.out
    assert list(empty.folder.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_simulator_says_first_how_to_reach_it(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-m", "connector", "simulator", "--port", "0", "--json"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=clean_environment()
    ) as process:
        assert process.stdout is not None
        facts = json.loads(process.stdout.readline())
        assert {"url", "oauth1", "pixel_token", "ad_account_id", "pixel_id", "event_id"} <= set(
            facts
        )
        assert facts["pixel_token"].startswith("sim-")
        with urlopen(f"{facts['url']}/_simulator/conversions") as answer:
            assert json.load(answer)["requests"] == 0
        process.send_signal(number)
        assert process.wait(timeout=10) == 0


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "connector", "simulator", "--port", port]
        done = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
        )
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr


def test_an_unknown_fault_is_answered_with_those_there_are(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "connector", "simulator", "--fault", "flood=0.5"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert "reset_after_commit" in done.stderr


def test_a_field_that_cannot_be_refused_is_answered_with_those_that_can(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "connector", "simulator", "--refuse", "colour=red"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert "conversion_id" in done.stderr


def seconds(*words: str) -> float:
    before = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - before


def test_help_answers_quickly() -> None:
    # Held against the libraries themselves, in turn, since machines differ and are shared.
    times = [
        (seconds("-m", "connector", "--help"), seconds("-c", "import typer.rich_utils"))
        for _ in range(6)
    ]
    ours, bare = map(min, zip(*times, strict=True))
    assert ours < max(0.4, 2 * bare)
