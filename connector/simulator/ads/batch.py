"""Batches: many writes in one call, all of them done or none."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.simulator.ads.campaigns import CAMPAIGNS
from connector.simulator.ads.creatives import TARGETING_CRITERIA
from connector.simulator.ads.entities import Entity
from connector.simulator.ads.kinds import as_text
from connector.simulator.ads.line_items import LINE_ITEMS
from connector.simulator.ads.resources import (
    Resource,
    account_of,
    changed_in,
    deleted_in,
    store_of,
    view_of,
    write,
    writing_of,
)
from connector.simulator.ads.writing import NotDoneError, needed, wrong
from connector.simulator.ads_calls import AdsCall, Operation, refused
from connector.simulator.envelope import Answer, Error, RefusedError, error
from connector.simulator.parameters import invalid, missing

MAX_OPERATIONS = 40

_MAXIMA: Mapping[str, int] = {"targeting_criterion": 500}


def _batch(call: AdsCall, resource: Resource[Any]) -> Answer:
    """Do a batch; what is wrong with the request is in `errors`, with items `operation_errors`."""
    operations = _operations(call, resource)
    store, saved = store_of(call), store_of(call).saved()
    rows: list[Entity] = []
    problems: list[Sequence[Error]] = []
    for operation in operations:
        try:
            rows.append(_done(call, resource, operation))
            problems.append([])
        except NotDoneError as not_done:
            problems.append(not_done.errors)
    echo = [_repeated(call, operation) for operation in operations]
    if any(problems):
        store.restore(saved)
        raise RefusedError(_refusal(call, problems, echo))
    view = view_of(call)
    body = {"data": [resource.row(row, view) for row in rows], "request": echo}
    return Answer(status=200, body=body, headers=call.headers)


def _refusal(
    call: AdsCall, problems: Sequence[Sequence[Error]], echo: Sequence[Mapping[str, object]]
) -> Answer:
    body = {"operation_errors": problems, "request": echo}
    return Answer(status=400, body=body, headers=call.headers)


def _operations(call: AdsCall, resource: Resource[Any]) -> list[Mapping[str, Any]]:
    maximum = _MAXIMA.get(resource.name, MAX_OPERATIONS)
    document = call.document
    if not isinstance(document, list) or not document:
        message = "Expected an array of operations"
    elif len(document) > maximum:
        message = f"Expected at most {maximum} operations, got {len(document)}"
    elif not all(isinstance(one, dict) for one in document):
        message = "Expected objects as operations"
    else:
        return document
    entry = error("INVALID_PARAMETER", message)
    raise refused(400, [entry], account=call.account, headers=call.headers)


def _done(call: AdsCall, resource: Resource[Any], operation: Mapping[str, Any]) -> Entity:
    kind, params = operation.get("operation_type"), operation.get("params")
    doing = _DOING.get(str(kind))
    if doing is None or (kind == "Update" and resource.change is None):
        message = "Expected one of Create, Update, Delete"
        raise wrong("INVALID_PARAMETER", message, "operation_type")
    if not isinstance(params, dict):
        raise wrong("MISSING_PARAMETER", '"params" is a required parameter', "params")
    return doing(call, resource, params)


def _create(call: AdsCall, resource: Resource[Any], params: Mapping[str, Any]) -> Entity:
    values, errors = _read(resource, params)
    errors += missing(values, resource.required, errors)
    if errors or resource.create is None:
        raise NotDoneError(errors)
    made: Entity = resource.create(writing_of(call, values))
    return made


def _update(call: AdsCall, resource: Resource[Any], params: Mapping[str, Any]) -> Entity:
    id_ = _id(resource, params)
    values, errors = _read(resource, params)
    if errors:
        raise NotDoneError(errors)
    return changed_in(resource, writing_of(call, values), id_)


def _delete(call: AdsCall, resource: Resource[Any], params: Mapping[str, Any]) -> Entity:
    return deleted_in(resource, writing_of(call, {}), _id(resource, params))


def _id(resource: Resource[Any], params: Mapping[str, Any]) -> str:
    name = f"{resource.name}_id"
    needed(params, name)
    return str(params[name])


def _read(
    resource: Resource[Any], params: Mapping[str, Any]
) -> tuple[dict[str, object], list[Error]]:
    """The values of an operation, read as if they had come in a query."""
    values: dict[str, object] = {}
    errors: list[Error] = []
    for name, kind in resource.kinds.items():
        if name in params:
            try:
                values[name] = kind(as_text(params[name]))
            except ValueError as expected:
                errors.append(invalid(str(expected), str(params[name]), name))
    return values, errors


def _repeated(call: AdsCall, operation: Mapping[str, Any]) -> Mapping[str, object]:
    params = operation.get("params")
    shown = {**(params if isinstance(params, dict) else {}), "account_id": account_of(call).id}
    return {"params": shown, "operation_type": operation.get("operation_type")}


_DOING: Mapping[str, Callable[[AdsCall, Resource[Any], Mapping[str, Any]], Entity]] = {
    "Create": _create,
    "Update": _update,
    "Delete": _delete,
}


def _operation(resource: Resource[Any]) -> Operation:
    return write(
        f"/batch/accounts/{{account_id}}{resource.path}",
        "POST",
        lambda call: _batch(call, resource),
        takes_json=True,
    )


OPERATIONS = tuple(_operation(resource) for resource in (CAMPAIGNS, LINE_ITEMS, TARGETING_CRITERIA))
