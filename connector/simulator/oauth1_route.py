"""OAuth 1.0a with three legs, by callback or PIN, and the end of a token."""

from collections.abc import Mapping
from dataclasses import replace
from hmac import compare_digest
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.routing import Route

from connector.simulator.authentication import app_of, not_authenticated, signer
from connector.simulator.callbacks import is_loopback, is_registered, with_query
from connector.simulator.consent import (
    decision_of,
    message_page,
    no_page,
    parameters_of,
    pin_page,
    question,
    redirect,
    user_asked,
)
from connector.simulator.endpoint import Endpoint, Process
from connector.simulator.envelope import FORM, TEXT, Answer, RefusedError, gateway_refusal
from connector.simulator.issued import RequestToken
from connector.simulator.misfortunes import MISFORTUNES
from connector.simulator.signatures import UnknownCallerError, call_of, oauth_parameters, verified
from connector.simulator.simulation import Simulation
from connector.simulator.world import Grant, User

OUT_OF_BAND = "oob"
REQUEST_SECONDS = 15 * 60
PIN_DIGITS = 7

_WANTS = ("See and change your ad accounts, as far as your role allows",)


def routes(simulation: Simulation) -> list[Route]:
    """The three legs; faults meet the calls, not the pages."""

    def page(path: str) -> Route:
        endpoint = Endpoint(simulation=simulation, process=_consent)
        return Route(path, endpoint, methods=["GET", "POST"])

    def call(path: str, process: Process) -> Route:
        endpoint = Endpoint(
            simulation=simulation, process=_with_codes(process), misfortunes=MISFORTUNES
        )
        return Route(path, endpoint, methods=["POST"])

    return [
        call("/oauth/request_token", _request_token),
        page("/oauth/authorize"),
        page("/oauth/authenticate"),
        call("/oauth/access_token", _access_token),
        call("/1.1/oauth/invalidate_token.json", _invalidate),
    ]


def _with_codes(process: Process) -> Process:
    """The same, with X's numeric codes for callers that are not known."""

    def coded(simulation: Simulation, request: Request, body: bytes) -> Answer:
        try:
            return process(simulation, request, body)
        except UnknownCallerError as unknown:
            raise not_authenticated(unknown.reason, gateway=True) from None

    return coded


def _request_token(simulation: Simulation, request: Request, body: bytes) -> Answer:
    gate = simulation.gate()
    call = call_of(request, body)
    oauth = verified(
        call,
        secrets=lambda oauth: (app_of(oauth, world=gate.world).consumer_secret, ""),
        nonces=gate.nonces,
        now=gate.now,
    )
    callback = oauth.get("oauth_callback", "")
    if not callback:
        raise UnknownCallerError("credentials")
    known = simulation.settings.callbacks
    if callback != OUT_OF_BAND and not (
        is_loopback(callback) or is_registered(callback, registered=known)
    ):
        raise RefusedError(gateway_refusal(403, 415, "Callback URL not approved for this client"))
    token, secret = simulation.minted(), simulation.minted()
    simulation.issued.requests[token] = RequestToken(
        consumer_key=oauth["oauth_consumer_key"],
        secret=secret,
        callback=callback,
        expires_at=gate.now + REQUEST_SECONDS,
    )
    return _form(oauth_token=token, oauth_token_secret=secret, oauth_callback_confirmed="true")


