import re
import subprocess
import sys

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
}


def loaded(*words: str) -> set[str]:
    """The packages that Python loads for a command line of its own."""
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *words],
        capture_output=True, text=True, check=True, env=clean_environment(),
    )  # fmt: skip
    return set(re.findall(r"^import time: .*\| +(\w+)", ran.stderr, re.MULTILINE))


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
