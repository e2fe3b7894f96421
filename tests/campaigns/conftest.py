"""Projects that manage ads, each with a simulated X of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from campaigns.bureau import Bureau, Clock
from manager import UNLIMITED

from connector.simulator.server import running
from connector.simulator.settings import Settings

MakeBureau = Callable[..., Bureau]


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
