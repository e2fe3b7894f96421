import pytest

from connector.project.tree import read_tree


def told(content: str | bytes) -> tuple[int, int, str]:
    tree = read_tree(content.encode() if isinstance(content, str) else content)
    [fault] = tree.faults
    assert tree.root is None
    return (*fault.mark, fault.message)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\n\tb: 2", 2, 1, "a tab stands here"),
        ("a:\n\tb: 1", 2, 1, "a tab stands here"),
        ("a: 1\nb: @x", 2, 4, "needs quotes"),
        ("a: %x", 1, 4, "needs quotes"),
        ("a: b: c", 1, 5, "no key can stand here"),
        ("a: 1\n  b: 2", 2, 4, "no key can stand here"),
        ("a: {b: x{T}}", 1, 9, "text with braces needs quotes"),
        ("a:\n- [1, 2\nb: 3\n", 2, 3, "not closed"),
        ("a: [1,\n", 2, 1, "the file ends inside of a bracket"),
        ("a: {b: 1\n", 1, 4, "not closed"),
        ('a: "x\nb: 1\n', 1, 4, "this quote is not closed"),
        ("a: 1\nb: 'x\n", 2, 4, "this quote is not closed"),
        ("a: 1\nbcd\nc: 1\n", 2, 1, "the colon is missing"),
        ("a: *x", 1, 4, "no anchor"),
        ("a: !h!x 1", 1, 4, "tags (!) are not known"),
        ("a:\n  b: 1\n c: 1\n", 3, 2, "look at its indentation"),
        ("- a\nb: 1\n", 2, 1, "look at its indentation"),
        ('a: "\\q"', 1, 6, "this backslash"),
        ("a: 1\n---\nb: 2", 2, 1, "a second document"),
        ("a: ]", 1, 4, "a value was expected"),
        ("a: &\n", 1, 5, "this is not YAML"),
        ("# a\n%YAML 1.3\n---\na: 1", 2, 1, "this version of YAML"),
        ("%YAML 1.3\n---\na: !int 1", 1, 1, "this version of YAML"),
        ('a: 1\nb: "x\\U00110000"', 2, 6, "no character has this number"),
    ],
)
def test_what_is_not_yaml_is_told_in_words_where_it_stands(
    text: str, line: int, column: int, words: str
) -> None:
    at_line, at_column, message = told(text)
    assert (at_line, at_column) == (line, column)
    assert words in message


def test_a_file_that_is_not_utf_8_is_told_where_it_stops_being_so() -> None:
    line, column, message = told("a: é\nb: ".encode() + b"\xe9\n")
    assert (line, column) == (2, 4)
    assert "UTF-8" in message


def test_a_file_in_utf_16_is_told() -> None:
    assert told("a: 1".encode("utf-16"))[:2] == (1, 1)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_a_control_character_is_told_by_its_number_and_place(ends: str) -> None:
    assert told(f"a: 1{ends}b: x\x01") == (2, 5, "the character U+0001 can't stand in YAML")


@pytest.mark.parametrize("text", ["a: *s3cret", "a: !s!s3cret", "s3cret\nb: 1", "a: [s3cret"])
def test_nothing_of_the_file_is_repeated(text: str) -> None:
    assert "s3cret" not in told(text)[2]
