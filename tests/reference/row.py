"""A row by its mapping: all of its reasons, or the conversion as X takes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from reference import money, people, times
from reference.contents import items
from reference.plain import ABSENT, Given, Judged, Mapped, Plain, Row, Types
from reference.texts import BASE_36, FULL_EVENT, has_control, holds_address, text, written

# The order in which the reasons of a row are told.
REASONS = (
    "expression_failed", "missing_pixel_id", "invalid_pixel_id", "missing_event_id",
    "invalid_event_id", "missing_conversion_time", "invalid_conversion_time", "in_future",
    "too_old", "missing_conversion_id", "invalid_conversion_id", "personal_conversion_id",
    "invalid_value", "negative_value", "missing_price_currency", "invalid_price_currency",
    "invalid_number_items", "invalid_contents", "missing_identifier",
)  # fmt: skip
REQUIRED = ("pixel_id", "event_id", "conversion_time", "conversion_id")
SUFFICIENT = {
    "twclid": {"twclid"},
    "email": {"hashed_email"},
    "phone": {"hashed_phone_number"},
    "ip_user_agent": {"ip_address", "user_agent"},
}
COVERAGE = {
    "twclid": {"twclid"},
    "hashed_email": {"hashed_email"},
    "hashed_phone_number": {"hashed_phone_number"},
    "ip_address_user_agent": {"ip_address", "user_agent"},
}


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads the values of one row; a failed expression reads as a null and is noted."""

    row: Row
    types: Types
    failed: list[Given] = field(default_factory=list)

    def read(self, given: Given | None) -> object:
        if given is None:
            return None
        if given.kind == "value":
            return given.text
        if given.kind == "column":
            return self.row[given.text]
        assert given.compute is not None
        try:
            return given.compute(self.row)
        except (ArithmeticError, ValueError):
            self.failed.append(given)
            return None

    def type_of(self, given: Given) -> str:
        return self.types.get(given.text, "")

    def did_fail(self, given: Given | None) -> bool:
        return any(given is other for other in self.failed)


def map_row(mapping: Plain, row: Row, types: Types, now: datetime) -> Mapped:
    """What becomes of a row; `types` are Arrow's types as text, timestamps are whole numbers."""
    reader = Reader(row=row, types=types)
    has_consent = _has_consent(mapping, Reader(row=row, types=types))
    fields = _fields(mapping, reader, now)
    keys: dict[str, Any] = {
        "pixel_id": fields["pixel_id"].value,
        "event_id": fields["event_id"].value,
        "conversion_id": fields["conversion_id"].value,
        "time_ms": fields["conversion_time"].value,
    }
    if not has_consent:
        return Mapped(outcome="suppressed", **keys)
    identifiers = _identifiers(mapping, reader)
    sent = {key: str(judged.value) for key, judged in identifiers.items() if judged.value}
    reasons = _reasons(mapping, reader, fields, set(sent))
    return Mapped(
        outcome="rejected" if reasons else "sendable",
        reasons=reasons,
        dropped=tuple(word for judged in identifiers.values() for word in judged.reason.split()),
        warnings=_warnings(fields),
        hashed=_hashed(mapping, reader),
        **keys,
        **({} if reasons else _sent(fields, sent)),
    )


def _has_consent(mapping: Plain, reader: Reader) -> bool:
    if mapping.consent is None:
        return True
    said = written(reader.read(mapping.consent))
    return said is not None and said in mapping.granted


def _fields(mapping: Plain, reader: Reader, now: datetime) -> dict[str, Judged]:
    given = {**mapping.destination, **mapping.fields}
    raw = {name: reader.read(source) for name, source in given.items()}
    pixel = text(raw["pixel_id"])
    judged = {
        "pixel_id": _pixel(pixel),
        "event_id": _event(text(raw["event_id"]), pixel),
        "conversion_time": _time(mapping, reader, raw["conversion_time"], now),
        "conversion_id": _conversion_id(raw["conversion_id"]),
        "value": _named(money.money(raw.get("value")), "value"),
        "price_currency": money.currency(raw.get("price_currency")),
        "number_items": _named(money.count(raw.get("number_items")), "number_items"),
        "description": _public("description", raw.get("description")),
        "event_source_url": _public("event_source_url", raw.get("event_source_url")),
        "contents": _contents(mapping, reader),
    }
    if judged["value"] == ABSENT:
        # A currency says nothing without its value.
        judged["price_currency"] = ABSENT
    elif judged["price_currency"] == ABSENT and not reader.did_fail(given["price_currency"]):
        judged["price_currency"] = Judged(reason="missing_price_currency")
    for name in REQUIRED:
        if judged[name] == ABSENT and not reader.did_fail(given[name]):
            judged[name] = Judged(reason=f"missing_{name}")
    return judged


def _named(judged: Judged, name: str) -> Judged:
    return Judged(reason=f"{judged.reason}_{name}") if judged.reason else judged


def _pixel(said: str | None) -> Judged:
    if said is None:
        return ABSENT
    return Judged(value=said) if BASE_36.fullmatch(said) else Judged(reason="invalid_pixel_id")


