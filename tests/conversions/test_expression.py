from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest
from rows import mapped, misfits, sql, with_fields

from connector.conversions.expression import MAX_LENGTH, ExpressionError, check, functions
from connector.conversions.mapper import sealed

Check = Callable[..., None]

NOT_THIS_ROW = "from this row alone; put it into the query"
TOO_MUCH = "any amount of data out of a little; put it into the query"


@pytest.fixture(scope="module")
def checked() -> Iterator[Check]:
    """Checks an expression over the given columns."""
    with sealed() as connection:
        known = functions(connection)

        def run(sql: str, *columns: str) -> None:
            check(sql, connection=connection, functions=known, columns=columns)

        yield run


def told(checked: Check, sql: str, *columns: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        checked(sql, *columns)
    return str(caught.value)


@pytest.mark.parametrize(
    "sql",
    [
        "email", "lower(email)", "Lower(email)", "email.lower().trim()", "amount_cents / 100",
        "1 --", "1 -- comment\n", "/* comment */ 1", "'it''s -- no comment'", "$$dollar$$",
        "case when n > 1 then 'a' end", "n between 1 and 2", "n in (1, 2)", "n is null",
        "not (n = 1)", "coalesce(a, b)", "nullif(a, b)", "if(a, b, c)", "try(cast(a as integer))",
        "try_cast(a as decimal(9, 2))", "a::varchar", "a collate nocase", "items[1].sku",
        "list_transform(items, lambda i: i.sku)", "[i.sku for i in items if i.qty > 1]",
        "list_sum(prices)", "{'a': 1}.a", "map {'a': 1}['a']", "interval 1 day",
        "date '2026-01-01'", "a ->> 'b'",
        "a at time zone 'UTC'", "extract(year from a)", "a similar to 'x.*'", "a ~ 'x'", "-n", "@n",
        "strftime(a, '%Y')", "date_diff('day', a, b)", "format('{:05d}', n)", "printf('%.2f', n)",
        "lpad(a, 8, '0')", "rpad(a, 1000, ' ')", "split_part(a, ',', 1)", "md5(a)",
        "regexp_replace(a, 'x', 'y')",
    ],
)  # fmt: skip
def test_an_expression_over_one_row_is_taken(checked: Check, sql: str) -> None:
    checked(sql)


HOSTILE = {
    "1) from source --": 'not an SQL expression: syntax error at or near ")"',
    "1}) , TRY({'v': (2": 'not an SQL expression: syntax error at or near "}"',
    "1 /*": "not an SQL expression: unterminated /* comment",
    "1 */": "not an SQL expression: syntax error",
    "'unterminated": "not an SQL expression: unterminated",
    "1\x002": "an expression has no alias",
    "": "not an SQL expression",
    " -- nothing": "not an SQL expression",
    "1; select 2": "one expression is wanted here, not several statements",
    "1; drop table x": "not an SQL expression",
    "1, 2": "one expression is wanted here; write one value without commas",
    "1 union select 2": "one expression is wanted here",
    "1 as x": "an expression has no alias",
    "x: 1": "an expression has no alias",
    "email from source": "an expression has no FROM; put it into the query",
    "email where true": "an expression has no WHERE",
    "email group by all": "an expression has no GROUP BY",
    "email qualify true": "an expression has no QUALIFY",
    "email using sample 1": "an expression has no SAMPLE",
    "email order by 1": "an expression has no ORDER BY, LIMIT or DISTINCT",
    "email limit 1": "an expression has no ORDER BY, LIMIT or DISTINCT",
    "distinct email": "an expression has no ORDER BY, LIMIT or DISTINCT",
    "*": "a star is not allowed",
    "source.*": "a star is not allowed",
    "COLUMNS(*)": "a star is not allowed",
    "COLUMNS('e.*')": "a star is not allowed",
    "concat(*COLUMNS(*))": "a star is not allowed",
    "(select 1)": "a subquery is not allowed",
    "exists(from source)": "a subquery is not allowed",
    "1 in (select 1)": "a subquery is not allowed",
    "(values (1))": "a subquery is not allowed",
    "row_number() over ()": "a window function is not allowed",
    "max(n) over (partition by n)": "a window function is not allowed",
    "$1": "a parameter is not allowed",
    "?": "a parameter is not allowed",
    "$earliest_ms": "a parameter is not allowed",
    "source": "a whole row is not allowed",
    "to_json(source)": "a whole row is not allowed",
    "#1": "a column by its position is not allowed",
    "default": "DEFAULT is not allowed",
    "uper(email)": "there is no function 'uper'; did you mean 'upper'?",
    "lower(uper(email))": "there is no function 'uper'",
    "rpad(email, 1000000000, 'x')": "its width has to be a number up to 1000",
    "rpad(email, n, 'x')": "its width has to be a number up to 1000",
    "lpad(email, 999 + 999, 'x')": "its width has to be a number up to 1000",
    "lpad(email)": "its width has to be a number up to 1000",
    "format('{:>1000000000}', email)": "its format has to be a constant text",
    "format('{:{}}', email, 1000000000)": "its format has to be a constant text",
    "format(email, 1)": "its format has to be a constant text",
    "format()": "its format has to be a constant text",
    "printf('%1000000000d', n)": "its format has to be a constant text",
    "printf('%*d', 1000000000, n)": "its format has to be a constant text",
}


@pytest.mark.parametrize("sql", HOSTILE)
def test_what_is_more_than_one_expression_over_the_row_is_refused(checked: Check, sql: str) -> None:
    assert HOSTILE[sql] in told(checked, sql)


@pytest.mark.parametrize(
    "call",
    [
        "uuid()", "gen_random_uuid()", "random()", "RANDOM()", '"RaNdOm"()', "now()", "Now()",
        "today()", "get_current_timestamp()", "current_localtimestamp()", "age(a)", "age(a, b)",
        "ago(interval 1 day)", "main.uuid()", "system.main.random()", "pg_catalog.pg_sleep(1)",
        "n.random()", "current_setting('TimeZone')", "getvariable('x')", "txid_current()",
        "current_query()", "nextval('s')", "in_search_path('a', 'b')", "write_log('x')", "stats(n)",
        "error('x')", "assert_true(a)", "read_text('/etc/passwd')", "read_csv('/etc/passwd')",
        "glob('*')", "query('select 1')", "sum(n)", "count(*)", "any_value(n)", "string_agg(n)",
        "sum(n) filter (n > 1)", "json_group_array(n)", "unnest([1, 2])",
        "regexp_split_to_table(a, ',')", "generate_subscripts([1], 1)", "connector_lower(email)",
        "connector_trimmed(email)", "connector_digest(email)",
        "memory.main.connector_trimmed(email)", "CONNECTOR_LOWER(email)",
        "__internal_decompress_string(n)", "strftime(now(), '%Y')",
        "list_transform([1], lambda x: random())", "case when random() > 0.5 then 1 end",
        "concat(a, uuid())", "pg_conf_load_time()",
    ],
)  # fmt: skip
def test_what_changes_or_looks_beyond_the_row_is_refused(checked: Check, call: str) -> None:
    said = told(checked, call)
    assert said.startswith("the function ")
    assert said.endswith(NOT_THIS_ROW)


@pytest.mark.parametrize(
    "call",
    [
        "repeat('x', 1000000000)", "repeat([1], 1000000000)", "email.repeat(1000000000)",
        "range(1000000000)", "generate_series(1, 1000000000)", "list_resize([1], 1000000000)",
        "array_resize([1], 1000000000)", "bar(1, 0, 1, 1000000000)", "bitstring('1', 1000000000)",
        "to_base(1, 2, 1000000000)", "equi_width_bins(0, 1, 1000000000, false)",
        "list_reduce(l, lambda a, b: a || a)", "array_reduce(l, lambda a, b: a || a)",
        "reduce(l, lambda a, b: a || a)",
    ],
)  # fmt: skip
def test_what_makes_more_than_it_is_given_is_refused(checked: Check, call: str) -> None:
    said = told(checked, call)
    assert said.startswith("the function ")
    assert said.endswith(TOO_MUCH)


@pytest.mark.parametrize(
    "word",
    [
        "current_date", "CURRENT_TIMESTAMP", '"current_time"', "localtime", "localtimestamp",
        "current_user", "user", "session_user", "current_role", "current_catalog", "current_schema",
    ],
)  # fmt: skip
def test_a_word_for_the_clock_or_the_session_is_refused_unless_it_is_a_column(
    checked: Check, word: str
) -> None:
    assert told(checked, f"coalesce({word}, a)").endswith(NOT_THIS_ROW)
    checked(word, word.strip('"').lower())


def test_a_column_does_not_excuse_the_clock_within_a_macro(checked: Check) -> None:
    assert "ago is not allowed" in told(checked, "ago(a)", "current_timestamp")


@pytest.mark.parametrize(
    "sql", ["'now'::timestamp", "date 'Today '", "a > 'tomorrow'", "cast('yesterday' as date)"]
)
def test_a_text_that_duckdb_takes_for_the_current_time_is_refused(checked: Check, sql: str) -> None:
    assert "may be read as a time" in told(checked, sql)


@pytest.mark.parametrize(
    "sql",
    ["(" * 1500 + "1" + ")" * 1500, "+".join("n" * 4000), "-" * 2 + "\n" + "not " * 2000 + "a"],
)
def test_what_is_too_deep_is_refused(checked: Check, sql: str) -> None:
    assert "depth" in told(checked, sql) or "too deep" in told(checked, sql)


def test_what_is_too_long_is_refused_before_it_is_parsed(checked: Check) -> None:
    assert "longer than" in told(checked, "(" * (MAX_LENGTH + 1))


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("uuid()", "the function uuid is not allowed"),
        (
            "emial",
            'Referenced column "emial" not found in FROM clause! Candidate bindings: "email"',
        ),
        ("rowid", 'Referenced column "rowid" not found'),
        ("all email", 'Parser Error: syntax error at or near "all"'),
        ("list_transform([1], x -> x)", "Deprecated lambda arrow"),
        ("upper(paid_at, 1)", "No function matches the given name"),
        ('"email.given"', 'Referenced column "email.given" not found'),
        ("email::nonsense", "Type with name nonsense does not exist!"),
        (
            "list_value(email)",
            "description is VARCHAR[] in the warehouse; cast it to VARCHAR in the query",
        ),
        ("email -> 'a'", "description is JSON in the warehouse; take its text with ->>"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(expression: str, message: str) -> None:
    (problem,) = misfits({}, fields=with_fields(description=sql(expression)))
    assert problem.startswith("8:22 ")
    assert message in problem
    assert "\n" not in problem


def test_an_expression_sees_the_columns_of_its_row() -> None:
    columns = {"first name": ["Ada", "Bo"], 'qu"ote': pa.array([1, 2])}
    made = with_fields(description=sql('"first name" || source."qu""ote" -- done'))
    rows = mapped(columns, fields=made)
    assert [row["conversion"]["description"] for row in rows] == ["Ada1", "Bo2"]
