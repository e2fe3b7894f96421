"""How every call of the Ads API but the conversions' is let in, counted and answered."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.requests import Request
from starlette.routing import Route

from connector.simulator import parameters
from connector.simulator.authentication import (
    Caller,
    app_without_access,
    check_app,
    check_role,
    not_authenticated,
    user_of,
    without_permission,
)
from connector.simulator.endpoint import Endpoint
from connector.simulator.envelope import VERSIONS, Answer, Error, RefusedError, error, refusal
from connector.simulator.limits import (
    ACCOUNT_FAMILY,
    LIMITS,
    USER_FAMILY,
    current,
    rate_headers,
    spent,
)
from connector.simulator.misfortunes import MISFORTUNES, TOO_MANY_REQUESTS
from connector.simulator.parameters import DEFAULT_COUNT, Kind
from connector.simulator.signatures import UnknownCallerError, call_of
from connector.simulator.simulation import Simulation
from connector.simulator.world import Account, App, User

Row = Mapping[str, object]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class AdsCall:
    """A call that was let in.

    Attributes:
        account: the ad account of its path.
        path: the other ids of its path.
        params: what it says, as X repeats it.
        document: its JSON body, where the operation takes one.
        headers: what is left of the limit.
        origin: where the simulator was called, without a path.
    """

    simulation: Simulation
    user: User
    account: Account | None
    path: Mapping[str, str]
    params: Mapping[str, object]
    headers: Mapping[str, str]
    origin: str
    document: object = None


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path, without the version.

    Attributes:
        group: of the limit it counts towards, see `limits.LIMITS`.
        kinds: its parameters.
        required: those it cannot do without.
        takes_json: its parameters come as a JSON body.
        roles: who may; None for everybody on the account.
    """

    path: str
    answer: Callable[[AdsCall], Answer]
    method: str = "GET"
    group: str = "account_reads"
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    takes_json: bool = False
    roles: frozenset[str] | None = None

    def __call__(self, simulation: Simulation, request: Request, body: bytes) -> Answer:
        """Let a request in and answer it.

        Raises:
            RefusedError: it is not let in, or something is wrong with it.
        """
        caller, user, app = _known(simulation, request, body)
        _check_access(simulation, caller, app, method=self.method)
        path = dict(request.path_params)
        account = _account(simulation, user, path.pop("account_id", None))
        pairs = request.scope["query_string"].decode("latin-1")
        if self.method != "GET":
            pairs = "&".join(filter(None, (pairs, call_of(request, body).form)))
        values, errors = parameters.read(
            pairs, self.kinds, strict="strict_parameters" in simulation.settings.modes
        )
        errors += parameters.missing(values, self.required, errors)
        params = {**values, **({"account_id": account.id} if account else {})}
        headers = self._counted(simulation, (app, user, account), params)
        if account and self.roles is not None:
            check_role(user, account.id, roles=self.roles)
        document = parameters.document(request, body, errors) if self.takes_json else None
        if errors:
            raise refused(400, errors, account=account, headers=headers)
        return self.answer(
            AdsCall(
                simulation=simulation,
                user=user,
                account=account,
                path=path,
                params=params,
                headers=headers,
                origin=str(request.base_url).rstrip("/"),
                document=document,
            )
        )

    def _counted(
        self,
        simulation: Simulation,
        whose: tuple[App, User, Account | None],
        params: Mapping[str, object],
    ) -> Mapping[str, str]:
        """Take the call off its limit; headers that say so."""
        app, user, account = whose
        group = "total_count" if params.get("with_total_count") else self.group
        limit = LIMITS[group]
        calls = simulation.settings.limits.get(group, limit.calls) or None
        by_account = account if not limit.by_category else None
        owner = (by_account.id,) if by_account else (app.id, user.id)
        key = (group, "" if limit.by_category else f"{self.method} {self.path}", *owner)
        now, seconds = simulation.clock(), limit.seconds * simulation.settings.window_scale
        window = current(simulation.windows.get(key), now=now, seconds=seconds)
        after = spent(window, events=1, limit=calls)
        held = simulation.windows[key] = after or window
        headers: Mapping[str, str] = {}
        if calls is not None and "no_rate_headers" not in simulation.settings.modes:
            families = (USER_FAMILY, *([ACCOUNT_FAMILY] if by_account else []))
            left = calls - held.used
            headers = rate_headers(limit=calls, remaining=left, reset=held.reset, families=families)
        if after is None:
            raise refused(429, [TOO_MANY_REQUESTS], headers=headers)
        return headers