def _event(said: str | None, pixel: str | None) -> Judged:
    """The event in its short form."""
    if said is None:
        return ABSENT
    if BASE_36.fullmatch(said):
        return Judged(value=said)
    full = FULL_EVENT.fullmatch(said)
    # Without a pixel there is nothing that it could differ from.
    if full is None or pixel not in {None, full[1]}:
        return Judged(reason="invalid_event_id")
    return Judged(value=full[2])


def _time(mapping: Plain, reader: Reader, raw: object, now: datetime) -> Judged:
    type_ = reader.type_of(mapping.fields["conversion_time"])
    found = times.conversion_time(raw, type_, timezone=mapping.timezone, unit=mapping.unit)
    if not isinstance(found.value, int):
        return found
    reason = times.of_limits(
        found.value, now=now, max_age=mapping.max_age, max_in_future=mapping.max_in_future
    )
    return Judged(value=found.value, reason=reason, warnings=found.warnings)


def _conversion_id(raw: object) -> Judged:
    if isinstance(raw, Decimal):
        whole = raw == raw.to_integral_value(context=money.EXACT)
        raw = int(raw) if whole else raw
        if not whole:
            return Judged(reason="invalid_conversion_id")
    said = text(raw)
    if said is None:
        return ABSENT
    reasons = ["invalid_conversion_id"] * has_control(said)
    reasons += ["personal_conversion_id"] * holds_address(said)
    return Judged(reason=" ".join(reasons)) if reasons else Judged(value=said)


def _public(name: str, raw: object) -> Judged:
    said = text(raw)
    holds = said is not None and holds_address(said)
    return Judged(value=said, warnings=(f"personal_{name}",) if holds else ())


def _contents(mapping: Plain, reader: Reader) -> Judged:
    if mapping.contents is None:
        return ABSENT
    return items(reader.read(mapping.contents), mapping.members)


def _identifiers(mapping: Plain, reader: Reader) -> dict[str, Judged]:
    """Each of X's keys, in the order in which they are sent."""
    raw = {name: reader.read(source) for name, source in mapping.identifiers.items()}
    phone = people.phone(raw.get("phone"), reader.read(mapping.region))
    return {
        "twclid": people.twclid(raw.get("twclid")),
        "hashed_email": _better(
            people.hashed(raw.get("hashed_email")), people.email(raw.get("email"))
        ),
        "hashed_phone_number": _better(people.hashed(raw.get("hashed_phone_number")), phone),
        "ip_address": people.ip_address(raw.get("ip_address")),
        "user_agent": Judged(value=text(raw.get("user_agent"))),
    }


def _better(given: Judged, made: Judged) -> Judged:
    """The hash that was given, when it is valid; else the one made of the raw value."""
    if given.value:
        return given
    reasons = " ".join(reason for reason in (given.reason, made.reason) if reason)
    return Judged(value=made.value, reason=reasons)


def _reasons(
    mapping: Plain, reader: Reader, fields: Mapping[str, Judged], sent: set[str]
) -> tuple[str, ...]:
    reasons = {reason for judged in fields.values() for reason in judged.reason.split()}
    if reader.failed:
        reasons.add("expression_failed")
    if not any(SUFFICIENT[way] <= sent for way in mapping.sufficient):
        reasons.add("missing_identifier")
    return tuple(reason for reason in REASONS if reason in reasons)


def _warnings(fields: Mapping[str, Judged]) -> tuple[str, ...]:
    return tuple(warning for judged in fields.values() for warning in judged.warnings)


def _hashed(mapping: Plain, reader: Reader) -> tuple[str, ...]:
    """The raw identifiers that were digests already, and are sent as they are."""

    def digest(name: str) -> object:
        return people.hashed(reader.read(mapping.identifiers.get(name))).value

    kinds = (("email", "hashed_email"), ("phone", "hashed_phone_number"))
    return tuple(raw for raw, given in kinds if digest(raw) and not digest(given))


def _sent(fields: Mapping[str, Judged], sent: Mapping[str, str]) -> dict[str, Any]:
    """What a sendable row has beyond its keys."""
    value = fields["value"].value
    return {
        "identifiers": tuple(name for name, keys in COVERAGE.items() if keys <= set(sent)),
        "value": value,
        "currency": fields["price_currency"].value,
        "body": json.dumps(_body(fields, sent), ensure_ascii=False, separators=(",", ":")),
    }


def _body(fields: Mapping[str, Judged], sent: Mapping[str, str]) -> dict[str, object]:
    found = {name: judged.value for name, judged in fields.items()}
    time, items_ = found["conversion_time"], found["number_items"]
    assert isinstance(time, int)
    body = {
        "conversion_time": times.on_the_wire(time),
        "event_id": f"tw-{found['pixel_id']}-{found['event_id']}",
        "identifiers": people.together(sent),
        "value": found["value"],
        "price_currency": found["price_currency"],
        "number_items": int(str(items_)) if items_ is not None else None,
        "conversion_id": found["conversion_id"],
        "description": found["description"],
        "event_source_url": found["event_source_url"],
        "contents": found["contents"],
    }
    return {name: value for name, value in body.items() if value is not None}
