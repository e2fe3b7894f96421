"""An advertiser's days and hours, read from TikTok as they are asked for."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from connector.errors import ConfigurationError
from connector.metrics.days import Days, spans, zone_of
from connector.metrics.rows import TIKTOK, Account, AdDay, HourRow, Reading, Requests
from connector.tiktok.calling import Line
from connector.tiktok.metrics.asking import Asking
from connector.tiktok.metrics.entities import NOTHING, learn
from connector.tiktok.metrics.pages import page_of
from connector.tiktok.metrics.queries import DAY, HOUR, PATH, Wanted, check_query
from connector.tiktok.metrics.reports import Gathering, Size, gather
from connector.tiktok.metrics.rows import Known, ad_days, hour_of, hour_rows
from connector.tiktok.metrics.spool import spooled
from connector.tiktok.metrics.survey import (
    Sums,
    Survey,
    differing,
    gap_warning,
    survey_of,
    totals_of,
)

_SHORTEST = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True)
class Source:
    """An advertiser to read from, and what was learned of it; one import has one of these.

    `opening` are the requests that no reading has counted yet; `of_ads` and `of_advertiser` the
    sums of the days that were read.
    """

    line: Line
    token: str = field(repr=False)
    account: Account
    size: Size = field(default_factory=Size)
    size_of_hours: Size = field(default_factory=Size)
    known: Known = field(default_factory=Known)
    opening: Requests = field(default_factory=Requests)
    of_ads: dict[date, Sums] = field(default_factory=dict)
    of_advertiser: dict[date, Sums] = field(default_factory=dict)


def opened(line: Line, token: str, advertiser_id: str) -> Source:
    """Ask for an advertiser's time zone and currency.

    Raises:
        ConnectorError: TikTok does not tell; of the kind of who must act.
    """
    asking = Asking(line=line, token=token, advertiser_id=advertiser_id)
    fields = ["advertiser_id", "currency", "display_timezone", "timezone"]
    query = {"advertiser_ids": [advertiser_id], "fields": fields}
    listed = asking.get("advertiser/info/", query).data.get("list")
    rows = [row for row in listed or () if isinstance(row, dict)] if listed else []
    row = next((row for row in rows if str(row.get("advertiser_id")) == advertiser_id), None)
    # The first is the zone of the advertiser's days; the second a fixed offset from UTC.
    zone = (row or {}).get("display_timezone") or (row or {}).get("timezone")
    if row is None or not zone or not row.get("currency"):
        raise ConfigurationError(
            "TikTok Ads GET advertiser/info: 200 0: it tells nothing of the advertiser; compare"
            " advertiser_id in config.yaml with TikTok's"
        )
    account = Account(
        platform=TIKTOK, id=advertiser_id, timezone=str(zone), currency=str(row["currency"])
    )
    return Source(line=line, token=token, account=account, opening=asking.requests)


def days(source: Source, *, since: date, until: date) -> Reading:
    """The rows of some days of the account, both ends included; requests leave as they are read.

    Raises:
        ConnectorError: while the rows are read, where TikTok does not give them.
    """
    asking, warnings = _asking(source), list[str]()
    return Reading(
        account_timezone=source.account.timezone,
        currency=source.account.currency,
        ads=_ad_days(source, asking, Days(since=since, until=until), warnings),
        warnings=warnings,
        requests=asking.requests,
    )


def gaps(source: Source) -> list[str]:
    """A sentence about the days, of all that were read, whose ads and advertiser differ."""
    survey = Survey(days=source.of_ads)
    warning = gap_warning(survey, source.of_advertiser, source.account.currency)
    return [warning] if warning else []


def hours(source: Source, *, since: datetime, until: datetime) -> Reading:
    """The rows of the hours that begin from `since` on and before `until`, aware both.

    Raises:
        ConnectorError: while the rows are read, where TikTok does not give them.
    """
    asking, warnings = _asking(source), list[str]()
    return Reading(
        account_timezone=source.account.timezone,
        currency=source.account.currency,
        hours=_hour_rows(source, asking, (since, until), warnings),
        warnings=warnings,
        requests=asking.requests,
    )


def _asking(source: Source) -> Asking:
    counted = replace(source.opening)
    source.opening.sent = source.opening.retried = 0
    return Asking(
        line=source.line,
        token=source.token,
        advertiser_id=source.account.id,
        requests=counted,
    )


def _ad_days(source: Source, asking: Asking, every: Days, warnings: list[str]) -> Iterator[AdDay]:
    for span in spans(every):
        wanted = Wanted(time=DAY, days=span)
        with spooled(wanted.columns) as spool:
            gathering = Gathering(asking=asking, spool=spool, size=source.size, warnings=warnings)
            gather(gathering, wanted)
            survey = _reconciled(source, gathering, wanted)
            _learn(asking, source.known, survey)
            yield from ad_days(spool.rows(), source.known, source.account.currency)


def _reconciled(source: Source, gathering: Gathering, wanted: Wanted) -> Survey:
    """Compare the ads with the advertiser's own sums; TopView, which no report has, may be it."""
    survey = survey_of(gathering.spool.rows())
    totals = totals_of(page_of(gathering.asking.get(PATH, check_query(wanted.days))).rows)
    if differing(survey, totals):
        # a report may not know the filter, or the advertiser not have what it asks for
        with suppress(ConfigurationError):
            survey = _with_top_view(gathering, wanted, survey)
    source.of_ads.update(survey.days)
    source.of_advertiser.update(totals)
    return survey


def _with_top_view(gathering: Gathering, wanted: Wanted, survey: Survey) -> Survey:
    """Add the rows of TopView; a filter that is not obeyed adds no ad that is there already."""
    with spooled(wanted.columns) as apart:
        gather(replace(gathering, spool=apart, size=Size()), replace(wanted, top_view=True))
        end = gathering.spool.end()
        gathering.spool.write(row for row in apart.rows() if row["ad_id"] not in survey.ads)
    is_more = gathering.spool.end() > end
    return survey_of(gathering.spool.rows()) if is_more else survey


def _learn(asking: Asking, known: Known, survey: Survey) -> None:
    """Find out what the lists say of what the rows name."""
    learn(asking, known.ads, survey.ads)
    ads = {id_: known.ads.by_id.get(id_, NOTHING) for id_ in survey.ads}
    learn(asking, known.smart_ads, {ad.smart_id for ad in ads.values() if ad.smart_id})
    groups = {of or ads[id_].group_id for id_, (of, _) in survey.ads.items()}
    learn(asking, known.groups, {id_ for id_ in groups if id_})
    campaigns = {of or ads[id_].campaign_id for id_, (_, of) in survey.ads.items()}
    learn(asking, known.campaigns, {id_ for id_ in campaigns if id_})


def _hour_rows(
    source: Source, asking: Asking, ends: tuple[datetime, datetime], warnings: list[str]
) -> Iterator[HourRow]:
    since, until = ends
    if since >= until:
        return
    zone = zone_of(source.account.timezone)
    last = until - _SHORTEST
    local = Days(since=since.astimezone(zone).date(), until=last.astimezone(zone).date())
    wanted = Wanted(time=HOUR, days=local)
    with spooled(wanted.columns) as spool:
        gathering = Gathering(
            asking=asking, spool=spool, size=source.size_of_hours, warnings=warnings
        )
        gather(gathering, wanted)
        learn(asking, source.known.ads, {row["ad_id"] for row in spool.rows()})
        rows = (row for row in spool.rows() if since <= hour_of(row, zone) < until)
        yield from hour_rows(rows, source.known, currency=source.account.currency, zone=zone)
