import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from rows import ADA_HASH, PHONE, PHONE_HASH, mapped, one

CLICK = "2q8d5m1x7k0c9vz4w6t3r5b8ny"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/9.1"
# The example of X's reference, on one line.
EXAMPLE = (
    '{"conversion_time":"2026-03-02T10:20:30.417Z","event_id":"tw-p3k9d-p3kx7",'
    '"identifiers":[{"twclid":"2q8d5m1x7k0c9vz4w6t3r5b8ny"},'
    '{"hashed_email":"c380883a7f5bd30f9566377252d7a73542e94bed90a654681412c7a0bfa0d409"},'
    '{"hashed_phone_number":"00839c79aea2116c94def9e14c0493fa0801add3ffb50434478082030ab88e11"},'
    '{"ip_address":"203.0.113.24",'
    '"user_agent":"Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/9.1"}],'
    '"value":"84.50","price_currency":"EUR","number_items":2,"conversion_id":"order-70431",'
    '"description":"garden order","event_source_url":"https://shop.example.org/thanks",'
    '"contents":[{"content_id":"SKU-118","content_name":"Watering can","content_type":"garden",'
    '"content_price":"42.25","num_items":2,"content_group_id":"cans"}]}'
)
EXAMPLE_TOLD_APART = (
    '1772446830417 t"2q8d5m1x7k0c9vz4w6t3r5b8ny" ec380883a7f5bd30f95663772'
    " p00839c79aea2116c94def9e1 i203.0.113.24 v84.50EUR n2"
    ' a"Mozilla/5.0 (X11; Linux x86_64) ExampleBrowser/9.1"'
    ' d"garden order" u"https://shop.example.org/thanks" c{"content_id":"SKU-118","content_name":'
    '"Watering can","content_type":"garden","content_price":"42.25","num_items":2,'
    '"content_group_id":"cans"}'
)
ALL = {
    "destination": """
  {type: x_conversions, connection: x, pixel_id: p3k9d, event_id: tw-p3k9d-p3kx7}""",
    "identifiers": """
  twclid: click
  email: email
  phone: {column: phone, region: PT}
  ip_address: ip
  user_agent: agent""",
    "fields": """
  conversion_time: paid_at
  conversion_id: order_id
  value: amount
  price_currency: cur
  number_items: quantity
  description: note
  event_source_url: page""",
    "contents": """
  from: items
  fields:
    content_id: sku
    content_name: title
    content_type: category
    content_price: price
    num_items: qty
    content_group_id: group""",
}


def test_the_example_of_x_is_made_byte_for_byte() -> None:
    paid_at = datetime(2026, 3, 2, 10, 20, 30, 417999, UTC)
    item = (
        '{"qty": 2, "price": 42.25, "sku": "SKU-118", "title": "Watering can",'
        ' "category": "garden", "group": "cans"}'
    )
    columns = {
        "order_id": ["order-70431"], "paid_at": pa.array([paid_at], pa.timestamp("us", "UTC")),
        "click": [CLICK], "email": [" Ana.Lima@Example.org "], "phone": ["912 345 678"],
        "ip": ["203.0.113.24"], "agent": [AGENT], "amount": pa.array([Decimal("84.5")]),
        "cur": ["eur"], "quantity": pa.array([2]), "note": [" garden order "],
        "page": ["https://shop.example.org/thanks"], "items": [f"[{item}]"],
    }  # fmt: skip
    (row,) = mapped(columns, datetime(2026, 3, 2, 12, tzinfo=UTC), **ALL)
    assert row.pop("conversion") == json.loads(EXAMPLE)
    assert isinstance(row.pop("key"), int)
    assert row == {
        "outcome": "sendable", "reasons": None, "dropped": None, "warnings": None, "hashed": None,
        "identifiers": 0b1111, "pixel_id": "p3k9d", "event_id": "p3kx7",
        "conversion_id": "order-70431", "time_ms": 1_772_446_830_417, "value": "84.50",
        "currency": "EUR", "body": EXAMPLE, "cursor": None,
        "digest": "2:" + hashlib.sha256(EXAMPLE_TOLD_APART.encode()).hexdigest()[:32],
    }  # fmt: skip


