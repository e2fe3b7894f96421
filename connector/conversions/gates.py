"""What stops a run before its first byte: pure decisions over the census and the state."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.conversions.census import Census
from connector.errors import Exit
from connector.state.runs import Remembered

REJECTED_ROWS_THAT_COUNT = 20


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Why nothing is sent: the reason that pending rows count under, what to say, the ending."""

    reason: str
    message: str
    ending: Exit = Exit.HELD


def before_sending(
    census: Census, remembered: Remembered | None, *, keys_digest: str, mapping: str,
    left_out: int = 0,
) -> Stop | None:  # fmt: skip
    """Whether a person has to say something first.

    `left_out` are older rows that are not asked for now, and that the next sync would send.
    """
    sendable = census.to_send
    if not sendable:
        return None
    amount = f"{sendable} conversions{_worth(census.value)}"
    older = f"{census.older} of them older than 48 hours{_worth(census.older_value)}"
    begin = f"`connector state begin {mapping} --send-history` sends them"
    if remembered is None:
        if not census.older and not left_out:
            return None
        if left_out:
            older += f", while {left_out} more of that age are left out"
        return Stop(
            reason="first_sync",
            message=f"the first sync of {mapping} to this target would send {amount}, {older};"
            f" {begin}, `connector state begin {mapping} --before TIME` takes older ones as sent"
            " elsewhere",
        )
    if remembered.keys_digest != keys_digest:
        return Stop(
            reason="keys_changed",
            message=f"pixel, event or conversion_id of {mapping} is made in another way now,"
            f" so {amount}, {older}, may be sent a second time; {begin},"
            f" `connector state begin {mapping} --before TIME` takes older ones as sent before",
        )
    return None


def _worth(value: Mapping[str, Decimal]) -> str:
    amounts = [f"{amount.normalize():f} {currency}" for currency, amount in sorted(value.items())]
    return f", worth {' + '.join(amounts)}" if amounts else ""


def only_dates(census: Census) -> str | None:
    """The message for a mapping whose conversion times are days without a time."""
    days = census.warnings["date_alone"]
    if not days or census.outcomes["sendable"]:
        return None
    return (
        f"fields.conversion_time: the text in {days} rows is a date without a time of day;"
        " map a column that has the time, or build one in the query"
    )


def is_above_limit(*, bad: int, unseen: int, limit: float) -> bool:
    """Whether too many of the rows that no earlier run had seen were rejected or refused."""
    return unseen >= REJECTED_ROWS_THAT_COUNT and bad > limit * unseen


def endings(
    happened: set[Exit], *, stopped: bool, held: int, unfinished: int, above_limit: bool
) -> set[Exit]:
    """The exit codes that the end of a live run earns."""
    earned = set(happened)
    if stopped or held:
        earned.add(Exit.HELD)
    if above_limit:
        earned.add(Exit.REJECTED_ABOVE_LIMIT)
    if unfinished:
        earned.add(Exit.UNFINISHED)
    return earned
