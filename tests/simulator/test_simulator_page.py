"""The page of the simulator names everything it can be told."""

from pathlib import Path

import pytest

from connector.simulator.faults import FAULTS
from connector.simulator.limits import LIMITS
from connector.simulator.settings import MODES

PAGE = (Path(__file__).parents[2] / "docs" / "simulator.md").read_text("utf-8")


@pytest.mark.parametrize("name", [*MODES, *LIMITS, *FAULTS])
def test_every_mode_limit_and_fault_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("group", LIMITS)
def test_every_limit_is_told_as_it_is(group: str) -> None:
    assert f"`{group}` {LIMITS[group].calls}" in PAGE
