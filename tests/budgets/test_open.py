import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import connector.budgets
from connector.budgets.budget import Budget
from connector.budgets.in_redis import RedisBudgets
from connector.budgets.in_state import StateBudgets
from connector.budgets.open import opened
from connector.errors import ConfigurationError
from connector.project.config import Config, between_keys
from connector.project.judge import judge
from connector.project.tree import read_tree
from connector.state import database
from connector.state.place import place_of

CONFIG = """\
warehouse: {{url: "duckdb:///warehouse.duckdb"}}
state: {{url: "{state}"}}
connections: {{x: {{platform: x_ads, ad_account_id: 18ce54d4x5t, auth: {{pixel_token: t0ken}}}}}}
"""


def config_of(state: str, budgets: str = "") -> Config:
    text = CONFIG.format(state=state) + (f"budgets: {{url: '{budgets}'}}\n" if budgets else "")
    config, faults = judge(Config, read_tree(text.encode()), between_keys=between_keys)
    assert faults == []
    assert config is not None
    return config


def test_the_state_keeps_the_budgets(sqlite_url: str, new_budget: Callable[..., Budget]) -> None:
    with (
        database.opened(place_of(sqlite_url, Path())) as state,
        opened(config_of(sqlite_url), state, now=lambda: 1.0) as budgets,
    ):
        assert isinstance(budgets, StateBudgets)
        assert budgets.take(new_budget(), 1) == 0


def test_redis_keeps_them_when_the_config_names_it(
    sqlite_url: str, redis_url: str, new_budget: Callable[..., Budget]
) -> None:
    with (
        database.opened(place_of(sqlite_url, Path())) as state,
        opened(config_of(sqlite_url, redis_url), state, now=lambda: 1.0) as budgets,
    ):
        assert isinstance(budgets, RedisBudgets)
        assert budgets.take(new_budget(), 1) == 0


def test_a_missing_library_is_told_with_what_installs_it(
    sqlite_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "connector.budgets.in_redis")
    monkeypatch.delattr(connector.budgets, "in_redis")
    with (
        database.opened(place_of(sqlite_url, Path())) as state,
        pytest.raises(ConfigurationError, match=r"pip install 'ads-connector\[redis\]'"),
        opened(config_of(sqlite_url, redis_url), state, now=lambda: 1.0),
    ):
        pass
