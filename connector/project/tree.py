"""YAML text to a tree of dicts, lists and scalars in which everything knows its line.

Scalars keep their text as written, so that ids such as `1e5`, `00123` or `0x1f` stay what they are;
what YAML 1.2 takes them for stands beside. The words for what is not YAML are in `syntax`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Self

from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from connector.project.syntax import composed, sentence_of, text_of

MAX_NODES = 100_000
MAX_DEPTH = 60

Path = tuple[str, ...]
Resolved = bool | int | float | str | None


class Mark(NamedTuple):
    """A place in a text; both count from 1."""

    line: int
    column: int


START = Mark(1, 1)


class Scalar(str):
    """A YAML scalar: its text as written.

    `resolved` is what YAML 1.2 reads in it, `mark` where it starts, `plain` whether it stands
    without quotes and may be anything but text.
    """

    __slots__ = ("mark", "plain", "resolved")

    resolved: Resolved
    mark: Mark
    plain: bool

    def __new__(cls, text: str, *, mark: Mark = START, plain: bool = False) -> Self:
        """A scalar whose text is resolved when it is plain, else text."""
        scalar = super().__new__(cls, text)
        scalar.resolved = resolve(text) if plain else text
        scalar.mark, scalar.plain = mark, plain
        return scalar


Raw = Scalar | dict[str, "Raw"] | list["Raw"]


@dataclass(frozen=True)
class Fault:
    """Something wrong at a place; with a `path`, further faults at or below it say nothing new."""

    message: str
    mark: Mark
    path: Path | None = None


@dataclass(frozen=True)
class Places:
    """Where the values and the keys of a tree stand, by path; list items count as `"0"`, `"1"`."""

    values: Mapping[Path, Mark] = field(default_factory=dict)
    keys: Mapping[Path, Mark] = field(default_factory=dict)

    def known(self, path: Path) -> Path:
        """The longest part of a path that is in the file."""
        return next(p for n in range(len(path), -1, -1) if not (p := path[:n]) or p in self.values)

    def value(self, path: Path) -> Mark:
        """Where a value stands: a scalar's text, a block's key, or the nearest thing around it."""
        return self.values.get(self.known(path), START)

    def key(self, path: Path) -> Mark:
        """Where a key stands, or the nearest thing around it; the top is the first line."""
        known = self.known(path)
        return self.keys.get(known) or self.values.get(known, START) if known else START


@dataclass(frozen=True)
class Tree:
    """One file: `root` is None when the file could not be read as a block of keys."""

    root: dict[str, Raw] | None = field(repr=False)
    places: Places
    faults: tuple[Fault, ...] = ()

    @cached_property
    def silent(self) -> frozenset[Path]:
        """The paths about which something has been said already."""
        return frozenset(fault.path for fault in self.faults if fault.path is not None)

    def covers(self, path: Path) -> bool:
        """Whether a path is at or below one that is known to be wrong."""
        return any(path[:length] in self.silent for length in range(len(path) + 1))


def _integer(text: str) -> int:
    return int(text, {"0x": 16, "0o": 8}.get(text[:2], 10))


RESOLVERS: tuple[tuple[re.Pattern[str], Callable[[str], Resolved]], ...] = (
    (re.compile(r"null|Null|NULL|~|"), lambda _: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]{1,1000}|0o[0-7]{1,1000}|0x[0-9a-fA-F]{1,1000}"), _integer),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (
        re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)
"""The core schema of YAML 1.2: the first that fits the whole text of a plain scalar."""

PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float")}
TEXT_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "timestamp", "merge", "value")}
BLOCK_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("map", "seq")}
MERGE = "tag:yaml.org,2002:merge"


def resolve(text: str) -> Resolved:
    """What YAML 1.2 takes a plain scalar for; `yes`, `1_000` and dates are text."""
    fitting = (make for pattern, make in RESOLVERS if pattern.fullmatch(text))
    return next(fitting, str)(text)


def plain(raw: Raw) -> object:
    """The tree as Python's own values: None, bool, int, float, str, dict, list."""
    if isinstance(raw, dict):
        return {str(key): plain(value) for key, value in raw.items()}
    return [plain(item) for item in raw] if isinstance(raw, list) else raw.resolved


def at(raw: Raw | None, *path: str) -> Raw | None:
    """What stands at a path; None where there is nothing, or something of another shape."""
    for key in path:
        if isinstance(raw, dict):
            raw = raw.get(key)
        elif isinstance(raw, list) and key.isdecimal():
            raw = next(iter(raw[int(key) :]), None)
        else:
            return None
    return raw


class _TooLargeError(Exception):
    def __init__(self, message: str, mark: Mark) -> None:
        super().__init__(message)
        self.fault = Fault(message, mark)


class _Entry(NamedTuple):
    mark: Mark
    node: Node


