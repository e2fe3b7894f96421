"""A tree of campaigns from both sides: what a file wants of it, and what is there at X."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from connector.campaigns.fields import ENTITIES, EntityName, Field, Row
from connector.campaigns.kinds import Limits, Value, value_of, written
from connector.campaigns.naming import named, token_of, without_token
from connector.project.tree import START, Fault, Mark, Path

BELOW: Mapping[EntityName, tuple[EntityName, ...]] = {
    "campaign": ("line_item",),
    "line_item": ("targeting_criterion", "promoted_tweet"),
}
"""What stands below what, in the order in which it is made."""
KEYS: Mapping[EntityName, str] = {
    "campaign": "campaigns",
    "line_item": "line_items",
    "targeting_criterion": "targeting_criteria",
    "promoted_tweet": "promoted_tweets",
}
"""The lists of a file."""
PARENTS: Mapping[EntityName, str] = {
    "line_item": "campaign_id",
    "targeting_criterion": "line_item_id",
    "promoted_tweet": "line_item_id",
}
"""The field that says what something stands below, which a file says by where it is written."""
NAMED: tuple[EntityName, ...] = ("campaign", "line_item")
_OPERATOR = "operator_type"
TWEET = Field(
    api="tweet_id", kind="id", help="The tweet.", required=True, limits=Limits(are_tweets=True)
)
_SAMPLE_TOKEN = "c00000000"  # noqa: S105 - a word in a name, as long as any
_SET_KINDS = frozenset({"words", "ids"})


@dataclass(frozen=True, kw_only=True)
class Node:
    """Something that a file wants.

    Attributes:
        path: where the file has it, such as `("campaigns", "0")`.
        values: the fields it says, by the API's names and as X has them; None takes one away.
        id: X's, where the file says it.
        below: what it wants below; a kind that is not a key here is left as it is.
        places: where the file says what, by the names of its keys, itself under the empty one.
    """

    entity: EntityName
    path: Path
    values: Mapping[str, Value]
    id: str | None = None
    below: Mapping[EntityName, tuple["Node", ...]] = field(default_factory=dict)
    places: Mapping[str, Mark] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Its name, empty where the file says none."""
        return str(self.values.get("name") or "")

    def fault(self, message: str, key: str = "") -> Fault:
        """What is wrong with it, where the file says so."""
        place = self.places.get(key) or self.places.get("", START)
        return Fault(f"{title(self.entity, self.values, self.id)}: {message}", place)


