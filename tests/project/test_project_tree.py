import json
import pickle

import pytest

from connector.project.tree import (
    MAX_NODES,
    Mark,
    Places,
    Scalar,
    Tree,
    at,
    plain,
    read_tree,
    resolve,
)


def tree_of(text: str) -> Tree:
    tree = read_tree(text.encode())
    assert tree.faults == ()
    return tree


def faults_of(text: str | bytes) -> list[tuple[int, int, str]]:
    content = text.encode() if isinstance(text, str) else text
    return [(*fault.mark, fault.message) for fault in read_tree(content).faults]


@pytest.mark.parametrize("text", ["1e5", "00123", "0x1f", "1_000", "0o17", "yes", "null", "1.50"])
def test_a_scalar_keeps_its_text_as_written(text: str) -> None:
    assert at(tree_of(f"id: {text}").root, "id") == text


def test_two_escapes_that_json_writes_for_one_character_are_that_one() -> None:
    written = json.dumps({"\U0001f600 {": "a \U0001f600"})
    assert plain(tree_of(written).root or {}) == {"\U0001f600 {": "a \U0001f600"}


def test_half_a_character_is_told_of_once_as_a_key_and_as_a_value() -> None:
    words = "an escape here is half a character; write the character itself"
    faults = faults_of('"\\ud83d": 1\nb: ["x\\ude00\\ud83d"]')
    assert faults == [(1, 1, words), (2, 5, words)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("Null", None),
        ("true", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("off", "off"),
        ("NO", "NO"),
        ("7", 7),
        ("-007", -7),
        ("0x1f", 31),
        ("0o17", 15),
        ("1e5", 1e5),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("2026-11-02", "2026-11-02"),
        ("1:30", "1:30"),
    ],
)
def test_plain_scalars_resolve_as_in_yaml_1_2(text: str, value: object) -> None:
    resolved = resolve(text)
    assert (resolved, type(resolved)) == (value, type(value))


def test_a_number_that_is_not_a_number_resolves() -> None:
    assert str(resolve(".nan")) == "nan"


def test_a_whole_number_of_thousands_of_digits_is_no_crash() -> None:
    digits = "9" * 5_000
    assert resolve(digits) == float("inf")


@pytest.mark.parametrize("text", ['"7"', "'true'", "!!str 7", "|-\n  7"])
def test_quoted_scalars_are_text(text: str) -> None:
    scalar = at(tree_of(f"key: {text}").root, "key")
    assert isinstance(scalar, Scalar)
    assert scalar.resolved == str(scalar)


def test_a_tag_of_the_core_schema_resolves_what_is_quoted() -> None:
    assert plain(tree_of('a: !!int "7"\nb: !!bool "true"').root or {}) == {"a": 7, "b": True}


def test_a_directive_of_an_older_yaml_changes_nothing() -> None:
    assert plain(tree_of("%YAML 1.1\n---\na: yes\nb: 010").root or {}) == {"a": "yes", "b": 10}


def test_a_scalar_survives_pickling_with_all_it_knows() -> None:
    scalar = at(tree_of("a:\n  b: 7").root, "a", "b")
    again = pickle.loads(pickle.dumps(scalar))
    assert isinstance(again, Scalar)
    assert (again, again.resolved, again.mark, again.plain) == ("7", 7, Mark(2, 6), True)


def test_the_tree_as_python_values() -> None:
    tree = tree_of("a: [1, x, null]\nb: {c: 1.5, d: '1'}\ne:")
    assert plain(tree.root or {}) == {"a": [1, "x", None], "b": {"c": 1.5, "d": "1"}, "e": None}


def test_every_key_and_value_knows_its_line_and_column() -> None:
    tree = tree_of("a: 1\nb:\n  c: [x,\n    y]\n  d:\ne: 2\n")
    assert {path: tuple(mark) for path, mark in tree.places.values.items()} == {
        (): (1, 1),
        ("a",): (1, 4),
        ("b",): (2, 1),
        ("b", "c"): (3, 3),
        ("b", "c", "0"): (3, 7),
        ("b", "c", "1"): (4, 5),
        ("b", "d"): (5, 3),
        ("e",): (6, 4),
    }
    assert {path: tuple(mark) for path, mark in tree.places.keys.items()} == {
        ("a",): (1, 1),
        ("b",): (2, 1),
        ("b", "c"): (3, 3),
        ("b", "d"): (5, 3),
        ("e",): (6, 1),
    }


def test_what_is_not_written_stands_where_the_nearest_thing_around_it_stands() -> None:
    places = tree_of("a: 1\nb:\n  c: 2\n").places
    assert places.value(("b", "x", "y")) == Mark(2, 1)
    assert places.key(("b", "x")) == Mark(2, 1)
    assert places.key(("x",)) == Mark(1, 1)
    assert Places().value(("x",)) == Mark(1, 1)


def test_looking_up_a_path_takes_any_shape() -> None:
    root = tree_of("a: {b: [x, {c: y}]}").root
    assert at(root, "a", "b", "1", "c") == "y"
    assert at(root, "a", "b", "7") is None
    assert at(root, "a", "b", "z") is None
    assert at(root, "a", "b", "0", "c") is None
    assert at(None, "a") is None


