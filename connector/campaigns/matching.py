"""Which thing at X a node of a file is: by its id, else by the journal, else by its name."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connector.campaigns.fields import Row
from connector.campaigns.naming import token_of, without_token
from connector.campaigns.tree import (
    NAMED,
    Known,
    Made,
    Node,
    Thing,
    is_name_of,
    mark_of,
    names_of,
)
from connector.project.tree import START, Fault, Path


@dataclass(kw_only=True)
class Matched:
    """What some nodes are, and what nobody wants.

    Attributes:
        things: by the paths of their nodes; a node that is not here is not at X.
        left: the others.
        unclear: the nodes of which that can't be told; `faults` say why.
    """

    things: dict[Path, Thing] = field(default_factory=dict)
    left: list[Thing] = field(default_factory=list)
    unclear: set[Path] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)

    def refuse(self, node: Node, message: str) -> None:
        """Say what is wrong with a node."""
        self.unclear.add(node.path)
        self.faults.append(node.fault(message, "id"))


def matched(nodes: Sequence[Node], things: Sequence[Thing], known: Known) -> Matched:
    """What nodes of one kind are among the things of the same place."""
    if nodes and nodes[0].entity not in NAMED:
        return _alike(nodes, things, known)
    found = Matched()
    by_id = {one.id: one for one in things}
    claimed: dict[str, Node] = {}
    for node in nodes:
        if node.id is not None and node.id not in by_id:
            found.refuse(node, _NOT_THERE)
        elif node.id is not None:
            _claim(found, claimed, node, by_id[node.id])
    for remembered in (True, False):
        for node in nodes:
            if node.id is None and node.path not in found.things:
                _find(found, claimed, node, things, known if remembered else None)
    found.left = [one for one in things if one.id not in claimed]
    return found


_NOT_THERE = (
    "X has no such id here, it may be deleted or stand elsewhere; correct it, or take it out to"
    " make a new one"
)


def _claim(found: Matched, claimed: dict[str, Node], node: Node, one: Thing) -> None:
    other = claimed.setdefault(one.id, node)
    if other is node:
        found.things[node.path] = one
    else:
        line = other.places.get("", START).line
        found.refuse(node, f"is {one.id}, as is line {line}; take one out")


def _find(
    found: Matched, claimed: dict[str, Node], node: Node, things: Sequence[Thing],
    known: Known | None,
) -> None:  # fmt: skip
    """Find a node without an id: by what the journal knows of it, or without that by its name."""
    free = [one for one in things if one.id not in claimed]
    if known is not None:
        made = known.get(node.path, Made())
        mine = [one for one in free if is_made(made, one.id, one.name)]
    else:
        mine = [one for one in free if is_name_of(node.name, one.name)]
        mine = mine or [one for one in free if without_token(one.name) in names_of(node.name)]
    if len(mine) > 1:
        ids = ", ".join(one.id for one in mine)
        found.refuse(node, f"X has several of this name; say which by its id: {ids}")
    elif mine:
        _claim(found, claimed, node, mine[0])


def is_made(made: Made, id_: str, name: str) -> bool:
    """Whether something of an id and name is what the journal has been told to make."""
    return id_ in made.ids or (made.token is not None and token_of(name) == made.token)


def _alike(nodes: Sequence[Node], things: Sequence[Thing], known: Known) -> Matched:
    """What is known by what it is made of; all that are alike are wanted where one is."""
    found, taken = Matched(), set[str]()
    for node in nodes:
        same = [one for one in things if mark_of(one.values) == mark_of(node.values)]
        for one in same or _remembered(node, things, known):
            found.things.setdefault(node.path, one)
            taken.add(one.id)
    others = [one for one in things if one.id not in taken]
    for node in nodes:
        made = known.get(node.path, Made())
        copy = next((one for one in others if _is_copy(made, one)), None)
        if node.path not in found.things and copy is not None:
            others.remove(copy)
            found.things[node.path] = copy
            taken.add(copy.id)
    found.left = [one for one in things if one.id not in taken]
    return found


def _remembered(node: Node, things: Iterable[Thing], known: Known) -> list[Thing]:
    """What a node became by the journal: of another user's tweet X promotes a copy."""
    ids = known.get(node.path, Made()).ids
    return [one for one in things if one.id in ids]


def _is_copy(made: Made, one: Thing) -> bool:
    """Whether this may be the copy that X made of a tweet, in an answer that nobody read."""
    is_tweet = one.entity == "promoted_tweet"
    return is_tweet and made.is_doubtful and made.seen is not None and one.id not in made.seen


def candidates(nodes: Sequence[Node], known: Known, rows: Iterable[Row]) -> list[Row]:
    """The campaigns of an account that nodes may be: what stands below the others is not asked."""
    ids = {node.id for node in nodes if node.id is not None}
    names = set[str]().union(*(names_of(node.name) for node in nodes if node.id is None))
    made = [known[node.path] for node in nodes if node.path in known]
    return [row for row in rows if _is_candidate(row, ids, names, made)]


def _is_candidate(
    row: Row, ids: set[str], names: set[str], made: Sequence[Made]
) -> bool:  # fmt: skip
    id_, name = str(row["id"]), str(row.get("name") or "")
    return id_ in ids or without_token(name) in names or any(is_made(m, id_, name) for m in made)


def awaited(nodes: Iterable[Node], things: Mapping[Path, Thing], known: Known) -> bool:
    """Whether one that is not there may be on its way, from a run that was interrupted."""
    return any(
        node.path not in things and known.get(node.path, Made()).is_doubtful for node in nodes
    )
