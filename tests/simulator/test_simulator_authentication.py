from dataclasses import replace

import pytest
from oauthlib.oauth1 import Client

from connector.simulator.authentication import GATEWAY, Caller, Gate, admitted, sender, user_of
from connector.simulator.envelope import RefusedError
from connector.simulator.founding import Terms, make_world
from connector.simulator.issued import Bearer, issued_at_first
from connector.simulator.signatures import Call, Nonces, UnknownCallerError
from connector.simulator.world import ROLES, SENDING_ROLES, Grant

NOW = 1_800_000_000.0
URL = "http://127.0.0.1:8490/12/measurement/conversions/o8z6j"
WORLD = make_world()
FIRST, SECOND, FOREIGN = WORLD.pixels.values()
MANAGER, ANALYST, STRANGER, WITH_UNAPPROVED_APP, *_ = WORLD.grants.values()


def signed(
    grant: Grant,
    *,
    url: str = URL,
    timestamp: float = NOW,
    nonce: str = "n1",
    method: str = "HMAC-SHA1",
) -> Call:
    client = Client(
        grant.consumer_key,
        client_secret=WORLD.apps[grant.consumer_key].consumer_secret,
        resource_owner_key=grant.token,
        resource_owner_secret=grant.token_secret,
        signature_method=method,
        nonce=nonce,
        timestamp=str(int(timestamp)),
    )
    _, headers, _ = client.sign(url, "POST")
    return Call(
        method="POST",
        url=url,
        headers={"authorization": headers["Authorization"]},
    )


def gate(nonces: Nonces | None = None, now: float = NOW) -> Gate:
    return Gate(world=WORLD, issued=issued_at_first(WORLD), nonces=nonces or Nonces(), now=now)


def caller_of(call: Call, *, nonces: Nonces | None = None, now: float = NOW) -> Caller:
    return sender(call, gate=gate(nonces, now))


def reason(call: Call, *, nonces: Nonces | None = None, now: float = NOW) -> str:
    with pytest.raises(UnknownCallerError) as unknown:
        caller_of(call, nonces=nonces, now=now)
    return unknown.value.reason


def test_a_signed_request_is_that_of_the_user_and_the_app() -> None:
    caller = caller_of(signed(ANALYST))
    assert caller.user == WORLD.users[ANALYST.user_id]
    assert caller.app == WORLD.apps[ANALYST.consumer_key]
    assert caller.pixel is None


def test_a_nonce_is_good_once() -> None:
    nonces = Nonces()
    call = signed(MANAGER)
    caller_of(call, nonces=nonces)
    assert reason(call, nonces=nonces) == "signature"
    caller_of(signed(MANAGER, nonce="n2"), nonces=nonces)


def test_a_nonce_with_a_wrong_signature_is_not_used_up() -> None:
    nonces = Nonces()
    wrong = signed(MANAGER, url=URL.replace("127.0.0.1", "localhost"))
    unsigned = Call(method="POST", url=URL, headers=wrong.headers)
    assert reason(unsigned, nonces=nonces) == "signature"
    caller_of(signed(MANAGER), nonces=nonces)


def test_a_nonce_is_forgotten_only_when_its_timestamp_is_too_old_anyway() -> None:
    nonces = Nonces()
    ahead = signed(MANAGER, timestamp=NOW + 300)
    caller_of(ahead, nonces=nonces)
    assert reason(ahead, nonces=nonces, now=NOW + 600) == "signature"
    key = (MANAGER.consumer_key, MANAGER.token, str(int(NOW + 300)), "n1")
    assert not nonces.is_first(key, now=NOW + 600)
    assert nonces.is_first(key, now=NOW + 601)


@pytest.mark.parametrize("skew", [-300, 300])
def test_a_clock_may_be_off_by_five_minutes(skew: float) -> None:
    assert caller_of(signed(MANAGER, timestamp=NOW + skew)).user


@pytest.mark.parametrize("skew", [-301, 301, -86_400])
def test_a_clock_off_by_more_is_refused(skew: float) -> None:
    assert reason(signed(MANAGER, timestamp=NOW + skew)) == "timestamp"


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (Call(method="POST", url=URL, headers={}), "credentials"),
        (Call(method="POST", url=URL, headers={"authorization": "Bearer abc"}), "credentials"),
        (
            Call(method="POST", url=URL, headers={"authorization": "OAuth oauth_token=1"}),
            "credentials",
        ),
        (Call(method="GET", url=URL, headers=signed(MANAGER).headers), "signature"),
        (Call(method="POST", url=f"{URL}?a=1", headers=signed(MANAGER).headers), "signature"),
        (signed(MANAGER, method="HMAC-SHA256"), "credentials"),
        (signed(MANAGER, nonce=""), "credentials"),
        (signed(replace(MANAGER, token="sim-unknown")), "token"),
        (Call(method="POST", url=URL, headers={"x-pixel-token": "sim-unknown"}), "token"),
        (Call(method="POST", url=URL, headers={"x-pixel-token": ""}), "token"),
    ],
)
def test_anything_else_is_not_authenticated_and_it_is_known_why(call: Call, why: str) -> None:
    assert reason(call) == why
    assert why in GATEWAY


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1.5", "\u0661", "9" * 5000])
def test_a_timestamp_that_is_none_is_not_authenticated(timestamp: str) -> None:
    header = signed(MANAGER).headers["authorization"]
    changed = header.replace(f'"{int(NOW)}"', f'"{timestamp}"')
    call = Call(method="POST", url=URL, headers={"authorization": changed})
    assert changed != header
    assert reason(call) == "credentials"


