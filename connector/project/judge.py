"""A file's tree becomes its model, or the list of all that is wrong with it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connector.project.tree import Fault, Path, Places, Raw, Scalar, Tree, at
from connector.project.words import UNKNOWN, fault_of, meant, path_of, shown, steps_of

Model = TypeVar("Model", bound=BaseModel)

MAX_ROUNDS = 8
"""More blocks within blocks than any file has, so that each can have a misspelt key."""


def renamed(tree: Tree, names: Mapping[Path, str]) -> Tree:
    """The tree with other names for the keys at some paths; everything keeps its place."""

    def moved(path: Path) -> Path:
        return tuple(names.get(path[: end + 1], key) for end, key in enumerate(path))

    def raw(value: Raw, path: Path) -> Raw:
        if isinstance(value, list):
            return [raw(item, (*path, str(index))) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        return {
            Scalar(moved((*path, key))[-1]): raw(item, (*path, key)) for key, item in value.items()
        }

    root = raw(tree.root, ()) if tree.root is not None else None
    places = Places(
        values={moved(path): mark for path, mark in tree.places.values.items()},
        keys={moved(path): mark for path, mark in tree.places.keys.items()},
    )
    faults = tuple(
        replace(fault, path=moved(fault.path)) if fault.path else fault for fault in tree.faults
    )
    return Tree(root=root if isinstance(root, dict) else None, places=places, faults=faults)


def _validated(
    model: type[Model], tree: Tree, context: object
) -> tuple[Model | None, list[ErrorDetails]]:
    try:
        return model.model_validate(tree.root, context=context), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _misspelt(model: type[BaseModel], tree: Tree, found: Iterable[ErrorDetails]) -> dict[Path, str]:
    """The unknown keys that are like a known one which is not there, each with that one."""
    taken: set[Path] = set()
    names: dict[Path, str] = {}
    for details in (details for details in found if details["type"] == UNKNOWN):
        path, name = path_of(details), meant(model, steps_of(details))
        free = name and at(tree.root, *path[:-1], name) is None
        if name and free and (*path[:-1], name) not in taken:
            taken.add((*path[:-1], name))
            names[path] = name
    return names


def judge(
    model: type[Model],
    tree: Tree,
    *,
    between_keys: Callable[[Raw], Iterable[tuple[Path, str]]],
    context: object = None,
) -> tuple[Model | None, list[Fault]]:
    """The model that a file's tree makes, and all that is wrong with the file, by line.

    A misspelt key is told, then read as what it must mean: what is wrong below it is told too, and
    nothing is called missing because of it.

    Args:
        model: what the tree is to become.
        tree: the file as read; its own faults are part of the answer.
        between_keys: the rules that look at several keys at once.
        context: what validators ask for.
    """
    if tree.root is None:
        return None, list(tree.faults)
    told: list[Fault] = list(tree.faults)
    made, found = _validated(model, tree, context)
    for _ in range(MAX_ROUNDS):
        names = _misspelt(model, tree, found)
        if not names:
            break
        told += [fault_of(model, tree.places, d) for d in found if path_of(d) in names]
        tree = renamed(tree, names)
        made, found = _validated(model, tree, context)
    new = [fault_of(model, tree.places, details) for details in found]
    for path, rule in between_keys(tree.root or {}):
        new.append(Fault(f"{shown(path)} {rule}", tree.places.value(path), path))
    told += [fault for fault in new if not tree.covers(fault.path or ())]
    unique = {(fault.mark, fault.message): fault for fault in told}
    return made, sorted(unique.values(), key=lambda fault: fault.mark)
