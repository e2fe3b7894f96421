"""All rows of some days, in one report or in several, page by page or as a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connector.metrics.days import LONGEST_SPAN, ONE_DAY, Days
from connector.tiktok.errors import TooLargeError
from connector.tiktok.metrics.asking import Asking
from connector.tiktok.metrics.pages import MOST_ADS, Page, Row, Seen, page_of
from connector.tiktok.metrics.queries import HOUR, PATH, Wanted, page_query
from connector.tiktok.metrics.spool import Spool
from connector.tiktok.metrics.tasks import report_rows

PASSES = 3
"""How often the pages of a report are gone through until no row is missing."""


@dataclass(kw_only=True)
class Size:
    """What was learned of how large an advertiser's reports by day, or by hour, may be.

    `days` that one was answered for; `by_task`: none is whole, or small enough, so that all are
    made asynchronously.
    """

    days: int = LONGEST_SPAN
    by_task: bool = False


@dataclass(frozen=True, kw_only=True)
class Gathering:
    """Where rows come from, where they go, and what is learned on the way."""

    asking: Asking
    spool: Spool
    size: Size
    warnings: list[str] = field(default_factory=list)


class _CutError(Exception):
    """There are more ads than a report is about."""


def gather(gathering: Gathering, wanted: Wanted) -> None:
    """Write all rows of a report into the spool, each ad and time once.

    Raises:
        ConnectorError: TikTok does not give them.
    """
    since, size = wanted.days.since, gathering.size
    while since <= wanted.days.until:
        rest = Days(since=since, until=wanted.days.until)
        if size.by_task:
            _by_task(gathering, _of(wanted, rest))
            return
        longest = 1 if wanted.time == HOUR else size.days
        part = Days(since=since, until=min(since + (longest - 1) * ONE_DAY, rest.until))
        end = gathering.spool.end()
        try:
            _by_page(gathering, _of(wanted, part))
        except (TooLargeError, _CutError) as reason:
            gathering.spool.cut(end)
            _learn(size, part, reason)
        else:
            since = part.until + ONE_DAY


def _learn(size: Size, part: Days, reason: Exception) -> None:
    if len(part) == 1 or isinstance(reason, _CutError):
        size.by_task = True
    else:
        size.days = -(-len(part) // 2)


def _of(wanted: Wanted, days: Days) -> Wanted:
    return Wanted(time=wanted.time, days=days, top_view=wanted.top_view)


def _by_page(gathering: Gathering, wanted: Wanted) -> None:
    """Read pages until no row is missing: there is no snapshot, rows move from page to page."""
    seen, number = Seen(), 0
    for _ in range(PASSES):
        for page in _pages(gathering.asking, wanted):
            gathering.spool.write(new_rows(page.rows, wanted, seen))
            if page.is_cut or len(seen.slots) >= MOST_ADS:
                raise _CutError
            number = page.number
            if 0 < number <= seen.number:
                return
        if seen.number >= number:
            return
    gathering.warnings.append(
        f"TikTok Ads: {wanted.days.since} to {wanted.days.until}: of {number:,} rows of the report"
        f" {number - seen.number:,} came on no page; import these days again"
    )


def _pages(asking: Asking, wanted: Wanted) -> Iterator[Page]:
    number, pages = 1, 1
    while number <= pages:
        page = page_of(asking.get(PATH, page_query(wanted, number)))
        yield page
        number, pages = number + 1, page.pages


def _by_task(gathering: Gathering, wanted: Wanted) -> None:
    seen = Seen()
    with report_rows(gathering.asking, wanted) as rows:
        gathering.spool.write(new_rows(rows, wanted, seen))


def new_rows(rows: Iterable[Row], wanted: Wanted, seen: Seen) -> Iterator[Row]:
    """The rows that are of an ad, of the days asked for, and new."""
    start = datetime.combine(wanted.days.since, datetime.min.time())
    unit = timedelta(hours=1) if wanted.time == HOUR else ONE_DAY
    times = len(wanted.days) * (ONE_DAY // unit)
    for row in rows:
        slot = _slot(row.get(wanted.time, ""), start, unit)
        if row.get("ad_id") and slot in range(times) and seen.is_new(row["ad_id"], slot):
            yield row


def _slot(text: str, start: datetime, unit: timedelta) -> int:
    try:
        return (datetime.fromisoformat(text) - start) // unit
    except (ValueError, TypeError):
        return -1
