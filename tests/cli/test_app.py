import re
import subprocess
import sys
from pathlib import Path

import pytest
from shop import clean_environment

from connector import api

# What takes long to load, and what only some commands, databases or ways to authenticate need.
HEAVY = {"duckdb", "numpy", "pyarrow", "pydantic", "pycurl", "sqlite3", "ruamel"}
SELDOM = {
    "phonenumbers",
    "requests",
    "oauthlib",
    "psycopg",
    "sqlalchemy",
    "pymysql",
    "redis",
    "starlette",
    "connector.credentials",
}


def loaded(*words: str) -> set[str]:
    """The modules that Python loads for a command line of its own."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        capture_output=True, text=True, check=True, env=clean_environment(),
    )  # fmt: skip
    return set(re.findall(r"^import time: .*\| +([\w.]+)", ran.stderr, re.MULTILINE))


def test_help_loads_nothing_heavy() -> None:
    packages = loaded("-m", "connector", "--help")
    assert "typer" in packages
    assert not packages & (HEAVY | SELDOM)


def test_what_only_some_need_is_loaded_by_who_needs_it() -> None:
    packages = loaded("-c", "from connector import api; api.sync")
    assert {"duckdb", "pyarrow", "pycurl"} <= packages
    assert not packages & SELDOM


def test_the_api_loads_a_name_when_it_is_asked_for() -> None:
    assert not loaded("-c", "from connector import api") & HEAVY
    assert "sync" in api.__all__
    assert all(hasattr(api, name) for name in api.__all__)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_cannot_be_printed_is_a_sentence(option: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "connector", option], stdout=full, stderr=subprocess.PIPE,
            env=clean_environment(), check=False,
        )  # fmt: skip
    assert ran.stderr == b"the result cannot be printed: No space left on device\n"
    assert ran.returncode == 8


def test_a_word_that_is_no_text_is_a_wrong_usage() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "connector", "trace", b"order-\xff"], capture_output=True,
        env=clean_environment(), check=False,
    )  # fmt: skip
    assert ran.stderr == b"word 2 of this command is not a text in UTF-8\n"
    assert ran.returncode == 2


def test_no_plugin_of_another_package_sees_the_secrets_of_a_config(tmp_path: Path) -> None:
    (tmp_path / "spy.py").write_text("open('spied', 'w').close()\nhook = None\n")
    about = tmp_path / "spy-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: spy\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[pydantic]\nspy = spy:hook\n")
    environment = clean_environment() | {"PYTHONPATH": str(tmp_path)}
    words = [sys.executable, "-m", "connector", "check"]
    ran = subprocess.run(
        words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "config.yaml" in ran.stderr
    assert not (tmp_path / "spied").exists()
