"""The product's word on rows, beside the reference's."""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
from comparison.variants import Variant
from hypothesis import strategies as st
from reference.plain import Mapped
from reference.row import map_row

from connector.conversions.body import COVERAGE
from connector.conversions.mapper import open_mapper
from connector.project.load import earlier_mapping

Row = dict[str, Any]
MapRows = Callable[[Sequence[Row]], list[Mapped]]

LISTS = ("reasons", "dropped", "warnings", "hashed")
SHARE_OF_MIXED_ROWS = 0.25
SHARE_OF_RIGHT_VALUES = 0.8


def _no_file(path: Path) -> bytes:
    raise FileNotFoundError(path)


@contextmanager
def product_of(variant: Variant) -> Iterator[MapRows]:
    """The compiled mapping of a variant, as a function of rows."""
    path = Path("compared.yaml")
    mapping = earlier_mapping(
        variant.yaml.encode(), path, read_sql=_no_file, connections={"x": "x_ads"}
    )
    with open_mapper(mapping, variant.schema, now=variant.now) as mapper:

        def map_rows(rows: Sequence[Row]) -> list[Mapped]:
            arrays = [
                pa.array([row[name] for row in rows], type=held.type)
                for name, held in variant.columns.items()
            ]
            batch = pa.RecordBatch.from_arrays(arrays, schema=variant.schema)
            return [_mapped(row) for row in mapper.map(batch).to_pylist()]

        yield map_rows


def _mapped(row: Row) -> Mapped:
    words: dict[str, Any] = {name: tuple((row[name] or "").split()) for name in LISTS}
    words["identifiers"] = tuple(
        name for bit, name in enumerate(COVERAGE) if row["identifiers"] >> bit & 1
    )
    kept = {held.name: row[held.name] for held in fields(Mapped) if held.name not in words}
    return Mapped(**kept, **words)


def reference_of(variant: Variant, rows: Sequence[Row]) -> list[Mapped]:
    types = {name: str(held.type) for name, held in variant.columns.items()}
    return [map_row(variant.plain, row, types, variant.now) for row in rows]


class Batch(list[Row]):
    """Rows, of which a failing test tells those that matter."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Batch of {len(self)} rows"


@st.composite
def batches(draw: st.DrawFn, variant: Variant, *, rows: int) -> Batch:
    """Rows that mix a few values of each column; in some of them one column alone is made up."""
    pools = {
        name: draw(st.lists(_mostly(held.values), min_size=6, max_size=16))
        for name, held in variant.columns.items()
    }
    chance = random.Random(draw(st.integers(0, 2**32 - 1)))
    return Batch(_row(variant, pools, chance) for _ in range(rows))


def _mostly(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    # Mapped, so that a null does not count as one of the values' own choices.
    return st.one_of(values.map(_same_value), values.map(_same_value), st.none())


def _same_value(value: object) -> object:
    return value


def _row(variant: Variant, pools: dict[str, list[Any]], chance: random.Random) -> Row:
    alone = None if chance.random() < SHARE_OF_MIXED_ROWS else chance.choice(tuple(pools))

    def value(name: str) -> object:
        is_right = name != alone if alone else chance.random() < SHARE_OF_RIGHT_VALUES
        return variant.columns[name].right if is_right else chance.choice(pools[name])

    return {name: value(name) for name in pools}


def difference(row: Row, product: Mapped, reference: Mapped) -> str:
    """What the two say of a row where they differ, else an empty text."""
    told = [
        f"  {held.name}: product {ours!r}, reference {theirs!r}"
        for held in fields(Mapped)
        if not _same(
            held.name, ours := getattr(product, held.name), theirs := getattr(reference, held.name)
        )
    ]
    return "\n".join([f"{row}", *told]) if told else ""


def _same(name: str, ours: object, theirs: object) -> bool:
    if name == "body" and isinstance(ours, str) and isinstance(theirs, str):
        return _tree(ours) == _tree(theirs)
    return ours == theirs


def _tree(body: str) -> object:
    # Pairs keep the order of keys, and a key that stands twice; numbers stay as written.
    return json.loads(body, object_pairs_hook=tuple, parse_int=_number, parse_float=_number)


def _number(written: str) -> tuple[str, str]:
    return ("number", written)


def differences(variant: Variant, rows: Sequence[Row], map_rows: MapRows) -> list[str]:
    compared = zip(rows, map_rows(rows), reference_of(variant, rows), strict=True)
    return [told for row, ours, theirs in compared if (told := difference(row, ours, theirs))]
