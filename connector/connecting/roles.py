"""What a user's roles on an ad account of X allow."""

from collections.abc import Iterable, Mapping
from typing import Literal

from connector.errors import CredentialsError

Job = Literal["conversions", "metrics", "write"]

_EVERYTHING: frozenset[Job] = frozenset({"conversions", "metrics", "write"})
_METRICS: frozenset[Job] = frozenset({"metrics"})
_NOTHING: frozenset[Job] = frozenset()

MAY: Mapping[str, frozenset[Job]] = {
    "ACCOUNT_ADMIN": _EVERYTHING,
    "AD_MANAGER": _EVERYTHING,
    "CREATIVE_MANAGER": _METRICS,
    "CAMPAIGN_ANALYST": _METRICS,
    "ANALYST": _NOTHING,
    "PARTNER_AUDIENCE_MANAGER": _NOTHING,
    "TWEET_COMPOSER": _NOTHING,
}
"""By role what its user may do: send conversions, read the metrics of ads, change things."""

TOLD: Mapping[Job, str] = {
    "conversions": "send conversions",
    "metrics": "read the metrics of ads",
    "write": "change campaigns",
}


def may(roles: Iterable[str], job: Job) -> bool:
    """Whether one of the roles allows a job; an unknown role allows nothing."""
    return any(job in MAY.get(role, _NOTHING) for role in roles)


def allowing(job: Job) -> list[str]:
    """The roles that allow a job."""
    return [role for role, jobs in MAY.items() if job in jobs]


def refusal(name: str, roles: Iterable[str], job: Job) -> CredentialsError:
    """That a connection's user may not do something, and which role may."""
    held = ", ".join(roles) or "no role"
    return CredentialsError(
        f"connection {name}: its user has {held} on the ad account and may not {TOLD[job]}; that"
        f" needs {' or '.join(allowing(job))}, which an administrator of the account gives"
    )
