"""Waiting that a signal ends, whenever it comes."""

from contextlib import suppress
from itertools import chain, repeat
from queue import Empty, SimpleQueue
from typing import Any

# Python hears a signal that comes just as a wait begins only when that wait is over.
_PART_SECONDS = 0.5


def woken(queue: "SimpleQueue[Any]", seconds: float) -> bool:
    """Whether something comes into a queue within so many seconds; who waits next is woken, too.

    An Event or a Condition would not do: a signal may find its lock held, or leave it so.
    """
    whole, rest = divmod(max(seconds, 0.0), _PART_SECONDS)
    for part in chain(repeat(_PART_SECONDS, int(whole)), [rest]):
        with suppress(Empty):
            queue.put(queue.get(timeout=part))
            return True
    return False
