"""A difference in words and as a document."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from connector.campaigns.amounts import units_of
from connector.campaigns.difference import Change, Changed, Difference, Kind
from connector.campaigns.fields import ENTITIES
from connector.campaigns.kinds import Value
from connector.campaigns.naming import without_token
from connector.campaigns.tree import KEYS, NAMED, PARENTS, mark_of, printable
from connector.project.tree import Path

MARKS: Mapping[Kind, str] = {"create": "+", "update": "~", "delete": "-", "unmanaged": "!"}
SAID: Mapping[Kind, str] = {
    "create": "to create", "update": "to change", "delete": "to delete",
    "unmanaged": "not in the file",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Line:
    """A change as people read it: a mark, a sentence, and what is below it."""

    mark: str
    text: str
    details: tuple[str, ...] = ()


def lines(difference: Difference) -> Iterator[Line]:
    """The changes, in the order of the file; tweets and criteria of one place together."""
    for _, many in groupby(difference.changes, key=_group):
        yield _line(list(many))


def _group(change: Change) -> object:
    return change if change.entity in NAMED else (change.kind, change.entity, change.above)


def _line(many: list[Change]) -> Line:
    change = many[0]
    where = f", in {change.above}" if change.above else ""
    text = f"{change.title}{where}" if change.entity in NAMED else _many(many)
    if change.kind == "unmanaged":
        it = "them" if many[1:] else "it"
        text = f"{text}: at X and not in the file; --prune deletes {it}"
    return Line(mark=MARKS[change.kind], text=text, details=tuple(_details(change)))


def _many(many: list[Change]) -> str:
    """Tweets or criteria of one line item."""
    change = many[0]
    what = KEYS[change.entity].replace("_", " ") if many[1:] else ENTITIES[change.entity].title
    return f"{what} of {change.above}: {', '.join(_brief(one) for one in many)}"


def _brief(change: Change) -> str:
    source = change.node or change.thing
    words = mark_of(source.values) if source else ()
    return printable(" ".join(str(word) for word in words if word != "EQ"))


def _details(change: Change) -> Iterator[str]:
    if change.entity in PARENTS and change.entity not in NAMED:
        return
    if change.kind == "create":
        said = (f"{one.known.name}: {_shown(one, one.after)}" for one in change.fields)
        yield ", ".join(said)
    for one in change.fields if change.kind == "update" else ():
        currency = f" {change.currency}" if one.known.kind == "money" else ""
        before, after = _shown(one, one.before), _shown(one, one.after)
        yield f"{one.known.name}: {before} → {after}{currency}".rstrip()


def _shown(one: Changed, value: Value) -> str:
    if value is None:
        return "nothing"
    told = _told(one, value)
    if isinstance(told, list):
        return " ".join(told)
    return printable(str(told).lower() if isinstance(told, bool) else str(told))


def _told(one: Changed, value: Value) -> object:
    """A value as people write it."""
    if one.known.kind == "money" and isinstance(value, int):
        return f"{units_of(value):f}"
    if one.known.api == "name":
        return without_token(str(value or "")) or None
    return list(value) if isinstance(value, tuple) else value


def counts(difference: Difference) -> dict[Kind, int]:
    """How many changes of each kind there are."""
    return {kind: len(difference.of(kind)) for kind in MARKS}


def summary(counted: Mapping[Kind, int]) -> str:
    """The counts in words."""
    told = [f"{count:,} {SAID[kind]}" for kind, count in counted.items() if count]
    return ", ".join(told) or "nothing to do: X is as the file has it"


def document(difference: Difference, ids: Mapping[Path, str]) -> list[dict[str, Any]]:
    """The changes for programs; `ids` are those of what has been made."""
    return [_entry(change, ids) for change in difference.changes]


def _entry(change: Change, ids: Mapping[Path, str]) -> dict[str, Any]:
    return {
        "change": change.kind, "entity": change.entity, "title": change.title,
        "path": ".".join(change.path) if change.path else None, "above": change.above or None,
        "id": change.id or ids.get(change.path or ()),
        "fields": {
            one.known.name: {"before": _told(one, one.before), "after": _told(one, one.after)}
            for one in change.fields
        },
    }  # fmt: skip


def untold(names: Iterable[str]) -> str:
    """What is said of fields that X does not tell."""
    return f"X does not tell {', '.join(sorted(names))}: sent where it is made, not compared after"
