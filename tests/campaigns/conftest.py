"""Projects that manage ads, each with a simulated X of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from campaigns.bureau import Bureau, Clock
from manager import UNLIMITED

from connector.simulator.server import running
from connector.simulator.settings import Settings

MakeBureau = Callable[..., Bureau]


@pytest.fixture(scope="session")
def behind() -> Iterator[Executor]:
    """Ends simulators while the next test runs: each takes a fifth of a second for it."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        yield executor


@pytest.fixture
def make_bureau(tmp_path: Path, behind: Executor) -> Iterator[MakeBureau]:
    stack = ExitStack()

    def make(**settings: Any) -> Bureau:  # noqa: ANN401 - whatever the settings take
        shares: dict[str, float] = {}
        told = Settings(**{"limits": UNLIMITED, "faults": shares, **settings})
        clock = Clock()
        address = stack.enter_context(running(told, clock=clock))
        return Bureau(folder=tmp_path, address=address, shares=shares, clock=clock).open()

    yield make
    behind.submit(stack.close)


@pytest.fixture
def bureau(make_bureau: MakeBureau) -> Bureau:
    return make_bureau()
