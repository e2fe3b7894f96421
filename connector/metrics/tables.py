"""The tables of ad metrics and the view of events: their names, and SQL that both databases take.

A table is named in small letters, digits and `_`, with a schema before it or not; what stands
beside it is in the same schema.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from connector.errors import ConfigurationError
from connector.metrics.rows import (
    AD_COLUMNS,
    AD_GROUP_COLUMNS,
    HOUR_COLUMNS,
    IMPORT_COLUMNS,
    Column,
    Type,
)

GROUPS, HOURS = "daily_ad_group_metrics", "hourly_ad_metrics"
_NAME = re.compile(r"(?:(?P<schema>[a-z_][a-z0-9_]{0,54})\.)?(?P<table>[a-z_][a-z0-9_]{0,54})")
WORDS: Mapping[Type, str] = {
    "date": "date",
    "text": "varchar",
    "count": "bigint",
    "money": "decimal(18,6)",
    "rate": "decimal(18,9)",
    "flag": "boolean",
    "instant": "timestamp with time zone",
}
"""The types of columns, in words that both databases know."""
_LIKE: Mapping[Type, str] = {
    "text": r"text|varchar|character varying(\(\d+\))?",
    "count": r"bigint|hugeint|numeric",
}


@dataclass(frozen=True, kw_only=True)
class Name:
    """A table's or view's name; without a schema it is looked for as the database does."""

    schema: str | None
    table: str

    @property
    def sql(self) -> str:
        """As it stands in a statement."""
        return ".".join(f'"{part}"' for part in (self.schema, self.table) if part)

    def __str__(self) -> str:
        """As people write it."""
        return ".".join(part for part in (self.schema, self.table) if part)


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table: its columns, and those whose values together no two rows share."""

    name: Name
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Tables:
    """All that an import writes."""

    ads: Table
    groups: Table
    hours: Table
    imports: Table
    events: Name

    def all(self) -> tuple[Table, ...]:
        """The tables, without the view."""
        return (self.ads, self.groups, self.hours, self.imports)


def tables_of(name: str) -> Tables:
    """The tables that go with the name of `metrics.table`.

    Raises:
        ConfigurationError: it can be no table's, or is one of the others'.
    """
    match = _NAME.fullmatch(name)
    if match is None or match["table"] in {GROUPS, HOURS}:
        raise ConfigurationError(
            "metrics.table must be a name such as daily_ad_metrics or ads.daily_ad_metrics, of"
            f" small letters, digits and _, up to 55 long, and neither {GROUPS} nor {HOURS}"
        )
    schema, table = match["schema"], match["table"]
    account = ("ad_platform", "ad_account_id")

    def of(table: str, columns: tuple[Column, ...], *key: str) -> Table:
        return Table(name=Name(schema=schema, table=table), columns=columns, key=key)

    return Tables(
        ads=of(table, AD_COLUMNS, *account, "date", "ad_id"),
        groups=of(GROUPS, AD_GROUP_COLUMNS, *account, "date", "ad_group_id"),
        hours=of(HOURS, HOUR_COLUMNS, *account, "hour", "entity", "id"),
        imports=of(f"{table}_imports", IMPORT_COLUMNS),
        events=Name(schema=schema, table=f"{table}_events"),
    )


def creation(table: Table, *, keyed: bool) -> str:
    """The statement that makes a table, with its primary key if it is to have one."""
    lines = [
        f'"{column.name}" {WORDS[column.type]}{" not null" if column.required else ""}'
        for column in table.columns
    ]
    if keyed and table.key:
        lines.append(f"primary key ({', '.join(table.key)})")
    return f"create table {table.name.sql} ({', '.join(lines)})"


