"""What is at X of a file of campaigns, and what the journal knows of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connector.api.managing import Manager
from connector.campaigns.fields import EntityName, Row
from connector.campaigns.matching import candidates
from connector.campaigns.requests import digests_of
from connector.campaigns.tree import BELOW, Known, Made, Node, Thing, key_of, thing, walked
from connector.campaigns.writes import Write
from connector.project.tree import Path
from connector.state.journal import OPEN, Entry

_MOST_IDS = 200


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What is at X of a file, and what the journal knows of it, at one moment."""

    things: tuple[Thing, ...]
    known: Known


def sight_of(manager: Manager, nodes: Sequence[Node]) -> Sight:
    """Look at X and into the journal; a rehearsal has none.

    Raises:
        ConnectorError: X or the state is not to be had.
    """
    known = _known(manager.journaled(), nodes) if manager.live else {}
    return Sight(things=_things(manager, nodes, known), known=known)


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


def _made(entry: Entry) -> Made:
    is_open = entry.state in OPEN
    return Made(
        ids=entry.entity_ids if entry.state in {"done", "adopted"} else (),
        token=None if entry.state == "refused" else entry.token, is_open=is_open,
        is_doubtful=is_open and (entry.is_doubtful or entry.state != "planned"), seen=entry.seen,
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
        for start in range(0, len(ids), _MOST_IDS)
        for row in manager.rows(entity, **{name: ",".join(ids[start : start + _MOST_IDS])}, **more)
    ]


def keys_of(nodes: Sequence[Node]) -> dict[Path, str]:
    """The idempotency keys of making what has no id in its file."""
    return {node.path: key_of(node, above) for node, above in walked(nodes) if node.id is None}


def intent_of(node: Node, key: str) -> str:
    """What the journal knows the making of a node by."""
    return digests_of(Write(entity=node.entity, verb="create", key=key))[1]