def test_rows_have_the_same_key_when_pixel_event_and_conversion_id_are_the_same() -> None:
    """Rows are mapped in batches, by two connections, and their keys are compared all the same."""
    first, other = mapped({"order_id": ["a", "b"]})
    assert first["key"] != other["key"]
    assert one({"order_id": ["b"]})["key"] == other["key"]
    event = "{type: x_conversions, connection: x, pixel_id: o8z6j, event_id: {column: event}}"
    events = {"order_id": ["a", "a", "a"], "event": ["o87ne", "o87nf", None]}
    here, there, nowhere = (row["key"] for row in mapped(events, destination=event))
    assert first["key"] == here
    assert here != there
    assert nowhere is None


def test_what_is_absent_leaves_nothing_behind() -> None:
    absent = ("click", "phone", "ip", "agent", "amount", "cur", "quantity", "note", "page", "items")
    columns = {name: [None] for name in absent}
    row = one(columns, **ALL)
    assert row["body"] == (
        '{"conversion_time":"2026-11-02T11:00:00.417Z","event_id":"tw-p3k9d-p3kx7",'
        f'"identifiers":[{{"hashed_email":"{ADA_HASH}"}}],"conversion_id":"order-0"}}'
    )
    assert (row["identifiers"], row["value"], row["currency"]) == (0b0010, None, None)


EMAIL = {"hashed_email": ADA_HASH}
NUMBER = {"hashed_phone_number": PHONE_HASH}
TWCLID = {"twclid": CLICK}
IP = {"ip_address": "::1"}
UA = {"user_agent": 'Agent "7" \\ \x07'}


@pytest.mark.parametrize(
    ("given", "objects", "bits"),
    [
        ("click email phone ip agent", [TWCLID, EMAIL, NUMBER, IP | UA], 0b1111),
        ("click email phone", [TWCLID, EMAIL, NUMBER], 0b0111),
        ("click email phone ip", [TWCLID | IP, EMAIL, NUMBER], 0b0111),
        ("click email phone agent", [TWCLID | UA, EMAIL, NUMBER], 0b0111),
        ("email phone ip", [EMAIL | IP, NUMBER], 0b0110),
        ("email phone agent", [EMAIL | UA, NUMBER], 0b0110),
        ("phone ip", [NUMBER | IP], 0b0100),
        ("phone agent", [NUMBER | UA], 0b0100),
        ("click", [TWCLID], 0b0001),
        ("ip agent", [IP | UA], 0b1000),
    ],
)
def test_each_strong_identifier_is_an_object_and_a_lone_other_one_joins_the_first(
    given: str, objects: list[dict[str, str]], bits: int
) -> None:
    full = {
        "click": CLICK,
        "email": "ada@example.com",
        "phone": PHONE,
        "ip": "::1",
        "agent": UA["user_agent"],
    }
    columns = {name: [value if name in given.split() else None] for name, value in full.items()}
    identifiers = "{twclid: click, email: email, phone: phone, ip_address: ip, user_agent: agent}"
    row = one(columns, identifiers=identifiers)
    assert row["conversion"]["identifiers"] == objects
    assert row["identifiers"] == bits


@pytest.mark.parametrize(("name", "key"), [("ip", "ip_address"), ("agent", "user_agent")])
def test_a_lone_one_joins_the_first_also_when_the_other_is_not_mapped(name: str, key: str) -> None:
    columns = {name: ["::1", None], "phone": [PHONE] * 2, "email": [None, None]}
    rows = mapped(columns, identifiers=f"{{email: email, phone: phone, {key}: {name}}}")
    assert [row["conversion"]["identifiers"] for row in rows] == [[NUMBER | {key: "::1"}], [NUMBER]]


def test_an_address_that_is_dropped_leaves_its_agent_alone() -> None:
    columns = {"ip": ["nonsense"], "agent": ["x"]}
    row = one(columns, identifiers="{email: email, ip_address: ip, user_agent: agent}")
    assert row["conversion"]["identifiers"] == [EMAIL | {"user_agent": "x"}]
    assert row["dropped"] == "invalid_ip_address"


