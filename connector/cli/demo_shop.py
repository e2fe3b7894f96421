"""A made-up shop whose orders are as messy as real ones; the same each time."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

ORDERS = 2_000
_SHOPS = (
    ("US", "America/New_York", "USD", "+1 212 555 {:04d}", "(212) 555-{:04d}"),
    ("GB", "Europe/London", "GBP", "+44 20 7946 {:04d}", "020 7946 {:04d}"),
    ("DE", "Europe/Berlin", "EUR", "+49 30 2090{:04d}", "030 2090{:04d}"),
    ("PT", "Europe/Lisbon", "EUR", "+351 91 234 {:04d}", "91 234 {:04d}"),
)
_NAMES = ("ana", "Bo", "CHLOE", "dmitri", "eve", "Farid", "gwen", "hiro", "ines", "jon")
_ITEMS = (
    ("SKU-118", "Watering can", "garden"),
    ("SKU-204", "Lamp", "home"),
    ("SKU-9", "Mug", None),
)

QUERY = """\
    select *, timezone(shop_timezone, paid_at_local) as paid_at
    from orders where status = 'paid'"""

MAPPING = f"""\
name: purchases
source:
  query: |
{QUERY}
  cursor: updated_at
destination: {{type: x_conversions, connection: x, pixel_id: PIXEL, event_id: EVENT}}
identifiers:
  twclid: click_id
  email: email
  phone: {{column: phone, region: {{column: country}}}}
  ip_address: ip
  user_agent: user_agent
fields:
  conversion_time: paid_at
  conversion_id: order_id
  value: {{sql: "amount_cents / 100"}}
  price_currency: currency
  number_items: quantity
contents:
  from: items
  fields: {{content_id: sku, content_name: title, content_type: category, num_items: qty}}
consent: {{column: ads_consent, granted: [granted]}}
"""


def build(warehouse: Path, *, now: datetime) -> None:
    """Write the warehouse: orders of the last ten days before `now`, some of them twice."""
    chance = random.Random(20)  # noqa: S311 - the same shop each time
    orders = [_order(number, chance, now) for number in range(1, ORDERS + 1)]
    orders += chance.sample(orders, 40)
    columns = {name: [order[name] for order in orders] for name in orders[0]}
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("made_up", pa.table(columns, schema=_SCHEMA))
        connection.execute("create table orders as select * from made_up")


def more_orders(warehouse: Path, *, now: datetime) -> None:
    """A quarter of an hour later: twelve new orders, and a refund that changes an old one."""
    chance = random.Random(21)  # noqa: S311 - the same shop each time
    orders = [_order(ORDERS + number, chance, now, days=0.01) for number in range(1, 13)]
    columns = {name: [order[name] for order in orders] for name in orders[0]}
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.register("made_up", pa.table(columns, schema=_SCHEMA))
        connection.execute("insert into orders select * from made_up")
        connection.execute(
            "update orders set amount_cents = amount_cents // 2, updated_at = ?"
            " where order_id = (select min(order_id) from orders where ads_consent = 'granted'"
            " and status = 'paid' and email ilike '%@example.com%')",
            [now],
        )


_SCHEMA = pa.schema(
    {
        "order_id": pa.int64(), "status": pa.string(), "country": pa.string(),
        "shop_timezone": pa.string(), "paid_at_local": pa.timestamp("us"),
        "updated_at": pa.timestamp("us", "UTC"), "email": pa.string(), "phone": pa.string(),
        "click_id": pa.string(), "ip": pa.string(), "user_agent": pa.string(),
        "amount_cents": pa.int64(), "currency": pa.string(), "quantity": pa.int32(),
        "ads_consent": pa.string(),
        "items": pa.list_(
            pa.struct({"sku": pa.string(), "title": pa.string(), "category": pa.string(),
                       "qty": pa.int32()})
        ),
    }
)  # fmt: skip


def _order(
    number: int, chance: random.Random, now: datetime, days: float = 10.0
) -> dict[str, object]:
    country, zone, currency, international, national = chance.choice(_SHOPS)
    paid = now - timedelta(days=chance.random() * days, minutes=1)
    sku, title, category = chance.choice(_ITEMS)
    quantity = chance.randint(1, 3)
    person = f"{chance.choice(_NAMES)}{chance.randint(1, 900)}"
    phone = chance.choice((international, national)).format(chance.randint(0, 9_999))
    return {
        "order_id": number,
        "status": chance.choices(("paid", "cancelled"), (96, 4))[0],
        "country": country,
        "shop_timezone": zone,
        "paid_at_local": _local(paid, zone),
        "updated_at": paid,
        "email": chance.choices((f" {person}@Example.com ", f"{person}@example", None, ""),
                                (86, 3, 8, 3))[0],
        "phone": chance.choices((phone, "n/a", "12345", None), (62, 4, 4, 30))[0],
        "click_id": chance.choices((None, _click(chance)), (70, 30))[0],
        "ip": chance.choices((f"203.0.113.{chance.randint(1, 254)}", None), (60, 40))[0],
        "user_agent": chance.choices(("Mozilla/5.0 (X11; Linux) Example/9.1", None), (65, 35))[0],
        "amount_cents": chance.choices((chance.randint(499, 29_999), -500), (99, 1))[0] * quantity,
        "currency": chance.choices((currency, currency.lower(), None), (93, 6, 1))[0],
        "quantity": quantity,
        "ads_consent": chance.choices(("granted", "denied", None), (84, 8, 8))[0],
        "items": [{"sku": sku, "title": title, "category": category, "qty": quantity}],
    }  # fmt: skip


def _local(moment: datetime, zone: str) -> datetime:
    from zoneinfo import ZoneInfo

    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def _click(chance: random.Random) -> str:
    return "".join(chance.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=26))


def now() -> datetime:
    """The present, to the second."""
    return datetime.now(UTC).replace(microsecond=0)