def _consent(simulation: Simulation, request: Request, body: bytes) -> Answer:
    parameters = parameters_of(request, body)
    token = parameters.get("oauth_token", "")
    asked = _pending(simulation, token)
    if asked is None or asked.verifier:
        raise no_page("The request token for this page is invalid.", status=403)
    app = simulation.world.apps[asked.consumer_key]
    user = user_asked(parameters, simulation.world)
    decision = decision_of(request, parameters, simulation.settings)
    # no prompt again for an app that has consent, but a PIN must be seen by somebody
    is_quick = request.scope["path"].endswith("/authenticate") and asked.callback != OUT_OF_BAND
    if (
        decision == "ask"
        and is_quick
        and (app.consumer_key, user.id) in simulation.issued.consented
    ):
        decision = "allow"
    if decision == "ask":
        return question(
            app=app.name,
            wants=_WANTS,
            kept={"oauth_token": token},
            users=labels(simulation, user),
            to=asked.callback if asked.callback != OUT_OF_BAND else "a page with a PIN",
        )
    if decision == "deny":
        del simulation.issued.requests[token]
        if asked.callback == OUT_OF_BAND:
            return message_page("You have denied access", f"{app.name} was not let in.")
        return redirect(with_query(asked.callback, denied=token))
    return _allowed(simulation, token, asked, user)


def labels(simulation: Simulation, first: User) -> Mapping[str, str]:
    """Every user with their roles, the given one first, by screen name."""
    users = [first, *(user for user in simulation.world.users.values() if user != first)]
    return {
        user.screen_name: f"{user.screen_name}: {_roles_of(user) or 'no ad account'}"
        for user in users
    }


def _roles_of(user: User) -> str:
    return ", ".join(sorted({role for roles in user.roles.values() for role in roles}))


def _allowed(simulation: Simulation, token: str, asked: RequestToken, user: User) -> Answer:
    by_pin = asked.callback == OUT_OF_BAND
    drawn = simulation.draw(16)
    verifier = f"{int(drawn, 16) % 10**PIN_DIGITS:0{PIN_DIGITS}}" if by_pin else f"sim-{drawn}"
    simulation.issued.requests[token] = replace(asked, user_id=user.id, verifier=verifier)
    simulation.issued.consented.add((asked.consumer_key, user.id))
    if by_pin:
        return pin_page(simulation.world.apps[asked.consumer_key].name, verifier)
    return redirect(with_query(asked.callback, oauth_token=token, oauth_verifier=verifier))


def _access_token(simulation: Simulation, request: Request, body: bytes) -> Answer:
    gate, call = simulation.gate(), call_of(request, body)

    def secrets(oauth: Mapping[str, str]) -> tuple[str, str]:
        app = app_of(oauth, world=gate.world)
        asked = _pending(simulation, oauth.get("oauth_token", ""))
        if asked is None or asked.consumer_key != app.consumer_key:
            raise UnknownCallerError("token")
        return app.consumer_secret, asked.secret

    oauth = verified(call, secrets=secrets, nonces=gate.nonces, now=gate.now)
    asked = simulation.issued.requests[oauth["oauth_token"]]
    given = oauth.get("oauth_verifier", "")
    if not asked.verifier or not compare_digest(asked.verifier.encode(), given.encode()):
        text = "Error processing your OAuth request: Invalid oauth_verifier parameter"
        return Answer(status=401, text=text, media_type=TEXT)
    del simulation.issued.requests[oauth["oauth_token"]]
    user = gate.world.users[asked.user_id]
    grant = Grant(
        consumer_key=asked.consumer_key,
        user_id=user.id,
        token=simulation.minted(),
        token_secret=simulation.minted(),
    )
    simulation.issued.grants[grant.token] = grant
    return _form(
        oauth_token=grant.token,
        oauth_token_secret=grant.token_secret,
        user_id=user.id,
        screen_name=user.screen_name,
    )


def _invalidate(simulation: Simulation, request: Request, body: bytes) -> Answer:
    call = call_of(request, body)
    signer(call, gate=simulation.gate())
    token = oauth_parameters(call)["oauth_token"]
    del simulation.issued.grants[token]
    return Answer(status=200, body={"access_token": token})


def _pending(simulation: Simulation, token: str) -> RequestToken | None:
    asked = simulation.issued.requests.get(token)
    if asked is None or simulation.clock() >= asked.expires_at:
        return None
    return asked


def _form(**parameters: str) -> Answer:
    return Answer(status=200, text=urlencode(parameters), media_type=FORM)
