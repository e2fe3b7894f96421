"""Small pieces of DuckDB SQL that the rules are made of, and the types they tell apart."""

from dataclasses import dataclass
from typing import Any

# All of `str.isspace`, where RE2's \s and \p{Z} leave out control characters, and what is
# invisible: U+200B to U+200D, U+2060, U+FEFF.
BLANK = r"\s\p{Z}\x{0b}\x{1c}-\x{1f}\x{85}\x{200b}-\x{200d}\x{2060}\x{feff}"
CONTROL = r"\p{Cc}"
NULL_TEXT = "cast(null as varchar)"
NOTHING = '"NULL"'  # DuckDB's type of a column that holds nothing else

_FAMILIES = {
    "VARCHAR": "text",
    "CHAR": "text",
    "UUID": "text",
    NOTHING: "text",
    "JSON": "json",
    "BOOLEAN": "boolean",
    "FLOAT": "float",
    "DOUBLE": "float",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    "TIMESTAMPTZ_NS": "timestamptz",
    **dict.fromkeys(
        (sign + size for sign in ("", "U") for size in
         ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")), "integer"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """A DuckDB type: its `family` decides which form of a rule applies.

    `width` and `scale` are a decimal's; one without a fraction is of the family `integer`.
    `members` are the fields of the structs in a list, by lower-case name.
    """

    family: str
    name: str
    width: int = 0
    scale: int = 0
    members: dict[str, "ColumnType"] | None = None


def column_type(kind: Any) -> ColumnType:  # noqa: ANN401 - duckdb.sqltypes.DuckDBPyType has no stub
    """What a DuckDB type is to the rules; `other` for what none of them takes."""
    name = str(kind)
    if kind.id == "list":
        child = dict(kind.children)["child"]
        members = None
        if child.id == "struct":
            members = {key.lower(): column_type(value) for key, value in child.children}
        return ColumnType(family="list", name=name, members=members)
    if kind.id == "decimal":
        sizes = dict(kind.children)
        width, scale = int(sizes["precision"]), int(sizes["scale"])
        family = "decimal" if scale else "integer"
        return ColumnType(family=family, name=name, width=width, scale=scale)
    return ColumnType(family=_FAMILIES.get(name, "other"), name=name)


def literal(text: str) -> str:
    """A string constant."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A quoted name."""
    return '"' + name.replace('"', '""') + '"'


def matches(value: str, pattern: str) -> str:
    """True where `value` holds the RE2 pattern."""
    return f"regexp_matches({value}, {literal(pattern)})"


def when_held(part: str, pattern: str) -> str:
    """`matches` for a `value` that rarely has a part which the pattern needs: faster."""
    found = matches("value", pattern)
    return f"case when contains(value, {literal(part)}) then {found} else false end"


def _trimming() -> str:
    # `trim` with a set of characters is right but slow, so it is asked first if there is work: of
    # the outermost characters, then, where they are beyond ASCII, by a pattern.
    # Of the first one the order of texts tells, without a text of one character being made.
    plain = "value >= '!' and value < chr(127) and value[-1] between '!' and '~'"
    edge, ends = f"^[{BLANK}]|[{BLANK}]$", literal(f"^[{BLANK}]+|[{BLANK}]+$")
    cut = f"nullif(regexp_replace(value, {ends}, '', 'g'), '')"
    return (
        f"case when {plain} then value when {matches('value', edge)} then {cut}"
        " when value <> '' then value end"
    )


def trimmed(value: str) -> str:
    """`value` without blanks at both ends, NULL when nothing is left."""
    return f"connector_trimmed({value})"


def text(value: str, kind: ColumnType) -> str:
    """`value` as VARCHAR."""
    return value if kind.name == "VARCHAR" else f"cast({value} as varchar)"


def json_text(value: str) -> str:
    """`value`, a VARCHAR, as a quoted JSON string."""
    return f"connector_json({value})"


def holds_address(value: str) -> str:
    """True for a text with an e-mail address in it."""
    return f"connector_holds_address({value})"


def any_of(*conditions: str) -> str:
    """The conditions joined by OR, `false` for none."""
    possible = [condition for condition in conditions if condition != "false"]
    return "(" + " or ".join(possible) + ")" if possible else "false"


def all_of(*conditions: str) -> str:
    """The conditions joined by AND, `true` for none."""
    return "(" + " and ".join(conditions) + ")" if conditions else "true"


def lines(*items: str) -> str:
    """Items of a list, each on a line of its own."""
    return "".join(f"\n      {item}," for item in items)[:-1]


def spaced(*words: str) -> str:
    """The words that are not NULL, joined by blanks; empty when there is none."""
    return f"concat_ws(' ',{lines(*words)})" if words else "''"


# Words of the statement that stand for the same SQL each time.
MACROS = {
    "connector_trimmed(value)": _trimming(),
    "connector_holds_address(value)": when_held("@", r"[^\s@]+@[^\s@]+\.[^\s@]+"),
    "connector_json(value)": "cast(to_json(value) as varchar)",
}
