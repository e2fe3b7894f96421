import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.campaigns.naming import LONGEST_NAME, named, new_token, token_of, without_token

TOKEN = "c7f3x9qk2"


def test_a_name_ends_with_its_token_in_brackets() -> None:
    assert named("spring sale", TOKEN) == "spring sale [c7f3x9qk2]"
    assert named("", TOKEN) == "[c7f3x9qk2]"


@given(st.text(max_size=300))
def test_a_name_keeps_within_what_x_takes_and_its_token_is_a_word(name: str) -> None:
    made = named(name, TOKEN)
    assert len(made) <= LONGEST_NAME
    assert token_of(made) == TOKEN
    assert TOKEN in re.findall(r"\w+", made.lower())
    assert named(made, TOKEN) == made


@pytest.mark.parametrize("length", [242, 243, 244, 255])
def test_the_longest_names_are_cut_and_no_others(length: int) -> None:
    name = "x" * length
    assert without_token(named(name, TOKEN)) == name[:243]
    assert len(named(name, TOKEN)) == min(length, 243) + 12


def test_a_name_that_was_copied_with_its_token_gets_another_one() -> None:
    assert named("spring [c7f3x9qk2]", "cbbbbbbbb") == "spring [cbbbbbbbb]"


@pytest.mark.parametrize(
    "name",
    [
        "spring [retarget]", "sale [20260301]", "x [caeiouaei]", "spring c7f3x9qk2",
        "spring [c7f3x9qk2] two", "spring [C7F3X9QK2]", "[c7f3x9qk]", "",
    ],
)  # fmt: skip
def test_what_people_write_in_brackets_is_no_token(name: str) -> None:
    assert token_of(name) is None
    assert without_token(name) == name


def test_tokens_are_of_one_form_and_differ() -> None:
    made = {new_token(secrets.token_bytes) for _ in range(2000)}
    assert len(made) == 2000
    assert all(token_of(f"[{one}]") == one for one in made)
    assert new_token(bytes) == "c00000000"