def test_carriage_returns_and_a_byte_order_mark_are_no_text() -> None:
    tree = read_tree(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert plain(tree.root or {}) == {"a": 1, "b": 2}
    assert tree.places.value(("b",)) == Mark(2, 4)


def test_an_alias_is_the_value_of_its_anchor_and_stands_there() -> None:
    tree = tree_of("a: &x {k: 1}\nb: *x\nc: &y 5\nd: *y\n")
    assert plain(tree.root or {}) == {"a": {"k": 1}, "b": {"k": 1}, "c": 5, "d": 5}
    assert tree.places.value(("b", "k")) == Mark(1, 11)


def test_an_anchor_may_be_named_again() -> None:
    assert plain(tree_of("a: &x 1\nb: &x 2\nc: *x\n").root or {}) == {"a": 1, "b": 2, "c": 2}


def test_merged_keys_give_way_to_what_the_block_says() -> None:
    tree = tree_of("a: &a {k: 1, l: 1}\nb: &b {l: 2, m: 2}\nc: {<<: [*a, *b], k: 3}\n")
    assert at(tree.root, "c") == {"k": "3", "l": "1", "m": "2"}


def test_merge_keys_in_quotes_are_keys() -> None:
    assert at(tree_of('"<<": x').root, "<<") == "x"


def test_merging_twice_is_merging_both() -> None:
    tree = tree_of("a: &a {k: 1}\nb: &b {k: 2, l: 2}\nc:\n  <<: *a\n  <<: *b\n")
    assert at(tree.root, "c") == {"k": "1", "l": "2"}


@pytest.mark.parametrize("merged", ["x", "[x]", "[[]]"])
def test_only_blocks_can_be_merged(merged: str) -> None:
    told = faults_of(f"a: 1\nb: {{<<: {merged}}}")
    assert told == [(2, 5, "<< merges a block of keys, or a list of them, that stands above")]


def test_a_key_that_stands_twice_is_told_where_it_stands_again() -> None:
    told = faults_of("a: 1\nb:\n  c: 1\n  'c': 2\n  c: 3\n")
    assert told == [
        (4, 3, "this key stands here twice, first in line 3"),
        (5, 3, "this key stands here twice, first in line 3"),
    ]


def test_of_a_key_that_stands_twice_the_first_is_read() -> None:
    assert at(read_tree(b"a: 1\na: 2").root, "a") == "1"


def test_an_alias_inside_of_what_it_names_is_told() -> None:
    assert faults_of("a: &x\n  b: *x\n") == [(2, 3, "this alias stands inside of what it names")]
    assert faults_of("a: &x\n  <<: *x\n  b: 1\n")[0][:2] == (2, 3)


def test_aliases_can_not_make_a_file_grow_without_bound() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    [(_, _, message)] = faults_of("\n".join(lines))
    assert message == f"the file grows beyond {MAX_NODES:,} values here"


def test_merges_can_not_make_a_file_grow_without_bound() -> None:
    lines = ["a0: &a0 {k: 1}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}" for n in range(1, 20)]
    assert faults_of("\n".join(lines))[0][2].startswith("the file grows beyond")


def test_blocks_can_not_be_nested_without_bound() -> None:
    assert (
        faults_of("a: " + "[" * 70 + "]" * 70)[0][2] == "blocks are nested more than 60 deep here"
    )
    assert faults_of("a: " + "[" * 1_000)[0][2] == "blocks are nested too deep"


@pytest.mark.parametrize("tagged", ["!foo 1", "!!python/name:os.system x", "!!binary eA=="])
def test_a_tag_on_a_scalar_is_told(tagged: str) -> None:
    [(line, column, message)] = faults_of(f"a: {tagged}")
    assert (line, column) == (1, 4)
    assert message.startswith("tags (!) are not known here")


def test_a_tag_on_a_block_is_told() -> None:
    assert faults_of("a: !!set {x}")[0] == (1, 4, "tags (!) are not known here")


def test_a_key_that_is_no_text_is_told() -> None:
    assert faults_of("? [a]\n: 1\n") == [(1, 3, "a key must be text")]


@pytest.mark.parametrize("content", ["", "# nothing\n", "\n\n"])
def test_an_empty_file_is_told(content: str) -> None:
    assert faults_of(content) == [(1, 1, "the file is empty")]


@pytest.mark.parametrize("content", ["- a\n- b\n", "text", "# first\n7\n"])
def test_a_file_that_is_no_block_of_keys_is_told(content: str) -> None:
    [(_, _, message)] = faults_of(content)
    assert message == "the file must be a block of keys, one `key: value` a line"


def test_a_path_at_or_below_a_fault_is_covered() -> None:
    tree = read_tree(b"a: {b: !foo {c: 1}}")
    assert tree.covers(("a", "b"))
    assert tree.covers(("a", "b", "c"))
    assert not tree.covers(("a",))


def test_the_tree_does_not_show_its_values() -> None:
    assert "s3cret" not in repr(read_tree(b"a: s3cret"))
