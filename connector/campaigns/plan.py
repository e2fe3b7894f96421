"""The writes of a difference, in the order in which they may be done, and what they cost."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from connector.campaigns.amounts import units_of
from connector.campaigns.difference import ACTIVE, PAUSED, STATUS, Change, Changed, Difference
from connector.campaigns.fields import ENTITIES, EntityName
from connector.campaigns.kinds import Value
from connector.campaigns.tree import NAMED, PARENTS, Node, Thing
from connector.campaigns.writes import Write
from connector.project.tree import Path

LARGEST_BATCH = 40
MOST_TWEETS = 50
Done = Literal["create", "update", "delete"]
_BUDGETS = ("daily_budget_amount_local_micro", "total_budget_amount_local_micro")


@dataclass(frozen=True, kw_only=True)
class Planned:
    """One write that is to be done.

    Attributes:
        verb: as `Write` has it.
        path: of its node.
        parent: of what it stands below, whose id is known once that is made.
        values: what it says, by the API's names.
    """

    entity: EntityName
    verb: Done
    title: str
    path: Path | None = None
    parent: Path | None = None
    id: str | None = None
    line_item: str | None = None
    values: Mapping[str, Value]

    def write(self, ids: Mapping[Path, str], key: str | None) -> Write:
        """The write, once the ids of what is made before it are known, by the paths of nodes."""
        params = dict(self.values)
        if self.verb == "create" and self.entity == "promoted_tweet":
            params = {"tweet_ids": (str(self.values["tweet_id"]),)}
        if self.verb == "create" and self.parent is not None:
            params = {PARENTS[self.entity]: ids[self.parent], **params}
        id_ = self.id
        if self.verb == "update" and self.path is not None:
            id_ = ids[self.path]
        return Write(entity=self.entity, verb=self.verb, id=id_, params=params, key=key)


@dataclass(frozen=True, kw_only=True)
class Request:
    """The writes that leave in one request; X does all of them, or none."""

    entity: EntityName
    verb: Done
    writes: tuple[Planned, ...]

    @property
    def is_batch(self) -> bool:
        """Whether it goes to X's address for batches."""
        return self.entity != "promoted_tweet"


def planned(difference: Difference) -> list[Planned]:
    """The writes, in order.

    What goes, goes first, children before parents. What is new or changed follows, parents before
    children; on a line item that stays, new criteria and tweets come before old ones go, so that
    it is never shown to more people than are wanted. What is to be active becomes so last: nothing
    runs before all of it is there.
    """
    return [
        write
        for kind, entity, lasts in _ORDER
        for change in difference.changes
        if (change.kind, change.entity) == (kind, entity) and change.lasts == lasts
        for write in _MAKE[kind](change)
    ] + [
        write
        for entity in ("line_item", "campaign")
        for change in difference.changes
        if change.entity == entity
        for write in _activated(change)
    ]


_ORDER: Sequence[tuple[Done, EntityName, bool]] = (
    ("delete", "promoted_tweet", False),
    ("delete", "targeting_criterion", False),
    ("delete", "line_item", True),
    ("update", "campaign", True),
    ("create", "campaign", True),
    ("update", "line_item", True),
    ("create", "line_item", True),
    ("create", "targeting_criterion", True),
    ("delete", "targeting_criterion", True),
    ("create", "promoted_tweet", True),
    ("delete", "promoted_tweet", True),
)


def requests(writes: Sequence[Planned]) -> Iterator[Request]:
    """The requests that writes leave in, one after the other."""
    group: list[Planned] = []
    for write in writes:
        if group and not _fits(group, write):
            yield _request(group)
            group = []
        group.append(write)
    if group:
        yield _request(group)


def _fits(group: Sequence[Planned], write: Planned) -> bool:
    last = group[-1]
    if (last.entity, last.verb) != (write.entity, write.verb):
        return False
    if write.entity != "promoted_tweet":
        return len(group) < LARGEST_BATCH
    is_same = write.verb == "create" and last.parent == write.parent
    return is_same and len(group) < MOST_TWEETS


def _request(group: Sequence[Planned]) -> Request:
    return Request(entity=group[0].entity, verb=group[0].verb, writes=tuple(group))


