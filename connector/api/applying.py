"""Files of campaigns: what X has of one is read, the difference shown, and then made so.

Nothing is written before it was looked once more whether X still is as the difference has it.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, cast

from connector.api import batches
from connector.api.managing import Manager
from connector.api.parts import Part
from connector.api.sights import (
    Sight,
    change_key,
    grown,
    intent_of,
    intent_of_update,
    keys_of,
    listed,
    sight_of,
)
from connector.api.writing import Desk
from connector.campaigns import exporting, telling
from connector.campaigns.difference import Difference, difference
from connector.campaigns.fields import ENTITIES, EntityName
from connector.campaigns.file import File
from connector.campaigns.finding import WAITS
from connector.campaigns.matching import awaited
from connector.campaigns.plan import Request, digest_of, planned, raises, requests
from connector.campaigns.requests import METHODS
from connector.campaigns.tree import Made, walked
from connector.campaigns.writes import checked_id
from connector.errors import STATUS_OF_EXIT, ConfigurationError, ConnectorError, Exit, StoppedError
from connector.project.tree import Path
from connector.state.journal import OPEN, Entry, Journal

_STALE = (
    "the plan is stale: what is at X has changed since it was made, or another run writes there;"
    " nothing was written; run the command again and look at the new one"
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be done for X to be as a file has it.

    Attributes:
        digest: stands for it; another plan has another one.
        raises: what lets more be spent.
        requests: those that write, in order.
    """

    file: File
    prune: bool
    sight: Sight
    difference: Difference
    digest: str
    raises: tuple[str, ...]
    requests: tuple[Request, ...]

    @property
    def asks(self) -> bool:
        """Whether a person is asked first: more may be spent, or something is gone for good."""
        return bool(self.raises or self.difference.of("delete"))

    @property
    def remarks(self) -> list[str]:
        """What the user should know beside."""
        untold = self.difference.untold
        return [telling.untold(untold)] if untold else []


@dataclass(kw_only=True)
class Outcome:
    """What came of a plan.

    Attributes:
        ids: of what the nodes are, by their paths.
        written: how many writes are done.
        error: why not all of them are.
    """

    ids: dict[Path, str] = field(default_factory=dict)
    written: int = 0
    error: ConnectorError | None = None

    @property
    def exit_code(self) -> Exit:
        """How the command ends."""
        return Exit.DONE if self.error is None else self.error.exit_code


def plan_of(manager: Manager, file: File, *, prune: bool) -> Plan:
    """Read what X has of a file, and find the difference.

    Raises:
        ConfigurationError: with what is wrong with the file, now that it is known what is there.
        ConnectorError: X or the state is not to be had.
    """
    nodes = [node for node, _ in walked(file.campaigns)]
    for seconds in (*WAITS, None):
        sight = sight_of(manager, file.campaigns)
        found = difference(file.campaigns, sight.things, known=sight.known, prune=prune)
        if seconds is None or not awaited(nodes, found.things, sight.known):
            break
        manager.edges.progress.warn(
            f"what an interrupted run sent may be on its way; looking again in {seconds:.0f} s"
        )
        manager.edges.pause(seconds)
        if manager.edges.stopping():
            raise StoppedError("stopped; nothing was written")
    if found.faults:
        raise file.refusal(sorted(found.faults, key=lambda fault: fault.mark))
    return Plan(
        file=file, prune=prune, sight=sight, difference=found, raises=tuple(raises(found)),
        digest=digest_of(file.campaigns, sight.things, prune=prune),
        requests=tuple(requests(planned(found))),
    )  # fmt: skip


def carry_out(manager: Manager, plan: Plan) -> Outcome:
    """Make X as the file has it; what is done stays done when a later write is not.

    Raises:
        ConfigurationError: the plan is stale; nothing is written.
        ConnectorError: nothing is written, X or the state is not to be had.
    """
    outcome = Outcome(ids={path: one.id for path, one in plan.difference.things.items()})
    settles = list(_adopted(plan))
    if plan.difference.is_empty and not settles and not list(_unsettled(plan, plan.sight)):
        return outcome
    with manager.writing() as desk:
        again = sight_of(manager, plan.file.campaigns)
        digest = digest_of(plan.file.campaigns, again.things, prune=plan.prune)
        if digest != plan.digest or again.known != plan.sight.known:
            raise ConfigurationError(_STALE)
        _settle(settles, desk("campaign"))
        for entry in _unsettled(plan, again):
            _settle_change(manager, entry, desk("campaign").journal)
        progress = manager.edges.progress
        progress.phase("apply", sum(len(one.writes) for one in plan.requests))
        keys = keys_of(plan.file.campaigns)
        try:
            for request in plan.requests:
                _write(request, plan, keys, outcome, desk(request.entity))
                progress.advance(len(request.writes))
        except ConnectorError as error:
            outcome.error = error
    return outcome


