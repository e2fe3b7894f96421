"""A browser, people at desks whose platforms ask, and the pages of both."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import chromium
from browser.chromium import PROFILES, Profile, Tab
from desk import Desk, MakeDesk
from servers import free_port

from connector.simulator.server import running
from connector.simulator.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TabOf = Callable[[Profile], Tab]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Browser"]:
    """Chromium, where it is installed."""
    if reason := chromium.missing():
        pytest.skip(reason)
    with chromium.browser(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(scope="session")
def tabs(browser: "Browser") -> Iterator[TabOf]:
    """Gives the tab of a profile; each test has the same, as a new one takes long."""
    with ExitStack() as stack:

        @cache
        def tab(profile: Profile) -> Tab:
            made = stack.enter_context(browser.new_context(**PROFILES[profile]))
            return Tab(page=made.new_page())

        yield tab


@pytest.fixture
def tab_of(tabs: TabOf) -> TabOf:
    """Gives the tab of a profile, with nothing in it."""

    def clear(profile: Profile) -> Tab:
        tab = tabs(profile)
        tab.clear()
        return tab

    return clear


@pytest.fixture
def tab(tab_of: TabOf) -> Tab:
    return tab_of("a screen in daylight")


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[MakeDesk]:
    """Makes desks whose platforms ask whoever looks at their pages."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Desk:  # noqa: ANN401 - whatever the settings take
            port = free_port()
            known = {"callbacks": (f"http://127.0.0.1:{port}/callback",)}
            address = stack.enter_context(running(Settings(**{**known, **settings})))
            desk = Desk(folder=tmp_path, address=address, port=port)
            desk.config()
            return desk

        yield make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()
