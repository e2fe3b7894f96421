import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from rows import mapped, misfits, one

FIELDS = "content_id: sku, content_name: title, content_price: price, num_items: qty"
CONTENTS = f"{{from: items, fields: {{{FIELDS}}}}}"
ITEM = pa.struct([
    ("sku", pa.string()), ("title", pa.string()), ("price", pa.decimal128(9, 3)),
    ("qty", pa.int32()),
])  # fmt: skip
ITEM_NAME = "STRUCT(sku VARCHAR, title VARCHAR, price DECIMAL(9,3), qty INTEGER)"


def listed(*rows: Sequence[Mapping[str, object] | None] | None) -> pa.Array:
    return pa.array(rows, pa.list_(ITEM))


def contents(column: Sequence[object], mapping: str = CONTENTS) -> list[Any]:
    """For each row its contents as X gets them, its reason, or None without any."""
    rows = mapped({"items": column}, contents=mapping)
    return [row["reasons"] or row["conversion"].get("contents") for row in rows]


def test_items_of_a_list_of_structs_follow_the_rules_of_single_fields() -> None:
    items = [{"sku": " SKU-1 ", "title": 'Can "XL" \\', "price": Decimal("42.250"), "qty": 2}]
    row = one({"items": listed(items)}, contents=CONTENTS)
    assert row["body"].endswith(
        r',"contents":[{"content_id":"SKU-1","content_name":"Can \"XL\" \\",'
        r'"content_price":"42.25","num_items":2}]}'
    )


def test_null_members_empty_items_and_empty_lists_are_left_out() -> None:
    nothing = {"sku": None, "title": " ", "price": None, "qty": None}
    only_price = {**nothing, "price": Decimal("9.995")}
    assert contents(
        listed([nothing, only_price, None], [nothing, None], [], None, [{**nothing, "sku": "a"}])
    ) == [[{"content_price": "9.995"}], None, None, None, [{"content_id": "a"}]]


@pytest.mark.parametrize(
    "wrong", [{"price": Decimal("-0.001")}, {"qty": 0}, {"qty": -1}, {"sku": "a", "qty": 0}]
)
def test_an_item_that_breaks_a_rule_rejects_its_row(wrong: dict[str, Any]) -> None:
    right = {"sku": "a", "title": "b", "price": Decimal(1), "qty": 1}
    empty = dict.fromkeys(right)
    assert contents(listed([right, {**empty, **wrong}], [right])) == [
        "invalid_contents",
        [{"content_id": "a", "content_name": "b", "content_price": "1.00", "num_items": 1}],
    ]


@pytest.mark.parametrize(
    ("price", "qty"),
    [
        (pa.scalar(0.1 + 0.2), pa.scalar(2.0)),
        (pa.scalar(" +.3"), pa.scalar("2.0")),
        (pa.scalar(Decimal("0.3"), pa.decimal128(38, 2)), pa.scalar(2, pa.uint64())),
        (pa.scalar(Decimal("0.3"), pa.decimal128(38, 38)), pa.scalar(Decimal("2.00"))),
        (pa.scalar(Decimal("0.3")), pa.scalar(Decimal(2), pa.decimal128(38, 0))),
    ],
)
def test_members_may_have_any_type_of_their_rule(price: pa.Scalar, qty: pa.Scalar) -> None:
    item = {"sku": pa.scalar(7), "title": pa.scalar(None, pa.string()), "price": price, "qty": qty}
    kind = pa.struct([(name, value.type) for name, value in item.items()])
    column = pa.array([[{name: value.as_py() for name, value in item.items()}]], pa.list_(kind))
    assert contents(column) == [[{"content_id": "7", "content_price": "0.30", "num_items": 2}]]


def test_members_are_found_without_regard_to_case() -> None:
    kind = pa.struct([('S"KU', pa.string())])
    column = pa.array([[{'S"KU': "a"}]], pa.list_(kind))
    mapping = """{from: Items, fields: {content_id: 's"ku'}}"""
    assert contents(column, mapping) == [[{"content_id": "a"}]]


