"""What a running simulator has at hand and remembers; every route works on one of these."""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connector.simulator.ads.founding import DAY_SECONDS, Founding, founded
from connector.simulator.ads.store import Store
from connector.simulator.ads.uploads import Upload
from connector.simulator.authentication import Gate
from connector.simulator.faults import Fault, drawn
from connector.simulator.founding import make_world
from connector.simulator.issued import Issued, issued_at_first
from connector.simulator.limits import Window
from connector.simulator.settings import Settings
from connector.simulator.signatures import Nonces
from connector.simulator.statistics.books import Shelf
from connector.simulator.statistics.jobs import Jobs
from connector.simulator.wire import Tally
from connector.simulator.world import World, events_of

Clock = Callable[[], float]  # epoch seconds


@dataclass(kw_only=True)
class Simulation:
    """The state of one simulator; only its event loop's thread touches it.

    Attributes:
        windows: by what is limited, such as `("conversions", account)`.
        issued: the tokens that are good.
        today: the start of the day, in UTC, that the ads' past is counted from; epoch seconds.
        stores: the ads by account, of those that were asked for; `ads` founds them.
        uploads: the files that were uploaded, by media key.
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
    today: int = 0
    stores: dict[str, Store] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    nonces: Nonces = field(default_factory=Nonces)
    windows: dict[tuple[str, ...], Window] = field(default_factory=dict)
    requests: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    jobs: Jobs = field(default_factory=Jobs)
    shelf: Shelf = field(default_factory=Shelf)
    draw: Callable[[int], str] = secrets.token_hex

    def ads(self, account_id: str) -> Store:
        """The ads of an account, see `ads`.

        Raises:
            KeyError: there is no such account.
        """
        if account_id not in self.stores:
            self.stores[account_id] = founded(self._founding(account_id))
        return self.stores[account_id]

    def _founding(self, account_id: str) -> Founding:
        world, settings = self.world, self.settings
        instruments = world.funding_instruments.values()
        tags = (event for event in events_of(world, account_id) if not event.deleted)
        return Founding(
            account=world.accounts[account_id],
            user_id=next(iter(world.users)),
            funding=next(one.id for one in instruments if one.account_id == account_id),
            event_tag=next((tag.id for tag in tags if tag.type == "SIGN_UP"), None),
            today=self.today,
            seed=settings.seed,
            ads=settings.ads,
        )

    def gate(self) -> Gate:
        """What callers are told apart by, now."""
        return Gate(world=self.world, issued=self.issued, nonces=self.nonces, now=self.clock())

    def minted(self) -> str:
        """A new secret, that nobody can take for one of X or TikTok."""
        return f"sim-{self.draw(20)}"


def new_simulation(settings: Settings, *, clock: Clock) -> Simulation:
    """A simulator that has not seen anything yet; its clock goes ahead as the settings say.

    The ads' past is counted from the machine's day: one that is ahead sees the same ads, older.
    """
    world = make_world(settings.seed, terms=settings.terms)
    skew = settings.clock_skew_seconds
    founded_at = clock() if settings.founded_at is None else settings.founded_at
    return Simulation(
        settings=settings,
        world=world,
        clock=(lambda: clock() + skew) if skew else clock,
        faults=drawn(settings.faults, seed=settings.seed),
        tally=Tally(api_dedup="api_dedup" in settings.modes, keep_payloads=settings.keep_payloads),
        issued=issued_at_first(world),
        jobs=Jobs(seconds=settings.job_seconds, some_fail="jobs_fail" in settings.modes),
        today=int(founded_at // DAY_SECONDS) * DAY_SECONDS,
    )
