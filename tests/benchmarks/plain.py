"""The script that somebody writes in an afternoon: read, hash, send, 500 at a time.

python plain.py WAREHOUSE URL TOKEN {email|phone|all}

It sends the same conversions, and remembers nothing: run twice, it sends twice; it stops where
something goes wrong, and does not say which rows got through.
"""

import hashlib
import sys
from collections.abc import Iterator
from typing import Any

import duckdb
import phonenumbers
import requests

NARROW = ("order_id", "time", "amount", "currency", "email")
COLUMNS = {
    "email": NARROW,
    "phone": (*NARROW, "phone"),
    "all": (
        *NARROW, "phone", "click", "ip", "agent", "quantity", "note", "page", "consent", "items",
    ),
}  # fmt: skip
TIME = "strftime(paid_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%gZ') as time"
BATCH = 500


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def e164(number: str) -> str:
    parsed = phonenumbers.parse(number, None)
    if not phonenumbers.is_valid_number(parsed):
        raise ValueError("a phone number is not valid")
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def identifiers(row: dict[str, Any]) -> Iterator[dict[str, str]]:
    if "click" in row:
        yield {"twclid": row["click"]}
    yield {"hashed_email": sha256(row["email"].strip().lower())}
    if "phone" in row:
        yield {"hashed_phone_number": sha256(e164(row["phone"]))}
    if "ip" in row:
        yield {"ip_address": row["ip"], "user_agent": row["agent"]}


def item(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "content_id": one["sku"], "content_name": one["title"],
        "content_price": f"{one['price']:.2f}", "num_items": one["qty"],
    }  # fmt: skip


def conversion(row: dict[str, Any]) -> dict[str, Any]:
    made = {
        "conversion_time": row["time"],
        "event_id": "tw-o8z6j-o87ne",
        "identifiers": list(identifiers(row)),
        "conversion_id": row["order_id"],
        "value": f"{row['amount']:.2f}",
        "price_currency": row["currency"],
    }
    if "items" in row:
        made |= {
            "number_items": row["quantity"],
            "description": row["note"],
            "event_source_url": row["page"],
            "contents": [item(one) for one in row["items"]],
        }
    return made


def main(warehouse: str, url: str, token: str, case: str) -> None:
    columns = COLUMNS[case]
    shown = ", ".join(TIME if name == "time" else name for name in columns)
    session = requests.Session()
    session.headers["X-Pixel-Token"] = token
    with duckdb.connect(warehouse, read_only=True) as connection:
        found = connection.execute(f"select {shown} from orders")
        while rows := found.fetchmany(BATCH):
            named = [dict(zip(columns, row, strict=True)) for row in rows]
            wanted = [row for row in named if row.get("consent", "granted") == "granted"]
            body = {"conversions": [conversion(row) for row in wanted]}
            answer = session.post(f"{url}/12/measurement/conversions/o8z6j", json=body, timeout=60)
            answer.raise_for_status()
            if answer.json()["data"]["conversions_processed"] != len(wanted):
                raise RuntimeError("some conversions were not processed")


if __name__ == "__main__":
    main(*sys.argv[1:])
