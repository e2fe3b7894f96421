"""What a running simulator has at hand and remembers; every route works on one of these."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connector.simulator.authentication import Nonces
from connector.simulator.faults import Fault, drawn
from connector.simulator.limits import Window
from connector.simulator.settings import Settings
from connector.simulator.wire import Tally
from connector.simulator.world import World, make_world

Clock = Callable[[], float]  # epoch seconds


@dataclass(kw_only=True)
class Simulation:
    """The state of one simulator; only its event loop's thread touches it."""

    settings: Settings
    world: World
    clock: Clock
    faults: Iterator[Fault]
    tally: Tally
    nonces: Nonces = field(default_factory=Nonces)
    windows: dict[str, Window] = field(default_factory=dict)  # by ad account


def new_simulation(settings: Settings, *, clock: Clock) -> Simulation:
    """A simulator that has not seen anything yet."""
    return Simulation(
        settings=settings,
        world=make_world(settings.seed),
        clock=clock,
        faults=drawn(settings.faults, seed=settings.seed),
        tally=Tally(api_dedup=settings.api_dedup, keep_payloads=settings.keep_payloads),
    )
