"""Metrics in a warehouse: the days of an account replaced in one transaction, and read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from connector.errors import ConfigurationError, ConnectorError
from connector.metrics.database import Database
from connector.metrics.days import Days, Earlier
from connector.metrics.rows import METRICS, Account
from connector.metrics.staging import Stage
from connector.metrics.tables import (
    MARK,
    Table,
    Tables,
    creation,
    mark_of,
    refuse_another,
    view_of_events,
)
from connector.source.waiting import Patience

LINKS = (
    "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "utm_inferred",
)  # fmt: skip
STAGE = "connector_stage"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_ACCOUNT = "ad_platform = $1 and ad_account_id = $2"
_OF_DAYS = f"{_OF_ACCOUNT} and date between $3 and $4"
_OF_HOURS = f"{_OF_ACCOUNT} and hour >= $3 and hour < $4"


@contextmanager
def open_warehouse(
    url: str, *, root: Path, patience: Patience, writing: bool
) -> Iterator[Database]:
    """The warehouse of `warehouse.url`; a DuckDB file that is not there yet is made by writing.

    Args:
        url: `duckdb:///…` or `postgresql://…`.
        root: the folder that relative files are looked up in.
        patience: how long to wait for a warehouse that somebody else holds.
        writing: whether anything is to be written; then nobody else can have a DuckDB file open.

    Raises:
        ConfigurationError: a warehouse of another kind, or an account that is refused.
        UnreachableError: held past the deadline, broken, or no answer.
    """
    scheme = url.partition("://")[0].lower()
    # An engine's library is loaded by the URL that needs it.
    if scheme == "duckdb":
        from connector.metrics.duckdb_table import open_duckdb  # noqa: PLC0415 - see above

        with open_duckdb(url, root=root, patience=patience, writing=writing) as file:
            yield file
    elif scheme in {"postgresql", "postgresql+psycopg"}:
        from connector.metrics.postgres_table import open_postgresql  # noqa: PLC0415 - see above

        with open_postgresql(url, patience=patience) as server:
            yield server
    else:
        raise ConfigurationError(
            "ad metrics are written to DuckDB (duckdb:///…) and PostgreSQL (postgresql://…);"
            f" warehouse.url is {scheme[:32]}://…"
        )


@dataclass(frozen=True, kw_only=True)
class Import:
    """What an import of at most 30 days of an account is remembered by; `finished_at` is aware."""

    connection: str
    account: Account
    days: Days
    final_through: date
    finished_at: datetime


@dataclass(frozen=True, kw_only=True)
class Replaced:
    """What became of the table: its rows, and what differs on days that were imported before.

    `changed_rows` have other numbers, are new or are gone; `changed_cost` is by currency what was
    added to the cost, without currencies whose cost is the same.
    """

    rows: int
    changed_rows: int
    changed_cost: dict[str, Decimal]


def replace_days(
    database: Database, tables: Tables, done: Import, *, ads: Stage, groups: Stage
) -> Replaced:
    """Put an account's days in the place of what the tables hold of them: all of it, or nothing.

    Tables that are not there are made. A row that was there keeps its UTM parameters: a link that
    is changed later says nothing of earlier days.

    Raises:
        ConfigurationError: a table is another one than this writes, or the account may not write.
        UnreachableError: somebody else is in the way for too long, or the database is out of reach.
    """
    days = (done.account.platform, done.account.id, done.days.since, done.days.until)

    def work() -> Replaced:
        make_ready(database, tables)
        with _loaded(database, tables.ads, ads):
            _refuse_strangers(database, tables.ads, _OF_DAYS, days)
            _keep_links(database, tables.ads)
            rows, cost = _changed(database, tables, days)
            _replace(database, tables.ads, _OF_DAYS, days)
        with _loaded(database, tables.groups, groups):
            _refuse_strangers(database, tables.groups, _OF_DAYS, days)
            _replace(database, tables.groups, _OF_DAYS, days)
        _remember(database, tables.imports, done, ads.totals.rows)
        return Replaced(rows=ads.totals.rows, changed_rows=rows, changed_cost=cost)

    return database.atomically(work)


def replace_hours(
    database: Database, tables: Tables, account: Account, *, since: datetime, until: datetime,
    hours: Stage,
) -> int:  # fmt: skip
    """Likewise with the hours from `since` to before `until` (aware); how many rows they have."""
    span = (account.platform, account.id, since, until)

    def work() -> int:
        make_ready(database, tables)
        with _loaded(database, tables.hours, hours):
            _refuse_strangers(database, tables.hours, _OF_HOURS, span)
            _replace(database, tables.hours, _OF_HOURS, span)
        return hours.totals.rows

    return database.atomically(work)


def make_ready(database: Database, tables: Tables) -> None:
    """Make the tables and the view that are missing, inside a transaction.

    Raises:
        ConfigurationError: a table is there and can't take the rows.
    """
    for table in tables.all():
        found = database.columns(table.name)
        if found is None:
            database.run(creation(table, keyed=database.keyed))
        else:
            refuse_another(table, found)
    statement = view_of_events(tables)
    mark, remarked = mark_of(statement), database.comment(tables.events)
    # A view that somebody else made under this name is theirs.
    if remarked is None or (remarked.startswith(MARK) and remarked != mark):
        # In the old one's place, so that views on it and rights to it stay.
        database.run(statement)
        database.run(f"comment on view {tables.events.sql} is '{mark}'")


def earlier_imports(database: Database, tables: Tables, account: Account) -> list[Earlier]:
    """The imports of an account so far, under whatever name of a connection."""
    if database.columns(tables.imports.name) is None:
        return []
    rows = database.run(
        'select "since", "until", cast(extract(epoch from finished_at) * 1000 as bigint)'
        f' from {tables.imports.name.sql} where "account" = $1',
        account.id,
    )
    return [
        Earlier(
            days=Days(since=since, until=until),
            finished_at=EPOCH + timedelta(milliseconds=milliseconds),
        )
        for since, until, milliseconds in rows
    ]


def last_hour(database: Database, tables: Tables, account: Account) -> datetime | None:
    """The last hour that is held of an account, in UTC."""
    if database.columns(tables.hours.name) is None:
        return None
    [(seconds,)] = database.run(
        "select cast(extract(epoch from max(hour)) as bigint)"
        f" from {tables.hours.name.sql} where {_OF_ACCOUNT}",
        account.platform,
        account.id,
    )
    return None if seconds is None else EPOCH + timedelta(seconds=seconds)


@contextmanager
def _loaded(database: Database, table: Table, stage: Stage) -> Iterator[None]:
    columns = creation(table, keyed=False).partition(f"{table.name.sql} ")[2]
    database.run(f"create temporary table {STAGE} {columns}")
    database.load(STAGE, stage)
    yield
    database.run(f"drop table {STAGE}")


def _refuse_strangers(
    database: Database, table: Table, condition: str, span: tuple[object, ...]
) -> None:
    """Rows that are not of the span, or share a key, would be counted twice by the next import."""
    [(strangers,)] = database.run(f"select count(*) from {STAGE} where not ({condition})", *span)
    [(shared,)] = database.run(
        "select count(*) from"
        f" (select 1 from {STAGE} group by {', '.join(table.key)} having count(*) > 1) as shared"
    )
    if strangers or shared:
        raise ConnectorError(
            f"what was read for {table.name} has {strangers} rows of other days and {shared} keys"
            " that occur twice; nothing was written, please report it"
        )


def _keep_links(database: Database, table: Table) -> None:
    kept = ", ".join(f"{name} = held.{name}" for name in LINKS)
    differs = _differs(LINKS, STAGE, "held")
    database.run(
        f"update {STAGE} set {kept} from {table.name.sql} as held"
        f" where {_same(table, STAGE, 'held')} and ({differs})"
    )


def _changed(
    database: Database, tables: Tables, days: tuple[object, ...]
) -> tuple[int, dict[str, Decimal]]:
    table = tables.ads.name.sql
    # A day is read again when an import says so; or rows do, of which no import is known.
    again = f"""again as (
        select date from held union
        select staged.date from (select distinct date from {STAGE}) as staged
        where exists (select 1 from {tables.imports.name.sql} as done
            where done."account" = $2 and staged.date between done."since" and done."until"))"""
    held = f"with held as (select * from {table} where {_OF_DAYS}), {again}"
    [(rows,)] = database.run(
        f"""{held} select count(*) from held full join {STAGE} as staged
        on {_same(tables.ads, "held", "staged")}
        where coalesce(held.date, staged.date) in (select date from again)
        and (held.ad_id is null or staged.ad_id is null
            or {_differs(METRICS, "held", "staged")})""",
        *days,
    )
    costs = database.run(
        f"""{held} select campaign_currency, sum(cost) from (
            select date, campaign_currency, cost from {STAGE} union all
            select date, campaign_currency, -cost from held) as moved
        where date in (select date from again)
        group by campaign_currency having sum(cost) <> 0 order by campaign_currency""",
        *days,
    )
    return int(rows), dict(costs)


def _same(table: Table, one: str, other: str) -> str:
    return " and ".join(f"{one}.{name} = {other}.{name}" for name in table.key)


def _differs(names: tuple[str, ...], one: str, other: str) -> str:
    return " or ".join(f"{one}.{name} is distinct from {other}.{name}" for name in names)


def _replace(database: Database, table: Table, condition: str, span: tuple[object, ...]) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    database.run(f"delete from {table.name.sql} where {condition}", *span)
    database.run(f"insert into {table.name.sql} ({names}) select {names} from {STAGE}")


def _remember(database: Database, table: Table, done: Import, rows: int) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    database.run(
        f"insert into {table.name.sql} ({names}) values ($1, $2, $3, $4, $5, $6, $7)",
        done.connection,
        done.account.id,
        done.days.since,
        done.days.until,
        rows,
        done.final_through,
        done.finished_at,
    )
