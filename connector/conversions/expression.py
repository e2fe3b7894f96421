"""What a mapping's `sql:` may be: one expression over the row, and nothing else.

DuckDB parses the text alone, so that no quote or comment can close the statement it is put into.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

_REFUSED_CLASSES = {
    "STAR": "a star",
    "SUBQUERY": "a subquery",
    "WINDOW": "a window function",
    "PARAMETER": "a parameter",
    "DEFAULT": "DEFAULT",
}
_ALONE = {
    "from_table": "FROM", "where_clause": "WHERE", "group_expressions": "GROUP BY",
    "having": "HAVING", "qualify": "QUALIFY", "sample": "a sample",
    "modifiers": "ORDER BY, LIMIT or DISTINCT",
}  # fmt: skip


class ExpressionError(ValueError):
    """The expression is not one that a mapping may hold; its text says why."""


def stable_functions(connection: duckdb.DuckDBPyConnection) -> Mapping[str, str | None]:
    """The functions that give the same answer for the same row, with a macro's definition."""
    rows = connection.execute(
        "select function_name, max(macro_definition) from duckdb_functions()"
        " where (function_type = 'scalar' and stability = 'CONSISTENT')"
        " or (function_type = 'macro' and database_name = 'system')"
        " group by function_name"
        " having count(*) filter (stability <> 'CONSISTENT' and function_type = 'scalar') = 0"
    ).fetchall()
    return dict(rows)


def check(
    sql: str, *, connection: duckdb.DuckDBPyConnection, functions: Mapping[str, str | None]
) -> None:
    """Refuse what is more than one expression over the row, or changes from call to call.

    Raises:
        ExpressionError: with what is not allowed, or DuckDB's word on where it does not parse.
    """
    node = _parsed(sql, connection)
    _refuse_clauses(node)
    (item,) = node["select_list"]
    if item["alias"]:
        raise ExpressionError("an expression has no alias; remove `as ...`")
    for part in _parts(item):
        _check_part(part, connection, functions)


def _parsed(sql: str, connection: duckdb.DuckDBPyConnection) -> Any:  # noqa: ANN401 - JSON
    query = "select json_serialize_sql('select ' || $sql)"
    (answer,) = connection.execute(query, {"sql": f"\n{sql}\n"}).fetchall()[0]
    tree = json.loads(answer)
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
    if present:
        raise ExpressionError(f"an expression has no {present[0]}; put it into the query")


def _parts(tree: Any) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - JSON
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for branch in tree:
            yield from _parts(branch)


def _check_part(
    part: Mapping[str, Any],
    connection: duckdb.DuckDBPyConnection,
    functions: Mapping[str, str | None],
) -> None:
    kind = part.get("class")
    if kind in _REFUSED_CLASSES:
        raise ExpressionError(f"{_REFUSED_CLASSES[kind]} is not allowed in an expression")
    name = part.get("function_name")
    if kind != "FUNCTION" or name is None:
        return
    if name.startswith("connector_") or name not in functions:
        raise ExpressionError(
            f"the function {name} is not allowed: an expression gives the same value for the same"
            " row each time, from single rows; put it into the query"
        )
    definition = functions[name]
    if definition is not None:
        remaining = {key: value for key, value in functions.items() if key != name}
        for inner in _parts(_parsed(definition, connection)):
            _check_part(inner, connection, remaining)
