"""Stores of budgets by their URL; run as a program, a process whose threads take all they can."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from connector.budgets import in_redis
from connector.budgets.budget import Budget
from connector.budgets.in_state import StateBudgets, clock_of
from connector.budgets.open import Store
from connector.state import database
from connector.state.place import place_of

Taken = tuple[float, float, int]


@contextmanager
def open_budgets(url: str, clock: Callable[[], int] | None = None) -> Iterator[Store]:
    """The budgets of a URL; `clock` (milliseconds) stands in for the store's own."""
    if url.startswith("redis"):
        with in_redis.opened(url, clock=clock) as budgets:
            yield budgets
        return
    with database.opened(place_of(url, Path())) as state:
        given = (lambda _: clock()) if clock else clock_of(state, time.time)
        yield StateBudgets(database=state, clock=given)


def take_until(url: str, budget: Budget, amount: int, ends: float) -> list[Taken]:
    """When each taking began and ended (epoch seconds), and how much it was."""
    taken = []
    with open_budgets(url) as budgets:
        while (began := time.time()) < ends:
            seconds = budgets.take(budget, amount)
            ended = time.time()
            if seconds:
                time.sleep(max(0.0, min(seconds, ends - ended)))
            else:
                taken.append((began, ended, amount))
    return taken


def take_with_threads(url: str, budget: Budget, amounts: list[int], ends: float) -> list[Taken]:
    """One thread for each amount."""
    with ThreadPoolExecutor(len(amounts)) as pool:
        running = [pool.submit(take_until, url, budget, amount, ends) for amount in amounts]
        return [taken for thread in running for taken in thread.result()]


def main() -> None:
    """Get ready, wait for the word, take, and print what was taken."""
    url, name, limit, seconds, *amounts = sys.argv[1:]
    budget = Budget(name=name, amount=int(limit), seconds=float(seconds))
    with open_budgets(url):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
    ends = float(sys.stdin.readline())
    json.dump(take_with_threads(url, budget, list(map(int, amounts)), ends), sys.stdout)


if __name__ == "__main__":
    main()
