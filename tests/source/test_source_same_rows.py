"""The same orders in every kind of warehouse are the same conversions, byte for byte."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pymysql
import pytest
from servers import Server

from connector.conversions.mapper import open_mapper
from connector.project.load import load_project
from connector.project.mapping import Mapping
from connector.source import Selection, open_source

CONFIG = """\
warehouse: {url: "duckdb:///shop.duckdb"}
state: {url: "sqlite:///state.db"}
connections:
  x: {platform: x_ads, live: false, ad_account_id: 18ce54d4x5t, base_url: "https://ads-api.x.com",
      auth: {pixel_token: made-up}}
"""
MAPPING = """\
source: {query: "select * from orders"}
destination: {type: x_conversions, connection: x, pixel_id: o8z6j, event_id: tw-o8z6j-o87ne}
identifiers: {email: email, twclid: click_id, ip_address: ip, user_agent: agent}
fields:
  conversion_time: %s
  conversion_id: order_id
  value: amount
  price_currency: currency
  number_items: quantity
  description: note
contents:
  from: items
  fields: {content_id: sku, content_price: unit_price, num_items: qty}
consent: {column: consent, granted: [true]}
"""
TIMES = {
    "with a zone": "paid_at",
    "without": "{column: wall, timezone: America/New_York}",
}

COLUMNS = (
    "order_id", "email", "click_id", "ip", "agent", "paid_at", "wall", "amount", "currency",
    "quantity", "note", "consent", "items",
)  # fmt: skip
NOW = datetime(2024, 11, 10, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def order(number: int, **given: object) -> tuple[Any, ...]:
    plain = {
        "order_id": number, "email": f"ada{number}@example.com",
        "paid_at": at("2024-11-03 05:30:00.123456"), "amount": Decimal("12.50"),
        "currency": "EUR", "consent": True,
    }  # fmt: skip
    wall = (plain | given)["paid_at"]
    every: dict[str, object] = dict.fromkeys(COLUMNS) | {"wall": wall} | plain | given
    moment = every["wall"]
    if isinstance(moment, datetime):
        every["wall"] = moment.replace(tzinfo=None)
    return tuple(every.values())


ODD_ITEMS = (
    '[{"sku": "a\\"\\\\,(b)\\n", "unit_price": 0.10, "qty": 1},'
    ' {"sku": "", "unit_price": null, "qty": 0}]'
)
ORDERS = [
    # Batches of two: the first holds nothing but nulls in most columns.
    order(1, paid_at=None, amount=None, currency=None, consent=None),
    order(2, paid_at=None, amount=None, currency=None, consent=None),
    order(3, items='[{"sku": "A-1", "unit_price": 1.10, "qty": 2}]', quantity=2),
    order(4, items="[]", note="", agent="Mozilla/5.0 \"\\' %s ;"),
    order(5, items='[{"sku": "\u00e9", "unit_price": null, "qty": null}]', note="\u0130\U0001f600"),
    order(6, items='[{"sku": null, "unit_price": 99999999.99, "qty": 1}]', ip="2001:db8::1"),
    order(7, amount=Decimal("1234567890123456789012345678.0123456789")),
    order(8, amount=Decimal("0.0000000001"), paid_at=at("2024-11-03 06:30:00")),
    order(9, amount=Decimal(-1), paid_at=at("2024-03-10 02:30:00")),
    order(10, amount=Decimal(0), currency="XYZ"),
    order(11, consent=False),
    order(12, email=None, click_id="26l6412g5p4iyj65a2oic2ayg2"),
    order(13, email="not an address"),
    order(14, note='\\ \\\\ \\N (a,b) ""\r\nNULL', agent='"', email='"a,b"@example.com'),
    order(15, note='\u00a0\ufeff\u2028 \\"', agent="\\", click_id="", email=""),
    order(16, agent=",", note='{"a": [1.10, null]}', items=ODD_ITEMS),
    order(2**63 - 1, quantity=2**31 - 1, note="a\nb\tc  "),
    order(-1, quantity=0, paid_at=at("2024-11-09 23:59:59.999999")),
]

ITEM = "STRUCT(sku VARCHAR, unit_price DECIMAL(10,2), qty INTEGER)[]"
DECLARED = {
    "duckdb": "bigint, text, text, text, text, timestamptz, timestamp, decimal(38,10), text,"
    " integer, text, boolean, json",
    "postgresql": "bigint, text, varchar(99), inet, text, timestamptz, timestamp, numeric(38,10),"
    " char(3), integer, text, boolean, jsonb",
    "mariadb": "bigint, varchar(99), text, varchar(45), text, timestamp(6) null, datetime(6),"
    " decimal(38,10), char(3), int, text, boolean, json",
    "sqlite": "integer, text, text, text, text, text, text, text, text, integer, text, boolean,"
    " text",
}  # fmt: skip


def created(kind: str, name: str = "raw") -> str:
    types = DECLARED[kind].replace("(38,10)", "(38;10)").split(",")
    pairs = zip(COLUMNS, types, strict=True)
    return f"create table {name} ({', '.join(' '.join(pair) for pair in pairs)})".replace(";", ",")


def inserted(mark: str) -> str:
    return f"insert into raw values ({', '.join([mark] * len(COLUMNS))})"


def duckdb_of(folder: Path) -> str:
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(created("duckdb"))
        connection.executemany(inserted("?"), ORDERS)
        connection.execute(
            f"create table orders as select * replace (cast(items as {ITEM}) as items) from raw"
        )
    return "duckdb:///shop.duckdb"


def parquet_of(folder: Path) -> str:
    duckdb_of(folder)
    (folder / "orders").mkdir()
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        for half, condition in (("a", "order_id <= 7"), ("b", "order_id > 7")):
            connection.execute(
                f"copy (from orders where {condition}) to '{folder}/orders/{half}.parquet'"
            )
    return "parquet:///orders"


def sqlite_of(folder: Path) -> str:
    def plain(value: object) -> object:
        if isinstance(value, Decimal):
            return format(value, "f")
        return str(value) if isinstance(value, datetime) else value

    with closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
        connection.execute(created("sqlite"))
        rows = [[plain(value) for value in row] for row in ORDERS]
        connection.executemany(inserted("?"), rows)
        connection.execute("create view orders as select * from raw")
    return "sqlite:///shop.db"


def postgresql_of(server: Server) -> str:
    url = server.database(
        "create type item as (sku text, unit_price numeric(10,2), qty int)", created("postgresql")
    )
    owner = url.replace("+psycopg", "").replace("reader:hunter2@", "postgres@")
    names = ", ".join(COLUMNS[:-1])
    with psycopg.connect(owner) as connection:
        connection.cursor().executemany(inserted("%s"), ORDERS)
        connection.execute(f"""
            create table orders as select {names}, case when items is not null then array(
                select row(i.*)::item from jsonb_populate_recordset(null::item, items) i
            ) end as items from raw
        """)
    return url


def mariadb_of(server: Server) -> str:
    url = server.database(created("mariadb"), "create view orders as select * from raw")
    with pymysql.connect(
        host="127.0.0.1", port=server.port, user="root", database=url.rpartition("/")[2],
        init_command="set time_zone = '+00:00'",
    ) as connection:  # fmt: skip
        connection.cursor().executemany(inserted("%s"), ORDERS)
        connection.commit()
    return url


@pytest.fixture
def mapping(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping:
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "orders.yaml").write_text(MAPPING % TIMES[request.param])
    return load_project(tmp_path / "config.yaml", {}).mappings["orders"]


def conversions(url: str, root: Path, mapping: Mapping) -> list[dict[str, Any]]:
    """What the mapper makes of a warehouse's rows, by their ids."""
    selection = Selection(query=mapping.source.query)
    with (
        open_source(url, root=root, deadline_seconds=5, sleep=print, monotonic=lambda: 0) as source,
        open_mapper(mapping, source.schema(selection), now=NOW) as mapper,
    ):
        batches = [mapper.map(batch) for batch in source.batches(selection, rows=2)]
    rows = [row for batch in batches for row in batch.to_pylist()]
    return sorted(rows, key=lambda row: int(row["conversion_id"]))


