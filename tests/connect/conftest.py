"""Desks before platforms of all kinds."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from desk import Desk, MakeDesk
from servers import Server, free_port
from shop import MAPPING, ORDERS
from taps import tapped
from watches import MakeWatch, Watch, Way

from connector.simulator.server import running
from connector.simulator.settings import Settings


@pytest.fixture
def make_desk(tmp_path: Path, behind: Executor) -> Iterator[MakeDesk]:
    stack = ExitStack()

    def make(**settings: Any) -> Desk:  # noqa: ANN401 - whatever the settings take
        port = free_port()
        known = {"consent": "allow", "callbacks": (f"http://127.0.0.1:{port}/callback",)}
        address = stack.enter_context(running(Settings(**{**known, **settings})))
        desk = Desk(folder=tmp_path, address=address, port=port)
        desk.config()
        return desk

    yield make
    behind.submit(stack.close)


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()


@pytest.fixture
def make_shop(make_desk: MakeDesk) -> MakeDesk:
    """Makes a desk with twelve orders, a mapping and a state."""

    def make(**settings: object) -> Desk:
        desk = make_desk(**settings)
        (desk.folder / "mappings" / "purchases.yaml").write_text(MAPPING, "utf-8")
        with duckdb.connect(str(desk.folder / "shop.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(ORDERS)
        assert desk.run("state", "init").code == 0
        return desk

    return make


@pytest.fixture
def make_watch(make_shop: MakeDesk, tmp_path: Path) -> Iterator[MakeWatch]:
    """Makes a desk with orders, a state, and a tap before its platforms."""
    with ExitStack() as stack:

        def make(way: Way, server: Server | None = None, **settings: object) -> Watch:
            desk, schema = make_shop(**settings), ""
            if server is not None:
                schema = f"secrets_{desk.port}"
                desk = replace(desk, state=server.owner(schema))
            tap = stack.enter_context(tapped(desk.address.url))
            watch = Watch(desk=desk, tap=tap, folder=tmp_path, server=server, schema=schema)
            watch.prepare(way.auth)
            watch.searcher.add(pixel_token=desk.facts["pixel_token"])
            assert watch.run("state", "init").code == 0
            return watch

        yield make
