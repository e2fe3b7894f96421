"""Small pieces of DuckDB SQL that the rules are made of, and the types they tell apart."""

import re
from dataclasses import dataclass
from typing import Any

# All of `str.isspace`: RE2's \s and \p{Z} leave out the control characters at the end.
SPACE = r"\s\p{Z}\x{0b}\x{1c}-\x{1f}\x{85}"
INVISIBLE = r"\x{200b}-\x{200d}\x{2060}\x{feff}"
EMAIL_INSIDE = r"[^\s@]+@[^\s@]+\.[^\s@]+"
HEX_64 = "^[0-9a-fA-F]{64}$"

_FAMILIES = {
    "VARCHAR": "text",
    "JSON": "text",
    "CHAR": "text",
    "UUID": "text",
    '"NULL"': "text",
    "BOOLEAN": "boolean",
    "FLOAT": "float",
    "DOUBLE": "float",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
    **dict.fromkeys(
        (sign + size for sign in ("", "U") for size in
         ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")), "integer"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ColumnType:
    """A DuckDB type: its `family` decides which form of a rule applies.

    `members` are the fields of the structs in a list, by lower-case name; `scale` is a decimal's.
    """

    family: str
    name: str
    scale: int = 0
    members: dict[str, "ColumnType"] | None = None


def column_type(kind: Any) -> ColumnType:  # noqa: ANN401 - duckdb.sqltypes.DuckDBPyType has no stub
    """What a DuckDB type is to the rules; `other` for what none of them takes."""
    name = str(kind)
    if name.startswith("DECIMAL"):
        return ColumnType(family="decimal", name=name, scale=int(name[:-1].split(",")[1]))
    if name.endswith("[]"):
        child = dict(kind.children)["child"]
        members = None
        if child.id == "struct":
            members = {key.lower(): column_type(value) for key, value in child.children}
        return ColumnType(family="list", name=name, members=members)
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


def _trimming(blanks: str) -> str:
    # `trim` with a set of characters is right but slow, so a pattern first asks if there is work.
    edge, ends = literal(f"^[{blanks}]|[{blanks}]$"), literal(f"^[{blanks}]+|[{blanks}]+$")
    cut = f"regexp_replace(value, {ends}, '', 'g')"
    return f"nullif(case when regexp_matches(value, {edge}) then {cut} else value end, '')"


def trimmed(value: str) -> str:
    """`value` without blanks at both ends, NULL when nothing is left."""
    return f"connector_trimmed({value})"


def text(value: str, kind: ColumnType) -> str:
    """`value` as VARCHAR."""
    return value if kind.name == "VARCHAR" else f"cast({value} as varchar)"


def json_text(value: str) -> str:
    """`value`, a VARCHAR, as a quoted JSON string."""
    return f"cast(to_json({value}) as varchar)"


def any_of(*conditions: str) -> str:
    """The conditions joined by OR, `false` for none."""
    return "(" + " or ".join(conditions) + ")" if conditions else "false"


def spaced(*values: str) -> str:
    """The values that are not NULL, joined by blanks; NULL when there is none."""
    return f"nullif(concat_ws(' ', {', '.join(values)}), '')" if values else "cast(null as varchar)"


def without_comments(sql: str) -> str:
    """SQL text on one line, for messages."""
    return re.sub(r"\s+", " ", sql).strip()


# Words of the statement that stand for the same SQL each time.
MACROS = {
    "connector_trimmed(value)": _trimming(SPACE),
    "connector_trimmed_address(value)": _trimming(SPACE + INVISIBLE),
}
