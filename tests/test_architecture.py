"""Imports point one way, and each third-party library comes in by its own doors."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import connector

PACKAGE = Path(connector.__file__).parent

# What each room may import; `errors` and the version are open to all.
ROOMS = {
    "errors": set(),
    "project": {"errors"},
    "http": set(),
    "waking": set(),
    "source": {"errors"},
    "state": {"errors"},
    "budgets": {"errors", "project", "state"},
    "credentials": {"errors", "state"},
    "metrics": {"errors", "http", "source"},
    "x": {"errors", "http", "metrics"},
    "tiktok": {"errors", "http", "metrics"},
    "connecting": {"errors", "tiktok", "waking", "x"},
    "campaigns": {"errors", "project"},
    "experiments": {"errors", "project", "campaigns"},
    "conversions": {"errors", "project", "http", "source", "state", "budgets", "x"},
    "api": {
        "errors",
        "project",
        "http",
        "source",
        "state",
        "budgets",
        "credentials",
        "x",
        "tiktok",
        "connecting",
        "conversions",
        "metrics",
        "campaigns",
        "experiments",
    },
    "scaffold": {"errors", "project", "state"},
    "simulator": set(),
    "cli": {
        "errors",
        "project",
        "api",
        "campaigns",
        "experiments",
        "conversions",
        "scaffold",
        "simulator",
        "waking",
    },
    "__main__": {"cli"},
    "__init__": set(),
}
DOORS = {
    "duckdb": {"source", "conversions", "metrics", "cli/demo_shop.py"},
    "pyarrow": {
        "source",
        "conversions",
        "metrics",
        "state/export.py",
        "cli/demo_shop.py",
        "cli/look.py",
    },
    "numpy": {"conversions", "simulator"},
    "sqlite3": {"source", "state"},
    "psycopg": {"source", "state", "metrics"},
    "pymysql": {"source"},
    "sqlalchemy": {"source"},
    "redis": {"budgets"},
    "cryptography": {"credentials"},
    "keyring": {"credentials"},
    "phonenumbers": {"conversions", "project"},
    "iso4217": {"conversions"},
    "pydantic": {"project", "experiments", "campaigns/file.py"},
    "pydantic_core": {"project"},
    "ruamel": {"project", "campaigns/exporting.py"},
    "pycurl": {"http"},
    "lazy_loader": {"api"},
    "certifi": {"http"},
    "typer": {"cli"},
    "rich": {"cli"},
    "starlette": {"simulator"},
    "uvicorn": {"simulator"},
    "oauthlib": {"simulator", "x"},
    "h11": {"simulator"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            if node.module == "connector":
                yield from (f"connector.{alias.name}" for alias in node.names)
            else:
                yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_rooms_below_its_own(path: Path) -> None:
    room = room_of(path)
    own = [name.split(".")[1] for name in imports(path) if name.startswith("connector.")]
    above = {name for name in own if name not in ROOMS[room] | {room, "__version__"}}
    assert not above


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_comes_in_by_its_door(path: Path) -> None:
    places = {room_of(path), str(path.relative_to(PACKAGE))}
    libraries = {name.partition(".")[0] for name in imports(path)} & set(DOORS)
    assert not [name for name in libraries if not DOORS[name] & places]


def test_every_room_is_on_the_list() -> None:
    assert {room_of(path) for path in FILES} == set(ROOMS)
