"""What can be done with each kind of entity, made into operations: lists, one row, and writes."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from connector.simulator import parameters
from connector.simulator.ads.entities import Entity
from connector.simulator.ads.listing import selected
from connector.simulator.ads.rows import Row, View, row_of
from connector.simulator.ads.store import Store
from connector.simulator.ads.writing import NotDoneError, Writing, not_found
from connector.simulator.ads_calls import AdsCall, Operation, answered, page, refused
from connector.simulator.envelope import Answer, error
from connector.simulator.parameters import LIST, Kind, flag, sorting
from connector.simulator.world import SENDING_ROLES, Account, events_of

E = TypeVar("E", bound=Entity)

ACCOUNT_PATH = "/accounts/{account_id}"


@dataclass(frozen=True, kw_only=True)
class Resource(Generic[E]):
    """A kind of entity and its path.

    Attributes:
        name: of one, as in `campaign`, for the code where there is none.
        ids: the list's parameter for ids.
        group: of the limit of its reads, see `limits.LIMITS`.
        filters: attributes by the list's parameter.
        searched: the attributes that `q` looks into; none where there is no `q`.
        sortable: attributes to sort by.
        counts: most rows on a page, and how many there are unless `count` says.
        create: what a POST does; None where there is none, as for the next two.
        kinds: the parameters of POST and PUT.
        fixed: those that only POST knows.
        required: those that POST needs.
        takes_json: POST and PUT have a JSON body.
        list_kinds: further parameters of the list; `list_required` are those it needs.
    """

    kind: type[E]
    path: str
    name: str
    ids: str
    id_kind: Kind = parameters.ids
    group: str = "account_reads"
    filters: Mapping[str, str] = field(default_factory=dict)
    searched: tuple[str, ...] = ()
    sortable: tuple[str, ...] = ("created_at", "updated_at")
    counts: tuple[int, int] = (parameters.MAX_COUNT, parameters.DEFAULT_COUNT)
    list_kinds: Mapping[str, Kind] = field(default_factory=dict)
    list_required: tuple[str, ...] = ()
    create: Callable[[Writing], E] | None = None
    change: Callable[[Writing, E], E] | None = None
    can_delete: bool = False
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    required: tuple[str, ...] = ()
    takes_json: bool = False
    row: Callable[[E, View], Row] = row_of

    @property
    def not_found(self) -> str:
        """X's code where there is none of that id."""
        return f"{self.name.upper()}_NOT_FOUND"


def operations_of(resource: Resource[Any]) -> list[Operation]:
    """The operations of a resource."""
    path, one_path = f"{ACCOUNT_PATH}{resource.path}", f"{ACCOUNT_PATH}{resource.path}/{{id}}"
    searched: Mapping[str, Kind] = {"q": parameters.any_text} if resource.searched else {}
    one_kinds = {"with_deleted": flag}
    found = [
        Operation(
            path=path,
            answer=lambda call: _list(call, resource),
            group=resource.group,
            kinds={
                **LIST,
                "count": parameters.integer(1, resource.counts[0]),
                resource.ids: resource.id_kind,
                **dict.fromkeys(resource.filters, parameters.ids),
                **searched,
                "sort_by": sorting(resource.sortable),
                **resource.list_kinds,
            },
            required=resource.list_required,
        ),
        Operation(
            path=one_path, answer=lambda call: _one(call, resource),
            group=resource.group, kinds=one_kinds,
        ),
    ]  # fmt: skip
    return [*found, *_writes(resource, path, one_path)]


def _writes(resource: Resource[Any], path: str, one_path: str) -> list[Operation]:
    found = []
    if resource.create:
        found.append(
            write(path, "POST", lambda call: _create(call, resource),
                  kinds=resource.kinds, required=resource.required, takes_json=resource.takes_json)
        )  # fmt: skip
    if resource.change:
        kinds = {name: kind for name, kind in resource.kinds.items() if name not in resource.fixed}
        found.append(
            write(
                one_path,
                "PUT",
                lambda call: _change(call, resource),
                kinds=kinds,
                takes_json=resource.takes_json,
            )
        )
    if resource.can_delete:
        found.append(write(one_path, "DELETE", lambda call: _delete(call, resource)))
    return found


def write(path: str, method: str, answer: Callable[[AdsCall], Answer], **more: Any) -> Operation:  # noqa: ANN401
    """An operation that changes something."""
    # whatever an operation takes beside these goes through as it is
    return Operation(
        path=path, method=method, answer=answer, group="writes", roles=SENDING_ROLES, **more
    )


