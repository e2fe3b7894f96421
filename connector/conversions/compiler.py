"""A mapping and the table of fields become one SQL statement over the rows of `source`.

The statement reads from top to bottom like the rules: given, trimmed, clean, valid, shown (as JSON
has it), judged, row.
`connector_earliest_ms()` and `connector_latest_ms()` bound the conversion time, in milliseconds
since 1970 (UTC).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from connector.conversions import body, contents, judging
from connector.conversions.cursor import Kind
from connector.conversions.draft import Dialect, Draft, NotCompiledError, given_up, statement, tried
from connector.conversions.fields import CONTENTS, DESTINATION, FIELDS, IDENTIFIERS, Field
from connector.conversions.rules import (
    PLAIN,
    RULES,
    STEPS,
    Value,
    after,
    column,
    microseconds,
    misfit,
    sql_of,
)
from connector.conversions.sql import NOTHING, NULL_TEXT, ColumnType, literal, matches
from connector.project.expressions import ConversionTime, Expression, Phone
from connector.project.mapping import Mapping as ConversionMapping
from connector.project.mapping import Source

# The kind of a cursor by the family of its column; text is a time in ISO 8601.
CURSORS: Mapping[str, Kind] = {
    "timestamptz": "time",
    "timestamp": "time",
    "text": "time",
    "date": "date",
    "integer": "integer",
}
_NO_CURSOR = "cast(null as bigint)"
_STARTS_AS_TIME = r"^\d{4}-\d{2}-\d{2}"


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """The SQL statement of a mapping.

    `given_up` is the same for rows on which an expression fails in a way that `TRY` lets through;
    None for a mapping without expressions.
    """

    statement: str
    given_up: str | None


def compile_mapping(mapping: ConversionMapping, dialect: Dialect) -> Compiled:
    """Compile a mapping.

    Raises:
        NotCompiledError: with everything that does not fit.
    """
    draft = Draft(dialect=dialect)
    for entry, loc, expression in _mapped(mapping):
        _add_field(draft, entry, loc, expression, _options(draft, entry, mapping))
    _add_contents(draft, mapping)
    consent = _consent(draft, mapping)
    draft.add("read", "cursor", _cursor(draft, mapping.source))
    if draft.refusals:
        raise NotCompiledError(draft.refusals)
    shown = body.shown(draft.values)
    for name, sql in shown.items():
        draft.add("shown", name, sql)
    judged = {
        "suppressed": consent,
        "reasons": judging.reasons(draft, mapping),
        "dropped": judging.dropped(draft),
        "warnings": judging.warnings(draft),
        "hashed": judging.hashed(draft),
        "body": body.conversion(draft.values),
    }
    for name, sql in judged.items():
        draft.add("judged", name, sql)
    row = body.row(draft.values)
    return Compiled(
        statement=statement(draft, row),
        given_up=statement(given_up(draft), row) if draft.tried else None,
    )


def _mapped(mapping: ConversionMapping) -> Iterable[tuple[Field, str, Expression]]:
    sections = (
        ("destination", DESTINATION, mapping.destination),
        ("fields", FIELDS, mapping.fields),
        ("identifiers", IDENTIFIERS, mapping.identifiers),
    )
    for section, entries, given in sections:
        for entry in entries:
            written = getattr(given, entry.name)
            if written is not None:
                expression = _plain(written)
                yield entry, _place(f"{section}.{entry.name}", expression), expression


def _plain(written: Expression | ConversionTime | Phone) -> Expression:
    return written if isinstance(written, Expression) else written.expression


def _place(loc: str, expression: Expression) -> str:
    """Where the text of an expression stands, whether it is written in braces or bare."""
    return f"{loc}.{expression.kind}"


def _read(draft: Draft, name: str, loc: str, expression: Expression) -> ColumnType | None:
    """Put the warehouse's value into the first layers; None when it is refused."""
    try:
        if expression.kind == "column":
            sql, kind = draft.dialect.column(expression.text)
        elif expression.kind == "value":
            sql, kind = _constant(expression)
        else:
            kind = draft.dialect.expression(expression.text)
            draft.tried[name] = draft.add("read", f"{name}.tried", tried(expression.text))
            draft.add("given", f"{name}.given", f"{draft.tried[name]}.v")
            return kind
    except ValueError as error:
        draft.refuse(loc, str(error))
        return None
    draft.add("read", f"{name}.given", sql)
    return kind


def _constant(expression: Expression) -> tuple[str, ColumnType]:
    """A constant is the text as it is written, but for true and false."""
    if isinstance(expression.resolved, bool):
        return str(expression.resolved).lower(), ColumnType(family="boolean", name="BOOLEAN")
    return literal(expression.text), ColumnType(family="text", name="VARCHAR")


def _add_field(
    draft: Draft, entry: Field, loc: str, expression: Expression, options: Mapping[str, str]
) -> None:
    kind = _read(draft, entry.name, loc, expression)
    if kind is None:
        return
    problem = _misfit(entry, kind, options)
    if problem:
        draft.refuse(loc, problem)
        return
    value = Value(kind=kind, given=column("given", entry.name), options=options)
    for step in STEPS:
        sql = sql_of(RULES[entry.kind], step, value)
        value = after(step, value, draft.add(step, f"{entry.name}.{step}", sql))
    draft.values[entry.name] = value


