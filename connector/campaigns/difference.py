"""The difference between a file and what is at X: what is made, changed and deleted."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from connector.campaigns import checks
from connector.campaigns.fields import EntityName, Field, Row, Verb
from connector.campaigns.kinds import Value
from connector.campaigns.matching import matched
from connector.campaigns.tree import (
    BELOW,
    PARENTS,
    Known,
    Node,
    Thing,
    fields_of,
    is_same,
    title,
)
from connector.project.tree import Fault, Path

STATUS = "entity_status"
ACTIVE, PAUSED = "ACTIVE", "PAUSED"
Kind = Literal["create", "update", "delete", "unmanaged"]
_PRODUCT = ("objective", "product_type")
_ONE_PRODUCT = "must be {there}, as that of the campaign's other line items; X takes no others"
_FIXED = (
    "can't be changed at X, where it is {there}; write that, or take the id out and give another"
    " name to make a new one"
)


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A field that is changed; None is no value."""

    known: Field
    before: Value
    after: Value


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is made, changed or deleted, or that stands at X and not in the file.

    Attributes:
        above: what it stands below, as people call it, and the currency of its money.
        fields: those that are said or changed.
        lasts: what stands above it stays, when it is deleted.
    """

    kind: Kind
    entity: EntityName
    title: str
    path: Path | None = None
    id: str | None = None
    parent: Path | None = None
    above: str = ""
    currency: str = ""
    node: Node | None = field(default=None, repr=False)
    thing: Thing | None = field(default=None, repr=False)
    fields: tuple[Changed, ...] = ()
    lasts: bool = True


@dataclass(frozen=True, kw_only=True)
class Difference:
    """All of it.

    Attributes:
        changes: in the order of the file, parents first.
        things: what the nodes are that are at X, by their paths.
        faults: what is wrong with the file, now that it is known what is there.
        untold: fields that the file says and X does not tell, so that they can't be compared.
    """

    changes: tuple[Change, ...] = ()
    things: Mapping[Path, Thing] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    untold: frozenset[str] = frozenset()

    def of(self, *kinds: Kind) -> tuple[Change, ...]:
        """The changes of some kinds."""
        return tuple(one for one in self.changes if one.kind in kinds)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be written."""
        return not self.of("create", "update", "delete")


def difference(
    wanted: Sequence[Node], live: Sequence[Thing], *, known: Known, prune: bool = False
) -> Difference:
    """What is to be done for X to be as the file has it.

    Args:
        wanted: the campaigns of the file.
        live: the campaigns they may be, with all that is below; other campaigns do not matter.
        known: what the journal knows of nodes.
        prune: what stands below a campaign of the file and not in it is deleted, not just told.
    """
    work = _Work(known=known, prune=prune)
    currency = next((str(one.row["currency"]) for one in live if one.row.get("currency")), "")
    work.compare(wanted, live, _Place(currency=currency))
    return Difference(
        changes=tuple(work.changes), things=work.things, faults=tuple(work.faults),
        untold=frozenset(work.untold),
    )  # fmt: skip


def _mixed(new: Iterable[Node], stays: Iterable[Thing]) -> Iterator[Fault]:
    """New line items that X does not take beside those that stay."""
    kept = {tuple(one.values.get(name) for name in _PRODUCT) for one in stays}
    for node in new if len(kept) == 1 else ():
        for name, there in zip(_PRODUCT, next(iter(kept)), strict=True):
            if there not in (None, node.values.get(name, there)):
                yield node.fault(f"{name} {_ONE_PRODUCT.format(there=there)}", name)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """What something stands below: node, its row as it will be, and how people call it."""

    path: Path | None = None
    row: Row | None = None
    above: str = ""
    currency: str = ""

    def around(self, title: str) -> str:
        """How people call a place in it."""
        return f"{title} of {self.above}" if self.above else title


