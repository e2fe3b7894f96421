"""The pages and calls of OAuth 2.0: authorize, token, revoke."""

import base64
import binascii
from collections.abc import Callable, Mapping
from hmac import compare_digest
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.routing import Route

from connector.simulator.callbacks import with_query
from connector.simulator.consent import (
    decision_of,
    no_page,
    parameters_of,
    question,
    redirect,
    user_asked,
)
from connector.simulator.endpoint import Endpoint, Process
from connector.simulator.envelope import Answer
from connector.simulator.misfortunes import MISFORTUNES
from connector.simulator.oauth1_route import labels
from connector.simulator.oauth2 import (
    OAuthError,
    app_with,
    asked_for,
    asker,
    code_for,
    exchanged,
    refreshed,
    revoke,
)
from connector.simulator.signatures import FORM
from connector.simulator.simulation import Simulation
from connector.simulator.world import App, World

# X's pages print both.
AUTHORIZE_PATHS = ("/i/oauth2/authorize", "/2/oauth2/authorize")

_WANTS: Mapping[str, str] = {
    "ads.read": "See your ad accounts and their results",
    "ads.write": "Change your ad accounts, as far as your role allows",
    "offline.access": "Stay connected until you revoke its access",
    "media.write": "Upload pictures and videos",
}

_BASIC = "basic "
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


def routes(simulation: Simulation) -> list[Route]:
    """Pages and calls; faults meet the calls."""

    def call(path: str, process: Process) -> Route:
        endpoint = Endpoint(
            simulation=simulation, process=_with_errors(process), misfortunes=MISFORTUNES
        )
        return Route(path, endpoint, methods=["POST"])

    page = Endpoint(simulation=simulation, process=_authorize)
    return [
        *(Route(path, page, methods=["GET", "POST"]) for path in AUTHORIZE_PATHS),
        call("/2/oauth2/token", _token),
        call("/2/oauth2/revoke", _revoke),
    ]


def _with_errors(process: Process) -> Process:
    """The same, with refusals in the form of RFC 6749."""

    def answered(simulation: Simulation, request: Request, body: bytes) -> Answer:
        try:
            return process(simulation, request, body)
        except OAuthError as refused:
            headers = dict(_NO_STORE)
            if refused.status == 401:  # noqa: PLR2004 - the status that asks for credentials
                headers["www-authenticate"] = 'Basic realm="simulator"'
            said = {"error": refused.code, "error_description": refused.description}
            return Answer(status=refused.status, body=said, headers=headers)

    return answered


def _authorize(simulation: Simulation, request: Request, body: bytes) -> Answer:
    parameters = parameters_of(request, body)
    state = parameters.get("state")
    settings, world = simulation.settings, simulation.world
    try:
        app = asker(parameters, world=world, callbacks=settings.callbacks)
    except OAuthError as refused:
        raise no_page(refused.description) from None
    address = parameters["redirect_uri"]
    try:
        asked = asked_for(parameters, app=app)
    except OAuthError as refused:
        said = {"error": refused.code, "error_description": refused.description}
        return redirect(with_query(address, **said, state=state))
    decision = decision_of(request, parameters, settings)
    user = user_asked(parameters, world)
    if decision == "ask":
        return question(
            app=app.name,
            wants=[_WANTS.get(scope, scope) for scope in asked.scopes],
            kept=parameters,
            users=labels(simulation, user),
            to=address,
        )
    if decision == "deny":
        return redirect(with_query(address, error="access_denied", state=state))
    code = code_for(asked, user, simulation=simulation)
    return redirect(with_query(address, state=state, code=code))


def _token(simulation: Simulation, request: Request, body: bytes) -> Answer:
    form = _form(request, body)
    app = _client(request, form, simulation.world)
    grant = _GRANTS.get(form.get("grant_type", ""))
    if grant is None:
        raise OAuthError("unsupported_grant_type", "The grant_type is missing or not supported.")
    return Answer(status=200, body=grant(form, app=app, simulation=simulation), headers=_NO_STORE)


def _revoke(simulation: Simulation, request: Request, body: bytes) -> Answer:
    form = _form(request, body)
    revoke(form, app=_client(request, form, simulation.world), simulation=simulation)
    return Answer(status=200, body={"revoked": True}, headers=_NO_STORE)


def _form(request: Request, body: bytes) -> Mapping[str, str]:
    if not request.headers.get("content-type", "").startswith(FORM):
        raise OAuthError("invalid_request", f"The body must be {FORM}.")
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    form = dict(pairs)
    if len(form) < len(pairs):
        raise OAuthError("invalid_request", "A parameter is given twice.")
    return form


def _client(request: Request, form: Mapping[str, str], world: World) -> App:
    """The app that calls: a confidential one by its secret in the header, a public one by its id.

    Raises:
        OAuthError: 401.
    """
    header = request.headers.get("authorization", "")
    client_id, secret = _basic(header) or (form.get("client_id", ""), None)
    app = app_with(client_id, world=world)
    if app is None or form.get("client_id", client_id) != client_id:
        raise OAuthError(
            "invalid_client", "Value passed for the client id was invalid.", status=401
        )
    if secret is None and not app.public:
        description = "Missing valid authorization header"
        raise OAuthError("unauthorized_client", description, status=401)
    if "client_secret" in form:
        description = "The client secret belongs into the authorization header"
        raise OAuthError("unauthorized_client", description, status=401)
    if secret is not None and not compare_digest(secret.encode(), app.client_secret.encode()):
        description = "Missing valid authorization header"
        raise OAuthError("unauthorized_client", description, status=401)
    return app


def _basic(header: str) -> tuple[str, str] | None:
    """Client id and secret out of a header, None for a header of another form."""
    if not header.lower().startswith(_BASIC):
        return None
    try:
        read = base64.b64decode(header[len(_BASIC) :].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    client_id, colon, secret = read.partition(":")
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else None


_GRANTS: Mapping[str, Callable[..., dict[str, object]]] = {
    "authorization_code": exchanged,
    "refresh_token": refreshed,
}
