"""From what pydantic says to one sentence and one place for each mistake."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from connector.project.scalars import REFUSED
from connector.project.tree import Fault, Path, Places, Scalar

UNKNOWN = "extra_forbidden"
MISSING = "missing"
SECRET_BLOCKS = {"auth", "pixel_tokens", "oauth1"}
KIND = re.compile(r"<(\w+)>")
"""A step that pydantic puts in where a block may be of several kinds: the model it was read as."""
MAX_KEY = 40


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema()


def _alternatives(node: dict[str, Any], definitions: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in node:
        yield from _alternatives(definitions[node["$ref"].rpartition("/")[2]], definitions)
    for option in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from _alternatives(option, definitions)
    yield node


def _children(node: dict[str, Any], step: str) -> Iterator[dict[str, Any]]:
    options = (
        node.get("properties", {}).get(step),
        node.get("additionalProperties"),
        node.get("items"),
    )
    yield from (option for option in options if isinstance(option, dict))


def known_keys(model: type[BaseModel], steps: Path) -> list[str]:
    """The keys that a model knows behind the steps of pydantic, in the order of its fields."""
    schema = _schema(model)
    definitions = schema.get("$defs", {})
    nodes = list(_alternatives(schema, definitions))
    for step in steps:
        kind = KIND.fullmatch(step)
        named = [definitions[kind[1]]] if kind and kind[1] in definitions else []
        below = named or [child for node in nodes for child in _children(node, step)]
        nodes = [n for child in below for n in _alternatives(child, definitions)]
    return list(dict.fromkeys(key for node in nodes for key in node.get("properties", ())))


def shown(path: Path) -> str:
    """A path as people read it, less what could be a secret written in the wrong place."""
    end = path.index("pixel_tokens") + 1 if "pixel_tokens" in path else len(path)
    return ".".join(_clipped(key) for key in path[:end])


def _clipped(key: str) -> str:
    # Behind a colon may be a value, and a secret, that lost its blank.
    head, colon, _ = key.partition(":")
    shown_key = f"{head}:…" if colon else key
    return shown_key if len(shown_key) <= MAX_KEY else f"{shown_key[: MAX_KEY - 1]}…"


def steps_of(details: ErrorDetails) -> Path:
    """Where pydantic found something, in its own steps: keys, and kinds of blocks."""
    return tuple(str(step) for step in details["loc"])


def path_of(details: ErrorDetails) -> Path:
    """Where pydantic found something, as a path of the tree."""
    return _keys(steps_of(details))


def _keys(steps: Path) -> Path:
    return tuple(step for step in steps if not KIND.fullmatch(step))


def meant(model: type[BaseModel], steps: Path) -> str | None:
    """The known key that the last key of a path resembles, if any."""
    if ":" in steps[-1]:  # a key and its value without a blank between
        return None
    near = get_close_matches(steps[-1].lower(), known_keys(model, steps[:-1]), n=1)
    return near[0] if near else None


def _unknown(model: type[BaseModel], steps: Path) -> str:
    *around, key = steps
    known = known_keys(model, tuple(around))
    around = list(_keys(tuple(around)))
    inside = f" in {shown(tuple(around))}" if around else ""
    listed = f"known here: {', '.join(known)}" if known else "no key is known here"
    head = key.partition(":")[0]
    if head != key and head in known:
        return f"a blank is missing after the colon of {head!r}{inside}"
    near = meant(model, steps)
    if near:
        return f"unknown key {_clipped(key)!r}{inside}; did you mean {near!r}? {listed}"
    named = "unknown key" if SECRET_BLOCKS & set(around) else f"unknown key {_clipped(key)!r}"
    return f"{named}{inside}; {listed}"


def _block(model: type[BaseModel], steps: Path) -> str:
    known = known_keys(model, steps)
    listed = f" ({', '.join(known)})" if known else ""
    return f"must be a block of keys{listed}"


def _said(model: type[BaseModel], details: ErrorDetails) -> str:
    """The rule that a value breaks, as the end of a sentence that begins with its path."""
    if details["type"] == REFUSED:
        return str(details["ctx"]["rule"])
    is_block = details["type"] in {"model_type", "dict_type"}
    rule = _block(model, steps_of(details)) if is_block else "can't be read"
    given = details["input"]
    nothing = isinstance(given, Scalar) and given.resolved is None
    return f"has no value; it {rule}" if nothing else rule


def fault_of(model: type[BaseModel], places: Places, details: ErrorDetails) -> Fault:
    """One sentence and one place for what pydantic says about a file's tree."""
    path = path_of(details)
    if details["type"] == UNKNOWN:
        return Fault(_unknown(model, steps_of(details)), places.key(path), path)
    if details["type"] == MISSING:
        around = shown(path[:-1])
        message = f"{path[-1]!r} is missing{' in ' if around else ''}{around}"
        return Fault(message, places.key(path[:-1]), path)
    if path[-1] == "[key]":
        message = f"a key of {shown(path[:-2])} {_said(model, details)}"
        return Fault(message, places.key(path[:-1]), path[:-1])
    return Fault(f"{shown(places.known(path))} {_said(model, details)}", places.value(path), path)
