"""Mappings over columns of every type that a field takes, and what their columns hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypeVar

import pyarrow as pa
from comparison import expressions, items, moments, numbers, texts
from comparison.yaml import as_yaml
from hypothesis import strategies as st
from reference.plain import Given, Plain

# Soon after clocks were put back, and after they were put forward.
CLOCKS = (datetime(2026, 11, 2, 12, 0, tzinfo=UTC), datetime(2026, 3, 30, 6, 30, tzinfo=UTC))
Item = TypeVar("Item")
Unit = Literal["s", "ms"]

# Type, timezone, unit.
TIMES: tuple[tuple[str, str | None, Unit | None], ...] = (
    ("string", None, None),
    ("timestamp[us, tz=UTC]", None, None),
    ("timestamp[us]", "America/New_York", None),
    ("string", "Europe/Berlin", None),
    ("int64", None, "s"),
    ("double", None, "s"),
    ("timestamp[us]", "Australia/Lord_Howe", None),
    ("decimal128(38, 9)", None, "s"),
    ("string", "America/New_York", None),
    ("int64", None, "ms"),
    ("timestamp[ns]", "Africa/Casablanca", None),
    ("double", None, "ms"),
    ("timestamp[ms]", "Europe/Dublin", None),
    ("timestamp[ns, tz=UTC]", None, None),
    ("string", "Antarctica/Troll", None),
    ("decimal128(18, 0)", None, "ms"),
    ("timestamp[s]", "Asia/Kathmandu", None),
    ("int32", None, "s"),
    ("timestamp[us]", "Pacific/Chatham", None),
    ("float", None, "s"),
    ("string", "Pacific/Kiritimati", None),
    ("timestamp[us]", "UTC", None),
    ("decimal128(38, 9)", None, "ms"),
    ("decimal128(38, 18)", None, "s"),
    ("timestamp[us]", "Africa/Cairo", None),
    ("uint64", None, "ms"),
    ("timestamp[s, tz=UTC]", None, None),
    ("decimal128(20, 10)", None, "s"),
    ("timestamp[ns, tz=Europe/Berlin]", None, None),
)
REGIONS = (None, "US", "column", "DE")
SUFFICIENT = (
    ("twclid", "email", "phone", "ip_user_agent"),
    ("email",),
    ("twclid", "ip_user_agent"),
    ("phone", "email"),
)
GRANTED: tuple[tuple[object, ...], ...] = ((True, "granted"), ("granted",), ("yes", "true", 1))


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column: its Arrow type, what it may hold, and a value that is right for its field."""

    type: pa.DataType
    values: st.SearchStrategy[Any]
    right: object


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A mapping in plain words, the same in YAML, and its columns by name."""

    plain: Plain
    yaml: str
    columns: dict[str, Column] = field(repr=False)
    now: datetime

    @property
    def schema(self) -> pa.Schema:
        return pa.schema([pa.field(name, held.type) for name, held in self.columns.items()])


@dataclass(kw_only=True)
class _Draft:
    """A variant while its columns are chosen; `number` is which."""

    number: int
    columns: dict[str, Column] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.pick(CLOCKS, every=5)

    def pick(self, choices: Sequence[Item], *, every: int = 1) -> Item:
        """The next of the choices with every variant, or with every so many."""
        return choices[self.number // every % len(choices)]

    def column(self, name: str, type_: str, values: st.SearchStrategy[Any], right: object) -> Given:
        self.columns[name] = Column(type=items.type_of(type_), values=values, right=right)
        return Given(kind="column", text=name)

    def text(self, name: str, values: st.SearchStrategy[str], right: str | None) -> Given:
        return self.column(name, "string", values, right)


def variant(number: int) -> Variant:
    """One of endlessly many variants; the first dozens have every type of every field."""
    draft = _Draft(number=number)
    plain = Plain(
        destination=_destination(draft),
        identifiers=_identifiers(draft),
        fields=_fields(draft),
        sufficient=draft.pick(SUFFICIENT, every=3),
        region=_region(draft),
        timezone=draft.pick(TIMES)[1],
        unit=draft.pick(TIMES)[2],
        contents=_contents(draft),
        members=_members(draft),
        consent=_consent(draft),
        granted=tuple(_word(word) for word in draft.pick(GRANTED)),
        max_age=timedelta(days=draft.pick((90, 400, 30_000))),
        max_in_future=timedelta(minutes=draft.pick((5, 5, 0, 2880))),
    )
    return Variant(plain=plain, yaml=as_yaml(plain), columns=draft.columns, now=draft.now)


def _constant(text: str) -> Given:
    return Given(kind="value", text=text)


def _destination(draft: _Draft) -> dict[str, Given]:
    pixel, event = _constant("o8z6j"), _constant(draft.pick(("tw-o8z6j-o87ne", "o87ne")))
    if draft.number % 3:
        event = draft.text("event", texts.events, "o87ne")
    if draft.number % 3 == 2:
        pixel = draft.text('pix"el', texts.pixels, "o8z6j")
    return {"pixel_id": pixel, "event_id": event}


def _identifiers(draft: _Draft) -> dict[str, Given]:
    email = texts.digest("ada@example.com")
    phone: tuple[str, st.SearchStrategy[Any], object] = draft.pick(
        (
            ("string", texts.phones, "+16502530000"),
            ("string", texts.phones, "+16502530000"),
            ("int64", st.one_of(numbers.whole(64), st.just(6502530000)), 16502530000),
        )
    )
    found = {
        "twclid": draft.text("click", texts.twclids, "2q8d5m1x7k0c9vz4w6t3r5b8ny"),
        "hashed_email": draft.text("email_sha256", texts.hashes, email),
        "email": draft.text("e-mail", texts.emails, "ada@example.com"),
        "hashed_phone_number": draft.text("phone_sha256", texts.hashes, email),
        "phone": draft.column("phone", *phone),
        "ip_address": draft.text("ip", texts.addresses_of_hosts, "203.0.113.24"),
        "user_agent": draft.text("ua", texts.agents, "Mozilla/5.0"),
    }
    if draft.number % 6 == 5:
        found["user_agent"] = expressions.AGENT
    left_out = draft.pick(
        (
            (),
            ("hashed_email", "hashed_phone_number"),
            ("ip_address",),
            ("twclid", "hashed_phone_number"),
        )
    )
    needed = draft.pick(SUFFICIENT, every=3)
    if "ip_user_agent" in needed or "twclid" in needed:
        left_out = tuple(name for name in left_out if name.startswith("hashed"))
    return {name: given for name, given in found.items() if name not in left_out}


def _region(draft: _Draft) -> Given | None:
    region = draft.pick(REGIONS)
    if region == "column":
        return draft.text("country", texts.regions, "US")
    return _constant(region) if region else None


def _fields(draft: _Draft) -> dict[str, Given]:
    found = {
        "conversion_time": _time(draft),
        "conversion_id": _id(draft),
        "description": _description(draft),
        "event_source_url": draft.text("page", texts.pages, None),
    }
    if draft.number % 7:
        found["value"] = _value(draft)
        found["price_currency"] = _currency(draft)
    type_ = draft.pick(tuple(numbers.COUNTS))
    found["number_items"] = draft.column("quantity", type_, numbers.COUNTS[type_], None)
    return found


def _time(draft: _Draft) -> Given:
    type_, zone, unit = draft.pick(TIMES)
    values = moments.of_type(type_, unit, draft.now, zone)
    per_second = moments.PER_SECOND.get(unit or _unit_of(type_), 1)
    # Past in all zones.
    then = draft.now - timedelta(hours=15)
    whole = int(then.timestamp()) * per_second
    right: object = whole
    if type_ == "string":
        right = f"{then:%Y-%m-%dT%H:%M:%S}.417Z"
    elif type_ in {"double", "float"}:
        right = numbers.single(whole)
    elif type_.startswith("decimal"):
        right = Decimal(whole)
    return draft.column("paid at", type_, values, right)


def _unit_of(type_: str) -> str:
    return type_.removeprefix("timestamp[").removesuffix("]").partition(", ")[0]


def _id(draft: _Draft) -> Given:
    if draft.number % 2 == 0:
        return draft.text("order", texts.ids, "order-70431")
    type_ = draft.pick(tuple(numbers.NUMBERED), every=2)
    right = 7 if type_.startswith(("int", "uint")) else Decimal(7)
    column = draft.column("order", type_, numbers.NUMBERED[type_], right)
    return expressions.ID if type_ == "int64" and draft.number % 3 else column


def _value(draft: _Draft) -> Given:
    if draft.number % 5 == 4:
        draft.column("cents", "int64", numbers.whole(64), 1999)
        return draft.pick(expressions.AMOUNTS, every=5)
    if draft.number % 11 == 3:
        return _constant("9.9950")
    type_ = draft.pick(tuple(numbers.AMOUNTS))
    right: object = {"string": "84.50", "double": 84.5, "float": 84.5}.get(type_, 1)
    if type_.startswith("decimal"):
        right = Decimal(0)
    return draft.column("amount", type_, numbers.AMOUNTS[type_], right)


def _currency(draft: _Draft) -> Given:
    if draft.number % 5 == 0:
        return _constant("EUR")
    column = draft.text("currency", texts.currencies, "EUR")
    return expressions.CURRENCY if draft.number % 5 == 3 else column


def _description(draft: _Draft) -> Given:
    type_, values = draft.pick(
        (
            ("string", texts.prose),
            ("string", texts.prose),
            ("bool", st.booleans()),
            ("string", texts.prose),
            ("int64", numbers.whole(64)),
            ("decimal128(9, 2)", numbers.decimals(9, 2)),
        )
    )
    return draft.column("what's it", type_, values, None)


def _contents(draft: _Draft) -> Given | None:
    if draft.number % 4 == 0:
        return None
    made = items.in_json() if draft.number % 2 else items.structs(draft.number // 4)
    draft.columns["items"] = Column(type=made.type, values=made.values, right=made.right)
    return Given(kind="column", text="items")


def _members(draft: _Draft) -> dict[str, Given]:
    found = {name: Given(kind="column", text=text) for name, text in items.MEMBERS.items()}
    if draft.number % 5 == 1:
        found["content_type"] = _constant('gar"den')
    return found


def _consent(draft: _Draft) -> Given | None:
    if draft.number % 3 == 0:
        return None
    if draft.number % 3 == 1:
        return draft.text("ads_consent", texts.answers, _word(draft.pick(GRANTED)[0]))
    if draft.pick((True, False), every=3):
        return draft.column("ads_consent", "bool", st.booleans(), right=True)
    given = draft.column("ads_consent", "int32", numbers.whole(32), 1)
    return draft.pick((given, expressions.CONSENT), every=6)


def _word(word: object) -> str:
    return str(word).lower() if isinstance(word, bool) else str(word)
