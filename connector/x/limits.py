"""What X counts a read towards, and what its answers say is left."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from connector.http import Answer
from connector.x.errors import skew_of

By = Literal["account", "user"]
WINDOW_SECONDS = 15 * 60.0
# The account's goes before the user's where both are told.
HEADERS: Mapping[By, str] = {"account": "x-account-rate-limit", "user": "x-rate-limit"}


@dataclass(frozen=True, kw_only=True)
class Family:
    """What X counts together: an endpoint where no category is named, by account or user."""

    path: re.Pattern[str]
    limit: int
    by: By
    category: str | None = None


# As documented; the first that fits. X says of each answer what really holds.
FAMILIES = (
    Family(path=re.compile(r"stats/accounts/"), limit=250, by="user", category="analytics"),
    Family(
        path=re.compile(r"accounts/[^/]+/targeting_criteria"),
        limit=400, by="user", category="targeting_criteria",
    ),
    Family(
        path=re.compile(r"accounts/[^/]+/(campaigns|line_items|promoted_tweets)(/|$)"),
        limit=10_000, by="account",
    ),
    Family(path=re.compile(r"(.*/)?accounts/[^/]+"), limit=2_000, by="account"),
    Family(path=re.compile(r""), limit=5, by="user"),
)  # fmt: skip
_TOTAL_COUNT = 200
_PARTS = ("limit", "remaining", "reset")
_ACCOUNT_ID = re.compile(r"(?:^|/)accounts/([^/]+)")
_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What a read counts towards: what is said of `names`, the documented one first."""

    client: str = field(repr=False)
    names: tuple[str, ...] = field(repr=False)
    limit: int
    seconds: float = WINDOW_SECONDS

    def name(self, by: By) -> str:
        """The name that an answer of a family of headers is about."""
        return next((name for name in self.names if name.startswith(by)), self.names[0])


@dataclass(frozen=True, kw_only=True)
class Told:
    """What X says is left of a limit, for so many seconds from now."""

    by: By
    limit: int
    remaining: int
    resets_in: float


def counted(
    path: str, *, client: str, user: str, operation: str, query: Mapping[str, str]
) -> Counted:
    """What a read counts towards.

    Args:
        path: under the version, with its ids.
        client: the app, as `mark` gives it.
        user: likewise, whose credentials are used.
        operation: the path without its ids.
        query: what else is asked.
    """
    family = next(one for one in FAMILIES if one.path.match(path))
    what, limit = family.category or operation, family.limit
    if query.get("with_total_count") == "true":
        what, limit = f"{operation} with_total_count", _TOTAL_COUNT
    names = [f"{owner}: {what}" for owner in owners(user, _account_of(path))]
    names.sort(key=lambda name: not name.startswith(family.by))
    return Counted(client=client, names=tuple(names), limit=limit)


def owners(user: str, account: str | None) -> list[str]:
    """Who a limit may belong to, as names begin."""
    return [*([f"account {account}"] if account else []), f"user {user}"]


def mark(text: str) -> str:
    """A short text in place of one that is nobody else's business, `-` for none."""
    return hashlib.sha256(text.encode()).hexdigest()[:16] if text else "-"


def told(answer: Answer, *, now: float) -> Told | None:
    """What the headers say, None without them; the reset is of X's clock, as its `Date` tells it.

    Args:
        answer: what came.
        now: this machine's clock in epoch seconds.
    """
    here = now + (skew_of(answer, now=now) or 0.0)
    for by, header in HEADERS.items():
        texts = [answer.headers.get(f"{header}-{part}", "").strip() for part in _PARTS]
        if all(_NUMBER.fullmatch(text) for text in texts):
            limit, remaining, reset = map(int, texts)
            return Told(by=by, limit=limit, remaining=remaining, resets_in=reset - here)
    return None


def _account_of(path: str) -> str | None:
    found = _ACCOUNT_ID.search(path)
    return found[1] if found else None
