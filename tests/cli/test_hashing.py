import subprocess
import sys

import pytest
from shop import Shell, clean_environment

VECTOR = "e586883b2b4faf78d48300a79e0e15138d664cdf796ffb86e533170a9893eda8"


def test_an_address_is_hashed_as_a_sync_does(empty: Shell) -> None:
    assert empty.run("hash", "--email", " Test-Email@test.com ").out == VECTOR + "\n"


def test_a_number_is_hashed_with_its_plus(empty: Shell) -> None:
    ended = empty.run("hash", "--phone", "912 345 678", "--region", "PT")
    assert ended.out == "00839c79aea2116c94def9e14c0493fa0801add3ffb50434478082030ab88e11\n"


def test_each_step_is_shown_with_what_cannot_be_seen(empty: Shell) -> None:
    out = empty.run("hash", "--email", "\u200bAda@Example.com\u00a0", "--explain").out
    assert "\\u200bAda@Example.com\\xa0" in out
    assert "'Ada@Example.com'" in out
    assert "'ada@example.com'" in out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--phone", "912 345 678"), "no plus and no region"),
        (("--email", "ada@example"), "dotted domain"),
        (("--email", "  "), "blank"),
        (("--email", "--phone", "x"), "either --email or --phone"),
        (("--email", "a@b.c", "--region", "US"), "--region is for --phone"),
    ],
)
def test_what_would_be_dropped_ends_with_2_and_its_reason(
    empty: Shell, words: tuple[str, ...], told: str
) -> None:
    ended = empty.run("hash", *words)
    assert ended.code == 2
    assert told in ended.err


def test_a_digest_is_taken_as_one(empty: Shell) -> None:
    found = empty.run("hash", "--email", VECTOR.upper(), "--json").json
    assert (found["sha256"], found["already_hashed"]) == (VECTOR, True)


def test_a_value_is_read_from_standard_input() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "connector", "hash", "--email"],
        input="test-email@test.com\n", capture_output=True, text=True, check=True,
        env=clean_environment(),
    )  # fmt: skip
    assert done.stdout.strip() == VECTOR


def test_standard_input_that_is_no_text_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "connector", "hash", "--email"],
        input=b"\xff\n", capture_output=True, check=False, env=clean_environment(),
    )  # fmt: skip
    assert done.returncode == 2
    assert b"standard input is not a text in UTF-8" in done.stderr
