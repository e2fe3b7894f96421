"""A project on disk and a simulated X for commands that run as a shell runs them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from shop import MAPPING, ORDERS, Shell

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings


@pytest.fixture
def x_ads() -> Iterator[Address]:
    with running(Settings()) as address:
        yield address


@pytest.fixture
def another_x_ads() -> Iterator[Address]:
    with running(Settings()) as address:
        yield address


@pytest.fixture
def empty(tmp_path: Path, x_ads: Address) -> Shell:
    return Shell(folder=tmp_path, address=x_ads)


@pytest.fixture
def shop(empty: Shell) -> Shell:
    """A project with twelve orders of the last minutes and a state."""
    (empty.folder / "mappings").mkdir()
    empty.write("mappings/purchases.yaml", MAPPING)
    empty.config()
    empty.sql(ORDERS)
    assert empty.run("state", "init").code == 0
    return empty
