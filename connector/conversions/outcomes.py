"""What an answer means and what a conversion's past allows, as pure functions over tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Literal

from connector.http import Answer, NoAnswer
from connector.state.ledger import Known
from connector.x.conversions import ApiError, parse

RESEND_WINDOW = timedelta(hours=47)
DEDUP_WINDOW = timedelta(hours=48)
RESENDS_IN_A_RUN = 3
MOST_VALUES = 1000  # twice what a request holds

Meaning = Literal[
    "accepted",  # processed, all of it
    "not_processed",  # send it again after a wait
    "credentials",  # the credentials are refused: their scope stops
    "destination",  # this pixel and event are wrong: they stop
    "configuration",  # the address is wrong: the run stops
    "row",  # at least one conversion is wrong
    "too_large",  # smaller batches may pass
    "in_doubt",  # it may have been processed
]

_MEANING_OF_STATUS: dict[int, Meaning] = {
    401: "credentials",
    403: "credentials",
    404: "destination",
    405: "configuration",
    413: "too_large",
    423: "not_processed",
    425: "not_processed",
    429: "not_processed",
    400: "row",
    422: "row",
}
_DESTINATION_MESSAGES = re.compile("not a single event tag|does not belong")
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What an answer means; `reason` is kept and shown, `wait` are seconds that the answer told.

    `answered` is false when nothing came back. `values` are what X complains about: they may be
    identifiers, so they are never kept or shown.
    """

    meaning: Meaning
    reason: str
    answered: bool = True
    wait: float | None = None
    debug_id: str | None = None
    values: frozenset[str] = field(repr=False, default=frozenset())


def judge(answer: Answer | NoAnswer, *, sent: int, now: float) -> Verdict:
    """What the answer to a request of `sent` conversions means; `now` in epoch seconds."""
    if isinstance(answer, NoAnswer):
        silent: Meaning = "in_doubt" if answer.left else "not_processed"
        return Verdict(meaning=silent, reason=answer.why, answered=False)
    parsed, status = parse(answer), answer.status
    if status == 200:  # noqa: PLR2004 - OK
        full = parsed.processed == sent and not parsed.errors
        reason = "" if full else "the acknowledgement does not match what was sent"
        meaning: Meaning = "accepted" if full else "in_doubt"
        return Verdict(meaning=meaning, reason=reason, debug_id=parsed.debug_id)
    reason, wait = _reason(status, parsed.errors), told_wait(answer, now=now)
    if status == 503:  # noqa: PLR2004 - Service Unavailable
        told = "retry-after" in answer.headers
        return Verdict(meaning="not_processed" if told else "in_doubt", reason=reason, wait=wait)
    if status in _REDIRECTS:
        return Verdict(meaning="configuration", reason=f"{status}: X's address redirects")
    meaning = _MEANING_OF_STATUS.get(status, "in_doubt")
    if meaning == "row" and any(_DESTINATION_MESSAGES.search(e.message) for e in parsed.errors):
        meaning = "destination"
    quoted = (value for error in parsed.errors for value in _values(error))
    values = frozenset(islice(quoted, MOST_VALUES))
    return Verdict(meaning=meaning, reason=reason, wait=wait, values=values)


# X's codes and parameters are words with dots; an address, number or hash is none.
_NAME = re.compile(r"[A-Za-z_]+(\.[A-Za-z_]+)*|[0-9]{1,4}")
_LONGEST_NAME = 40


def _reason(status: int, errors: tuple[ApiError, ...]) -> str:
    """X's code and parameter; its message may hold a hash and is left out."""
    words = (errors[0].code, errors[0].parameter) if errors else ()
    names = [word for word in words if len(word) <= _LONGEST_NAME and _NAME.fullmatch(word)]
    return " ".join(names) or f"HTTP {status}"


def _values(error: ApiError) -> Iterator[str]:
    """What an error quotes: `hashed_email (abc) is …`, `… got "2026" for …`, its `value`."""
    yield from re.findall(r"\(([^()]+)\)", error.message)
    yield from re.findall(r'"([^"]+)"', error.message)
    if error.value:
        yield error.value


