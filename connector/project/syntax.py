"""What a YAML reader's complaint means, in words that say what to change.

Nothing of the file is repeated: a line that can't be read may hold a secret.
"""

import re
from typing import NamedTuple

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError


class _Sentence(NamedTuple):
    complaint: str
    words: str
    at_start: bool = False
    """Show where the unfinished thing begins, instead of where the reader gave up."""


SENTENCES = (
    _Sentence("character '\\t'", "a tab stands here; YAML takes blanks only"),
    _Sentence("cannot start any token", "text that begins with this character needs quotes"),
    _Sentence(
        "mapping values are not allowed",
        "no key can stand here: text that holds a colon and a blank needs quotes,"
        " and the keys of one block begin in the same column",
    ),
    _Sentence(
        "but got '{'",
        "a brace opens inside of a value; text with braces needs quotes here",
    ),
    _Sentence(
        "expected ',' or",
        "this bracket or brace is not closed, or a comma is missing behind it",
        at_start=True,
    ),
    _Sentence("'<stream end>'", "the file ends inside of a bracket or brace"),
    _Sentence("unexpected end of stream", "this quote is not closed", at_start=True),
    _Sentence(
        "could not find expected ':'",
        "this is no `key: value`: the colon is missing",
        at_start=True,
    ),
    _Sentence(
        "undefined alias",
        "this alias (*) has no anchor (&) above it; text that begins with * needs quotes",
    ),
    _Sentence(
        "undefined tag handle", "tags (!) are not known here; text that begins with ! needs quotes"
    ),
    _Sentence(
        "expected <block end>",
        "this does not belong to the block above it; look at its indentation",
    ),
    _Sentence("unknown escape", "this backslash means nothing in double quotes; use single ones"),
    _Sentence("another document", "a second document begins here; a file holds one"),
    _Sentence("expected the node content", "a value was expected here"),
)


def sentence_of(error: YAMLError | UnicodeDecodeError, content: bytes) -> tuple[str, int, int]:
    """Words, line and column (from 1) for a file's content that is not YAML."""
    if isinstance(error, UnicodeDecodeError):
        before = content[: error.start].decode("utf-8")
        return ("the file is not UTF-8 from here on; save it as UTF-8", *_end_of(before))
    if isinstance(error, ReaderError):
        before = content.decode("utf-8").removeprefix("\ufeff")[: error.position]
        return (f"the character U+{error.character:04X} can't stand in YAML", *_end_of(before))
    if not isinstance(error, MarkedYAMLError):
        return ("this is not YAML", 1, 1)
    complaint = f"{error.problem}"
    found = (sentence for sentence in SENTENCES if sentence.complaint in complaint)
    sentence = next(found, _Sentence(complaint, f"this is not YAML: {complaint}"))
    mark = (sentence.at_start and error.context_mark) or error.problem_mark or error.context_mark
    return (sentence.words, mark.line + 1, mark.column + 1) if mark else (sentence.words, 1, 1)


def _end_of(text: str) -> tuple[int, int]:
    lines = re.split(r"\r\n|\r|\n", text)
    return len(lines), len(lines[-1]) + 1
