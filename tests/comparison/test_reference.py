"""The compiled SQL says of made-up rows what a plain reading of the rules says.

With SOAK=1 (or more) in the environment the rows are many, and new each time.
The zones of both come from tables of their own: DuckDB's, and the package tzdata.

Where the rules' words leave more than one reading open, the reference has the product's:

| of | reading |
|---|---|
| trimming | what is trimmed from an e-mail address is trimmed from every text |
| ISO 8601 | also `t`, `z`, a decimal comma, a blank before the zone; not 24:00, not :60 |
| years | a time before the year 1 or after 9999 can't be written, and is invalid |
| number as time | read to nine decimals, a float as the shortest decimal that stands for it |
| event without pixel | a full event is not invalid for a pixel that is missing |
| e-mail in a text | ends at ASCII's blanks; in the name of an item also at a quote |
| hash of nothing | also `Null`, `None`, `Nan`, `NaN` |
| raw beside a hash | beside a valid hash nothing of the raw value is counted, also not as hashed |
| region | upper-cased |
| IPv6 | without a zone (`fe80::1%eth0`) |
| click id | whatever is no link, cookie or digest; only text of a cookie, without a broken escape |
| number of items | up to the largest BIGINT |
| JSON | a comma after the last value passes, as do NaN and Infinity, which are no amounts |
| floats | from 2**127 on no amount |
| numbers of JSON | from 1e20 on no amount, and read to 18 decimals |
| text of an item | an object or a list where text belongs breaks the item |
| empty item | one that has nothing but the mapping's constants |
| name of a broken item | is not looked at for an e-mail address |
"""

import ast
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import reference
from comparison.product import Batch, batches, differences, product_of, reference_of
from comparison.variants import Variant, variant
from hypothesis import HealthCheck, Phase, given, settings

from connector.conversions.fields import DROPPED, REJECTED, WARNINGS

# How many rounds; none is the short one, with the same rows each time.
SOAK = int(os.environ.get("SOAK", "0"))
ROWS = 200
VARIANTS = range(90 if SOAK else 20)
EXAMPLES = 8 * SOAK or 3


def for_batches(
    chosen: Variant, check: Callable[[Batch], None], *, examples: int, is_new: bool = False
) -> None:
    """Hand batches of ROWS rows to `check`; they are the same each time unless `is_new`."""

    @settings(
        max_examples=examples,
        derandomize=not is_new,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(rows=batches(chosen, rows=ROWS))
    def run(rows: Batch) -> None:
        check(rows)

    run()


def agree(chosen: Variant, *, examples: int = EXAMPLES, is_new: bool = False) -> None:
    """Compare both; the shortest of the differences fail the test."""
    with product_of(chosen) as map_rows:

        def check(rows: Batch) -> None:
            told = sorted(differences(chosen, rows, map_rows), key=len)
            assert not told, "\n".join(told[:3])

        for_batches(chosen, check, examples=examples, is_new=is_new)


@pytest.mark.parametrize("number", VARIANTS)
def test_the_compiled_mapping_says_what_the_rules_say(number: int) -> None:
    agree(variant(number), is_new=SOAK > 0)


def test_the_rows_meet_every_word_of_the_rules() -> None:
    met: set[str] = set()
    for number in range(24):
        chosen = variant(number)

        def note(rows: Batch, chosen: Variant = chosen) -> None:
            for row in reference_of(chosen, rows):
                met.update(row.reasons, row.dropped, row.warnings, row.hashed, [row.outcome])

        for_batches(chosen, note, examples=3)
    of_a_run = {"conflicting_conversion_id"}
    words = REJECTED.keys() | DROPPED.keys() | WARNINGS.keys()
    outcomes = {"sendable", "suppressed", "rejected"}
    assert met == (words - of_a_run) | outcomes | {"date_alone", "email", "phone"}


def test_the_reference_has_nothing_of_the_product() -> None:
    files = list(Path(*reference.__path__).glob("*.py"))
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    names = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {"reference.plain", "json"} <= names
    assert not [name for name in names if name.partition(".")[0] == "connector"]
