"""An ad account's days and hours, read from X as they are asked for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import chain

from connector.errors import ConfigurationError
from connector.metrics.days import Days, spans
from connector.metrics.rows import (
    Account,
    AdDay,
    AdGroupDay,
    HourRow,
    Reading,
    Requests,
    X,
)
from connector.x.accounts import account as account_of
from connector.x.calling import Access, Line
from connector.x.metrics.active import active_in
from connector.x.metrics.asking import Asking
from connector.x.metrics.checking import Costs, warnings
from connector.x.metrics.entities import NOTHING, Known, learn_all, learn_tweets
from connector.x.metrics.questions import (
    AD,
    CAMPAIGN,
    CONVERSIONS,
    LINE_ITEM,
    NUMBERS,
    planned,
)
from connector.x.metrics.rows import Book, ad_days, group_days, hour_rows
from connector.x.metrics.slots import Slots, slots_of_days, slots_of_hours
from connector.x.metrics.statistics import Complete, answers, completed

NO_CURRENCY = "XXX"
"""ISO 4217's word for an account that nothing pays for, which has no numbers either."""
HOURLY = (CAMPAIGN, LINE_ITEM, AD)


@dataclass(frozen=True, kw_only=True)
class Source:
    """An ad account to read from, and what was learned of it; one import has one of these.

    Attributes:
        known: its campaigns, line items, ads and tweets.
        refused: placements that X names and does not answer for.
        opening: the requests that no reading has counted yet.
        costs: what ads and line items cost, by the span of days that was read.
    """

    line: Line
    access: Access = field(repr=False)
    account: Account
    known: Known = field(default_factory=Known)
    refused: set[str] = field(default_factory=set)
    opening: Requests = field(default_factory=Requests)
    costs: dict[Days, Costs] = field(default_factory=dict)

    @property
    def book(self) -> Book:
        """What rows take beside numbers."""
        return Book(known=self.known, currency=self.account.currency)


def opened(line: Line, access: Access, account_id: str) -> Source:
    """Ask for an account's time zone, and for the currency of what pays for it.

    Raises:
        ConnectorError: X does not tell; of the kind of who must act.
    """
    asking = Asking(line=line, access=access, account_id=account_id)
    found = account_of(asking.counted(), access, account_id)
    if not found.timezone:
        raise ConfigurationError(
            "X Ads GET accounts/:id: 200 no code: it tells no time zone of the account; compare"
            " ad_account_id in config.yaml with X's"
        )
    query = {"with_deleted": "true", "count": "200"}
    rows = list(asking.rows("accounts/:id/funding_instruments", query))
    rows.sort(key=lambda row: bool(row.get("deleted")))
    currency = next((str(row["currency"]) for row in rows if row.get("currency")), NO_CURRENCY)
    account = Account(platform=X, id=account_id, timezone=found.timezone, currency=currency)
    return Source(line=line, access=access, account=account, opening=asking.requests)


def days(source: Source, *, since: date, until: date) -> Reading:
    """The rows of some days of the account, both ends included; requests leave as ads are read.

    The line items are there once the ads are read to their end.

    Raises:
        ConnectorError: while the ads are read, where X does not give them.
    """
    finding = _finding(source)
    return Reading(
        account_timezone=source.account.timezone,
        currency=source.account.currency,
        ads=_ad_days(finding, Days(since=since, until=until)),
        groups=finding.groups,
        warnings=finding.warnings,
        requests=finding.asking.requests,
    )


def differences(source: Source) -> list[str]:
    """Sentences about line items whose ads differ from them, on all days that were read."""
    return list(warnings(source.costs, source.book))


def hours(
    source: Source, *, since: datetime, until: datetime, entities: Sequence[str] = HOURLY
) -> Reading:
    """The rows of the whole hours from `since` on and before `until`, aware both, by entity.

    Raises:
        ConnectorError: while the rows are read, where X does not give them.
    """
    finding = _finding(source)
    return Reading(
        account_timezone=source.account.timezone,
        currency=source.account.currency,
        hours=_hour_rows(finding, slots_of_hours(since, until), entities),
        warnings=finding.warnings,
        requests=finding.asking.requests,
    )


@dataclass(frozen=True, kw_only=True)
class _Finding:
    """A reading that goes on."""

    source: Source
    asking: Asking
    groups: list[AdGroupDay] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def _finding(source: Source) -> _Finding:
    return _Finding(source=source, asking=asking_of(source))


def asking_of(source: Source) -> Asking:
    """For questions about the account; the first one counts what opening it took."""
    counted = replace(source.opening)
    source.opening.sent = source.opening.retried = 0
    return Asking(
        line=source.line, access=source.access, account_id=source.account.id, requests=counted
    )


def _ad_days(finding: _Finding, every: Days) -> Iterator[AdDay]:
    source = finding.source
    for span in spans(every):
        slots = slots_of_days(span, source.account.timezone, now=source.line.now())
        costs = Costs()
        for complete in _complete(finding, slots, (AD, LINE_ITEM), tweets=True):
            costs.add(complete, source.known)
            if complete.entity == AD:
                yield from ad_days(complete, source.book, span.since)
            else:
                finding.groups.extend(group_days(complete, source.book, span.since))
        source.costs[span] = costs


def _hour_rows(finding: _Finding, slots: Slots, entities: Sequence[str]) -> Iterator[HourRow]:
    if len(slots):
        for complete in _complete(finding, slots, entities, tweets=False):
            yield from hour_rows(complete, finding.source.book, slots)


def _complete(
    finding: _Finding, slots: Slots, entities: Sequence[str], *, tweets: bool
) -> Iterator[Complete]:
    """All that X tells of whoever was active; what they are called is learned before."""
    source, asking = finding.source, finding.asking
    active = {entity: active_in(asking, entity, slots) for entity in entities}
    ids = {entity: [one.id for one in found] for entity, found in active.items()}
    learn_all(asking, source.known, ids)
    if tweets:
        learn_tweets(asking, source.known, ids[AD])
    plan = planned(chain.from_iterable(active.values()), slots, (NUMBERS, CONVERSIONS))
    unlisted = 0
    for complete in completed(answers(asking, plan, slots, refused=source.refused), plan, slots):
        unlisted += bool(complete.sums) and source.known.of(complete.entity, complete.id) is NOTHING
        yield complete
    silent = source.refused.intersection(one.placement for one in (*plan.calls, *plan.jobs))
    finding.warnings.extend(_gaps(silent, unlisted))


def _gaps(silent: Iterable[str], unlisted: int) -> Iterator[str]:
    for placement in sorted(silent):
        yield (
            f"X Ads: ads ran on the placement {placement}, for which X does not answer; the sums"
            " lack it"
        )
    if unlisted:
        yield (
            f"X Ads: {unlisted:,} ads or line items have numbers and are in no list; what they"
            " belong to is not known"
        )