@pytest.mark.parametrize("mapping", list(TIMES), indirect=True)
@pytest.mark.parametrize("kind", ["parquet", "sqlite", "postgresql", "mariadb"])
def test_the_same_rows_are_the_same_conversions(
    request: pytest.FixtureRequest, tmp_path: Path, mapping: Mapping, kind: str
) -> None:
    makers: dict[str, Callable[[], str]] = {
        "parquet": lambda: parquet_of(tmp_path),
        "sqlite": lambda: sqlite_of(tmp_path),
        "postgresql": lambda: postgresql_of(request.getfixturevalue("postgresql_server")),
        "mariadb": lambda: mariadb_of(request.getfixturevalue("mariadb_server")),
    }
    url = makers[kind]()
    expected_url = "duckdb:///shop.duckdb" if kind == "parquet" else duckdb_of(tmp_path)
    expected = conversions(expected_url, tmp_path, mapping)
    assert conversions(url, tmp_path, mapping) == expected
    assert_it_is_worth_comparing(expected)


def assert_it_is_worth_comparing(rows: Sequence[dict[str, Any]]) -> None:
    bodies = [json.loads(row["body"]) for row in rows if row["body"]]
    assert len(rows) == len(ORDERS)
    assert {row["outcome"] for row in rows} == {"sendable", "rejected", "suppressed"}
    assert "1234567890123456789012345678.0123456789" in {body["value"] for body in bodies}
    assert "1.10" in json.dumps(bodies)
