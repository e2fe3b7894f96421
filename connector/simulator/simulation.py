"""What a running simulator has at hand and remembers; every route works on one of these."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connector.simulator.authentication import Gate
from connector.simulator.faults import Fault, drawn
from connector.simulator.founding import make_world
from connector.simulator.issued import Issued, issued_at_first
from connector.simulator.limits import Window
from connector.simulator.settings import Settings
from connector.simulator.signatures import Nonces
from connector.simulator.wire import Tally
from connector.simulator.world import World

Clock = Callable[[], float]  # epoch seconds


@dataclass(kw_only=True)
class Simulation:
    """The state of one simulator; only its event loop's thread touches it.

    Attributes:
        windows: by what is limited, such as `("conversions", account)`.
        issued: the tokens that are good.
        requests: how often each method and path came to which end, the conversions' aside.
        draw: so many random bytes in hexadecimal. Never repeats, not even with the seed: a token
            that a client kept from an earlier simulator must not be good by chance.
    """

    settings: Settings
    world: World
    clock: Clock
    faults: Iterator[Fault]
    tally: Tally
    issued: Issued
    nonces: Nonces = field(default_factory=Nonces)
    windows: dict[tuple[str, ...], Window] = field(default_factory=dict)
    requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    draw: Callable[[int], str] = secrets.token_hex

    def gate(self) -> Gate:
        """What callers are told apart by, now."""
        return Gate(world=self.world, issued=self.issued, nonces=self.nonces, now=self.clock())

    def minted(self) -> str:
        """A new secret, that nobody can take for one of X or TikTok."""
        return f"sim-{self.draw(20)}"


def new_simulation(settings: Settings, *, clock: Clock) -> Simulation:
    """A simulator that has not seen anything yet; its clock goes ahead as the settings say."""
    world = make_world(settings.seed, terms=settings.terms)
    skew = settings.clock_skew_seconds
    return Simulation(
        settings=settings,
        world=world,
        clock=(lambda: clock() + skew) if skew else clock,
        faults=drawn(settings.faults, seed=settings.seed),
        tally=Tally(api_dedup=settings.api_dedup, keep_payloads=settings.keep_payloads),
        issued=issued_at_first(world),
    )