@dataclass(kw_only=True)
class _Work:
    """The difference while it is found."""

    known: Known
    prune: bool
    changes: list[Change] = field(default_factory=list)
    things: dict[Path, Thing] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)

    def compare(self, nodes: Sequence[Node], things: Sequence[Thing], place: _Place) -> list[Thing]:
        """Compare nodes with what they are, and all that is below; the things nobody wants."""
        found = matched(nodes, things, self.known)
        self.faults += found.faults
        stays = [*found.things.values(), *([] if self.prune else found.left)]
        self.faults += _mixed((node for node in nodes if node.path not in found.things), stays)
        for node in nodes:
            if node.path not in found.unclear:
                self._compare(node, found.things.get(node.path), place)
        return found.left

    def _compare(self, node: Node, thing: Thing | None, place: _Place) -> None:
        if thing is None:
            self.changes.append(self._created(node, place))
        else:
            self.things[node.path] = thing
            self._update(node, thing, place)
        values = {**(thing.values if thing else {}), **node.values}
        inside = _Place(
            path=node.path, row={**(thing.row if thing else {}), **node.values},
            above=place.around(title(node.entity, values)), currency=place.currency,
        )  # fmt: skip
        for entity, nodes in node.below.items():
            left = self.compare(nodes, thing.below.get(entity, ()) if thing else (), inside)
            for one in left:
                self.changes += self._surplus(one, inside)

    def _surplus(self, thing: Thing, place: _Place, *, lasts: bool = True) -> Iterator[Change]:
        """What the file does not have: told, or deleted with all that is below it."""
        yield Change(
            kind="delete" if self.prune else "unmanaged", entity=thing.entity, id=thing.id,
            title=title(thing.entity, thing.values, thing.id), above=place.above, thing=thing,
            lasts=lasts, currency=place.currency,
        )  # fmt: skip
        above = place.around(title(thing.entity, thing.values))
        inside = _Place(above=above, currency=place.currency)
        for entity in BELOW.get(thing.entity, ()) if self.prune else ():
            for one in thing.below.get(entity, ()):
                yield from self._surplus(one, inside, lasts=False)

    def _created(self, node: Node, place: _Place) -> Change:
        known = {one.api: one for one in fields_of(node.entity)}
        for one in known.values():
            is_said = one.api in node.values and (one.always or node.values[one.api] is not None)
            if one.required and "create" in one.on and not is_said:
                told = f"{one.name!r} is missing, and it is made: {one.wanted}"
                self.faults.append(node.fault(told))
        said = {name: value for name, value in node.values.items() if value is not None}
        self._check(node, "create", said, place)
        return Change(
            kind="create", entity=node.entity, path=node.path, parent=place.path, node=node,
            title=title(node.entity, node.values), above=place.above, currency=place.currency,
            fields=tuple(Changed(known=known[name], before=None, after=said[name])
                         for name in known if name in said),
        )  # fmt: skip

    def _update(self, node: Node, thing: Thing, place: _Place) -> None:
        if node.entity in PARENTS and node.entity not in BELOW:
            return
        changed = tuple(self._changed(node, thing))
        if not changed:
            return
        after = {one.known.api: one.after for one in changed}
        self._check(node, "update", after, place, before=thing.row)
        self.changes.append(
            Change(
                kind="update", entity=node.entity, path=node.path, parent=place.path, id=thing.id,
                title=title(node.entity, thing.values, thing.id), above=place.above, node=node,
                thing=thing, fields=changed, currency=place.currency,
            )
        )  # fmt: skip

    def _changed(self, node: Node, thing: Thing) -> Iterator[Changed]:
        for one in fields_of(node.entity):
            if one.api not in node.values:
                continue
            if one.api not in thing.values:
                self.untold.add(one.name)
                continue
            before, after = thing.values[one.api], node.values[one.api]
            if is_same(one, after, before):
                continue
            if "update" not in one.on:
                there = "nothing" if before is None else before
                message = f"{one.name} {_FIXED.format(there=there)}"
                self.faults.append(node.fault(message, one.name))
            else:
                yield Changed(known=one, before=before, after=after)

    def _check(
        self, node: Node, verb: Verb, params: Mapping[str, Value], place: _Place, *,
        before: Row | None = None,
    ) -> None:  # fmt: skip
        """What X documents of fields together, each told where the file says it."""
        found = checks.problems(
            node.entity, verb, params, parent=place.row, before=before,
            currency=place.currency or None,
        )  # fmt: skip
        for text in found:
            name, _, sentence = text.partition(": ")
            self.faults.append(node.fault(f"{name} {sentence}", name))
