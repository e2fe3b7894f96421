from collections.abc import Callable
from pathlib import Path

import pytest

from connector.project.environment import MAX_SECRET_BYTES, expand, read_secret
from connector.project.tree import Scalar, Tree, at, read_tree


def no_file(path: str) -> str:
    raise FileNotFoundError(2, "No such file or directory")


def expanded(text: str, read: Callable[[str], str] = no_file, **environment: str) -> Tree:
    return expand(read_tree(text.encode()), environment=environment, read=read)


def value_of(text: str, read: Callable[[str], str] = no_file, **environment: str) -> Scalar:
    tree = expanded(f"key: {text}", read, **environment)
    assert tree.faults == ()
    value = at(tree.root, "key")
    assert isinstance(value, Scalar)
    return value


def fault_of(text: str, read: Callable[[str], str] = no_file, **environment: str) -> str:
    [fault] = expanded(f"\nkey: {text}", read, **environment).faults
    assert (tuple(fault.mark), fault.path) == ((2, 6), ("key",))
    return fault.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "x"),
        ("a${A}b${B}c", "axbyc"),
        ("'${A}'", "x"),
        ("${A:-d}", "x"),
        ("${C:-d}", "d"),
        ("${C:-}", ""),
        ("${C:-a:-b}", "a:-b"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY}", ""),
        ("$A", "$A"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
        ("$${A}-${A}", "${A}-x"),
        ("a}b", "a}b"),
    ],
)
def test_placeholders_are_filled_from_the_environment(text: str, value: str) -> None:
    assert value_of(text, A="x", B="y", EMPTY="") == value


def test_what_a_variable_holds_is_not_filled_again() -> None:
    assert value_of("${A}", A="${B} $${C}", B="no") == "${B} $${C}"


@pytest.mark.parametrize(
    ("text", "variable", "resolved"),
    [
        ("${A}", "true", True),
        ("${A}", "60", 60),
        ("'${A}'", "true", "true"),
        ("1${A}", "0", 10),
        ("${A}", "null", "null"),
        ("${A}", "~", "~"),
        ("${A}", "", ""),
        ("${A}", "a: b # c", "a: b # c"),
    ],
)
def test_what_is_filled_in_resolves_as_if_it_stood_there_but_is_never_nothing(
    text: str, variable: str, resolved: object
) -> None:
    assert value_of(text, A=variable).resolved == resolved


def test_a_placeholder_is_filled_at_any_depth_and_keeps_its_place() -> None:
    tree = expanded("a:\n  - {b: '${A}'}\n", A="x")
    value = at(tree.root, "a", "0", "b")
    assert isinstance(value, Scalar)
    assert (value, tuple(value.mark)) == ("x", (2, 9))


def test_keys_are_not_filled() -> None:
    assert at(expanded("'${A}': 1", A="x").root, "${A}") == "1"


def test_a_variable_that_is_not_set_is_named_with_its_line() -> None:
    assert fault_of("${X_PIXEL_TOKEN}") == "the environment variable X_PIXEL_TOKEN is not set"


def test_every_variable_that_is_not_set_is_told() -> None:
    tree = expanded("a: ${A}\nb: [x, '${B}']\n")
    assert [(fault.mark.line, fault.path) for fault in tree.faults] == [
        (1, ("a",)),
        (2, ("b", "1")),
    ]


@pytest.mark.parametrize(
    "text", ["${}", "${1A}", "${A-b}", "${A:b}", "${A b}", "${", "${A", "${A:-${B}}", "${ A }"]
)
def test_a_placeholder_of_no_known_form_is_told_and_not_repeated(text: str) -> None:
    message = fault_of(f"'{text}'", A="s3cret")
    assert "is not understood; write ${NAME}, ${NAME:-default} or ${file:/path}" in message
    assert "s3cret" not in message


def test_a_value_never_appears_in_a_fault() -> None:
    assert "s3cret" not in fault_of("${A}${B}", A="s3cret")


def test_the_faults_of_the_yaml_are_kept() -> None:
    assert len(expanded("a: 1\na: ${A}\nb: ${B}").faults) == 2
    assert expanded("a: [").root is None


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"t0ken", "t0ken"),
        (b"t0ken\n", "t0ken"),
        (b"t0ken\r\n", "t0ken"),
        (b"t0ken\n\n", "t0ken\n"),
        ("schlüssel".encode(), "schlüssel"),
        (b"", ""),
        (b"x" * MAX_SECRET_BYTES, "x" * MAX_SECRET_BYTES),
    ],
)
def test_a_file_is_read_less_one_line_break_at_its_end(
    content: bytes, text: str, tmp_path: Path
) -> None:
    (tmp_path / "token").write_bytes(content)
    assert value_of(f"a-${{file:{tmp_path}/token}}", lambda path: read_secret(Path(path))) == (
        f"a-{text}"
    )


def test_a_file_that_is_missing_is_named() -> None:
    message = fault_of("${file:/run/secrets/x}")
    assert message == (
        "the file '/run/secrets/x' named here can't be read: No such file or directory"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"\xff", "it is not UTF-8"), (b"x" * (MAX_SECRET_BYTES + 1), "beyond a million bytes")],
)
def test_a_file_that_is_no_secret_is_told(content: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(content)
    message = fault_of(f"${{file:{tmp_path}/token}}", lambda path: read_secret(Path(path)))
    assert message.endswith(f"can't be read: {reason}")


def test_a_path_no_system_takes_is_told() -> None:
    message = fault_of('"${file:a\\0b}"', lambda path: read_secret(Path(path)))
    assert "can't be read" in message


def test_a_folder_is_no_secret(tmp_path: Path) -> None:
    message = fault_of(f"${{file:{tmp_path}}}", lambda path: read_secret(Path(path)))
    assert message.endswith("Is a directory")


def test_a_variable_needs_no_quotes_within_braces(tmp_path: Path) -> None:
    text = "auth: {pixel_tokens: {o8z6j: ${T}, p3k9d: ${U:-none}}, list: [${T}]}"
    tree = expand(read_tree(text.encode()), environment={"T": "secret"}, read=lambda _: "")
    assert tree.faults == ()
    assert tree.root == {
        "auth": {"pixel_tokens": {"o8z6j": "secret", "p3k9d": "none"}, "list": ["secret"]}
    }