@dataclass(frozen=True, kw_only=True)
class Thing:
    """Something that is at X.

    Attributes:
        row: X's own.
        values: its fields that can be written, as `Node` has them; those X does not tell are not
            there.
        below: everything that stands below.
    """

    entity: EntityName
    id: str
    row: Row = field(repr=False)
    values: Mapping[str, Value]
    below: Mapping[EntityName, tuple["Thing", ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name as X has it."""
        return str(self.values.get("name") or "")


@dataclass(frozen=True, kw_only=True)
class Made:
    """What the journal knows of the making of a node.

    Attributes:
        ids: what it became.
        token: the word at the end of its name.
        is_open: how it ended is not recorded.
        is_doubtful: a request for it may have reached X, and the answer was not read.
        seen: ids that were there before it was sent first, None where nobody looked.
        stamp: changes whenever something happens to it.
    """

    ids: tuple[str, ...] = ()
    token: str | None = None
    is_open: bool = False
    is_doubtful: bool = False
    seen: tuple[str, ...] | None = None
    stamp: str = ""


Known = Mapping[Path, Made]


def fields_of(entity: EntityName) -> tuple[Field, ...]:
    """The fields that a file says of something."""
    if entity == "promoted_tweet":
        return (TWEET,)
    parent = PARENTS.get(entity)
    return tuple(one for one in ENTITIES[entity].fields if one.api != parent)


def title(entity: EntityName, values: Mapping[str, Value], id_: str | None = None) -> str:
    """How people call something, on one line and with nothing in it that is not for reading."""
    words = {
        "targeting_criterion": lambda: f"targeting {_criterion(values)}",
        "promoted_tweet": lambda: f"promoted tweet {values.get('tweet_id')}",
    }
    name = without_token(str(values.get("name") or ""))
    said = words.get(entity, lambda: f"{ENTITIES[entity].title} {name}")()
    return printable(f"{said.strip()} ({id_})" if id_ else said.strip())


def _criterion(values: Mapping[str, Value]) -> str:
    operator = values.get(_OPERATOR)
    sign = "" if operator in {None, "EQ"} else f"{operator} "
    return f"{values.get('targeting_type')} {sign}{values.get('targeting_value')}"


def printable(text: str) -> str:
    """A text of somebody else's without what would steer a terminal."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def values_of(entity: EntityName, row: Row) -> dict[str, Value]:
    """The fields of one of X's rows, as X takes them; what it does not tell is left out."""
    found: dict[str, Value] = {}
    for one in fields_of(entity):
        if one.api in row:
            found[one.api] = _value(one, row[one.api])
    if entity == "targeting_criterion":
        found[_OPERATOR] = found.get(_OPERATOR) or "EQ"
    return found


def _value(one: Field, told: object) -> Value:
    """A value of X's own in the form of those that are written; one of no known form as it is."""
    if told is None or told in ("", []):
        return None
    try:
        return value_of(one.kind, written(one.kind, told), one.limits)
    except ValueError:
        return tuple(map(str, told)) if isinstance(told, list) else str(told)


def thing(
    entity: EntityName, row: Row, below: Mapping[EntityName, Sequence[Thing]] | None = None
) -> Thing:
    """One of X's rows, with what stands below."""
    return Thing(
        entity=entity, id=str(row["id"]), row=row, values=values_of(entity, row),
        below={kind: tuple(many) for kind, many in (below or {}).items()},
    )  # fmt: skip


def is_same(one: Field, wanted: Value, there: Value) -> bool:
    """Whether a field is as it is wanted; the order of a list says nothing."""
    if one.api == "name":
        return is_name_of(str(wanted or ""), str(there or ""))
    if one.kind in _SET_KINDS and isinstance(wanted, tuple) and isinstance(there, tuple):
        return set(wanted) == set(there)
    return wanted == there


def is_name_of(wanted: str, there: str) -> bool:
    """Whether a name at X is the wanted one, with or without a token."""
    token = token_of(there)
    return there == wanted or (token is not None and there == named(wanted, token))


def names_of(wanted: str) -> frozenset[str]:
    """What a wanted name may be called at X, without its token."""
    return frozenset({wanted, without_token(named(wanted, _SAMPLE_TOKEN))})


def mark_of(values: Mapping[str, Value]) -> tuple[Value, ...]:
    """What makes a tweet or criterion of a line item the one it is."""
    if "tweet_id" in values:
        return (values["tweet_id"],)
    return (
        values.get("targeting_type"), values.get("targeting_value"), values.get(_OPERATOR) or "EQ",
    )  # fmt: skip


def walked(
    nodes: Sequence[Node], above: tuple[Node, ...] = ()
) -> Iterator[tuple[Node, tuple[Node, ...]]]:
    """Every node with those it stands below, parents first."""
    for node in nodes:
        yield node, above
        for many in node.below.values():
            yield from walked(many, (*above, node))


def key_of(node: Node, above: Sequence[Node]) -> str:
    """The idempotency key of making a node: the same in the same place of a tree of the same names.

    What it stands below counts by its id where the file says that.
    """
    refs = [_reference(one) for one in (*above, node)]
    text = json.dumps([node.entity, refs], ensure_ascii=False)
    return f"apply:{hashlib.sha256(text.encode()).hexdigest()[:40]}"


def _reference(node: Node) -> list[str]:
    if node.id is not None:
        return ["id", node.id]
    if node.entity in NAMED:
        return ["name", node.name]
    return ["is", *map(str, mark_of(node.values))]


def faults_of(nodes: Sequence[Node]) -> Iterator[Fault]:
    """What is wrong between the nodes of a file: twins, and what could not be found again."""
    yield from _twins(nodes)
    for node, _ in walked(nodes):
        if node.entity in NAMED and node.id is None and not node.name:
            yield node.fault("'name' is missing; what has no id is found again by its name")
        for many in node.below.values():
            yield from _twins(many)
        products = {
            (one.values.get("objective"), one.values.get("product_type"))
            for one in node.below.get("line_item", ())
        }
        if len(products) > 1 and all(None not in one for one in products):
            yield node.fault(
                "its line items must have one objective and one product_type; X takes no others",
                KEYS["line_item"],
            )


_TWIN_MARKS: Mapping[EntityName, Callable[[Node], object]] = {
    "campaign": lambda node: node.id or names_of(node.name),
    "line_item": lambda node: node.id or names_of(node.name),
    "targeting_criterion": lambda node: mark_of(node.values),
    "promoted_tweet": lambda node: mark_of(node.values),
}


def _twins(nodes: Sequence[Node]) -> Iterator[Fault]:
    first: dict[object, Node] = {}
    for node in nodes:
        known = first.setdefault(_TWIN_MARKS[node.entity](node), node)
        if known is not node and (node.id or node.name or node.entity not in NAMED):
            line = known.places.get("", START).line
            yield node.fault(f"stands here twice, first in line {line}; take one out")
