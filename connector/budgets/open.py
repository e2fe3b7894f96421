"""Where a project's budgets are: in Redis when `budgets.url` says so, else in its state."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from connector.budgets.budget import Budgets
from connector.budgets.in_state import StateBudgets, clock_of
from connector.budgets.pacing import Quotas
from connector.errors import ConfigurationError
from connector.project.config import Config
from connector.state.database import Database


class Store(Budgets, Quotas, Protocol):
    """What is sent, and what platforms say is left."""


@contextmanager
def opened(config: Config, state: Database, *, now: Callable[[], float]) -> Iterator[Store]:
    """The budgets of a project; those of a state are used by the thread that uses the state.

    Args:
        config: the project's.
        state: its state, open.
        now: this host's clock in epoch seconds; a server's own clock goes before it.

    Raises:
        ConfigurationError: Redis is asked for and its library is missing, or it refuses.
        UnreachableError: nobody answers.
    """
    if config.budgets is None:
        yield StateBudgets(database=state, clock=clock_of(state, now))
        return
    # Loaded by who needs it.
    try:
        from connector.budgets import in_redis  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"budgets.url: Redis needs {error.name}, which is not installed:"
            " pip install 'ads-connector[redis]'"
        ) from None
    with in_redis.opened(config.budgets.url.get_secret_value()) as budgets:
        yield budgets
