import math
from typing import Any

import pytest

from connector.simulator.settings import MODES, Settings, parse_limits


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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"modes": frozenset({"strange"})}, "unknown mode 'strange'; known are no_ads_access"),
        ({"roles": ("BOSS",)}, "unknown role 'BOSS'; known are ACCOUNT_ADMIN"),
        ({"consent": "maybe"}, "unknown consent 'maybe'; known are ask, allow, deny"),
        ({"limits": {"tweets": 1}}, "unknown limit 'tweets'; known are accounts"),
        ({"callbacks": ("nowhere",)}, "not nowhere"),
        ({"window_scale": 0}, "last longer"),
        ({"window_scale": math.inf}, "last longer"),
        ({"token_seconds": 0}, "last longer"),
        ({"clock_skew_seconds": math.nan}, "nan"),
    ],
)
def test_what_no_simulator_could_do_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Settings(**changes)


def test_modes_say_what_the_account_is_made_from() -> None:
    plain, other = Settings().terms, Settings(modes=frozenset(MODES)).terms
    assert (plain.approved, plain.public, plain.old_tokens) == (True, False, False)
    assert (other.approved, other.public, other.old_tokens) == (False, True, True)


def test_limits_are_read_by_group() -> None:
    assert parse_limits(["accounts=100", "writes=0"]) == {"accounts": 100, "writes": 0}


@pytest.mark.parametrize("texts", [["accounts"], ["accounts=-1"], ["accounts=x"], ["a=1", "a=2"]])
def test_a_limit_of_another_form_is_refused(texts: list[str]) -> None:
    with pytest.raises(ValueError, match="limit"):
        parse_limits(texts)