def account_of(call: AdsCall) -> Account:
    """The account of the path, which every operation here has."""
    if call.account is None:
        raise LookupError("a path without an account")
    return call.account


def store_of(call: AdsCall) -> Store:
    """The ads of the account of the path."""
    return call.simulation.ads(account_of(call).id)


def view_of(call: AdsCall) -> View:
    """The account of the path as it is now."""
    return View(
        store=store_of(call),
        now=call.simulation.clock(),
        funded=_funding(call, deleted=False),
        failing="processing_fails" in call.simulation.settings.modes,
        trimmed=bool(call.params.get("trim_user")),
    )


def writing_of(call: AdsCall, values: Mapping[str, Any] | None = None) -> Writing:
    """The write that a call asks for."""
    simulation, account = call.simulation, account_of(call)
    return Writing(
        store=store_of(call),
        now=math.floor(simulation.clock()),
        user_id=call.user.id,
        values=call.params if values is None else values,
        funded=_funding(call, deleted=False),
        unfunded=_funding(call, deleted=True),
        tags=frozenset(
            tag.id for tag in events_of(simulation.world, account.id) if not tag.deleted
        ),
        uploads=simulation.uploads,
        modes=simulation.settings.modes,
    )


def _funding(call: AdsCall, *, deleted: bool) -> frozenset[str]:
    every = call.simulation.world.funding_instruments.values()
    mine = (one for one in every if one.account_id == account_of(call).id)
    return frozenset(one.id for one in mine if one.deleted == deleted)


def done(call: AdsCall, doing: Callable[[], Any]) -> Any:  # noqa: ANN401
    """What a write comes to.

    Raises:
        RefusedError: it was not done.
    """
    # what it comes to is an entity, or several
    try:
        return doing()
    except NotDoneError as not_done:
        raise refused(
            not_done.status, not_done.errors, account=call.account, headers=call.headers
        ) from None


def found_in(resource: Resource[E], store: Store, id_: str) -> E:
    """An entity that is there to be changed.

    Raises:
        NotDoneError: 404, it was never there or is deleted.
    """
    entity = store.table(resource.kind).get(id_)
    if entity is None or entity.deleted:
        raise not_found(resource.not_found)
    return entity


def _create(call: AdsCall, resource: Resource[Any]) -> Answer:
    call = _with_document(call)
    create = resource.create
    made = done(call, lambda: create and create(writing_of(call)))
    return answered(call, resource.row(made, view_of(call)))


def _change(call: AdsCall, resource: Resource[Any]) -> Answer:
    call = _with_document(call)
    changed = done(call, lambda: changed_in(resource, writing_of(call), call.path["id"]))
    return answered(call, resource.row(changed, view_of(call)))


def _delete(call: AdsCall, resource: Resource[Any]) -> Answer:
    gone = done(call, lambda: deleted_in(resource, writing_of(call), call.path["id"]))
    return answered(call, resource.row(gone, view_of(call)))


def _with_document(call: AdsCall) -> AdsCall:
    """The call with what its JSON body says among its parameters."""
    document = call.document if isinstance(call.document, dict) else {}
    return replace(call, params={**document, **call.params})


def changed_in(resource: Resource[Any], writing: Writing, id_: str) -> Entity:
    """Change an entity.

    Raises:
        NotDoneError: it is not there, or cannot be changed to that.
    """
    entity = found_in(resource, writing.store, id_)
    changed: Entity = resource.change(writing, entity) if resource.change else entity
    return changed


def deleted_in(resource: Resource[Any], writing: Writing, id_: str) -> Entity:
    """Delete an entity, for good.

    Raises:
        NotDoneError: it is not there any more.
    """
    entity: Entity = found_in(resource, writing.store, id_)
    return writing.put(replace(entity, deleted=True))


def _one(call: AdsCall, resource: Resource[Any]) -> Answer:
    view = view_of(call)
    entity = view.store.table(resource.kind).get(call.path["id"])
    if entity is None or (view.store.is_hidden(entity) and not call.params.get("with_deleted")):
        entry = error(resource.not_found, "The requested resource could not be found")
        raise refused(404, [entry], account=call.account, headers=call.headers)
    return answered(call, resource.row(entity, view))


def _list(call: AdsCall, resource: Resource[Any]) -> Answer:
    view = view_of(call)
    kept = selected(
        call,
        view.store,
        list(view.store.table(resource.kind).values()),
        filters={resource.ids: "id", **resource.filters},
        searched=resource.searched,
    )
    return page(call, kept, lambda entity: resource.row(entity, view), count=resource.counts[1])