@dataclass
class _Walk:
    """The way through the node graph; nodes that are met again through aliases count again."""

    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    active: list[int] = field(default_factory=list)
    nodes: int = 0

    def count(self, mark: Mark) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise _TooLargeError(f"the file grows beyond {MAX_NODES:,} values here", mark)
        if len(self.active) > MAX_DEPTH:
            raise _TooLargeError(f"blocks are nested more than {MAX_DEPTH} deep here", mark)

    def fault(self, message: str, mark: Mark, path: Path | None = None) -> None:
        self.faults.append(Fault(message, mark, path))

    def raw(self, node: Node, path: Path, around: Mark) -> Raw:
        """The tree of a node; `around` is the key's place, or the block's around a list item."""
        self.count(around)
        if isinstance(node, ScalarNode):
            return self.scalar(node, path, around)
        self.values[path] = around
        if id(node) in self.active:
            self.fault("this alias stands inside of what it names", around, path)
            return Scalar("", mark=around)
        if str(node.tag) not in BLOCK_TAGS:
            self.fault("tags (!) are not known here", _mark(node), path)
        self.active.append(id(node))
        raw: Raw
        if isinstance(node, MappingNode):
            entries = self.entries(node)
            raw = {
                Scalar(key, mark=e.mark): self.raw(e.node, (*path, key), e.mark)
                for key, e in entries.items()
            }
            self.keys.update({(*path, key): entry.mark for key, entry in entries.items()})
        else:
            raw = [self.raw(n, (*path, str(i)), _mark(n)) for i, n in enumerate(node.value)]
        self.active.pop()
        return raw

    def scalar(self, node: ScalarNode, path: Path, around: Mark) -> Scalar:
        # Nothing written has its mark on a later line, so the key's is the one to show.
        mark = self.values[path] = _mark(node) if node.value or node.style else around
        tag = str(node.tag)
        text = self.text(node, mark, path)
        if tag in PLAIN_TAGS:
            return Scalar(text, mark=mark, plain=True)
        if tag not in TEXT_TAGS:
            self.fault(
                "tags (!) are not known here; text that begins with ! needs quotes", mark, path
            )
        # `!!str 12` is text that looks like a number.
        bare = node.style is None and isinstance(resolve(text), str)
        return Scalar(text, mark=mark, plain=bare)

    def text(self, node: ScalarNode, mark: Mark, path: Path | None = None) -> str:
        try:
            return text_of(node)
        except UnicodeDecodeError:
            self.fault("an escape here is half a character; write the character itself", mark, path)
            return "?"

    def entries(self, node: MappingNode) -> dict[str, _Entry]:
        """The keys of a block; what `<<` merges into it gives way to what it says itself."""
        own: dict[str, _Entry] = {}
        merged: dict[str, _Entry] = {}
        for key, value in node.value:
            mark = _mark(key)
            self.count(mark)
            if not isinstance(key, ScalarNode):
                self.fault("a key must be text", mark)
            elif str(key.tag) == MERGE:
                merged = dict(self.merged(value, mark)) | merged
            elif (name := self.text(key, mark)) in own:
                first = own[name].mark.line
                self.fault(f"this key stands here twice, first in line {first}", mark)
            else:
                own[name] = _Entry(mark, value)
        return own | {key: entry for key, entry in merged.items() if key not in own}

    def merged(self, node: Node, mark: Mark) -> Iterator[tuple[str, _Entry]]:
        """The entries of the blocks that `<<` names; of several the first comes last, and wins."""
        for block in reversed(node.value if isinstance(node, SequenceNode) else [node]):
            if not isinstance(block, MappingNode) or id(block) in self.active:
                self.fault("<< merges a block of keys, or a list of them, that stands above", mark)
                continue
            self.active.append(id(block))
            yield from self.entries(block).items()
            self.active.pop()


def _mark(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def unread(message: str, mark: Mark = START) -> Tree:
    """The tree of a file that could not be read, with the reason."""
    return Tree(root=None, places=Places(), faults=(Fault(message, mark, ()),))


def read_tree(content: bytes) -> Tree:
    """The tree of a YAML file, with all that is wrong with it as YAML."""
    try:
        node = composed(content.decode("utf-8").removeprefix("\ufeff"))
    except (UnicodeDecodeError, YAMLError) as error:
        message, line, column = sentence_of(error, content)
        return unread(message, Mark(line, column))
    except RecursionError:
        return unread("blocks are nested too deep")
    if node is None:
        return unread("the file is empty")
    if not isinstance(node, MappingNode):
        return unread("the file must be a block of keys, one `key: value` a line", _mark(node))
    walk = _Walk()
    try:
        root = walk.raw(node, (), _mark(node))
    except _TooLargeError as error:
        return unread(error.fault.message, error.fault.mark)
    places = Places(values=walk.values, keys=walk.keys)
    return Tree(
        root=root if isinstance(root, dict) else None, places=places, faults=tuple(walk.faults)
    )
