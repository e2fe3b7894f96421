"""A mapping and the table of fields become one SQL statement over the rows of `source`.

The statement reads from top to bottom like the rules: given, trimmed, clean, valid, judged, row.
`$earliest_ms` and `$latest_ms` bound the conversion time, in milliseconds since 1970 (UTC).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from connector.conversions import body, contents
from connector.conversions.cursor import Kind
from connector.conversions.fields import CONTENTS, DESTINATION, FIELDS, IDENTIFIERS, Field
from connector.conversions.rules import (
    RULES,
    Value,
    column,
    is_date_alone,
    is_hashed,
    local_time,
)
from connector.conversions.sql import (
    EMAIL_INSIDE,
    ColumnType,
    any_of,
    identifier,
    literal,
    matches,
    spaced,
)
from connector.project.expressions import ConversionTime, Expression, Phone
from connector.project.mapping import Mapping as ConversionMapping

_INSTANT = "case when isfinite({0}) then epoch_us({0}) end"
# The kind of a cursor by the family of its column, and its SQL; text is an ISO 8601 time.
CURSORS: Mapping[str, tuple[Kind, str]] = {
    "timestamptz": ("time", _INSTANT),
    "timestamp": ("time", _INSTANT.format("cast({0} as timestamp)")),
    "date": ("date", _INSTANT.format("cast({0} as timestamp)")),
    "integer": ("integer", "try_cast({0} as bigint)"),
    "text": ("time", _INSTANT.format("try_cast({0} as timestamptz)")),
}
LAYERS = ("read", "given", "trimmed", "clean", "valid", "judged")


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What the compiler asks of the mapper's connection.

    `type_of` binds an expression over `source`; `check` refuses an expression of the mapping.
    Both raise `ValueError` whose text says what is wrong.
    """

    type_of: Callable[[str], ColumnType]
    check: Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Something of the mapping that does not fit the warehouse's columns."""

    loc: str
    message: str


class NotCompiledError(Exception):
    """All the refusals of a mapping."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        super().__init__(f"{len(self.refusals)} expressions do not fit")


@dataclass(kw_only=True)
class _Draft:
    """The statement while it grows: each layer's columns by name."""

    dialect: Dialect
    layers: dict[str, dict[str, str]] = field(default_factory=lambda: {n: {} for n in LAYERS})
    tried: list[str] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def add(self, layer: str, name: str, sql: str) -> str:
        """A new column of a layer; its quoted name, for the layers after it."""
        self.layers[layer][name] = sql
        return identifier(name)


def compile_mapping(mapping: ConversionMapping, dialect: Dialect) -> str:
    """The SQL statement of a mapping.

    Raises:
        NotCompiledError: with everything that does not fit.
    """
    draft = _Draft(dialect=dialect)
    for entry, loc, expression in _mapped(mapping):
        _add_field(draft, entry, loc, expression, mapping)
    _add_contents(draft, mapping)
    consent = _consent(draft, mapping)
    draft.add("read", "cursor", _cursor(draft, mapping))
    if draft.refusals:
        raise NotCompiledError(draft.refusals)
    draft.add("judged", "suppressed", consent)
    draft.add("judged", "reasons", _reasons(draft, mapping))
    draft.add("judged", "dropped", _dropped(draft))
    draft.add("judged", "warnings", _warnings(draft))
    draft.add("judged", "hashed", _already_hashed(draft))
    draft.add("judged", "body", body.conversion(draft.values))
    return _statement(draft)


def _mapped(mapping: ConversionMapping) -> Iterable[tuple[Field, str, Expression]]:
    sections = (
        ("destination", DESTINATION, mapping.destination),
        ("fields", FIELDS, mapping.fields),
        ("identifiers", IDENTIFIERS, mapping.identifiers),
    )
    for section, entries, given in sections:
        for entry in entries:
            expression = getattr(given, entry.name)
            if expression is not None:
                yield entry, f"{section}.{entry.name}", _plain(expression)


def _plain(written: Expression | ConversionTime | Phone) -> Expression:
    return written if isinstance(written, Expression) else written.expression


def _read(draft: _Draft, name: str, loc: str, expression: Expression) -> ColumnType | None:
    """Put the warehouse's value into the first layers; None when it is refused."""
    try:
        if expression.kind == "sql":
            draft.dialect.check(expression.text)
            sql = f"(\n{expression.text}\n)"
            kind = draft.dialect.type_of(sql)
            # A plain null and a failure look alike after TRY; inside a struct they do not.
            tried = draft.add("read", f"{name}.tried", f"TRY({{'v': {sql}}})")
            draft.tried.append(tried)
            draft.add("given", f"{name}.given", f"{tried}.v")
            return kind
        sql = identifier(expression.text) if expression.kind == "column" else _constant(expression)
        draft.add("read", f"{name}.given", sql)
        return draft.dialect.type_of(sql)
    except ValueError as error:
        draft.refusals.append(Refusal(loc=loc, message=str(error)))
        return None


