from collections.abc import Callable

import pytest

from connector.project import Config, Mapping
from connector.project.words import known_keys, meant, shown

Tell = Callable[..., list[str]]

AT_THE_TOP = [
    "name",
    "enabled",
    "tags",
    "source",
    "destination",
    "identifiers",
    "fields",
    "contents",
    "consent",
    "limits",
    "in_doubt",
    "tests",
]


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ((), AT_THE_TOP),
        (("source",), ["query", "table", "file", "cursor", "lookback"]),
        (("fields", "value"), ["column", "sql", "value"]),
        (("fields", "conversion_time"), ["column", "sql", "value", "timezone", "unit"]),
        (("identifiers", "phone", "region"), ["column", "value"]),
        (("contents",), ["from", "fields"]),
        (("consent",), ["column", "sql", "granted"]),
        (("tests", "3", "expect"), ["conversion", "rejected", "suppressed"]),
        (("tests", "0", "given", "anything"), []),
        (("nowhere", "at", "all"), []),
    ],
)
def test_the_keys_that_a_mapping_knows_at_a_place(path: tuple[str, ...], keys: list[str]) -> None:
    assert known_keys(Mapping, path) == keys


def test_the_keys_of_a_connection_are_known_under_any_name() -> None:
    assert known_keys(Config, ("connections", "any", "auth", "oauth1")) == [
        "consumer_key",
        "consumer_secret",
        "token",
        "token_secret",
    ]


@pytest.mark.parametrize(
    ("key", "near"),
    [("colum", "column"), ("Column", "column"), ("sqll", "sql"), ("zzz", None), ("sql:x", None)],
)
def test_a_misspelt_key_is_like_a_known_one(key: str, near: str | None) -> None:
    assert meant(Mapping, ("fields", "value", key)) == near


def test_an_unknown_key_is_told_with_the_nearest_and_all_known_ones(faults_of: Tell) -> None:
    fields = "fields: {conversion_time: t, conversion_id: {colum: x}}"
    assert faults_of(fields=fields) == [
        (
            "5:46 unknown key 'colum' in fields.conversion_id; did you mean 'column'?"
            " known here: column, sql, value"
        )
    ]


def test_an_unknown_key_that_is_like_none_is_told_with_all_known_ones(faults_of: Tell) -> None:
    assert faults_of(source="source: {table: t, zzz: 1}") == [
        "2:20 unknown key 'zzz' in source; known here: query, table, file, cursor, lookback"
    ]


@pytest.mark.parametrize("written", ["{table:orders}", '{"table:orders": 1}'])
def test_a_blank_missing_after_a_colon_is_what_is_told(written: str, faults_of: Tell) -> None:
    told = faults_of(source=f"source: {written}")
    assert told[-1] == "2:10 a blank is missing after the colon of 'table' in source"


def test_what_stands_behind_the_colon_of_an_unknown_key_is_not_repeated(faults_of: Tell) -> None:
    told = faults_of(source="source: {table: t, zzz:s3cret}")
    assert told == [
        "2:20 unknown key 'zzz:…' in source; known here: query, table, file, cursor, lookback"
    ]


def test_a_path_is_shown_with_dots_and_shortened() -> None:
    assert shown(("fields", "value", "column")) == "fields.value.column"
    assert shown(("a" * 40,)) == "a" * 40
    assert shown(("a" * 41,)) == "a" * 39 + "…"
    assert shown(("connections", "x", "auth", "pixel_tokens", "s3cret")) == (
        "connections.x.auth.pixel_tokens"
    )
    assert shown(("url:pg://u:s3cret@h",)) == "url:…"


@pytest.mark.parametrize(
    "section",
    [
        {"fields": "fields: [a]"},
        {"fields": "fields: {conversion_time: [a], conversion_id: {column: {a: b}}}"},
        {"identifiers": "identifiers: {email: {sql: [a]}, sufficient: {a: b}}"},
        {"contents": "contents: {from: {}, fields: x}"},
        {"tests": "tests: [{name: {}, given: [], expect: 7}]"},
        {"limits": "limits: {max_age: {}, max_rejected: [], anomaly: true}"},
        {"source": "source: {query: {}, file: [], cursor: {}, lookback: true}"},
    ],
)
def test_no_word_of_the_library_underneath_is_told(
    section: dict[str, str], faults_of: Tell
) -> None:
    told = " ".join(faults_of(**section)).lower()
    assert told
    for word in ("input", "valid", "instance", "pydantic", "union", "dict", "type=", "error"):
        assert word not in told
