"""Projects that apply files, each with a simulated X of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from campaigns.bureau import Bureau, Clock
from campaigns_apply.office import Office
from manager import UNLIMITED

from connector.simulator.server import running
from connector.simulator.settings import Settings

MakeOffice = Callable[..., Office]


@pytest.fixture
def make_office(tmp_path: Path, behind: Executor) -> Iterator[MakeOffice]:
    stack = ExitStack()

    def make(*, state: str | None = None, **settings: Any) -> Office:  # noqa: ANN401 - whatever the settings take
        shares: dict[str, float] = {}
        clock = Clock()
        told = Settings(**{"limits": UNLIMITED, "faults": shares, **settings})
        address = stack.enter_context(running(told, clock=clock))
        bureau = Bureau(folder=tmp_path, address=address, shares=shares, clock=clock)
        if state is not None:
            bureau.state = state
        return Office(bureau=bureau.open())

    yield make
    behind.submit(stack.close)


@pytest.fixture
def office(make_office: MakeOffice) -> Office:
    return make_office()
