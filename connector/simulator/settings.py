"""What a simulator can be told before it starts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from connector.simulator.faults import check_shares
from connector.simulator.poison import NO_POISON, Poison
from connector.simulator.world import DEFAULT_SEED

DEFAULT_PORT = 8490
MAX_PORT = 65_535
EVENTS_PER_WINDOW = 60_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The switches of one simulator.

    Attributes:
        port: loopback port; 0 takes a free one.
        faults: share of requests (0 to 1) by kind of fault, see `faults.FAULTS`.
        latency_seconds: time between processing a request and answering it.
        seed: makes the account and draws the faults.
        events_per_window: conversions for each ad account in 15 minutes; None for no limit.
        strict_formats: also check the form of a click id, which X is not known to do.
        refuse_integers: refuse JSON integers as money, as X's strict parsing was seen to do.
        api_dedup: count a conversion once that the API received twice, which X does not promise.
        rate_headers: send rate-limit headers and `Retry-After`; without them a client must guess.
        poison: conversions to refuse though nothing is wrong with them.
        keep_payloads: keep the last body of each conversion for the count in detail.

    Raises:
        ValueError: a fault is unknown, or a share, the port or the latency makes no sense.
    """

    port: int = DEFAULT_PORT
    faults: Mapping[str, float] = field(default_factory=dict)
    latency_seconds: float = 0.0
    seed: int = DEFAULT_SEED
    events_per_window: int | None = EVENTS_PER_WINDOW
    strict_formats: bool = False
    refuse_integers: bool = False
    api_dedup: bool = False
    rate_headers: bool = True
    poison: Poison = NO_POISON
    keep_payloads: bool = True

    def __post_init__(self) -> None:
        """Refuse what no simulator could do."""
        check_shares(self.faults)
        if not 0 <= self.port <= MAX_PORT:
            raise ValueError(f"a port is from 0 to {MAX_PORT}, not {self.port}")
        if not 0 <= self.latency_seconds < math.inf:
            raise ValueError(f"the latency cannot be {self.latency_seconds} seconds")
