"""Desks before platforms of all kinds."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, MakeDesk, free_port

from connector.simulator.server import running
from connector.simulator.settings import Settings


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[MakeDesk]:
    with ExitStack() as stack:

        def make(**settings: Any) -> Desk:  # noqa: ANN401 - whatever the settings take
            port = free_port()
            known = {"consent": "allow", "callbacks": (f"http://127.0.0.1:{port}/callback",)}
            address = stack.enter_context(running(Settings(**{**known, **settings})))
            desk = Desk(folder=tmp_path, address=address, port=port)
            desk.config()
            return desk

        yield make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()