def refuse_another(table: Table, found: Mapping[str, str]) -> None:
    """Refuse a table that is there and can't take the rows; columns of its own are left alone.

    Args:
        table: what it should be.
        found: what it is, each column's type in the database's words.

    Raises:
        ConfigurationError: the first column that is missing or of another type.
    """
    types = {name.lower(): type_.lower() for name, type_ in found.items()}
    for column in table.columns:
        word = WORDS[column.type]
        if column.name not in types:
            raise ConfigurationError(
                f"the table {table.name} has no column {column.name}; add it (alter table"
                f" {table.name} add column {column.name} {word}), or name another table in"
                " metrics.table"
            )
        if not _takes(column.type, types[column.name]):
            raise ConfigurationError(
                f"the column {column.name} of the table {table.name} is {types[column.name]}, not"
                f" {word}; change it, or name another table in metrics.table"
            )


def _takes(type_: Type, word: str) -> bool:
    decimal = re.fullmatch(r"(?:numeric|decimal)\((\d+),(\d+)\)", word)
    if type_ in {"money", "rate"}:
        places = 6 if type_ == "money" else 9
        whole, after = (int(decimal[1]), int(decimal[2])) if decimal else (0, 0)
        return word == "numeric" or (after >= places and whole - after >= 18 - places)
    return re.fullmatch(_LIKE.get(type_, re.escape(WORDS[type_])), word) is not None


EVENT_TYPE = "Daily Ad Metrics"
_COUNTS = ("app_clicks", "clicks", "conversions", "impressions", "retweets", "url_clicks")
_EVENT_TEXTS = (
    "ad_account_id", "ad_group_id", "ad_group_name", "ad_group_status", "ad_id", "ad_name",
    "ad_platform", "campaign_currency", "campaign_id", "campaign_name", "campaign_status",
    "tweet_id",
)  # fmt: skip
_USER_TEXTS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
# A JSON library takes money for a double, so its text is made here, without zeros at its end.
_COST = "rtrim(rtrim(cast(cost as varchar), '0'), '.')"
# A cast to text follows PostgreSQL's DateStyle, which is the reader's.
DAY = """replace(cast(to_json(date) as varchar), '"', '')"""
_MIDNIGHT = "cast(date as timestamp)"
_STARTS = f"timezone(account_timezone, {_MIDNIGHT})"
_HOUR_BEFORE = f"{_STARTS} - interval '1 hour'"


def view_of_events(tables: Tables) -> str:
    """The statement that makes the view; every number of an event is in its `insert_id`.

    Where a night has two midnights the day begins with the first, and databases mean the second.
    """
    texts = [(name, f"cast(to_json({name}) as varchar)") for name in _EVENT_TEXTS]
    numbers = [(f"ad_metrics.{name}", f"cast({name} as varchar)") for name in _COUNTS]
    event = _json([*texts, *sorted([*numbers, ("ad_metrics.cost", _COST)])])
    user = _json([(name, f"cast(to_json({name}) as varchar)") for name in _USER_TEXTS])
    digested = ", ".join(f"coalesce({number}, '-')" for _, number in numbers)
    return f"""
        create or replace view {tables.events.sql} as select
        '{EVENT_TYPE}' as event_type,
        case when timezone(account_timezone, {_HOUR_BEFORE}) = {_MIDNIGHT}
            then {_HOUR_BEFORE} else {_STARTS} end as "time",
        concat_ws('-', ad_platform, ad_account_id, ad_id) as device_id,
        concat_ws('-', {DAY}, ad_platform, ad_id,
            substr(md5(concat_ws(',', {digested}, coalesce({_COST}, '-'))), 1, 16)) as insert_id,
        cast({event} as json) as event_properties,
        cast({user} as json) as user_properties
        from {tables.ads.name.sql}
    """


def _json(entries: list[tuple[str, str]]) -> str:
    """An object without its nulls: what is joined to a null is one, and is passed over."""
    joined = ", ".join(f"""'"{key}":' || {value}""" for key, value in entries)
    return f"'{{' || concat_ws(',', {joined}) || '}}'"


def mark_of(statement: str) -> str:
    """The comment that tells a view of this tool, and of this making, from anybody else's."""
    return f"{MARK} {hashlib.sha256(statement.encode()).hexdigest()[:16]}"


MARK = "made by the import of ad metrics,"
