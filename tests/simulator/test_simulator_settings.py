import math

import pytest

from connector.simulator.settings import Settings


def test_a_simulator_listens_where_the_design_says_and_does_nothing_wrong_unasked() -> None:
    settings = Settings()
    assert (settings.port, settings.seed, settings.events_per_window) == (8490, 0, 60_000)
    assert not settings.faults
    assert settings.latency_seconds == 0


def test_an_unknown_fault_is_refused_before_anything_starts() -> None:
    with pytest.raises(ValueError, match="unknown fault 'earthquake'"):
        Settings(faults={"earthquake": 0.1})


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match=str(port)):
        Settings(port=port)


@pytest.mark.parametrize("seconds", [-0.1, math.inf, math.nan])
def test_a_latency_that_cannot_be_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="latency"):
        Settings(latency_seconds=seconds)