TEXTS = {
    " note ": "note",
    "\u3000\x1cnote\u2028": "note",
    'quote " back \\ slash / \x00\x01\x7f\u2028': 'quote " back \\ slash / \x00\x01\x7f',
    "it's 🙂 \ud7ff": "it's 🙂 \ud7ff",
    "two  blanks\ninside": "two  blanks\ninside",
    "\ufeffnote\u200b": "note",
    "\u200b": None,
    "": None,
    " \t\u00a0": None,
    None: None,
}


@pytest.mark.parametrize("field", ["description", "event_source_url", "user_agent"])
def test_a_text_is_trimmed_and_a_blank_one_absent(field: str) -> None:
    fields = f"{{conversion_time: paid_at, conversion_id: order_id, {field}: note}}"
    sections = (
        {"identifiers": "{email: email, user_agent: note}"}
        if field == "user_agent"
        else {"fields": fields}
    )
    rows = mapped({"note": list(TEXTS)}, **sections)
    found = [
        row["conversion"]["identifiers"][0].get(field)
        if field == "user_agent"
        else row["conversion"].get(field)
        for row in rows
    ]
    assert dict(zip(TEXTS, found, strict=True)) == TEXTS


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pa.array([7]), "7"),
        (pa.array([Decimal("7.50")]), "7.50"),
        (pa.array([7.5]), "7.5"),
        (pa.array([True]), "true"),
        (pa.array([1], pa.date32()), "1970-01-02"),
        (pa.array(["x"]).dictionary_encode(), "x"),
        (pa.array(["x"], pa.large_string()), "x"),
    ],
)
def test_a_plain_value_may_be_a_text(column: pa.Array, text: str) -> None:
    fields = "{conversion_time: paid_at, conversion_id: order_id, description: note}"
    assert one({"note": column}, fields=fields)["conversion"]["description"] == text


ITEM = '[{"sku": "a", "title": "Tea"}]'
OTHERWISE: dict[str, object] = {
    "paid_at": pa.array([datetime(2026, 11, 2, 11, 0, 0, 418_000, UTC)], pa.timestamp("us", "UTC")),
    "click": "abc", "email": "bob@example.com", "phone": "+351912345679", "ip": "::2",
    "agent": "b", "amount": "2.50", "cur": "USD", "quantity": "3", "note": "A",
    "page": "https://a", "items": '[{"sku": "a", "title": "tea"}]',
}  # fmt: skip
WITHOUT = tuple(OTHERWISE)[1:]
FULL: dict[str, object] = {
    "click": "26l6", "email": "ada@example.com", "phone": PHONE, "ip": "::1", "agent": "a",
    "amount": "1.50", "cur": "EUR", "quantity": "2", "note": "a", "page": "https://b",
    "items": ITEM,
}  # fmt: skip


def digest_of(columns: dict[str, object], **sections: str) -> str:
    listed = {name: [value] if isinstance(value, str) else value for name, value in columns.items()}
    found: str = one(listed, **sections)["digest"]
    return found


def test_the_digest_changes_with_anything_of_the_body() -> None:
    digests = [digest_of(FULL, **ALL)]
    digests += [digest_of(FULL | {name: other}, **ALL) for name, other in OTHERWISE.items()]
    digests += [
        digest_of(FULL | {name: [None]} | ({"amount": [None]} if name == "cur" else {}), **ALL)
        for name in WITHOUT
        if name != "amount"
    ]
    assert len(set(digests)) == len(digests)
    assert digest_of(FULL, **ALL) == digests[0]
    assert all(digest.startswith("2:") and len(digest) == 34 for digest in digests)


def test_what_one_text_says_is_not_what_two_say() -> None:
    both, alone = {"note": "a", "page": "b"}, {"note": 'a" u"b', "page": [None]}
    assert digest_of(FULL | both, **ALL) != digest_of(FULL | alone, **ALL)
    swapped = {"note": "b", "page": "a"}
    assert digest_of(FULL | both, **ALL) != digest_of(FULL | swapped, **ALL)


def test_a_field_that_is_mapped_and_empty_leaves_the_digest_as_it_was() -> None:
    nothing = {name: [None] for name in WITHOUT if name != "email"}
    least = digest_of({"email": "ada@example.com"}, destination=ALL["destination"])
    assert digest_of(nothing | {"email": "ada@example.com"}, **ALL) == least
