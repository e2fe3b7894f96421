"""What a simulator can be told before it starts."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connector.simulator.callbacks import check_callbacks
from connector.simulator.faults import check_shares
from connector.simulator.founding import Terms
from connector.simulator.limits import LIMITS
from connector.simulator.poison import NO_POISON, Poison
from connector.simulator.world import DEFAULT_SEED, ROLES

DEFAULT_PORT = 8490
MAX_PORT = 65_535
EVENTS_PER_WINDOW = 60_000
TIKTOK_LARGEST = 100_000
MAX_ADS = 1_000_000

# What is different about this X, by the name it is switched on with.
MODES: Mapping[str, str] = {
    "no_ads_access": "the app has no access to the Ads API",
    "old_tokens": "the ready-made tokens are from before the app was approved",
    "bearer_refused": "OAuth 2.0 tokens are not taken under /12, as X was seen to do",
    "gateway_errors": "credentials that are refused get numeric codes everywhere",
    "html_errors": "a path that does not exist is answered in HTML",
    "strict_parameters": "parameters that a call does not know are refused under /12",
    "no_second_promotion": "a tweet that a line item promotes already is refused",
    "processing_fails": "a video or GIF that was uploaded cannot be processed",
    "jobs_fail": "every third job of the analytics fails",
    "files_late": "the file of a job is not there yet when the job is done",
    "offset_of_today": "DAY has to meet the midnights of today's offset from UTC, as X's pages say",
    "no_publisher_network": "PUBLISHER_NETWORK is no placement of the analytics",
    "no_analytics": "the account's service level has no analytics",
    "public_client": "the app is a public client of OAuth 2.0: it has no secret to show",
    "moving_pages": "rows of TikTok's reports move from page to page between calls",
    "tiktok_gap": "TikTok's reports by ad leave one ad's newest day out",
    "tiktok_sandbox": "TikTok is its sandbox: it lacks some calls and locks out who is too fast",
    "tiktok_tasks_fail": "the first of TikTok's asynchronous reports fails",
    "no_rate_headers": "no answer tells of limits, or how long to wait: a client must guess",
    "refuse_integers": "JSON integers are refused as money, as X was seen to do",
    "strict_formats": "the form of a click id is checked, which X is not known to do",
    "api_dedup": "a conversion that comes twice by the API counts once, which X does not promise",
}

# What the consent pages do: ask whoever looks at them, or decide at once.
CONSENTS = ("ask", "allow", "deny")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The switches of one simulator.

    Attributes:
        port: loopback port; 0 takes a free one.
        faults: share of requests (0 to 1) by kind of fault, see `faults.FAULTS`.
        latency_seconds: time between processing a request and answering it.
        seed: makes the account and draws the faults.
        events_per_window: conversions for each ad account in 15 minutes; None for no limit.
        poison: conversions to refuse though nothing is wrong with them.
        keep_payloads: keep the last body of each conversion for the count in detail.
        modes: what else is different, see `MODES`.
        roles: of the first user on each account they reach, see `world.ROLES`.
        further_accounts: ad accounts that user reaches beyond the first, TikTok's alike.
        consent: what a consent page does, see `CONSENTS`.
        callbacks: addresses registered beside those of port 8765 on the loopback interface.
        limits: calls in a window by group, over X's own (`limits.LIMITS`); 0 for no limit.
        window_scale: how long every window lasts, as a share of X's.
        token_seconds: how long an OAuth 2.0 access token is good for.
        clock_skew_seconds: how far the simulator's clock is ahead of the machine's.
        ads: how many more ads each account has than the few by hand, TikTok's alike.
        founded_at: what the ads' past is counted back from (epoch seconds, the start of its day in
            UTC); None for the day the simulator is started.
        search_lag_seconds: how long it takes until a list's `q` finds what was made.
        processing_seconds: how long a video or GIF is in the works after its upload.
        job_seconds: how long a job of the analytics takes, unless it is asked about twice before.
        tiktok_largest: ids times days, or hours, that one of TikTok's reports may be about.

    Raises:
        ValueError: a name is unknown, or a number makes no sense.
    """

    port: int = DEFAULT_PORT
    faults: Mapping[str, float] = field(default_factory=dict)
    latency_seconds: float = 0.0
    seed: int = DEFAULT_SEED
    events_per_window: int | None = EVENTS_PER_WINDOW
    poison: Poison = NO_POISON
    keep_payloads: bool = True
    modes: frozenset[str] = frozenset()
    roles: tuple[str, ...] = ("AD_MANAGER",)
    further_accounts: int = 0
    consent: str = "ask"
    callbacks: tuple[str, ...] = ()
    limits: Mapping[str, int] = field(default_factory=dict)
    window_scale: float = 1.0
    token_seconds: float = 7200
    clock_skew_seconds: float = 0.0
    ads: int = 0
    founded_at: float | None = None
    search_lag_seconds: float = 0.0
    processing_seconds: float = 2.0
    job_seconds: float = 2.0
    tiktok_largest: int = TIKTOK_LARGEST

    def __post_init__(self) -> None:
        """Refuse what no simulator could do."""
        check_shares(self.faults)
        check_callbacks(self.callbacks)
        for what, names, known in (
            ("mode", self.modes, MODES),
            ("role", self.roles, sorted(ROLES)),
            ("consent", (self.consent,), CONSENTS),
            ("limit", self.limits, LIMITS),
        ):
            _check_names(what, names, known)
        if not 0 <= self.port <= MAX_PORT:
            raise ValueError(f"a port is from 0 to {MAX_PORT}, not {self.port}")
        if not 0 <= self.latency_seconds < math.inf:
            raise ValueError(f"the latency cannot be {self.latency_seconds} seconds")
        if not math.isfinite(self.clock_skew_seconds):
            raise ValueError(f"the clock cannot be {self.clock_skew_seconds} seconds ahead")
        if not (0 < self.window_scale < math.inf and 0 < self.token_seconds < math.inf):
            raise ValueError("windows and tokens last longer than nothing, and not for ever")
        if not self.job_seconds >= 0:
            raise ValueError(f"a job cannot take {self.job_seconds} seconds")
        if not 0 <= self.ads <= MAX_ADS:
            raise ValueError(f"an account can have 0 to {MAX_ADS} more ads, not {self.ads}")
        if not (
            0 <= self.search_lag_seconds < math.inf and 0 <= self.processing_seconds < math.inf
        ):
            raise ValueError(
                "search and processing take a time that ends, not "
                f"{self.search_lag_seconds} and {self.processing_seconds} seconds"
            )

    @property
    def terms(self) -> Terms:
        """What of this the account is made from, beside the seed."""
        return Terms(
            roles=self.roles,
            further_accounts=self.further_accounts,
            approved="no_ads_access" not in self.modes,
            public="public_client" in self.modes,
            old_tokens="old_tokens" in self.modes,
        )


def parse_limits(texts: Iterable[str]) -> dict[str, int]:
    """Calls in a window by group, out of texts such as `accounts=100`.

    Raises:
        ValueError: a text of another form, or a group named twice.
    """
    limits: dict[str, int] = {}
    for text in texts:
        group, _, calls = text.partition("=")
        if not (calls.isascii() and calls.isdigit()):
            raise ValueError(f"a limit is written GROUP=CALLS, such as accounts=100, not {text}")
        if group in limits:
            raise ValueError(f"limit {group} is named twice")
        limits[group] = int(calls)
    return limits


def _check_names(what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"unknown {what} {name!r}; known are {', '.join(known)}")