def ads_routes(simulation: Simulation, operations: Iterable[Operation]) -> list[Route]:
    """The operations' routes, under each version that X still lists."""
    return [
        Route(
            f"/{version}{operation.path}",
            Endpoint(simulation=simulation, process=operation, misfortunes=MISFORTUNES),
            methods=[operation.method],
        )
        for operation in operations
        for version in VERSIONS
    ]


def one(call: AdsCall, row: Row | None, *, code: str) -> Answer:
    """The answer with one row; 404 `code` where there is none, or one that is deleted."""
    if row is None or (row.get("deleted") and not call.params.get("with_deleted")):
        entry = error(code, "The requested resource could not be found")
        raise refused(404, [entry], account=call.account, headers=call.headers)
    return answered(call, row)


def listed(call: AdsCall, rows: Sequence[Row], *, ids: str, key: str = "id") -> Answer:
    """The answer with a page of rows, those of the `ids` parameter where it is given."""
    wanted = call.params.get(ids)
    kept = [
        row
        for row in rows
        if (not row.get("deleted") or call.params.get("with_deleted"))
        and (not isinstance(wanted, list) or row[key] in wanted)
    ]
    order = call.params.get("sort_by")
    for entry in reversed(order if isinstance(order, list) else []):
        attribute, _, direction = entry.rpartition("-")
        kept.sort(key=lambda row, by=attribute: str(row[by]), reverse=direction == "desc")  # type: ignore[misc]
    return page(call, kept, lambda row: row)


def page(
    call: AdsCall, kept: Sequence[T], row: Callable[[T], Row], *, count: int = DEFAULT_COUNT
) -> Answer:
    """The answer with the page of rows that is asked for; `count` of them unless it is said."""
    asked = call.params.get("count")
    start = parameters.offset_of(str(call.params.get("cursor") or "c-0"))
    end = start + (asked if isinstance(asked, int) else count)
    more: dict[str, object] = {
        "next_cursor": parameters.cursor_at(end) if end < len(kept) else None
    }
    if call.params.get("with_total_count"):
        more["total_count"] = len(kept)
    return answered(call, [row(one) for one in kept[start:end]], more)


def answered(call: AdsCall, data: object, more: Row | None = None) -> Answer:
    """The answer with `data`, and what else stands beside it."""
    body = {"request": {"params": dict(call.params)}, **(more or {}), "data": data}
    return Answer(status=200, body=body, headers=call.headers)


def refused(
    status: int,
    errors: Sequence[Error],
    *,
    account: Account | None = None,
    headers: Mapping[str, str] | None = None,
) -> RefusedError:
    """A refusal of a call that is about `account`."""
    account_id = account.id if account else None
    return RefusedError(refusal(status, errors, account_id=account_id, headers=headers))


def _known(simulation: Simulation, request: Request, body: bytes) -> tuple[Caller, User, App]:
    try:
        caller = user_of(call_of(request, body), gate=simulation.gate())
    except UnknownCallerError as unknown:
        # missing credentials never get as far as the Ads API
        gateway = "gateway_errors" in simulation.settings.modes or unknown.reason == "credentials"
        raise not_authenticated(unknown.reason, gateway=gateway) from None
    if caller.user is None or caller.app is None:
        raise not_authenticated("token")
    return caller, caller.user, caller.app


def _check_access(simulation: Simulation, caller: Caller, app: App, *, method: str) -> None:
    check_app(caller)
    if caller.scopes is None:
        return
    if "bearer_refused" in simulation.settings.modes:
        raise app_without_access(app)
    if ("ads.read" if method == "GET" else "ads.write") not in caller.scopes:
        raise without_permission()


def _account(simulation: Simulation, user: User, account_id: str | None) -> Account | None:
    if account_id is None:
        return None
    if account_id not in user.roles:
        entry = error("ACCOUNT_NOT_FOUND", f"Account {account_id} was not found")
        raise refused(403, [entry])
    return simulation.world.accounts[account_id]
