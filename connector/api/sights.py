"""What is at X of a file of campaigns, and what the journal knows of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.api.managing import Manager
from connector.campaigns.fields import MOST_IDS, EntityName, Row, Verb
from connector.campaigns.matching import candidates
from connector.campaigns.requests import digests_of
from connector.campaigns.tree import BELOW, Known, Made, Node, Thing, key_of, thing, walked
from connector.campaigns.writes import Write
from connector.project.tree import Path
from connector.state.journal import OPEN, Entry


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What is at X of a file, and what the journal knows of it, at one moment.

    `unsettled` are changes and deletions that may have reached X and whose end is not recorded.
    """

    things: tuple[Thing, ...]
    known: Known
    unsettled: tuple[Entry, ...] = ()


def sight_of(manager: Manager, nodes: Sequence[Node]) -> Sight:
    """Look at X and into the journal; a rehearsal has none.

    Raises:
        ConnectorError: X or the state is not to be had.
    """
    entries = manager.journaled() if manager.live else []
    known = _known(entries, nodes)
    return Sight(
        things=_things(manager, nodes, known), known=known,
        unsettled=tuple(
            one for one in entries if _is_doubtful(one) and not one.what.startswith("POST ")
        ),
    )  # fmt: skip


def _known(entries: Sequence[Entry], nodes: Sequence[Node]) -> Known:
    """What the journal knows of nodes without an id, the newest of each."""
    newest = {entry.intent: entry for entry in entries}
    keys = keys_of(nodes)
    paths = {
        node.path: intent_of(node, keys[node.path])
        for node, _ in walked(nodes)
        if node.path in keys
    }
    return {path: _made(newest[key]) for path, key in paths.items() if key in newest}


def _is_doubtful(entry: Entry) -> bool:
    """Whether a request of it may have reached X, and how it ended is not recorded."""
    return entry.state in OPEN and (entry.is_doubtful or entry.state != "planned")


def _made(entry: Entry) -> Made:
    return Made(
        ids=entry.entity_ids if entry.state in {"done", "adopted"} else (),
        token=None if entry.state == "refused" else entry.token, is_open=entry.state in OPEN,
        is_doubtful=_is_doubtful(entry), seen=entry.seen,
        stamp=f"{entry.key} {entry.state} {entry.sendings} {entry.run}",
    )  # fmt: skip


def _things(manager: Manager, nodes: Sequence[Node], known: Known) -> tuple[Thing, ...]:
    """What is at X of the campaigns of a file, with everything below."""
    ids = [node.id for node in nodes if node.id is not None]
    if len(ids) == len(nodes):
        rows = listed(manager, "campaign", "campaign_ids", ids, with_draft="true")
    else:
        rows = list(manager.rows("campaign", with_draft="true"))
    found = sorted(candidates(nodes, known, rows), key=lambda row: str(row["id"]))
    is_deep = any(node.below for node in nodes)
    return grown(manager, found) if is_deep else tuple(thing("campaign", row) for row in found)


def grown(manager: Manager, campaigns: Sequence[Row]) -> tuple[Thing, ...]:
    """Campaigns with their line items, and these with their criteria and tweets."""
    ids = [str(row["id"]) for row in campaigns]
    items = listed(manager, "line_item", "campaign_ids", ids, with_draft="true")
    item_ids = [str(row["id"]) for row in items]
    leaves = {kind: _leaves(manager, kind, item_ids) for kind in BELOW["line_item"]}
    by_campaign = _by(
        "campaign_id",
        (
            thing("line_item", row, {kind: many.get(str(row["id"]), [])
                                     for kind, many in leaves.items()})
            for row in items
        ),
    )  # fmt: skip
    return tuple(
        thing("campaign", row, {"line_item": by_campaign.get(str(row["id"]), [])})
        for row in campaigns
    )


def _leaves(manager: Manager, kind: EntityName, ids: Sequence[str]) -> dict[str, list[Thing]]:
    rows = listed(manager, kind, "line_item_ids", ids)
    return _by("line_item_id", (thing(kind, row) for row in rows))


def _by(name: str, things: Iterator[Thing]) -> dict[str, list[Thing]]:
    found: dict[str, list[Thing]] = {}
    for one in things:
        found.setdefault(str(one.row[name]), []).append(one)
    return found


def listed(
    manager: Manager, entity: EntityName, name: str, ids: Sequence[str], **more: str
) -> list[Row]:
    """The rows of some ids, as many to a request as X takes."""
    return [
        row
        for start in range(0, len(ids), MOST_IDS)
        for row in manager.rows(entity, **{name: ",".join(ids[start : start + MOST_IDS])}, **more)
    ]


def keys_of(nodes: Sequence[Node]) -> dict[Path, str]:
    """The idempotency keys of making what has no id in its file."""
    return {node.path: key_of(node, above) for node, above in walked(nodes) if node.id is None}


def change_key(verb: Verb, entity: EntityName, id_: str) -> str:
    """The idempotency key of changing or deleting something, whatever it is changed to."""
    return f"apply:{verb}:{entity}:{id_}"


def intent_of_update(thing: Thing) -> str:
    """What the journal knows the changes of something by."""
    key = change_key("update", thing.entity, thing.id)
    return digests_of(Write(entity=thing.entity, verb="update", id=thing.id, key=key))[1]


def intent_of(node: Node, key: str) -> str:
    """What the journal knows the making of a node by."""
    return digests_of(Write(entity=node.entity, verb="create", key=key))[1]
