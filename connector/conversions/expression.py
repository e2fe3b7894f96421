"""What a mapping's `sql:` may be: one expression over the row, and nothing else.

DuckDB parses the text alone, so that no quote or comment can close the statement it is put into.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from connector.source.selection import suggestion

MAX_LENGTH = 10_000
MAX_PADDING = 1_000

_CLASSES = {
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT",
    "FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR", "TYPE",
}  # fmt: skip
_REFUSED_CLASSES = {
    "STAR": "a star",
    "SUBQUERY": "a subquery",
    "WINDOW": "a window function",
    "PARAMETER": "a parameter",
    "POSITIONAL_REFERENCE": "a column by its position",
}
_ALONE = {
    "from_table": "FROM", "where_clause": "WHERE", "group_expressions": "GROUP BY",
    "having": "HAVING", "qualify": "QUALIFY", "sample": "SAMPLE",
    "modifiers": "ORDER BY, LIMIT or DISTINCT",
}  # fmt: skip
_UNSTABLE = (
    "an expression gives the same value for the same row each time, from this row alone;"
    " put it into the query"
)
_AMOUNT = "it can make any amount of data out of a little; put it into the query"
_REFUSED = {
    # DuckDB calls these stable, but they look at the clock.
    **dict.fromkeys(("age", "current_localtime", "current_localtimestamp"), _UNSTABLE),
    **dict.fromkeys(
        ("repeat", "range", "generate_series", "list_resize", "array_resize", "bar", "bitstring",
         "to_base", "equi_width_bins", "reduce", "list_reduce", "array_reduce"), _AMOUNT),
}  # fmt: skip
_PADDING = {"lpad", "rpad"}
_FORMATS = {"format", "printf"}
_WIDE = re.compile(r"\d{4}|\*|\{[^}]*\{")
_INTERNAL = ("connector_", "__")
# Written without brackets they look like columns.
_CLOCK_AND_SESSION = {
    "current_catalog", "current_database", "current_date", "current_role", "current_schema",
    "current_time", "current_timestamp", "current_user", "localtime", "localtimestamp",
    "session_user", "user",
}  # fmt: skip
_WORDS_FOR_NOW = {"now", "today", "tomorrow", "yesterday"}


class ExpressionError(ValueError):
    """The expression is not one that a mapping may hold; its text says why."""


@dataclass(frozen=True, kw_only=True)
class Functions:
    """DuckDB's functions by lower-case name.

    `stable` are those that give the same answer for the same row, each with the definitions that it
    has as a macro; `known` are all.
    """

    stable: Mapping[str, tuple[str, ...]]
    known: frozenset[str]


def functions(connection: duckdb.DuckDBPyConnection) -> Functions:
    """What this DuckDB offers."""
    rows = connection.execute(
        "select lower(function_name), coalesce(list(macro_definition) filter ("
        "   macro_definition is not null and database_name = 'system'), []),"
        " bool_or(function_type = 'scalar' or (function_type = 'macro' and"
        "   database_name = 'system')),"
        " bool_and(function_type <> 'scalar' or stability = 'CONSISTENT')"
        " from duckdb_functions() group by 1"
    ).fetchall()
    return Functions(
        stable={name: tuple(macros) for name, macros, usable, stable in rows if usable and stable},
        known=frozenset(name for name, *_ in rows),
    )


def check(
    sql: str,
    *,
    connection: duckdb.DuckDBPyConnection,
    functions: Functions,
    columns: Collection[str],
) -> None:
    """Refuse what is more than one expression over the row, or changes from call to call.

    Raises:
        ExpressionError: with what is not allowed, or DuckDB's word on where it does not parse.
    """
    if len(sql) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters; put it into the query")
    node = _parsed(sql, connection)
    _refuse_clauses(node)
    (item,) = node["select_list"]
    if item["alias"]:
        raise ExpressionError("an expression has no alias; remove `as ...`")
    _refuse_parts(item, {name.casefold() for name in columns})
    for call in _called(item):
        _refuse_function(call, functions)
        name = call["function_name"].lower()
        if not _keeps_to_the_row(name, connection, functions, frozenset()):
            raise ExpressionError(f"the function {name} is not allowed: {_UNSTABLE}")


def _keeps_to_the_row(
    name: str, connection: duckdb.DuckDBPyConnection, functions: Functions, above: frozenset[str]
) -> bool:
    """Whether a macro, in all its forms, is made of what an expression may hold."""
    try:
        for definition in functions.stable[name]:
            body = _parsed(definition, connection)
            _refuse_parts(body, ())
            for call in _called(body):
                _refuse_function(call, functions)
                inner = call["function_name"].lower()
                # A form may call another one of its own name, which is looked at here anyway.
                if inner not in above | {name} and not _keeps_to_the_row(
                    inner, connection, functions, above | {name}
                ):
                    return False
    except ExpressionError:
        return False
    return True


def _parsed(sql: str, connection: duckdb.DuckDBPyConnection) -> Any:  # noqa: ANN401 - JSON
    query = "select json_serialize_sql('select ' || $sql)"
    try:
        (answer,) = connection.execute(query, {"sql": f"\n{sql}\n"}).fetchall()[0]
        tree = json.loads(answer)
    except (duckdb.Error, RecursionError):
        raise ExpressionError("too deep to be read; put it into the query") from None
    if tree["error"]:
        raise ExpressionError(f"not an SQL expression: {tree['error_message'].splitlines()[0]}")
    if len(tree["statements"]) != 1:
        raise ExpressionError("one expression is wanted here, not several statements")
    node = tree["statements"][0]["node"]
    if node["type"] != "SELECT_NODE" or len(node.get("select_list", ())) != 1:
        raise ExpressionError("one expression is wanted here; write one value without commas")
    return node


def _refuse_clauses(node: Mapping[str, Any]) -> None:
    present = [word for key, word in _ALONE.items() if node.get(key)]
    if node["from_table"]["type"] == "EMPTY":
        present.remove("FROM")
    if node["cte_map"]["map"]:
        present.append("WITH")
    if node["aggregate_handling"] != "STANDARD_HANDLING":
        present.append("GROUP BY")
    if present:
        raise ExpressionError(f"an expression has no {present[0]}; put it into the query")


def _parts(tree: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - JSON
    """Every object within a tree."""
    waiting = [tree]
    while waiting:
        branch = waiting.pop()
        if isinstance(branch, dict):
            yield branch
            waiting.extend(branch.values())
        elif isinstance(branch, list):
            waiting.extend(branch)


def _called(tree: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - JSON
    return (part for part in _parts(tree) if part.get("class") == "FUNCTION")


def _refuse_parts(tree: Any, columns: Collection[str]) -> None:  # noqa: ANN401 - JSON
    for part in _parts(tree):
        kind = part.get("class", "CONSTANT")
        if kind not in _CLASSES:
            what = _REFUSED_CLASSES.get(kind, kind)
            raise ExpressionError(f"{what} is not allowed in an expression")
        if kind == "COLUMN_REF":
            _refuse_name([name.casefold() for name in part["column_names"]], columns)
        if _text_of(part).strip().lower() in _WORDS_FOR_NOW:
            raise ExpressionError(f"the text {_text_of(part)!r} may be read as a time: {_UNSTABLE}")


def _refuse_name(names: list[str], columns: Collection[str]) -> None:
    if names[0] in columns:
        return
    if names[0] in _CLOCK_AND_SESSION:
        raise ExpressionError(f"{names[0]} is not allowed: {_UNSTABLE}")
    if names == ["source"]:
        raise ExpressionError("a whole row is not allowed in an expression; name its columns")


def _text_of(part: Mapping[str, Any]) -> str:
    """The text of a string constant, nothing for all else."""
    literal = part.get("literal", {})
    return str(literal["text"]) if literal.get("kind") == "STRING" else ""


def _refuse_function(call: Mapping[str, Any], functions: Functions) -> None:
    name = call["function_name"].lower()
    if name not in functions.known:
        near = suggestion(name, functions.known)
        raise ExpressionError(f"there is no function {name!r}{near}")
    given = [argument["expression"] for argument in call["arguments"]]
    refused = _REFUSED.get(name) or _too_much(name, given)
    if name not in functions.stable or name.startswith(_INTERNAL):
        refused = _UNSTABLE
    if refused:
        raise ExpressionError(f"the function {name} is not allowed: {refused}")


def _too_much(name: str, given: Sequence[Mapping[str, Any]]) -> str | None:
    """Why a text may become wider than anyone means, unless its width is a small constant."""
    if name in _PADDING:
        width = given[1].get("literal", {}) if len(given) > 1 else {}
        small = width.get("kind") == "INTEGER" and int(width["text"]) <= MAX_PADDING
        return None if small else f"its width has to be a number up to {MAX_PADDING}"
    if name in _FORMATS:
        form = _text_of(given[0]) if given else ""
        plain = form and not _WIDE.search(form)
        return None if plain else "its format has to be a constant text without a width above 999"
    return None
