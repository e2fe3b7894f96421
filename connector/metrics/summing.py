"""Sums of what the tables hold, for people: spend and what came of it, by campaign or by day.

Currencies are never added up: sums are in `metrics.currency` when there was a rate for all of it,
else by the currency that was spent.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Literal

from connector.metrics.database import Database
from connector.metrics.days import Days
from connector.metrics.tables import DAY, Tables

By = Literal["campaign", "ad_group", "ad", "utm_campaign", "day"]
_THOUSAND = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """What some rows add up to, money in one currency; None where no row has a number."""

    spend: Decimal | None = None
    impressions: int | None = None
    clicks: int | None = None
    conversions: int | None = None
    value: Decimal | None = None

    @property
    def ctr(self) -> Decimal | None:
        """Clicks by impression."""
        return divided(self.clicks, self.impressions)

    @property
    def cpc(self) -> Decimal | None:
        """Cost by click."""
        return divided(self.spend, self.clicks)

    @property
    def cpm(self) -> Decimal | None:
        """Cost by a thousand impressions."""
        return divided(self.spend and self.spend * _THOUSAND, self.impressions)

    @property
    def cost_per_acquisition(self) -> Decimal | None:
        """Cost by conversion, as the platform attributes them."""
        return divided(self.spend, self.conversions)

    @property
    def return_on_ad_spend(self) -> Decimal | None:
        """Value by cost, as the platform attributes it."""
        return divided(self.value, self.spend)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """The sums of one campaign, day or whatever is asked for, in one currency.

    `key` is an id, a day or a UTM parameter, None for rows without; `platform` and `account` are
    None where the line is of all of them.
    """

    key: str | None
    name: str | None
    platform: str | None
    account: str | None
    currency: str
    sums: Sums


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Lines, those with the most spend first (days in their order), and a total by currency.

    `unconverted` is how many rows have money and no rate: with any, sums are by currency spent.
    """

    lines: list[Line]
    totals: list[Line]
    unconverted: int


@dataclass(frozen=True, kw_only=True)
class Blended:
    """All accepted conversions of the ledger against all spend, whoever they are attributed to."""

    accepted: int
    cost_per_accepted: Decimal | None


def blended(total: Sums, *, accepted: int) -> Blended:
    """What one accepted conversion of the ledger costs, given the total line."""
    return Blended(accepted=accepted, cost_per_accepted=divided(total.spend, accepted))


def divided(one: Decimal | int | None, other: Decimal | int | None) -> Decimal | None:
    """A ratio; None when a part is missing or there is nothing to divide by."""
    return None if one is None or not other else Decimal(one) / Decimal(other)


@dataclass(frozen=True, kw_only=True)
class _Grouping:
    """Which columns make a line: its key, its name, and whether it is of one account.

    `of_ads` asks the ads even where ad groups are known.
    """

    key: str
    name: str
    of_account: bool = True
    of_ads: bool = False


_GROUPINGS: Mapping[By, _Grouping] = {
    "campaign": _Grouping(key="campaign_id", name="campaign_name"),
    "ad_group": _Grouping(key="ad_group_id", name="ad_group_name"),
    "ad": _Grouping(key="ad_id", name="ad_name", of_ads=True),
    "utm_campaign": _Grouping(
        key="utm_campaign", name="utm_campaign", of_account=False, of_ads=True
    ),
    "day": _Grouping(key=DAY, name="cast(null as varchar)", of_account=False),
}
_TOTAL = _Grouping(key="cast(null as varchar)", name="cast(null as varchar)", of_account=False)

_PLAIN = (
    "date, ad_platform, ad_account_id, campaign_id, campaign_name, ad_group_id, ad_group_name,"
    " campaign_currency, impressions, clicks, conversions, conversion_value, cost, cost_converted,"
    " exchange_rate"
)
_DAYS = "date between $1 and $2"
# Money is added up as it was spent and as it is converted; what is chosen later fits all lines.
# Of two decimals of 18 digits DuckDB makes a third one of 18, with room for no more than 999.
_SUMS = """
    campaign_currency,
    sum(cost), sum(cost_converted),
    cast(sum(impressions) as bigint), cast(sum(clicks) as bigint),
    cast(sum(conversions) as bigint),
    sum(conversion_value), sum(cast(conversion_value as decimal(38,6)) * exchange_rate),
    count(*) filter (where (cost is not null and cost_converted is null)
        or (conversion_value is not null and exchange_rate is null))
"""