def told_wait(answer: Answer, *, now: float) -> float | None:
    """Seconds that an answer asks to wait: `Retry-After` in both forms, else the account's reset.

    Moments are of X's clock, so they are measured against its `Date` where it is told.
    """
    headers, here = answer.headers, _their_time(answer, now)
    retry_after = headers.get("retry-after", "").strip()
    if _is_number(retry_after):
        return float(retry_after)
    moment = _http_date(retry_after)
    if moment is not None:
        return max(0.0, moment - here)
    for name in ("x-account-rate-limit-reset", "x-rate-limit-reset"):
        reset = headers.get(name, "").strip()
        if _is_number(reset):
            return max(0.0, float(reset) - here)
    return None


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What is left of a platform's own limit, for so many seconds from now."""

    limit: int
    remaining: int
    resets_in: float


def told_allowance(answer: Answer, *, now: float) -> Allowance | None:
    """What X's headers say of its limit, None without them; the ad account's go before the user's.

    The reset is of X's clock, as in `told_wait`.
    """
    for family in ("x-account-rate-limit", "x-rate-limit"):
        told = [
            answer.headers.get(f"{family}-{name}", "").strip()
            for name in ("limit", "remaining", "reset")
        ]
        if all(_COUNT.fullmatch(text) for text in told):
            limit, remaining, reset = map(int, told)
            ahead = max(0.0, reset - _their_time(answer, now))
            return Allowance(limit=limit, remaining=remaining, resets_in=ahead)
    return None


_COUNT = re.compile("[0-9]{1,12}")


def _their_time(answer: Answer, now: float) -> float:
    clock = _http_date(answer.headers.get("date", ""))
    return now if clock is None else clock


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _http_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
        # `-0000` gives a time without a zone, which is in UTC all the same.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


Course = Literal["send", "accepted", "refused", "held", "hold", "pending"]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to do with a conversion that the ledger knows.

    `send` claims it, `hold` keeps it for a person from now on; the others only count it, under
    `reason`. `changed` says that it was accepted with other content.
    """

    course: Course
    reason: str = ""
    changed: bool = False


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who asks: a mapping with its rules and its policy, at a time (milliseconds).

    `asked` says that a person asked for these rows, `again` which accepted batches may count twice.
    """

    mapping: str
    rules_digest: str
    in_doubt: Literal["resend", "hold"]
    now: int
    asked: bool = False
    again: frozenset[int] = frozenset()


def decide(known: Known, *, digest: str, sender: Sender) -> Decision:
    """What the past of a conversion allows this mapping to do with it now."""
    own = known.mapping == sender.mapping
    if known.state == "accepted" and known.batch not in sender.again:
        changed = own and not same_content(known.digest, digest)
        reason = "accepted_before" if own else "accepted_by_other_mapping"
        return Decision(course="accepted", reason=reason, changed=changed)
    if known.state == "held":
        return Decision(course="held", reason=known.reason or "in_doubt")
    if known.state == "refused" and not _has_changed(known, digest=digest, sender=sender):
        return Decision(course="refused", reason=known.reason or "")
    if known.state not in ("refused", "accepted") and not own:
        return Decision(course="pending", reason="claimed_by_other_mapping")
    if _is_doubtful(known) and not _may_resend(known, sender):
        return Decision(course="hold", reason="in_doubt")
    return Decision(course="send")


def _has_changed(known: Known, *, digest: str, sender: Sender) -> bool:
    """Of another mapping's refusal only the content counts, or both would send it in turn."""
    rules = known.mapping == sender.mapping and known.rules_digest != sender.rules_digest
    return sender.asked or known.digest != digest or rules


def _is_doubtful(known: Known) -> bool:
    """Whether X may have processed it; a refusal does not end a doubt, an acceptance does."""
    if known.state == "accepted":
        return False
    return known.doubt_since is not None or known.state == "sent"


def _may_resend(known: Known, sender: Sender) -> bool:
    return sender.in_doubt == "resend" and not is_past_window(known.doubt_since, sender.now)


def same_content(one: str, other: str) -> bool:
    """Whether two digests say the same; digests of different versions say nothing."""
    return one == other or one.partition(":")[0] != other.partition(":")[0]


def is_past_window(doubt_since: int | None, now: int) -> bool:
    """Whether X might no longer recognise a second sending; milliseconds."""
    if doubt_since is None:
        return False
    return now - doubt_since >= RESEND_WINDOW / timedelta(milliseconds=1)


def backoff(attempt: int, *, random: float) -> float:
    """Seconds before try `attempt` (from 1): doubling from one to sixty, less up to a half."""
    return min(60.0, 2.0 ** min(attempt - 1, 6)) * (0.5 + random / 2)
