"""What can go wrong between a client and X, drawn by share from a seed."""

import math
import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Fault:
    """How a request that meets this fault is treated.

    Attributes:
        name: the kind; empty for a request that meets none.
        processed: what is in the request is stored.
        answered: an HTTP answer leaves; otherwise the connection is cut.
        seconds: time that passes before the answer or the cut.
    """

    name: str
    processed: bool
    answered: bool
    seconds: float = 0.0


NO_FAULT = Fault(name="", processed=True, answered=True)

FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        # longer than any sensible client waits; then the connection is cut
        Fault(name="timeout", processed=False, answered=False, seconds=60.0),
        Fault(name="reset", processed=False, answered=False),
        Fault(name="reset_after_commit", processed=True, answered=False),
        Fault(name="error_500_after_commit", processed=True, answered=True),
        Fault(name="unavailable", processed=False, answered=True),
        Fault(name="rate_limited", processed=False, answered=True),
        Fault(name="short_acknowledgement", processed=True, answered=True),
        Fault(name="slow", processed=True, answered=True, seconds=1.0),
    )
}


def check_shares(shares: Mapping[str, float]) -> None:
    """Refuse shares that cannot be drawn.

    Raises:
        ValueError: an unknown kind, a share outside 0 to 1, or shares that add up to more than 1.
    """
    for kind, share in shares.items():
        if kind not in FAULTS:
            raise ValueError(f"unknown fault {kind!r}; known are {', '.join(FAULTS)}")
        if not 0 <= share <= 1:  # not a number fails here too
            raise ValueError(f"the share of fault {kind} must be from 0 to 1, not {share}")
    # a sum of decimal shares such as ten times 0.1 is a hair off
    total = math.fsum(shares.values())
    if total > 1 and not math.isclose(total, 1):
        raise ValueError(f"the shares of all faults add up to {total:g}, which is more than 1")


def parse_faults(texts: Iterable[str]) -> dict[str, float]:
    """Shares by kind out of texts such as `timeout=0.1`.

    Raises:
        ValueError: a text of another form, a kind named twice, or what `check_shares` refuses.
    """
    shares: dict[str, float] = {}
    for text in texts:
        kind, _, share = text.partition("=")
        if kind in shares:
            raise ValueError(f"fault {kind} is named twice")
        shares[kind] = _share(text, share)
    check_shares(shares)
    return shares


def _share(text: str, share: str) -> float:
    try:
        return float(share)
    except ValueError:
        raise ValueError(
            f"a fault is written KIND=SHARE, such as timeout=0.1, not {text}"
        ) from None


def drawn(shares: Mapping[str, float], *, seed: int) -> Iterator[Fault]:
    """The fault of each request in turn, without end; equal seeds give equal faults."""
    source = random.Random(seed)  # noqa: S311  it must repeat, not be secret
    while True:
        yield _fault_at(shares, source.random())


def _fault_at(shares: Mapping[str, float], point: float) -> Fault:
    for kind, share in shares.items():
        point -= share
        if point < 0:
            return FAULTS[kind]
    return NO_FAULT