def _write(
    request: Request, plan: Plan, keys: Mapping[Path, str], outcome: Outcome, desk: Desk
) -> None:
    seen = _seen(request, plan, outcome.ids)
    parts = []
    for one in request.writes:
        is_new = one.verb == "create" and one.path is not None
        write = one.write(outcome.ids, keys[one.path or ()] if is_new else None)
        if write.id is not None:
            write = replace(write, key=change_key(write.verb, write.entity, write.id))
        parts.append(Part(write=write, title=one.title, line_item=one.line_item, seen=seen))
    found = batches.carried_out(parts, desk)
    outcome.written += len(found)
    for one, id_ in zip(request.writes, found, strict=True):
        if one.verb == "create" and one.path is not None:
            outcome.ids[one.path] = id_


def _seen(request: Request, plan: Plan, ids: Mapping[Path, str]) -> tuple[str, ...] | None:
    """The promoted tweets that are on a line item before others are put there."""
    parent = request.writes[0].parent
    if parent is None or request.entity != "promoted_tweet":
        return None
    line_item = plan.difference.things.get(parent)
    there = line_item.below.get("promoted_tweet", ()) if line_item else ()
    made = (id_ for path, id_ in ids.items() if path[:-2] == parent)
    return tuple(dict.fromkeys((*(one.id for one in there), *made)))


def _adopted(plan: Plan) -> Iterator[tuple[str, str]]:
    """What an interrupted run made, and the journal does not know it: intents, and ids."""
    keys = keys_of(plan.file.campaigns)
    for node, _ in walked(plan.file.campaigns):
        one = plan.difference.things.get(node.path)
        made = plan.sight.known.get(node.path, Made())
        if one is not None and made.is_open:
            yield intent_of(node, keys[node.path]), one.id


def _settle(settles: Sequence[tuple[str, str]], desk: Desk) -> None:
    journal = desk.journal
    found = [(journal.last(intent), id_) for intent, id_ in settles]
    with journal.together():
        for entry, id_ in found:
            if entry is not None and entry.state in OPEN:
                journal.settle(journal.take(entry), "adopted", entity_ids=(id_,), is_told=True)


def _unsettled(plan: Plan, sight: Sight) -> Iterator[Entry]:
    """The deletions of interrupted runs, and their changes of what is as the file has it now."""
    changed = {one.id for one in plan.difference.of("update", "delete")}
    there = (one for one in plan.difference.things.values() if one.id not in changed)
    intents = {intent_of_update(one) for one in there}
    for entry in sight.unsettled:
        if entry.what.startswith("DELETE ") or entry.intent in intents:
            yield entry


def _settle_change(manager: Manager, entry: Entry, journal: Journal) -> None:
    """Record that a change was done, or a deletion where X says that it was."""
    id_ = entry.what.rpartition("/")[2]
    is_done = not entry.what.startswith("DELETE ")
    if not is_done:
        with suppress(ConfigurationError):  # X has never had it
            kind = cast("EntityName", entry.entity)
            is_done = bool(manager.row(kind, id_, with_deleted=True).get("deleted"))
    if is_done:
        is_of_file = entry.intent != entry.digest  # else its command is to be told by the next one
        taken = journal.take(entry)
        journal.settle(taken, "adopted", entity_ids=(id_,), is_told=is_of_file)


def export(manager: Manager, ids: Sequence[str], *, modeline: str = "") -> tuple[str, list[str]]:
    """The text of a file of campaigns as they are at X, and what is said beside.

    Raises:
        ConfigurationError: there is no such campaign.
        ConnectorError: X is not to be had.
    """
    wanted = [checked_id("campaign", id_) for id_ in dict.fromkeys(ids)]
    rows = listed(manager, "campaign", "campaign_ids", wanted, with_draft="true")
    there = {str(row["id"]): row for row in rows}
    missing = [id_ for id_ in wanted if id_ not in there]
    if missing:
        raise ConfigurationError(
            f"there is no campaign {', '.join(missing)}, or it is deleted; `connector campaigns"
            " list` has those there are"
        )
    things = grown(manager, [there[id_] for id_ in wanted])
    text, left_out = exporting.written(things, connection=manager.name, modeline=modeline)
    told = [f"no file can say what X has as {name}; left out" for name in sorted(left_out)]
    return text, told


def document(manager: Manager, plan: Plan, outcome: Outcome, *, applied: bool) -> dict[str, Any]:
    """What came of a plan, for programs."""
    code = outcome.exit_code
    return {
        "status": STATUS_OF_EXIT[code], "exit_code": int(code), "applied": applied,
        "connection": manager.name, "ad_account_id": manager.account_id, "live": manager.live,
        "file": plan.file.name, "plan": plan.digest, "counts": telling.counts(plan.difference),
        "changes": telling.document(plan.difference, outcome.ids), "raises": list(plan.raises),
        "requests": [request_of(one, manager.account_id) for one in plan.requests],
        "written": outcome.written, "remarks": plan.remarks,
        "error": str(outcome.error) if outcome.error else None,
    }  # fmt: skip


def request_of(request: Request, account_id: str) -> dict[str, Any]:
    """A request that writes: its method, path and how many writes it carries."""
    path = ENTITIES[request.entity].path
    if request.is_batch:
        method, path = "POST", f"batch/accounts/{account_id}/{path}"
    else:
        method, path = METHODS[request.verb], f"accounts/{account_id}/{path}"
    return {"method": method, "path": path, "verb": request.verb, "writes": len(request.writes)}
