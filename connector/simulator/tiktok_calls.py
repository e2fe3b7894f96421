"""How every call of TikTok is let in and answered: HTTP 200 whatever happens, and a code."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.routing import Route

from connector.simulator.endpoint import Endpoint
from connector.simulator.envelope import HTML, Answer, RefusedError
from connector.simulator.limits import LIMITS, Window, current, spent
from connector.simulator.misfortunes import Misfortunes
from connector.simulator.simulation import Simulation
from connector.simulator.world import TikTokApp

PREFIX = "/open_api/v1.3"

OK, NO_PERMISSION, BAD_PARAMETER = 0, 40001, 40002
TOO_MANY, WRONG_APP, WRONG_TOKEN, WRONG_CODE = 40100, 40101, 40105, 40110
TOO_LARGE, TOO_MANY_OF_ADVERTISER, TASK_NOT_READY = 40067, 40133, 40201
SYSTEM_ERROR = 50000

_QPS = "App reaches the QPS limit."
_LOCK_SECONDS = 2 * 3600


@dataclass(frozen=True, kw_only=True)
class TikTokCall:
    """A call that was let in: `app` whose token it carries, `values` of its query or JSON body.

    `origin` is the address it came to.
    """

    simulation: Simulation
    values: Mapping[str, object] = field(repr=False)
    app: TikTokApp
    origin: str


@dataclass(frozen=True, kw_only=True)
class TikTokOperation:
    """One method of one path under `PREFIX`.

    `data` gives what an envelope holds, or a whole answer. `by_secret`: the app shows its secret in
    the body, and there need not be a token.
    """

    path: str
    data: Callable[[TikTokCall], object]
    method: str = "GET"
    by_secret: bool = False

    def __call__(self, simulation: Simulation, request: Request, body: bytes) -> Answer:
        """Let a request in and answer it.

        Raises:
            RefusedError: with an answer of TikTok's own, as always HTTP 200.
        """
        values = _values(simulation, request, body)
        app = app_shown(simulation, values) if self.by_secret else _token_app(simulation, request)
        _count(simulation, app)
        origin = str(request.base_url).rstrip("/")
        data = self.data(TikTokCall(simulation=simulation, values=values, app=app, origin=origin))
        return data if isinstance(data, Answer) else enveloped(simulation, OK, "OK", data=data)


def tiktok_routes(simulation: Simulation, *operations: TikTokOperation) -> list[Route]:
    """The operations' routes."""
    return [
        Route(
            f"{PREFIX}{operation.path}",
            Endpoint(simulation=simulation, process=operation, misfortunes=TIKTOK_MISFORTUNES),
            methods=[operation.method],
        )
        for operation in operations
    ]


def enveloped(simulation: Simulation, code: int, message: str, *, data: object = None) -> Answer:
    """An answer in TikTok's envelope."""
    moment = datetime.fromtimestamp(simulation.clock(), tz=UTC)
    request_id = f"{moment:%Y%m%d%H%M%S}{simulation.draw(9).upper()}"
    body = {"code": code, "message": message, "request_id": request_id}
    return Answer(status=200, body={**body, "data": {} if data is None else data})


def tiktok_refusal(simulation: Simulation, code: int, message: str) -> RefusedError:
    """A refusal in TikTok's envelope."""
    return RefusedError(enveloped(simulation, code, message))


def needed(call: TikTokCall, name: str) -> str:
    """A text the call must have; numbers count as text.

    Raises:
        RefusedError: 40002, where it is missing.
    """
    return _text(call.simulation, call.values, name)


def app_shown(
    simulation: Simulation, values: Mapping[str, object], *, code: int = WRONG_APP
) -> TikTokApp:
    """The app whose id and secret `values` hold.

    Raises:
        RefusedError: 40002 where one is missing, `code` where they are not right.
    """
    app_id, secret = (_text(simulation, values, name) for name in ("app_id", "secret"))
    app = simulation.world.tiktok.apps.get(app_id)
    if app is None or app.secret != secret:
        raise tiktok_refusal(simulation, code, "Invalid app_id or secret.")
    return app


def _text(simulation: Simulation, values: Mapping[str, object], name: str) -> str:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        message = f"{name}: Missing data for required field."
        raise tiktok_refusal(simulation, BAD_PARAMETER, message)
    return str(value)


def _values(simulation: Simulation, request: Request, body: bytes) -> Mapping[str, object]:
    if request.method == "GET":
        return dict(request.query_params)
    try:
        read = json.loads(body)
    except (ValueError, RecursionError):
        read = None
    if not isinstance(read, dict):
        message = "The request body is not a JSON object."
        raise tiktok_refusal(simulation, BAD_PARAMETER, message)
    return read


def _token_app(simulation: Simulation, request: Request) -> TikTokApp:
    app_id = simulation.issued.tiktok.get(request.headers.get("access-token", ""))
    if app_id is None:
        message = "Access token is incorrect or has been revoked."
        raise tiktok_refusal(simulation, WRONG_TOKEN, message)
    return simulation.world.tiktok.apps[app_id]


def take(
    simulation: Simulation, group: str, owner: tuple[str, ...], refusal: tuple[int, str]
) -> None:
    """Take a call off the limit of a group (`limits.LIMITS`) that `owner` has.

    Raises:
        RefusedError: with the code and message of `refusal`, where nothing is left.
    """
    now, settings, limit = math.floor(simulation.clock()), simulation.settings, LIMITS[group]
    key = (group, *owner)
    seconds = limit.seconds * settings.window_scale
    window = current(simulation.windows.get(key), now=now, seconds=seconds)
    after = spent(window, events=1, limit=settings.limits.get(group, limit.calls) or None)
    if after is None:
        raise tiktok_refusal(simulation, *refusal)
    simulation.windows[key] = after


def _count(simulation: Simulation, app: TikTokApp) -> None:
    """Take a call off the app's limits, which all its tokens share.

    In the sandbox whoever goes over them is locked out for hours, longer with every try.
    """
    lock, now = ("tiktok_lock", app.id), simulation.clock()
    is_sandbox = "tiktok_sandbox" in simulation.settings.modes
    try:
        if lock in simulation.windows and now < simulation.windows[lock].reset:
            raise tiktok_refusal(simulation, TOO_MANY, _QPS)
        for group in ("tiktok_seconds", "tiktok_minutes"):
            take(simulation, group, (app.id,), (TOO_MANY, _QPS))
    except RefusedError:
        if is_sandbox:
            simulation.windows[lock] = Window(started=now, used=0, seconds=_LOCK_SECONDS)
        raise


def _gateway_timeout(_: Simulation) -> Answer:
    text = "<html><body><h1>504 Gateway Time-out</h1></body></html>"
    return Answer(status=504, text=text, media_type=HTML)


TIKTOK_MISFORTUNES: Misfortunes = {
    "unavailable": _gateway_timeout,
    "rate_limited": lambda simulation: enveloped(simulation, TOO_MANY, _QPS),
    "error_500_after_commit": lambda simulation: enveloped(
        simulation, SYSTEM_ERROR, "System error."
    ),
}
