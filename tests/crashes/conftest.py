"""A shop for each test, and the figures of all rounds."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from crashes.clock import Clock
from crashes.scene import Scene
from shop import Shell
from zygote import Zygote, zygote

from connector.simulator.server import running
from connector.simulator.settings import Settings

Opened = Callable[..., Scene]


@pytest.fixture(scope="session")
def syncs() -> Iterator[Zygote]:
    with zygote("crashes.children") as started:
        yield started


@pytest.fixture
def scene(
    tmp_path: Path, new_url: Callable[[], str], syncs: Zygote, request: pytest.FixtureRequest
) -> Iterator[Opened]:
    """Open a shop with a policy of doubts, whose X has these faults and settings."""
    with ExitStack() as stack:

        def open_scene(in_doubt: str, shares: dict[str, float], **settings: Any) -> Scene:  # noqa: ANN401 - whatever the simulator can be told
            url, clock = new_url(), Clock(tmp_path / "clock")
            told = Settings(faults=shares, keep_payloads=False, **settings)
            address = stack.enter_context(running(told, clock=clock.time))
            opened = Scene(
                shell=Shell(folder=tmp_path, address=address, state=url), clock=clock,
                shares=shares, zygote=syncs, in_doubt=in_doubt, server=_server(request, url),
            )  # fmt: skip
            opened.open()
            return opened

        yield open_scene


def _server(request: pytest.FixtureRequest, url: str) -> str | None:
    """The administrator's database, None for a state in a file."""
    if url.startswith("sqlite"):
        return None
    port = request.getfixturevalue("postgresql_server").port
    return f"postgresql://postgres@127.0.0.1:{port}/postgres"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The sum of what happened in the rounds that passed."""
    rounds, total = 0, Counter[str]()
    for report in terminalreporter.stats.get("passed", []):
        for name, figures in report.user_properties:
            if name == "figures":
                rounds += 1
                total.update(figures)
    if rounds:
        terminalreporter.section(f"{rounds} rounds of crashes")
        for name, count in sorted(total.items()):
            terminalreporter.write_line(f"{count:>8,} {name}")
