"""What TikTok's reports and entities have at hand in a running simulator."""

from collections import Counter
from dataclasses import dataclass, field

from connector.simulator.simulation import Simulation
from connector.simulator.tiktok_ads import Stock, stock_of
from connector.simulator.tiktok_calls import (
    NO_PERMISSION,
    TOO_MANY_OF_ADVERTISER,
    TikTokCall,
    needed,
    take,
    tiktok_refusal,
)
from connector.simulator.tiktok_query import Query


@dataclass(frozen=True, kw_only=True)
class Task:
    """A report that is made in its own time; `made` in epoch seconds."""

    id: str
    advertiser_id: str
    query: Query
    made: float
    output: str
    file_name: str
    is_translated: bool
    fails: bool = False
    is_canceled: bool = False


@dataclass(kw_only=True)
class Reporting:
    """The state of all advertisers; `asked` counts the reports that each was asked for."""

    simulation: Simulation
    stocks: dict[str, Stock] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    tasks: dict[str, Task] = field(default_factory=dict)

    def stock(self, advertiser_id: str) -> Stock:
        """All there is of an advertiser, founded when it is first asked about."""
        if advertiser_id not in self.stocks:
            advertiser = self.simulation.world.tiktok.advertisers[advertiser_id]
            settings = self.simulation.settings
            stock = stock_of(advertiser, seed=settings.seed, more=settings.ads)
            self.stocks[advertiser_id] = stock
        return self.stocks[advertiser_id]


def stock_for(reporting: Reporting, path: str, call: TikTokCall) -> Stock:
    """What there is of the advertiser that a call is about; counts the call for it.

    Raises:
        RefusedError: 40001 for one out of reach, 40133 for too many calls of one path.
    """
    advertiser_id = needed(call, "advertiser_id")
    if advertiser_id not in call.simulation.world.tiktok.advertisers:
        message = f"No permission to operate advertiser {advertiser_id}."
        raise tiktok_refusal(call.simulation, NO_PERMISSION, message)
    message = (
        f"Advertiser ({advertiser_id})'s QPS reaches QPS limit for current path, request is"
        " temporarily restricted."
    )
    owner = (advertiser_id, path)
    take(call.simulation, "tiktok_advertiser", owner, (TOO_MANY_OF_ADVERTISER, message))
    return reporting.stock(advertiser_id)
