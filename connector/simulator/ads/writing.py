"""A write that was let in, and why it may not be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from connector.simulator.ads.defaults import DENOMINATIONS, HUNDREDTH
from connector.simulator.ads.entities import Entity
from connector.simulator.ads.store import Store
from connector.simulator.ads.uploads import Upload
from connector.simulator.envelope import Error, error
from connector.simulator.parameters import missing

E = TypeVar("E", bound=Entity)


class NotDoneError(Exception):
    """A write that was refused: an HTTP status and what was wrong."""

    def __init__(self, errors: Sequence[Error], *, status: int = 400) -> None:
        self.errors = errors
        self.status = status
        super().__init__(f"not done: {status}")


@dataclass(frozen=True, kw_only=True)
class Writing:
    """A write that was let in.

    Attributes:
        now: whole epoch seconds.
        values: what it says; None is what it unsets.
        tags: the event tags of the account that are not deleted.
        funded: the funding instruments of the account that can pay; `unfunded` the others.
        uploads: the files that were uploaded, by media key.
        modes: what is different about this X, see `settings.MODES`.
    """

    store: Store
    now: int
    user_id: str
    values: Mapping[str, Any]
    funded: frozenset[str] = frozenset()
    unfunded: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    modes: frozenset[str] = frozenset()

    def put(self, entity: E) -> E:
        """Store an entity as changed now by whoever writes."""
        changed = replace(entity, updated_at=self.now)
        return self.store.put(changed, now=self.now, user_id=self.user_id)


def not_found(code: str, parameter: str | None = None) -> NotDoneError:
    """404, with X's code."""
    entry = error(code, "The requested resource could not be found", parameter)
    return NotDoneError([entry], status=404)


def wrong(code: str, message: str, parameter: str | None = None) -> NotDoneError:
    """400, with X's code."""
    return NotDoneError([error(code, message, parameter)])


def needed(values: Mapping[str, Any], *names: str) -> None:
    """Refuse a write that goes without one of these.

    Raises:
        NotDoneError: MISSING_PARAMETER.
    """
    errors = missing(values, names)
    if errors:
        raise NotDoneError(errors)


def check_amounts(values: Mapping[str, Any], currency: str) -> None:
    """Refuse an amount of money that is no multiple of the currency's smallest step.

    Raises:
        NotDoneError: INVALID_DENOMINATION.
    """
    step = DENOMINATIONS.get(currency, HUNDREDTH)
    errors = [
        error("INVALID_DENOMINATION", f"{name} must be a multiple of {step} for {currency}", name)
        for name, value in values.items()
        if name.endswith("_local_micro") and isinstance(value, int) and value % step
    ]
    if errors:
        raise NotDoneError(errors)
