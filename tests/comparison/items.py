"""Contents: lists of structs of several types, and JSON of every depth."""

import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from comparison.numbers import AMOUNTS, COUNTS, NUMBERED
from comparison.texts import anything, mixed, prose, spoilt
from hypothesis import strategies as st

MEMBERS = {
    "content_id": "sku",
    "content_name": "title",
    "content_type": "category",
    "content_price": "unit_price",
    "num_items": "qty",
    "content_group_id": "group",
}
LISTS = (
    ("string", "decimal128(18, 2)", "int32"),
    ("int64", "double", "double"),
    ("string", "string", "string"),
    ("string", "int64", "decimal128(38, 0)"),
    ("string", "float", "int8"),
    ("decimal128(38, 0)", "decimal128(38, 10)", "uint64"),
)
"""The types of sku, unit_price and qty; the others are texts."""

short = mixed(st.sampled_from(("SKU-118", "cans", "7", 'a"b', "a\\b", "\u0130", "a@b.c")), anything)


@dataclass(frozen=True, kw_only=True)
class Items:
    """A type of contents, what it holds, and a value of it that is right."""

    type: pa.DataType
    values: st.SearchStrategy[Any]
    right: object


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(values, values, values, st.none())


def structs(number: int) -> Items:
    sku, price, quantity = LISTS[number % len(LISTS)]
    texts = {"title": st.one_of(short, prose), "category": short, "group": short}
    values = {
        "sku": NUMBERED.get(sku, short),
        "unit_price": AMOUNTS[price],
        "qty": COUNTS[quantity],
        **texts,
    }
    types = {"sku": sku, "unit_price": price, "qty": quantity, **dict.fromkeys(texts, "string")}
    item = st.fixed_dictionaries({name: _maybe(held) for name, held in values.items()})
    blank = st.fixed_dictionaries(
        {
            name: st.none() if types[name] != "string" else st.sampled_from((None, "", " \u200b"))
            for name in types
        }
    )
    right: dict[str, Any] = dict.fromkeys(types)
    right["title"] = "Watering can"
    fields = [pa.field(name, type_of(name_of)) for name, name_of in types.items()]
    return Items(
        type=pa.list_(pa.struct(fields)),
        values=st.lists(st.one_of(item, item, blank, st.none()), max_size=3),
        right=[right],
    )


def type_of(name: str) -> pa.DataType:
    """Arrow's type of a name such as `decimal128(18, 2)` or `timestamp[us, tz=UTC]`."""
    if name.startswith("decimal128"):
        precision, scale = name.removeprefix("decimal128(").removesuffix(")").split(", ")
        return pa.decimal128(int(precision), int(scale))
    if name.startswith("timestamp"):
        unit, _, zone = name.removeprefix("timestamp[").removesuffix("]").partition(", tz=")
        return pa.timestamp(unit, tz=zone or None)
    return pa.type_for_alias(name)


class Raw(str):
    """A number, as JSON is to have it written."""

    __slots__ = ()


numbers_in_json = st.one_of(
    st.integers(-5, 10**15 - 1).map(str),
    st.tuples(st.integers(0, 10**6), st.integers(0, 999)).map(lambda two: f"{two[0]}.{two[1]:03}"),
    st.sampled_from(
        (
            "-0",
            "0",
            "-0.0",
            "1e2",
            "1E+2",
            "1.5e-3",
            "-1e-9",
            "1e300",
            "1e400",
            "1.50",
            "1e-20",
            "9e19",
        )
    ),
).map(Raw)
plain_in_json = st.one_of(
    st.integers(-5, 10**15 - 1).map(str), st.integers(0, 10**6).map(lambda n: f"{n}.5")
).map(Raw)
leaves = st.one_of(st.none(), st.booleans(), plain_in_json, short)


def _nested(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.lists(st.tuples(short, values), max_size=2)
    return st.one_of(values, st.lists(values, max_size=2), pairs.map(dict))


inner = _nested(_nested(leaves))
amounts_in_json = st.one_of(
    numbers_in_json, numbers_in_json, AMOUNTS["string"], st.none(), st.booleans(), inner
)
counts_in_json = st.one_of(
    st.integers(-1, 9).map(str).map(Raw), numbers_in_json, COUNTS["string"], st.none(), inner
)
item_in_json = st.fixed_dictionaries(
    {},
    optional={
        "sku": st.one_of(short, plain_in_json, inner),
        "title": st.one_of(short, prose, inner),
        "category": st.one_of(short, st.none()),
        "unit_price": amounts_in_json,
        "qty": counts_in_json,
        "group": short,
        "more": inner,
    },
)


def written(value: object) -> str:
    """JSON whose numbers are written as they are."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}: {written(v)}" for k, v in value.items()) + "}"
    # Either way of writing what is beyond ASCII.
    return json.dumps(value, ensure_ascii=isinstance(value, str) and len(value) % 2 == 0)


def in_json() -> Items:
    lists = st.lists(st.one_of(item_in_json, item_in_json, st.none(), inner), max_size=3).map(
        written
    )
    plain = st.lists(item_in_json, max_size=3).map(written)
    odd = st.sampled_from(
        (
            "[]", "null", "{}", "[{}]", "[null]", "[[]]", "[1]", '"a"', "true", "1", "[{}", "nan",
            "[NaN]", '[{"sku": "\\ud800"}]', '[{"sku": "\\u0000"}]', '[{"sku": "\\ud83d\\ude00"}]',
            "[{'sku': 'a'}]", '[{"sku": "a",}]', "[" * 30 + "]" * 30, '[{"sku": "\t"}]', "[] x",
        )
    )  # fmt: skip
    single = item_in_json.map(written)
    return Items(
        type=pa.string(),
        values=mixed(plain, lists, odd, single, spoilt(plain), anything),
        right='[{"title": "Watering can"}]',
    )
