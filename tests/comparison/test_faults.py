"""The comparison with the reference sees a rule that is wrong."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from comparison.test_reference import agree
from comparison.variants import variant

from connector.conversions import body, compiler
from connector.conversions.identifiers import FUNCTIONS
from connector.conversions.rules import MACROS, RULES, Rule, Value, people, times
from connector.conversions.rules.values import Step, trim_if_text
from connector.project.mapping import Mapping as ConversionMapping

Patch = pytest.MonkeyPatch
MOST_VARIANTS = 20
EXAMPLES = 3


def _changed(table: Mapping[str, Any], key: str, value: object) -> Callable[[Patch], None]:
    def plant(patch: Patch) -> None:
        assert table[key] != value
        patch.setitem(table, key, value)

    return plant


def _rule(kind: str, **steps: Step) -> Callable[[Patch], None]:
    rule: Rule = RULES[kind]
    return _changed(RULES, kind, replace(rule, **steps))  # type: ignore[arg-type] # steps alone


def _macro(name: str, old: str, new: str) -> Callable[[Patch], None]:
    return _changed(MACROS, name, MACROS[name].replace(old, new))


def _without_plus(patch: Patch) -> None:
    phones, arguments = FUNCTIONS["connector_phone"]

    def shortened(numbers: Any, regions: Any) -> pa.Array:  # noqa: ANN401 - pyarrow has no types
        return pc.utf8_ltrim(phones(numbers, regions), characters="+")

    patch.setitem(FUNCTIONS, "connector_phone", (shortened, arguments))


def _first_occurrence(patch: Patch) -> None:
    instant = times._instant

    def first(value: Value) -> str:
        zone, local = value.options.get("timezone"), times.local_time(value)
        before = f"timezone({zone}, {local} - interval 1 hour) + interval 1 hour"
        return instant(value).replace(f"timezone({zone}, {local})", before)

    patch.setattr(times, "_instant", first)


def _through_a_float(value: Value) -> str:
    return f"try_cast(try_cast({trim_if_text(value)} as double) as {value.kind.name})"


def _failing_open(patch: Patch) -> None:
    consent = compiler._consent

    def opened(draft: Any, mapping: ConversionMapping) -> str:  # noqa: ANN401 - handed through
        return consent(draft, mapping).replace(", false)", ", true)")

    patch.setattr(compiler, "_consent", opened)


def _address_alone(patch: Patch) -> None:
    objects = body._objects

    def with_lone(values: Mapping[str, Value]) -> list[str]:
        address = body.identifier_value(values, "ip_address")
        return [*objects(values), f"""'{{"ip_address":"' || {address} || '"}}'"""]

    patch.setattr(body, "_objects", with_lone)


FAULTS = {
    "U+200B is not trimmed": _macro("connector_trimmed(value)", r"\x{200b}-\x{200d}", ""),
    "lower case is DuckDB's": _rule("email", clean=lambda value: f"lower({value.trimmed})"),
    "phones lose their plus": _without_plus,
    "milliseconds are rounded": _macro("connector_cut(us)", "(us -", "(us + 500 -"),
    "an hour that occurs twice is its first": _first_occurrence,
    "amounts pass through a float": _rule("money", trim=_through_a_float),
    "a missing currency is nothing": _rule("currency", reason=lambda _: "cast(null as varchar)"),
    "consent fails open": _failing_open,
    "an address forms its own identifier": _address_alone,
    "a hash of nothing is a hash": _changed(
        MACROS,
        "connector_digest(value)",
        "case when connector_is_digest(value) then lower(value) end",
    ),
    "an address of two @ is one": _macro("connector_is_address(value)", "[^@.", "[^."),
    "a click id is hashed": _rule("twclid", valid=lambda v: f"sha256({people.valid_twclid(v)})"),
}


def seen_in(variants: range) -> int:
    """The first variant whose rows show that something is wrong."""
    for number in variants:
        try:
            agree(variant(number), examples=EXAMPLES)
        except AssertionError:
            return number
    pytest.fail(f"not seen in {len(variants) * EXAMPLES} batches")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_rule_is_seen(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[fault](monkeypatch)
    seen = seen_in(range(MOST_VARIANTS))
    monkeypatch.undo()
    # The same rows show nothing without the fault.
    agree(variant(seen), examples=EXAMPLES)