def _options(draft: Draft, entry: Field, mapping: ConversionMapping) -> Mapping[str, str]:
    if entry.name == "event_id":
        pixel = draft.values.get("pixel_id")
        return {"pixel": pixel.clean if pixel else NULL_TEXT}
    if entry.name == "conversion_time":
        time = mapping.fields.conversion_time
        zone = {"timezone": literal(time.timezone)} if time.timezone else {}
        return zone | ({"unit": time.unit} if time.unit else {})
    phone = mapping.identifiers.phone
    if entry.name != "phone" or phone is None:
        return {}
    if phone.region is None:
        return {"region": NULL_TEXT}
    loc = _place("identifiers.phone.region", phone.region)
    _read(draft, "phone_region", loc, phone.region)
    return {"region": f"cast({column('given', 'phone_region')} as varchar)"}


def _misfit(entry: Field, kind: ColumnType, options: Mapping[str, str]) -> str | None:
    """Why a column of this type cannot be this field."""
    rule, problem = RULES[entry.kind], None
    if kind.family not in rule.families:
        advice = "take its text with ->>" if kind.family == "json" else rule.advice
        problem = f"is {kind.name} in the warehouse; {advice}"
    elif entry.kind == "time":
        problem = misfit(kind, unit=options.get("unit"), timezone=options.get("timezone"))
    return f"{entry.name} {problem}" if problem else None


def _add_contents(draft: Draft, mapping: ConversionMapping) -> None:
    if mapping.contents is None:
        return
    loc = _place("contents.from", mapping.contents.items)
    kind = _read(draft, "contents", loc, mapping.contents.items)
    if kind is None:
        return
    problem = contents.misfit(kind)
    if problem:
        draft.refuse(loc, f"contents {problem}")
        return
    members = []
    for entry in CONTENTS:
        expression = getattr(mapping.contents.fields, entry.name)
        member = _member(draft, entry, expression, kind) if expression else None
        if member is not None:
            members.append(member)
    given = column("given", "contents")
    texts = contents.texts(contents.items(given, kind), members)
    valid = draft.add("valid", "contents.texts", texts)
    draft.values["contents"] = Value(kind=kind, given=given, valid=valid)


def _member(
    draft: Draft, entry: Field, expression: Expression, kind: ColumnType
) -> contents.Member | None:
    loc = _place(f"contents.fields.{entry.name}", expression)
    if expression.kind == "value":
        return contents.constant(entry, expression.text)
    try:
        made = contents.member(entry, expression.text, kind)
    except ValueError as error:
        draft.refuse(loc, str(error))
        return None
    problem = _misfit(entry, made.value.kind, {})
    if problem:
        draft.refuse(loc, problem)
    return made


def _consent(draft: Draft, mapping: ConversionMapping) -> str:
    """True where a row must not be sent."""
    if mapping.consent is None:
        return "false"
    loc = _place("consent", mapping.consent.expression)
    kind = _read(draft, "consent", loc, mapping.consent.expression)
    if kind is not None and kind.family not in PLAIN:
        draft.refuse(loc, f"consent is {kind.name} in the warehouse; make it a BOOLEAN or VARCHAR")
    written = mapping.consent.granted
    # A BOOLEAN shows in lower case, however the mapping writes it.
    words = {w.lower() if isinstance(w.resolved, bool) else str(w) for w in written}
    granted = ", ".join(map(literal, sorted(words)))
    return f"not coalesce(cast({column('given', 'consent')} as varchar) in ({granted}), false)"


def _cursor(draft: Draft, source: Source) -> str:
    """The cursor as a whole number, see `connector.conversions.cursor`."""
    if source.cursor is None:
        return _NO_CURSOR
    try:
        at, kind = draft.dialect.column(source.cursor)
    except ValueError as error:
        draft.refuse("source.cursor", str(error))
        return _NO_CURSOR
    if kind.family not in CURSORS:
        draft.refuse(
            "source.cursor",
            f"the cursor is {kind.name}; it has to be a time, a date or a whole number",
        )
        return _NO_CURSOR
    unfit = _unfit_lookback(source.lookback, kind)
    if unfit:
        draft.refuse("source.lookback", unfit)
    if kind.family == "integer":
        return f"try_cast({at} as bigint)"
    if kind.family != "text":
        return microseconds(at, kind)
    # Words such as `now` are times to DuckDB, too.
    return (
        f"case when {matches(at, _STARTS_AS_TIME)} then epoch_us(try_cast({at} as timestamptz)) end"
    )


def _unfit_lookback(lookback: timedelta | int | None, kind: ColumnType) -> str | None:
    """Why an overlap can't be that of such a cursor."""
    if lookback is None or kind.name == NOTHING:
        return None
    if kind.family == "integer" and not isinstance(lookback, int):
        return f"lookback is a span of time and the cursor {kind.name}; write a whole number"
    if kind.family != "integer" and isinstance(lookback, int):
        return f"lookback is a number and the cursor {kind.name}; write a span such as 2 days"
    return None
