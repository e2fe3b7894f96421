"""The turn of a write: nobody else writes to the ad account, and the budget has room."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from connector.api.lines import IMPORT_SECONDS
from connector.api.projects import Edges
from connector.budgets.budget import Account
from connector.budgets.reads import Waiting
from connector.errors import AlreadyRunningError, StoppedError, UnreachableError
from connector.project import XConnection
from connector.state.lock import named_lock
from connector.state.place import Place

_PAUSE_SECONDS, _TOLD_AFTER = 0.2, 25


@contextmanager
def alone(place: Place, connection: XConnection, edges: Edges, does: str) -> Iterator[None]:
    """Be the only process of a state that does something, such as `write`, to an ad account.

    Raises:
        AlreadyRunningError: another one does for too long.
        StoppedError: the user stops the run.
        UnreachableError: the state is out of reach.
    """
    account_id, began = connection.ad_account_id, edges.now().timestamp()
    with named_lock(place, f"{does} {connection.target} {account_id}") as lock:
        waits = itertools.count()
        while not lock.take():
            told = f"another process {does}s to ad account {account_id}: {lock.holder()}"
            if edges.stopping():
                raise StoppedError(f"stopped while waiting: {told}")
            if edges.now().timestamp() > began + IMPORT_SECONDS:
                raise AlreadyRunningError(told)
            if next(waits) == _TOLD_AFTER:
                edges.progress.warn(f"waiting: {told}")
            edges.pause(_PAUSE_SECONDS)
        yield


def take(budget: Account, edges: Edges, operation: str) -> None:
    """Take a write out of the budget, once there is room.

    Raises:
        StoppedError: the user stops the run.
        UnreachableError: there is none for too long, or the store is out of reach.
    """
    waiting = Waiting(
        now=lambda: edges.now().timestamp(), pause=edges.pause, random=edges.random,
        stopping=edges.stopping, warn=edges.progress.warn, patience=IMPORT_SECONDS,
    )  # fmt: skip
    ask = partial(budget.take, 1)
    seconds = waiting.until_free(operation, ask, since=edges.now().timestamp())
    if seconds:
        raise UnreachableError(
            f"{operation}: not sent: the budget of writes is used up; try again in {seconds:,.0f} s"
        )
