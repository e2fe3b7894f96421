"""TikTok's consent page, its tokens, and who they belong to."""

from dataclasses import replace

from starlette.requests import Request
from starlette.routing import Route

from connector.simulator.callbacks import is_registered, with_query
from connector.simulator.consent import decision_of, no_page, parameters_of, question, redirect
from connector.simulator.endpoint import Endpoint
from connector.simulator.envelope import Answer
from connector.simulator.issued import AuthCode
from connector.simulator.simulation import Simulation
from connector.simulator.tiktok_calls import (
    NO_PERMISSION,
    WRONG_CODE,
    WRONG_TOKEN,
    TikTokCall,
    TikTokOperation,
    app_shown,
    needed,
    tiktok_refusal,
    tiktok_routes,
)

# The second is the older one.
CONSENT_PATHS = ("/portal/auth", "/marketing_api/auth")
AUTH_CODE_SECONDS = 3600

# Ads management, reporting
_SCOPE = (4, 5)
_WANTS = ("See your ad accounts, your ads and their reports",)


def routes(simulation: Simulation) -> list[Route]:
    """The page and the calls."""
    page = Endpoint(simulation=simulation, process=_consent)
    return [
        *(Route(path, page, methods=["GET", "POST"]) for path in CONSENT_PATHS),
        *tiktok_routes(simulation, *_OPERATIONS),
    ]


def _consent(simulation: Simulation, request: Request, body: bytes) -> Answer:
    parameters = parameters_of(request, body)
    app = simulation.world.tiktok.apps.get(parameters.get("app_id", ""))
    if app is None:
        raise no_page("There is no app with this app_id.")
    address, state = parameters.get("redirect_uri", ""), parameters.get("state")
    if not is_registered(address, registered=simulation.settings.callbacks):
        raise no_page("The redirect_uri is not the one of the app.")
    decision = decision_of(request, parameters, simulation.settings)
    if decision == "ask":
        return question(app=app.name, wants=_WANTS, kept=parameters, users={}, to=address)
    if decision == "deny":
        return redirect(with_query(address, error="access_denied", state=state))
    code = simulation.minted()
    expires_at = simulation.clock() + AUTH_CODE_SECONDS
    simulation.issued.auth_codes[code] = AuthCode(app_id=app.id, expires_at=expires_at)
    return redirect(with_query(address, auth_code=code, state=state))


def _exchanged(call: TikTokCall) -> object:
    codes, text = call.simulation.issued.auth_codes, needed(call, "auth_code")
    code = codes.get(text)
    if code is None or code.app_id != call.app.id or call.simulation.clock() >= code.expires_at:
        raise tiktok_refusal(call.simulation, WRONG_CODE, "Auth_code is invalid or expired.")
    if code.used:
        raise tiktok_refusal(call.simulation, WRONG_CODE, "Auth_code is used.")
    codes[text] = replace(code, used=True)
    token = call.simulation.minted()
    call.simulation.issued.tiktok[token] = call.app.id
    data: dict[str, object] = {"access_token": token, "scope": list(_SCOPE)}
    if call.values.get("return_advertiser_ids", True):
        data["advertiser_ids"] = list(call.simulation.world.tiktok.advertisers)
    return data


def _revoked(call: TikTokCall) -> object:
    tokens, token = call.simulation.issued.tiktok, needed(call, "access_token")
    if tokens.get(token) != call.app.id:
        message = "Access token is incorrect or has been revoked."
        raise tiktok_refusal(call.simulation, WRONG_TOKEN, message)
    del tokens[token]
    advertisers = list(call.simulation.world.tiktok.advertisers)
    return {"app_id": call.app.id, "advertiser_ids": advertisers}


def _advertisers(call: TikTokCall) -> object:
    if "tiktok_sandbox" in call.simulation.settings.modes:
        raise tiktok_refusal(call.simulation, NO_PERMISSION, "Not supported in the sandbox.")
    shown = app_shown(call.simulation, call.values, code=NO_PERMISSION)
    if shown != call.app:
        message = "No permission: the access token is another app's."
        raise tiktok_refusal(call.simulation, NO_PERMISSION, message)
    every = call.simulation.world.tiktok.advertisers.values()
    return {"list": [{"advertiser_id": one.id, "advertiser_name": one.name} for one in every]}


def _user(_: TikTokCall) -> object:
    return {
        "core_user_id": "7000000000000000042",
        "display_name": "manager",
        "email": "m***@example.com",
        "create_time": 1_707_578_467,
    }


_OPERATIONS = (
    TikTokOperation(path="/oauth2/access_token/", data=_exchanged, method="POST", by_secret=True),
    TikTokOperation(path="/oauth2/revoke_token/", data=_revoked, method="POST", by_secret=True),
    TikTokOperation(path="/oauth2/advertiser/get/", data=_advertisers),
    TikTokOperation(path="/user/info/", data=_user),
)