def _constant(expression: Expression) -> str:
    if isinstance(expression.resolved, bool):
        return "true" if expression.resolved else "false"
    return "cast(null as varchar)" if expression.resolved is None else literal(expression.text)


def _add_field(
    draft: _Draft, entry: Field, loc: str, expression: Expression, mapping: ConversionMapping
) -> None:
    kind = _read(draft, entry.name, loc, expression)
    if kind is None:
        return
    rule = RULES[entry.kind]
    options = _options(draft, entry, mapping)
    problem = _misfit(entry, kind, options)
    if problem:
        draft.refusals.append(Refusal(loc=loc, message=problem))
        return
    value = _value(entry.name, kind, options)
    draft.values[entry.name] = value
    draft.add("trimmed", f"{entry.name}.trimmed", rule.trim(value))
    draft.add("clean", f"{entry.name}.clean", rule.clean(value))
    draft.add("valid", f"{entry.name}.valid", rule.valid(value))


def _value(name: str, kind: ColumnType, options: Mapping[str, str] | None = None) -> Value:
    given, trimmed, clean, valid = (
        column(step, name) for step in ("given", "trimmed", "clean", "valid")
    )
    return Value(
        kind=kind, given=given, trimmed=trimmed, clean=clean, valid=valid, options=options or {}
    )


def _options(draft: _Draft, entry: Field, mapping: ConversionMapping) -> Mapping[str, str]:
    if entry.name == "event_id":
        return {"pixel": column("trimmed", "pixel_id")}
    if entry.name == "conversion_time":
        time = mapping.fields.conversion_time
        zone = {"timezone": literal(time.timezone)} if time.timezone else {}
        return zone | ({"unit": time.unit} if time.unit else {})
    if entry.name == "phone":
        phone = mapping.identifiers.phone
        region = phone.region if phone else None
        if region is None:
            return {"region": "cast(null as varchar)"}
        _read(draft, "phone_region", "identifiers.phone.region", region)
        return {"region": f"cast({column('given', 'phone_region')} as varchar)"}
    return {}


def _misfit(entry: Field, kind: ColumnType, options: Mapping[str, str]) -> str | None:
    """Why a column of this type cannot be this field."""
    rule = RULES[entry.kind]
    if kind.family not in rule.families:
        return f"{entry.name} is {kind.name} in the warehouse; {rule.advice}"
    if entry.kind != "time":
        return None
    if kind.family in ("integer", "decimal", "float") and "unit" not in options:
        return f"{entry.name} is a number ({kind.name}); say `unit: s` or `unit: ms`"
    if kind.family == "timestamp" and "timezone" not in options:
        return f"{entry.name} is a TIMESTAMP without a zone; say `timezone: Area/City`"
    if kind.family not in ("integer", "decimal", "float") and "unit" in options:
        return f"{entry.name} is {kind.name}, not a number; remove `unit`"
    return None


def _add_contents(draft: _Draft, mapping: ConversionMapping) -> None:
    given = mapping.contents
    if given is None:
        return
    kind = _read(draft, "contents", "contents.from", given.items)
    if kind is None:
        return
    if kind.family not in ("list", "text") or (kind.family == "list" and not kind.members):
        message = f"contents is {kind.name} in the warehouse; it is a LIST of STRUCT, or JSON"
        draft.refusals.append(Refusal(loc="contents.from", message=message))
        return
    made = [
        _member(entry, expression, kind)
        for entry in CONTENTS
        if (expression := getattr(given.fields, entry.name)) is not None
    ]
    found = [member for member in made if isinstance(member, contents.Member)]
    draft.refusals.extend(refusal for refusal in made if isinstance(refusal, Refusal))
    at = column("given", "contents")
    if kind.family == "text":
        draft.add("trimmed", "contents.trimmed", RULES["text"].trim(_value("contents", kind)))
        at = column("trimmed", "contents")
    items = draft.add("clean", "contents.clean", contents.parsed(at, kind))
    texts = draft.add("valid", "contents.texts", contents.texts(items, found))
    draft.add("judged", "contents.broken", contents.is_broken(at, items, texts, kind))
    draft.values["contents"] = replace(_value("contents", kind), valid=texts)


def _member(entry: Field, expression: Expression, kind: ColumnType) -> contents.Member | Refusal:
    loc = f"contents.fields.{entry.name}"
    if expression.kind == "value":
        return contents.constant(entry, expression.text)
    try:
        made = contents.member(entry, expression.text, kind)
    except KeyError:
        known = ", ".join(kind.members or ())
        return Refusal(
            loc=loc, message=f"an item has no member {expression.text!r}; it has {known}"
        )
    misfit = _misfit(entry, made.kind, {})
    return Refusal(loc=loc, message=misfit) if misfit else made


def _consent(draft: _Draft, mapping: ConversionMapping) -> str:
    if mapping.consent is None:
        return "false"
    kind = _read(draft, "consent", "consent", mapping.consent.expression)
    if kind is None:
        return "false"
    granted = ", ".join(literal(text) for text in mapping.consent.granted)
    return f"not coalesce(cast({column('given', 'consent')} as varchar) in ({granted}), false)"


