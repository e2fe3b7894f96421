"""A made-up shop of any size, as a DuckDB file or as a table of PostgreSQL.

All e-mail addresses and all phone numbers differ; times are within the last 40 hours.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

Keys = Literal["in order", "at random"]

_KEYS: dict[Keys, str] = {
    "in order": "'order-' || lpad(cast(i as varchar), 12, '0')",
    "at random": "cast(cast(md5(cast(i as varchar)) as uuid) as varchar)",
}
_AREA = "case i // 8000000 when 0 then '212' when 1 then '310' else '415' end"
_COLUMNS = {
    "email": "'ada.lovelace' || i || '@example.com'",
    # Eight million numbers to an area, all of them valid.
    "phone": f"'+1' || {_AREA} || cast(2000000 + i % 8000000 as varchar)",
    "amount": "cast(i % 100000 as decimal(10, 2)) / 100",
    "currency": "'EUR'",
    "paid_at": "now() - interval 1 minute * (i % 2400)",
    "updated_at": "now() - interval 1 minute * (i % 2400)",
}
_MORE = {
    "click": "'26l6412g5p4iyj65a2oic' || i",
    "ip": "'192.0.2.' || i % 250",
    "agent": "'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/' || i % 100",
    "quantity": "1 + i % 5",
    "note": "'Order no. ' || i || ', \"standard\" delivery'",
    "page": "'https://shop.example/thanks?order=' || i",
    "consent": "'granted'",
    "items": "[{'sku': 'sku-' || i % 1000, 'title': 'Café crème ' || i % 100,"
    " 'price': cast(9.50 as decimal(9, 2)), 'qty': 1},"
    " {'sku': 'sku-' || i % 777, 'title': 'Tea', 'price': cast(3.25 as decimal(9, 2)), 'qty': 2}]",
}
_MONEY = "cast({} as decimal(10, 2))"


@dataclass(frozen=True, kw_only=True)
class Shop:
    """So many orders, with keys of one kind; `wide` has all columns that a mapping can use."""

    rows: int
    keys: Keys = "in order"
    wide: bool = False

    @property
    def name(self) -> str:
        """A name for a file."""
        return f"{self.rows}-{self.keys}{'-wide' * self.wide}".replace(" ", "-")


def make(path: Path, shop: Shop) -> Path:
    """The shop as a DuckDB file; one that is there stays."""
    if not path.exists():
        with duckdb.connect(str(path)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(select(shop))
    return path


def select(shop: Shop) -> str:
    """The statement that makes the table of orders."""
    columns = {"order_id": _KEYS[shop.keys], **_COLUMNS, **(_MORE if shop.wide else {})}
    columns["amount"] = _MONEY.format(columns["amount"])
    listed = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    return f"create table orders as select {listed} from range({shop.rows}) t(i)"


def postgresql_statement(rows: int) -> str:
    """The same table, narrow and in order, in PostgreSQL's words."""
    return (
        "create table orders as select 'order-' || lpad(i::text, 12, '0') as order_id,"
        " 'ada.lovelace' || i || '@example.com' as email,"
        " '+1212' || (2000000 + i % 8000000) as phone,"
        " ((i % 100000)::numeric(10, 2) / 100)::numeric(10, 2) as amount, 'EUR'::text as currency,"
        " now() - interval '1 minute' * (i % 2400) as paid_at,"
        " now() - interval '1 minute' * (i % 2400) as updated_at"
        f" from generate_series(0, {rows - 1}) i"
    )
