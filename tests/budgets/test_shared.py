"""Processes with threads take from one budget, by real clocks."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from budgets import taking
from budgets.taking import Taken
from racing import raced

from connector.budgets.budget import Budget

ROOT = Path(__file__).parents[2]
# SQLite has no queue: on a busy machine a process may come too late in many a window.
LIMIT, WINDOW_SECONDS, SECONDS = 50, 1.0, 10.0
# Processes, and in each of them a thread for every amount.
AMOUNTS = ((1, 1), (1, 5), (2, 1))


@pytest.fixture
def processes(url: str, new_budget: Callable[..., Budget]) -> "list[subprocess.Popen[str]]":
    budget = new_budget(LIMIT, WINDOW_SECONDS)
    return [
        subprocess.Popen(
            [sys.executable, taking.__file__, url, budget.name, str(LIMIT), str(WINDOW_SECONDS),
             *map(str, amounts)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        for amounts in AMOUNTS
    ]  # fmt: skip


def test_together_they_keep_the_limit_in_every_window_and_use_it(
    processes: "list[subprocess.Popen[str]]",
) -> None:
    told = raced(processes, SECONDS)
    each: list[list[Taken]] = [json.loads(text) for text in told]
    taken = sorted(one for process in each for one in process)
    assert all(each)
    assert most_in_a_window(taken) <= LIMIT
    assert sum(amount for _, _, amount in taken) >= 0.95 * LIMIT * SECONDS / WINDOW_SECONDS


def most_in_a_window(taken: list[Taken]) -> int:
    """The most that was taken for certain within a window: what both began and ended in it."""
    return max(
        sum(
            amount for began, ended, amount in taken
            if began >= start and ended < start + WINDOW_SECONDS
        )
        for start, _, _ in taken
    )  # fmt: skip
