"""The token at the end of a name, by which what was made is found again.

It stands in brackets: X's search finds whole words, and the brackets make it one.
"""

import re
from collections.abc import Callable

LONGEST_NAME = 255
# No vowels: a token is no word of any language, and no word is taken for a token.
_LETTERS = "0123456789bcdfghjkmnpqrstvwxyz"
_FIRST, _LENGTH = "c", 8
_MARK = re.compile(rf" ?\[({_FIRST}[{_LETTERS}]{{{_LENGTH}}})\]$")


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """A token that nobody else has; `random_bytes` gives so many bytes."""
    number = int.from_bytes(random_bytes(16), "big")
    letters = []
    for _ in range(_LENGTH):
        number, place = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[place])
    return _FIRST + "".join(letters)


def named(name: str, token: str) -> str:
    """The name with its token, cut where both are longer than X takes; a token of before goes."""
    mark = f" [{token}]"
    return f"{without_token(name)[: LONGEST_NAME - len(mark)].rstrip()}{mark}".lstrip()


def without_token(name: str) -> str:
    """The name as its author wrote it."""
    return _MARK.sub("", name)


def token_of(name: str) -> str | None:
    """The token at the end of a name."""
    found = _MARK.search(name)
    return found[1] if found else None
