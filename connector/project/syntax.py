"""YAML text to nodes, and what the reader's complaint means, in words that say what to change.

Nothing of the file is repeated: a line that can't be read may hold a secret.
"""

import re
from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node, ScalarNode
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

# What the reader has no complaint of its own for.
_ASTRAY = (
    (r"^%YAML.*", "this version of YAML is not known here; take the line out"),
    (r"\\U(?!000|0010)[0-9a-fA-F]{8}", "no character has this number"),
)

# Within braces and brackets YAML takes the braces of ${NAME} for its own, so that they stand as
# other characters, one for one, while it reads.
_VARIABLE = re.compile(r"\$\{[^{}\n]*\}")
_VEIL = str.maketrans("{}", "\ue000\ue001")
_UNVEIL = str.maketrans("\ue000\ue001", "{}")


def composed(text: str) -> Node | None:
    """The graph of nodes of a YAML text, None for an empty one.

    Raises:
        YAMLError: it is not YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.composer.warn_double_anchors = False  # to name an anchor again is allowed in YAML
    veiled = _VARIABLE.sub(lambda match: match[0].translate(_VEIL), text)
    try:
        node: Node | None = yaml.compose(veiled)
    except (AssertionError, LookupError, ValueError) as error:
        raise YAMLError from error  # that the reader should have complained of
    return node


def text_of(node: ScalarNode) -> str:
    """The text of a scalar; the two escapes that JSON writes for one character are that one.

    Raises:
        UnicodeDecodeError: one of such two stands alone.
    """
    text = str(node.value).translate(_UNVEIL)
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")


def sentence_of(error: YAMLError | UnicodeDecodeError, content: bytes) -> tuple[str, int, int]:
    """Words, line and column (from 1) for a file's content that is not YAML."""
    if isinstance(error, UnicodeDecodeError):
        before = content[: error.start].decode("utf-8")
        return ("the file is not UTF-8 from here on; save it as UTF-8", *_end_of(before))
    if isinstance(error, ReaderError):
        before = content.decode("utf-8").removeprefix("\ufeff")[: error.position]
        return (f"the character U+{error.character:04X} can't stand in YAML", *_end_of(before))
    if not isinstance(error, MarkedYAMLError):
        return _astray(content.decode("utf-8").removeprefix("\ufeff"))
    complaint = f"{error.problem}"
    found = (sentence for sentence in SENTENCES if sentence.complaint in complaint)
    sentence = next(found, _Sentence(complaint, f"this is not YAML: {complaint}"))
    mark = (sentence.at_start and error.context_mark) or error.problem_mark or error.context_mark
    return (sentence.words, mark.line + 1, mark.column + 1) if mark else (sentence.words, 1, 1)


def _astray(text: str) -> tuple[str, int, int]:
    for pattern, words in _ASTRAY:
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return (words, *_end_of(text[: found.start()]))
    return ("this is not YAML", 1, 1)


def _end_of(text: str) -> tuple[int, int]:
    lines = re.split(r"\r\n|\r|\n", text)
    return len(lines), len(lines[-1]) + 1