def _cursor(draft: _Draft, mapping: ConversionMapping) -> str:
    """The cursor as a whole number, see `connector.conversions.cursor`."""
    if mapping.source.cursor is None:
        return "cast(null as bigint)"
    name = identifier(mapping.source.cursor)
    try:
        family = draft.dialect.type_of(name).family
    except ValueError as error:
        draft.refusals.append(Refusal(loc="source.cursor", message=str(error)))
        return "cast(null as bigint)"
    if family not in CURSORS:
        message = f"the cursor {mapping.source.cursor} must be a time, a date or a whole number"
        draft.refusals.append(Refusal(loc="source.cursor", message=message))
        return "cast(null as bigint)"
    return CURSORS[family][1].format(name)


def _reasons(draft: _Draft, mapping: ConversionMapping) -> str:
    values = draft.values
    failed = any_of(*(f"{tried} is null" for tried in draft.tried))
    reasons = [f"case when {failed} then 'expression_failed' end"]
    reasons.extend(
        _reason(draft, entry)
        for entry in (*DESTINATION, *FIELDS)
        if entry.name in values and entry.kind != "text"
    )
    if "contents" in values:
        reasons.append(f"case when {_broken(draft)} then 'invalid_contents' end")
    sufficient = [
        "("
        + " and ".join(f"{body.identifier_value(values, name)} is not null" for name in names)
        + ")"
        for names in (body.SUFFICIENT[way] for way in mapping.identifiers.sufficient)
        if all(body.is_mapped(values, name) for name in names)
    ]
    reasons.append(f"case when not {any_of(*sufficient)} then 'missing_identifier' end")
    return spaced(*reasons)


def _broken(draft: _Draft) -> str:
    return draft.layers["judged"]["contents.broken"]


def _reason(draft: _Draft, entry: Field) -> str:
    """The reason of a field; none of its own when its expression failed."""
    reason = RULES[entry.kind].reason(draft.values[entry.name])
    conditions = []
    tried = identifier(f"{entry.name}.tried")
    if tried in draft.tried:
        conditions.append(f"{tried} is not null")
    if entry.kind == "currency":
        conditions.append(f"{draft.values['value'].trimmed} is not null")
    if not conditions:
        return reason
    return f"case when {' and '.join(conditions)} then {reason} end"


def _dropped(draft: _Draft) -> str:
    reasons = []
    for entry in IDENTIFIERS:
        if entry.name not in draft.values or entry.kind == "text":
            continue
        reason = RULES[entry.kind].reason(draft.values[entry.name])
        hashed = draft.values.get(entry.key)
        if hashed is not None and entry.name != entry.key:
            reason = f"case when {hashed.valid} is null then {reason} end"
        reasons.append(reason)
    return spaced(*reasons)


def _warnings(draft: _Draft) -> str:
    time = draft.values["conversion_time"]
    found = [f"case when {is_date_alone(time)} then 'date_alone' end"]
    zone = time.options.get("timezone")
    if zone and time.kind.family in ("text", "timestamp"):
        local = local_time(time)
        instant = f"timezone({zone}, {local})"
        earlier = f"timezone({zone}, {instant} - interval 1 hour)"
        found.append(f"case when {earlier} = {local} then 'ambiguous_conversion_time' end")
        moved = f"timezone({zone}, {instant}) <> {local}"
        found.append(f"case when {moved} then 'skipped_conversion_time' end")
    for name in ("description", "event_source_url"):
        if name in draft.values:
            holds = matches(draft.values[name].valid, EMAIL_INSIDE)
            found.append(f"case when {holds} then 'personal_{name}' end")
    if "contents" in draft.values:
        names = f"array_to_string({draft.values['contents'].valid}, ' ')"
        holds = matches(names, f'"content_name":"[^"]*{EMAIL_INSIDE}')
        found.append(f"case when {holds} then 'personal_content_name' end")
    return spaced(*found)


def _already_hashed(draft: _Draft) -> str:
    found = []
    for name in ("email", "phone"):
        value = draft.values.get(name)
        if value is not None:
            used = f"{is_hashed(value)} and {value.valid} is not null"
            found.append(f"case when {used} then '{name}' end")
    return spaced(*found)


def _statement(draft: _Draft) -> str:
    layers, before = [], "source"
    for name in LAYERS:
        columns = [f"{sql} as {identifier(alias)}" for alias, sql in draft.layers[name].items()]
        kept = [] if name == "read" else ["*"]
        listed = ",\n    ".join([*kept, *columns])
        layers.append(
            f"{name}_row as not materialized (\n  select\n    {listed}\n  from {before}\n)"
        )
        before = f"{name}_row"
    listed = ",\n  ".join(f"{sql} as {alias}" for alias, sql in body.row(draft.values).items())
    return "with " + ", ".join(layers) + f"\nselect\n  {listed}\nfrom {before}\n"