JSON = {
    '[{"sku":"a","title":"b","price":42.25,"qty":2}]': [
        {"content_id": "a", "content_name": "b", "content_price": "42.25", "num_items": 2}
    ],
    ' [{"sku":"a"}] ': [{"content_id": "a"}],
    '[{"sku":7,"price":"42.2500","qty":"2.0","more":[1]}]': [
        {"content_id": "7", "content_price": "42.25", "num_items": 2}
    ],
    '[{"price":9.995}]': [{"content_price": "9.995"}],
    '[{"price":0}]': [{"content_price": "0.00"}],
    '[{"price":1e2}]': [{"content_price": "100.00"}],
    '[{"price":123456789.123456}]': [{"content_price": "123456789.123456"}],
    '[{"price":0.30000000000000004}]': [{"content_price": "0.30"}],
    '[{"price":1.5e-7}]': [{"content_price": "0.00000015"}],
    '[{"price":-0.0}]': [{"content_price": "0.00"}],
    '[{"price":12345678901234567890}]': [{"content_price": "12345678901234567890.00"}],
    '[{"price":1e15,"qty":2.0}]': [{"content_price": "1000000000000000.00", "num_items": 2}],
    '[{"sku":1.10}]': [{"content_id": "1.1"}],
    '[{"sku":"","title":null,"price":" ","qty":null}]': None,
    '[{"sku":"\\u0000\\n\\"\\ud83d\\ude42"}]': [{"content_id": '\x00\n"🙂'}],
    '[{"sku":"a"},{},null,{"sku":"b"}]': [{"content_id": "a"}, {"content_id": "b"}],
    "[{}]": None,
    "[null]": None,
    "[]": None,
    "null": None,
    " null\n": None,
    "": None,
    " \t": None,
    "{}": "invalid_contents",
    '{"sku":"a"}': "invalid_contents",
    '"a"': "invalid_contents",
    "7": "invalid_contents",
    "true": "invalid_contents",
    "[1]": "invalid_contents",
    '["a"]': "invalid_contents",
    '[["a"]]': "invalid_contents",
    '[{"sku":"a"}': "invalid_contents",
    "[{'sku':'a'}]": "invalid_contents",
    "nonsense": "invalid_contents",
    "[" * 5000: "invalid_contents",
    '[{"sku":{"a":1}}]': "invalid_contents",
    '[{"title":["a"]}]': "invalid_contents",
    '[{"price":-1}]': "invalid_contents",
    '[{"price":-1e-20}]': "invalid_contents",
    '[{"price":"1,50"}]': "invalid_contents",
    '[{"price":true}]': "invalid_contents",
    '[{"price":1e300}]': "invalid_contents",
    '[{"price":1e400}]': "invalid_contents",
    '[{"price":"1e2"}]': "invalid_contents",
    '[{"sku":"\\ud800"}]': "invalid_contents",
    '[{"qty":0}]': "invalid_contents",
    '[{"qty":1.5}]': "invalid_contents",
    '[{"sku":"a"},{"qty":-1}]': "invalid_contents",
}


def test_items_may_be_json() -> None:
    assert dict(zip(JSON, contents(list(JSON)), strict=True)) == JSON
    assert contents([None]) == [None]


@pytest.mark.parametrize(
    "name", ['a"b', "c.d", "*", "e\\f", "$", "[0]", "0", "#", "g/h", "i~j", "é", "it's", "~1"]
)
def test_a_member_of_json_may_have_any_name(name: str) -> None:
    column = [json.dumps([{name: "here", "x": "there"}])]
    mapping = f"{{from: items, fields: {{content_id: {json.dumps(name)}}}}}"
    assert contents(column, mapping) == [[{"content_id": "here"}]]


def test_a_constant_is_in_each_item_that_says_something() -> None:
    mapping = "{from: items, fields: {content_id: sku, content_type: {value: it's a product}}}"
    empty = dict.fromkeys(("sku", "title", "price", "qty"))
    column = listed([{**empty, "sku": "a"}, empty, None])
    assert contents(column, mapping) == [[{"content_id": "a", "content_type": "it's a product"}]]
    only = "{from: items, fields: {content_type: {value: product}}}"
    assert contents(listed([empty]), only) == [[{"content_type": "product"}]]


def test_items_may_be_an_expression() -> None:
    mapping = '{from: {sql: "list_filter(items, lambda i: i.qty > 1)"}, fields: {num_items: qty}}'
    empty = dict.fromkeys(("sku", "title", "price"))
    column = listed([{**empty, "qty": 1}, {**empty, "qty": 3}])
    assert contents(column, mapping) == [[{"num_items": 3}]]
    failing = '{from: {sql: "cast(items as json)"}, fields: {num_items: qty}}'
    assert contents(["[", "[]"], failing) == ["expression_failed", None]


PRIVATE = "personal_content_name"
NAMES = {
    "for ada@example.com": PRIVATE,
    'the "ada@example.com" can': PRIVATE,
    "50@home": None,
    "a @ b.c": None,
    "plain": None,
}


def test_an_address_in_the_name_of_an_item_is_a_warning() -> None:
    empty = {"price": None, "qty": None}
    column = listed(*([{**empty, "sku": "x.y@z.com", "title": name}] for name in NAMES))
    rows = mapped(
        {"items": column}, contents=CONTENTS.replace("sku, content_name", "qty, content_name")
    )
    assert dict(zip(NAMES, (row["warnings"] for row in rows), strict=True)) == NAMES
    other = mapped({"items": column}, contents=CONTENTS)
    assert [row["warnings"] for row in other] == list(NAMES.values())


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (pa.array([1]), "BIGINT"),
        (pa.array([["a"]]), "VARCHAR[]"),
        (pa.array([{"sku": "a"}]), "STRUCT(sku VARCHAR)"),
        (pa.array([None], pa.list_(ITEM, 1)), f"{ITEM_NAME}[1]"),
    ],
)
def test_contents_are_a_list_of_structs_or_json(column: pa.Array, name: str) -> None:
    (told,) = misfits({"items": column}, contents=CONTENTS)
    assert (
        told == f"6:18 contents is {name} in the warehouse; it has to be a LIST of STRUCT, or JSON"
    )


def test_every_member_that_does_not_fit_is_told() -> None:
    kind = pa.struct(
        [("sku", pa.list_(pa.string())), ("titel", pa.string()), ("price", pa.bool_())]
    )
    told = misfits({"items": pa.array([[]], pa.list_(kind))}, contents=CONTENTS)
    assert told == [
        "6:46 content_id is VARCHAR[] in the warehouse; cast it to VARCHAR in the query",
        "6:65 an item has no member 'title'; did you mean 'titel'? (it has sku, titel, price)",
        "6:87 content_price is BOOLEAN in the warehouse; cast it to DECIMAL in the query",
        "6:105 an item has no member 'qty' (it has sku, titel, price)",
    ]
