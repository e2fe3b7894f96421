"""The writes that share a request: its call, what its answer means, and where to look for them.

Nothing here touches anything but what is handed over.
"""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.campaigns import finding
from connector.campaigns.fields import Row, texts
from connector.campaigns.finding import Question
from connector.campaigns.kinds import text_of
from connector.campaigns.naming import token_of
from connector.campaigns.requests import METHODS, ids_of, params_of, path_of
from connector.campaigns.tree import is_same, mark_of, values_of
from connector.campaigns.writes import Write
from connector.state.journal import Entry
from connector.x.management import Call, batch

_OPERATIONS = {"create": "Create", "update": "Update", "delete": "Delete"}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One write of a request.

    Attributes:
        title: as people call it.
        line_item: it stands on, where it does.
        seen: ids of the promoted tweets that were on the line item.
    """

    write: Write
    title: str
    line_item: str | None = None
    seen: tuple[str, ...] | None = None


@dataclass(kw_only=True)
class Work:
    """A part under way: its row of the journal, and the id when that is known."""

    part: Part
    entry: Entry
    id: str | None = None
    is_done: bool = False

    @property
    def write(self) -> Write:
        """What is meant."""
        return self.part.write


def call_of(works: Sequence[Work]) -> Call:
    """The request of some parts."""
    first = works[0].write
    key = hashlib.sha256("".join(one.entry.key for one in works).encode()).hexdigest()[:32]
    if first.entity != "promoted_tweet":
        return batch(first.of.path, [_operation(one) for one in works], key=key)
    params = texts(_tweets(works).params) if first.verb == "create" else {}
    return Call(method=METHODS[first.verb], path=path_of(first), params=params, key=key)


def _tweets(works: Sequence[Work]) -> Write:
    """One write of all the tweets of a line item."""
    tweets = tuple(str(text_of(one.write.params["tweet_ids"])) for one in works)
    return replace(works[0].write, params={**works[0].write.params, "tweet_ids": tweets})


def _operation(work: Work) -> dict[str, object]:
    write = work.write
    params: dict[str, object] = {
        name: value if isinstance(value, int) else text_of(value)
        for name, value in params_of(write, work.entry.token).items()
    }
    if write.id is not None:
        params[write.of.id_param] = write.id
    return {"operation_type": _OPERATIONS[write.verb], "params": params}


def answered(works: Sequence[Work], rows: Sequence[Row]) -> list[str] | None:
    """The ids of an answer in the order of the parts, None when they do not fit."""
    if len(rows) != len(works):
        return None
    if works[0].write.entity == "promoted_tweet" and works[0].write.verb == "create":
        found = dict(_promoted(works, rows))
        ids = [found.get(id(one)) for one in works]
        return [one for one in ids if one] if all(ids) else None
    return list(ids_of(rows))


Ask = Callable[[Question], Sequence[Row]]
Found = Iterator[tuple[Work, str]]


def looked(works: Sequence[Work], ask: Ask, *, known: Collection[str] = ()) -> dict[int, str]:
    """The ids of what of them is done at X, by `id` of the part.

    Args:
        works: what is looked for.
        ask: gives the rows of a list.
        known: ids that are something else.
    """

    def others(question: Question) -> list[Row]:
        return [row for row in ask(question) if str(row["id"]) not in known]

    return {id(one): id_ for one, id_ in _LOOKS[works[0].write.verb](works, others)}


def _made(works: Sequence[Work], ask: Ask) -> Found:
    """Those that are at X now."""
    if works[0].write.of.is_named:
        return _by_token(works, ask)
    items = dict.fromkeys(str(one.write.params["line_item_id"]) for one in works)
    rows = ask(Question(query={"line_item_ids": ",".join(items)}))
    kind = works[0].write.entity
    return _promoted_works(works, rows) if kind == "promoted_tweet" else _alike(works, rows)


def _by_token(works: Sequence[Work], ask: Ask) -> Found:
    parents = dict.fromkeys(str(one.write.params.get("campaign_id") or "") for one in works)
    within = {"campaign_ids": ",".join(parents)} if all(parents) else {}
    rows = ask(Question(query={"with_draft": "true", "sort_by": "created_at-desc", **within}))
    ids = {token_of(str(row.get("name") or "")): str(row["id"]) for row in rows}
    for one in works:
        if one.entry.token in ids:
            yield one, ids[one.entry.token]


def _alike(works: Sequence[Work], rows: Sequence[Row]) -> Found:
    """Criteria of line items, by what they are made of."""
    ids = {(str(row["line_item_id"]), *mark_of(row)): str(row["id"]) for row in rows}
    for one in works:
        params = one.write.params
        mark = (str(params["line_item_id"]), *mark_of(params))
        if mark in ids:
            yield one, ids[mark]


def _promoted_works(works: Sequence[Work], rows: Sequence[Row]) -> Found:
    by_id = {id(one): one for one in works}
    return ((by_id[key], id_) for key, id_ in _promoted(works, rows))


def _promoted(works: Sequence[Work], rows: Sequence[Row]) -> Iterator[tuple[int, str]]:
    """Promoted tweets by their tweets; of another user's tweet X promotes a copy."""
    seen = works[0].entry.seen or ()
    found = finding.found(_tweets(works), None, rows, seen=seen)
    rest = found.rest["tweet_ids"] if found.rest else ()
    missing = rest if isinstance(rest, tuple) else ()
    there = [one for one in works if text_of(one.write.params["tweet_ids"]) not in missing]
    for one, row in zip(there, found.rows, strict=True):
        yield id(one), str(row["id"])


def _gone(works: Sequence[Work], ask: Ask) -> Found:
    """Those that are not at X any more."""
    there = _there(works, ask)
    return ((one, str(one.write.id)) for one in works if one.write.id not in there)


def _changed(works: Sequence[Work], ask: Ask) -> Found:
    """Those whose fields are as they are to be."""
    there = _there(works, ask)
    for one in works:
        row = there.get(one.write.id)
        if row is not None and _is_as_meant(one.write, row):
            yield one, str(one.write.id)


def _is_as_meant(write: Write, row: Row) -> bool:
    """Whether a row has all that a write says; what X does not tell may not be so."""
    values = values_of(write.entity, row)
    known = {one.api: one for one in write.of.fields}
    return all(
        name in values and is_same(known[name], value, values[name])
        for name, value in write.params.items()
    )


def _there(works: Sequence[Work], ask: Ask) -> dict[str | None, Row]:
    """The rows of what is changed or deleted, by their ids."""
    items = dict.fromkeys(one.part.line_item for one in works if one.part.line_item)
    query = {works[0].write.of.ids: ",".join(str(one.write.id) for one in works)}
    if items:
        query["line_item_ids"] = ",".join(items)
    if works[0].write.of.is_named:
        query["with_draft"] = "true"
    return {str(row["id"]): row for row in ask(Question(query=query))}


_LOOKS: Mapping[str, Callable[[Sequence[Work], Ask], Found]] = {
    "create": _made, "update": _changed, "delete": _gone,
}  # fmt: skip