def show(database: Database, tables: Tables, *, by: By, days: Days, currency: str) -> Shown:
    """The sums of some days.

    Where ad groups are known on their own they are the truth for everything but ads and their
    links: X doubles a tweet that is promoted twice.

    Args:
        database: the warehouse.
        tables: its tables; without them there are no lines.
        by: what makes a line.
        days: both ends included.
        currency: `metrics.currency`, that of `cost_converted`.
    """
    if any(database.columns(table.name) is None for table in (tables.ads, tables.groups)):
        return Shown(lines=[], totals=[], unconverted=0)
    lines = _read(database, tables, _GROUPINGS[by], days)
    totals = _read(database, tables, _TOTAL, days)
    unconverted = max(sum(one.unconverted for one in found) for found in (lines, totals))
    chosen = None if unconverted else currency
    merged = _merged(lines, chosen)
    order = _by_key if by == "day" else _by_spend
    return Shown(
        lines=sorted(merged, key=order),
        totals=sorted(_merged(totals, chosen), key=_by_spend),
        unconverted=unconverted,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """A line as the database adds it up, in the currency spent and with converted sums beside."""

    line: Line
    converted: Sums
    unconverted: int


def _read(database: Database, tables: Tables, grouping: _Grouping, days: Days) -> list[_Found]:
    account = ", ad_platform, ad_account_id" if grouping.of_account else ""
    shown = account or ", cast(null as varchar), cast(null as varchar)"
    # The name that the last day has: campaigns are renamed.
    rows = database.run(
        f"""select {grouping.key}, (array_agg({grouping.name} order by date desc))[1] {shown},
        {_SUMS} from ({_relation(tables, of_ads=grouping.of_ads)}) as rows_of_days
        group by {grouping.key}, campaign_currency {account}""",
        days.since,
        days.until,
    )
    return [_found(row) for row in rows]


def _relation(tables: Tables, *, of_ads: bool) -> str:
    ads, groups = tables.ads.name.sql, tables.groups.name.sql
    if of_ads:
        return f"select * from {ads} where {_DAYS}"
    return f"""
        select {_PLAIN} from {groups} where {_DAYS}
        union all
        select {_PLAIN} from {ads} as of_ads where {_DAYS} and not exists (
            select 1 from {groups} as of_groups where of_groups.date = of_ads.date
            and of_groups.ad_platform = of_ads.ad_platform
            and of_groups.ad_account_id = of_ads.ad_account_id)
    """


def _found(row: tuple[object, ...]) -> _Found:
    key, name, platform, account, currency, *sums = row
    cost, converted, impressions, clicks, conversions, value, value_converted, unconverted = sums
    counts = {"impressions": impressions, "clicks": clicks, "conversions": conversions}
    line = {"key": key, "name": name, "platform": platform, "account": account}
    return _Found(
        line=Line(**line, currency=currency, sums=Sums(spend=cost, value=value, **counts)),  # type: ignore[arg-type]
        converted=Sums(spend=converted, value=value_converted, **counts),  # type: ignore[arg-type]
        unconverted=int(str(unconverted)),
    )


def _merged(found: Iterable[_Found], currency: str | None) -> list[Line]:
    """The lines in one currency, those of one thing added up; or as they are without one."""
    if currency is None:
        return [one.line for one in found]
    merged: dict[tuple[str | None, ...], Line] = {}
    for one in found:
        line = one.line
        key = (line.key, line.platform, line.account)
        before = merged[key].sums if key in merged else Sums()
        merged[key] = Line(
            key=line.key, name=line.name, platform=line.platform, account=line.account,
            currency=currency, sums=added(before, one.converted),
        )  # fmt: skip
    return list(merged.values())


def added(one: Sums, other: Sums) -> Sums:
    """Both together; a number that one of them lacks is the other's."""
    together = {}
    for field in fields(Sums):
        there = [
            number for sums in (one, other) if (number := getattr(sums, field.name)) is not None
        ]
        together[field.name] = sum(there) if there else None
    return Sums(**together)


def _by_spend(line: Line) -> tuple[Decimal, str, str]:
    return (-(line.sums.spend or Decimal(0)), line.key or "", line.currency)


def _by_key(line: Line) -> tuple[str, str]:
    return (line.key or "", line.currency)
