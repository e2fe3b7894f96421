"""What the ledger is told and tells, as plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

# Why a conversion is to be sent again that was held or in doubt: a person said so.
RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the ledger knows of a conversion id at a destination.

    `doubt_since` is when it was first sent without a clear answer (milliseconds), None without
    doubt; `reason` is why its batch was refused or held.
    """

    batch: int
    state: str
    mapping: str
    rules_digest: str
    digest: str
    doubt_since: int | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Past:
    """What the ledger knows of many rows, by their positions.

    Of what was accepted there are four lists of one length, since it is most: the `places`, the
    batches and digests, and whether the asking mapping's own rows were accepted.
    """

    places: Sequence[int] = field(default_factory=list)
    batches: Sequence[int] = field(default_factory=list)
    digests: Sequence[str] = field(default_factory=list)
    own: Sequence[bool] = field(default_factory=list)
    others: Mapping[int, Known] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Conversions of one destination that are about to be sent in one request.

    `seen` is the batch each was in when the ledger was asked, None where it was unknown.
    """

    destination: int
    conversion_ids: Sequence[str]
    digests: Sequence[str]
    seen: Sequence[int | None]


@dataclass(frozen=True, kw_only=True)
class Fresh:
    """Conversions of one destination that the ledger has never seen, so far as it is known.

    `conversion_ids` is a JSON list of texts; `digests` are in its order, one after the other, all
    of one length. They are to be sent in requests of `largest`, the last of which may be smaller.
    `in_order` says that the ids are in the order of their bytes.
    """

    destination: int
    conversion_ids: str
    digests: bytes
    rows: int
    largest: int
    in_order: bool = False


class ClaimLostError(Exception):
    """One of the conversions is not what it was when the ledger was asked; ask again."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is kept of an answer: `reason` of a refusal or doubt, X's `debug_id`.

    `unclear` says that the request may or may not have been processed.
    """

    reason: str | None = None
    debug_id: str | None = None
    unclear: bool = False


@dataclass(frozen=True, kw_only=True)
class Amount:
    """Accepted conversions of one day (UTC) and currency (empty without a value)."""

    day: str
    currency: str
    conversions: int
    amount: str