def test_a_consumer_key_nobody_has_is_no_signature() -> None:
    header = signed(MANAGER).headers["authorization"].replace(MANAGER.consumer_key, "sim-none")
    assert reason(Call(method="POST", url=URL, headers={"authorization": header})) == "signature"


def test_the_token_of_one_app_is_not_good_for_another() -> None:
    header = signed(MANAGER).headers["authorization"]
    other = header.replace(MANAGER.consumer_key, WITH_UNAPPROVED_APP.consumer_key)
    call = Call(method="POST", url=URL, headers={"authorization": other})
    assert other != header
    assert reason(call) == "token"


def test_a_pixel_token_is_its_pixel() -> None:
    call = Call(method="POST", url=URL, headers={"x-pixel-token": SECOND.token})
    assert caller_of(call) == Caller(pixel=SECOND)


def refused_error(caller: Caller, pixel_id: str) -> tuple[int, str, str]:
    with pytest.raises(RefusedError) as refused:
        admitted(caller, pixel_id, world=WORLD)
    errors = refused.value.answer.body["errors"]
    assert isinstance(errors, list)
    return refused.value.answer.status, errors[0]["code"], errors[0]["message"]


def as_user(grant: Grant) -> Caller:
    return Caller(app=WORLD.apps[grant.consumer_key], user=WORLD.users[grant.user_id])


def test_a_manager_may_send_to_every_pixel_of_the_account() -> None:
    assert admitted(as_user(MANAGER), FIRST.id, world=WORLD) == FIRST
    assert admitted(as_user(MANAGER), SECOND.id, world=WORLD) == SECOND


def test_a_pixel_token_is_good_for_its_own_pixel_only() -> None:
    assert admitted(Caller(pixel=FIRST), FIRST.id, world=WORLD) == FIRST
    assert refused_error(Caller(pixel=FIRST), SECOND.id)[0] == 401


def test_an_app_without_access_is_refused_by_its_id() -> None:
    status, code, message = refused_error(as_user(WITH_UNAPPROVED_APP), FIRST.id)
    app = WORLD.apps[WITH_UNAPPROVED_APP.consumer_key]
    assert (status, code) == (403, "UNAUTHORIZED_CLIENT_APPLICATION")
    assert message.startswith(
        f"The client application with id {app.id} making this request does not have access to "
        "X Ads API.",
    )


def test_an_unknown_pixel_is_no_route() -> None:
    for caller in (as_user(MANAGER), Caller(pixel=FIRST)):
        assert refused_error(caller, "zzzzz") == (
            404,
            "ROUTE_NOT_FOUND",
            "The requested resource could not be found",
        )


@pytest.mark.parametrize(("grant", "pixel"), [(STRANGER, FIRST), (MANAGER, FOREIGN)])
def test_a_user_who_is_not_on_the_account_finds_nothing(grant: Grant, pixel: object) -> None:
    target = FIRST if pixel == FIRST else FOREIGN
    status, code, message = refused_error(as_user(grant), target.id)
    assert (status, code) == (404, "NOT_FOUND")
    assert message.startswith(
        f"User {grant.user_id} does not have access to account {target.account_id}.",
    )


def test_a_user_who_may_only_look_may_not_send() -> None:
    status, code, _ = refused_error(as_user(ANALYST), FIRST.id)
    assert (status, code) == (403, "ACTION_NOT_ALLOWED")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_two_roles_may_send(role: str) -> None:
    world = make_world(terms=Terms(roles=(role,)))
    grant = next(iter(world.grants.values()))
    caller = Caller(app=world.apps[grant.consumer_key], user=world.users[grant.user_id])
    if role in SENDING_ROLES:
        assert admitted(caller, FIRST.id, world=world) == FIRST
        return
    with pytest.raises(RefusedError, match="403"):
        admitted(caller, FIRST.id, world=world)


def test_one_of_several_roles_is_enough_to_send() -> None:
    world = make_world(terms=Terms(roles=("TWEET_COMPOSER", "AD_MANAGER")))
    grant = next(iter(world.grants.values()))
    caller = Caller(app=world.apps[grant.consumer_key], user=world.users[grant.user_id])
    assert admitted(caller, FIRST.id, world=world) == FIRST


def test_a_token_from_before_the_app_was_approved_lacks_a_permission() -> None:
    status, code, _ = refused_error(replace(as_user(MANAGER), old=True), FIRST.id)
    assert (status, code) == (403, "INSUFFICIENT_USER_AUTHORIZED_PERMISSION")


def bearer_call(token: str) -> Call:
    return Call(method="GET", url=URL, headers={"authorization": f"Bearer {token}"})


def test_an_oauth_2_token_is_its_user_until_it_expires() -> None:
    known = gate()
    known.issued.access["sim-1"] = Bearer(
        consumer_key=MANAGER.consumer_key,
        user_id=MANAGER.user_id,
        scopes=("ads.read",),
        family="f",
        expires_at=NOW + 1,
    )
    caller = user_of(bearer_call("sim-1"), gate=known)
    assert caller == replace(as_user(MANAGER), scopes=("ads.read",))
    with pytest.raises(UnknownCallerError, match="token"):
        user_of(bearer_call("sim-1"), gate=replace(known, now=NOW + 1))
    with pytest.raises(UnknownCallerError, match="token"):
        user_of(bearer_call("sim-2"), gate=known)


def test_a_pixel_token_is_nobody_elsewhere() -> None:
    call = Call(method="GET", url=URL, headers={"x-pixel-token": FIRST.token})
    with pytest.raises(UnknownCallerError, match="credentials"):
        user_of(call, gate=gate())