def _begins(change: Change) -> bool:
    """Whether something becomes active that was not."""
    return any(one.known.api == STATUS and one.after == ACTIVE for one in change.fields)


def _create(change: Change) -> Iterator[Planned]:
    node = change.node
    if node is None:
        raise LookupError("a creation of nothing that is wanted")
    values: dict[str, Value] = {one.known.api: one.after for one in change.fields}
    if change.entity in NAMED:
        always = {one.api for one in ENTITIES[change.entity].fields if one.always}
        values |= {name: node.values[name] for name in always & node.values.keys()}
        status = values.get(STATUS, PAUSED)
        values[STATUS] = PAUSED if status == ACTIVE else status
    yield Planned(
        entity=change.entity, verb="create", path=change.path, parent=change.parent,
        title=change.title, values=values,
    )  # fmt: skip


def _update(change: Change) -> Iterator[Planned]:
    values = {
        one.known.api: one.after
        for one in change.fields
        if not (one.known.api == STATUS and one.after == ACTIVE)
    }
    if values:
        yield _updating(change, values)


def _updating(change: Change, values: Mapping[str, Value]) -> Planned:
    return Planned(
        entity=change.entity, verb="update", path=change.path, id=change.id, title=change.title,
        values=values,
    )  # fmt: skip


def _activated(change: Change) -> Iterator[Planned]:
    if change.kind in {"create", "update"} and _begins(change):
        yield _updating(change, {STATUS: ACTIVE})


def _delete(change: Change) -> Iterator[Planned]:
    row = change.thing.row if change.thing else {}
    yield Planned(
        entity=change.entity, verb="delete", id=change.id, title=change.title, values={},
        line_item=str(row["line_item_id"]) if row.get("line_item_id") else None,
    )  # fmt: skip


_MAKE: Mapping[Done, Callable[[Change], Iterator[Planned]]] = {
    "create": _create, "update": _update, "delete": _delete,
}  # fmt: skip


def raises(difference: Difference) -> Iterator[str]:
    """What lets more be spent: budgets that rise or go, and what begins to run."""
    for change in difference.of("create", "update"):
        for one in change.fields if change.kind == "update" else ():
            if one.known.api in _BUDGETS and _is_more(one):
                yield f"{change.title}: {one.known.name} {_amounts(one, change.currency)}"
        if change.entity in NAMED and _begins(change):
            yield f"{change.title} becomes active{_spends(change)}"


def _is_more(one: Changed) -> bool:
    if not isinstance(one.before, int):
        return False
    return one.after is None or (isinstance(one.after, int) and one.after > one.before)


def _amounts(one: Changed, currency: str) -> str:
    before, after = (
        f"{units_of(value):f}" if isinstance(value, int) else "no limit"
        for value in (one.before, one.after)
    )
    return f"{before} → {after} {currency}".rstrip()


def _spends(change: Change) -> str:
    """What a budget lets something spend that begins to run."""
    values = {**(change.thing.values if change.thing else {})}
    values |= {one.known.api: one.after for one in change.fields}
    said = [
        f"{units_of(value):f} {change.currency} {span}".replace("  ", " ")
        for name, span in zip(_BUDGETS, ("a day", "in all"), strict=True)
        if isinstance(value := values.get(name), int)
    ]
    return f", up to {' and '.join(said)}" if said else ""


def digest_of(wanted: Sequence[Node], live: Sequence[Thing], *, prune: bool) -> str:
    """What stands for a plan: another one as soon as file, option, or anything at X is another."""
    told = ["1", prune, [_node(one) for one in wanted], [_thing(one) for one in live]]
    text = json.dumps(told, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _node(node: Node) -> object:
    below = {kind: [_node(one) for one in many] for kind, many in node.below.items()}
    return [node.entity, node.id, {**node.values}, below]


def _thing(thing: Thing) -> object:
    """A thing and what is below; the order in which X lists them says nothing."""
    below = {
        kind: [_thing(one) for one in sorted(many, key=lambda one: one.id)]
        for kind, many in thing.below.items()
    }
    return [thing.entity, thing.id, {**thing.values}, below]
