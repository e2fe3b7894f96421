"""Rows of ad metrics, the tables they go to, and what those hold afterwards."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from connector.metrics.database import Database
from connector.metrics.days import Days
from connector.metrics.rates import Quote
from connector.metrics.rows import Account, AdDay, AdGroupDay, HourRow, Utm
from connector.metrics.staging import Filling, staged_ads, staged_groups
from connector.metrics.tables import tables_of
from connector.metrics.warehouse import Import, Replaced, open_warehouse, replace_days
from connector.source.waiting import Patience

FIRST = date(2026, 10, 1)
NOW = datetime(2026, 11, 22, 6, tzinfo=UTC)
MADRID = Account(platform="x", id="4m9tq7w2bzc", timezone="Europe/Madrid", currency="EUR")
TABLES = tables_of("daily_ad_metrics")
RATE = Decimal("1.117200000")


def day(number: int) -> date:
    """The first day of October 2026, and those after it."""
    return FIRST + timedelta(days=number)


def days(first: int, last: int) -> Days:
    return Days(since=day(first), until=day(last))


def ad(number: int = 0, /, **given: Any) -> AdDay:  # noqa: ANN401 - any field of a row
    """A row of an ad, on the day of a number."""
    row: dict[str, Any] = {
        "date": day(number), "campaign_id": "k2v8c", "campaign_name": "spring",
        "campaign_currency": "EUR", "ad_group_id": "w6n4r", "ad_id": "5ft2qa",
        "impressions": 900, "clicks": 40, "cost": Decimal("12.5"), "utm": Utm(utm_source="x"),
    }  # fmt: skip
    return AdDay(**(row | given))


def group(number: int = 0, /, **given: Any) -> AdGroupDay:  # noqa: ANN401 - any field of a row
    row: dict[str, Any] = {
        "date": day(number), "campaign_id": "k2v8c", "campaign_name": "spring",
        "campaign_currency": "EUR", "ad_group_id": "w6n4r", "impressions": 900, "clicks": 40,
        "cost": Decimal("12.5"),
    }  # fmt: skip
    return AdGroupDay(**(row | given))


def hour(number: int = 0, /, **given: Any) -> HourRow:  # noqa: ANN401 - any field of a row
    row: dict[str, Any] = {
        "hour": datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=number), "entity": "LINE_ITEM",
        "id": "w6n4r", "status": "ACTIVE", "campaign_currency": "EUR", "impressions": 7,
        "billed_engagements": 2,
    }  # fmt: skip
    return HourRow(**(row | given))


def filling(account: Account = MADRID, *, imported_at: datetime = NOW) -> Filling:
    """Half of October is final, and one euro is always worth the same."""
    return Filling(
        account=account,
        quote=lambda currency, of: Quote(rate=RATE, date=of) if currency == "EUR" else None,
        is_final=lambda of: of < day(15),
        imported_at=imported_at,
    )


def patience(seconds: float = 20) -> Patience:
    return Patience(deadline_seconds=seconds, sleep=time.sleep, monotonic=time.monotonic)


@contextmanager
def opened(url: str, *, writing: bool = True, seconds: float = 20) -> Iterator[Database]:
    held = patience(seconds)
    with open_warehouse(url, root=Path(), patience=held, writing=writing) as database:
        yield database


def imported(
    database: Database, ads: Iterable[AdDay], span: Days, *, groups: Iterable[AdGroupDay] = (),
    account: Account = MADRID, at: datetime = NOW,
) -> Replaced:  # fmt: skip
    """Import some days as a command does."""
    done = Import(
        connection=account.platform, account=account, days=span, final_through=day(14),
        finished_at=at,
    )  # fmt: skip
    filled = filling(account, imported_at=at)
    with staged_ads(ads, filled) as of_ads, staged_groups(groups, filled) as of_groups:
        return replace_days(database, TABLES, done, ads=of_ads, groups=of_groups)


def held(database: Database, *columns: str, account: Account = MADRID) -> list[tuple[Any, ...]]:
    """What the table holds of an account, in order of day and ad."""
    return database.run(
        f"select {', '.join(columns)} from daily_ad_metrics where ad_account_id = $1"
        " order by date, ad_id",
        account.id,
    )
