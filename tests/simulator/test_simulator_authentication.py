import pytest
from oauthlib.oauth1 import Client

from connector.simulator.authentication import (
    Call,
    Caller,
    Nonces,
    admitted,
    authenticated,
    signature_matches,
)
from connector.simulator.envelope import RefusedError
from connector.simulator.world import Grant, make_world

# the sample secrets of X's own pages
CONSUMER_SECRET = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"
TOKEN_SECRET = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"
HEADER = (
    'OAuth oauth_consumer_key="xvz1evFS4wEEPTGEFPHBog", '
    'oauth_nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", '
    'oauth_signature="{}", oauth_signature_method="HMAC-SHA1", '
    'oauth_timestamp="1318622958", '
    'oauth_token="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", oauth_version="1.0"'
)

NOW = 1_800_000_000.0
URL = "http://127.0.0.1:8490/12/measurement/conversions/o8z6j"
WORLD = make_world()
FIRST, SECOND, FOREIGN = WORLD.pixels.values()
MANAGER, ANALYST, STRANGER, WITH_UNAPPROVED_APP, *_ = WORLD.grants.values()


def sample_call(method: str, url: str, signed: str, form: str = "") -> Call:
    encoded = signed.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
    headers = {"authorization": HEADER.format(encoded)}
    return Call(method=method, url=url, headers=headers, form=form)


def matches(call: Call, token_secret: str = TOKEN_SECRET) -> bool:
    return signature_matches(call, consumer_secret=CONSUMER_SECRET, token_secret=token_secret)


STATS = (
    "https://ads-api.x.com/12/stats/accounts/4m9tq7w2bzc?entity=LINE_ITEM"
    "&entity_ids=w6n4r%2Cw6n5s&start_time=2026-03-02T00%3A00%3A00Z"
    "&end_time=2026-03-04T00%3A00%3A00Z&granularity=DAY&placement=ALL_ON_TWITTER"
    "&metric_groups=ENGAGEMENT%2CBILLING"
)
CAMPAIGN = "https://ads-api.x.com/12/accounts/4m9tq7w2bzc/campaigns/k2v8c"
STATUS = "status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21"
VECTORS = [
    (
        "POST",
        "https://ads-api.x.com/12/measurement/conversions/o8z6j",
        "",
        "7iaI+laGCTHGiawtSB+Dd+WRYfc=",
    ),
    (
        "POST",
        "https://ads-api.twitter.com/12/measurement/conversions/o8z6j",
        "",
        "hZ4orWrrqLW7WmY2CIE86CuQwWw=",
    ),
    (
        "POST",
        "https://api.x.com/1.1/statuses/update.json?include_entities=true",
        STATUS,
        "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=",
    ),
    ("GET", "https://ads-api.x.com/12/accounts", "", "fueB8KyCRQ8P2+q7SjT/VBZw0JQ="),
    ("GET", STATS, "", "DLV/UULmT+F+jFxTlGsV+1fhqoA="),
    (
        "PUT",
        f"{CAMPAIGN}?name=It%27s%20a%20%28test%29%21%2A&end_time=",
        "",
        "njOasDzV7G7fQL0JECA7OnrQJd0=",
    ),
]


@pytest.mark.parametrize(("method", "url", "form", "signed"), VECTORS)
def test_known_signatures_match(method: str, url: str, form: str, signed: str) -> None:
    assert matches(sample_call(method, url, signed, form))


@pytest.mark.parametrize(("method", "url", "form", "signed"), VECTORS)
def test_the_same_signatures_do_not_match_for_another_host(
    method: str,
    url: str,
    form: str,
    signed: str,
) -> None:
    elsewhere = url.replace("x.com", "example.com").replace("twitter.com", "x.com")
    assert not matches(sample_call(method, elsewhere, signed, form))


def test_a_signature_with_another_secret_does_not_match() -> None:
    method, url, form, signed = VECTORS[0]
    assert not matches(sample_call(method, url, signed, form), token_secret="another")


@pytest.mark.parametrize("header", ["", "OAuth", "OAuth nonsense", "Bearer abc", "Basic YTpi"])
def test_a_header_of_another_form_matches_nothing(header: str) -> None:
    call = Call(method="POST", url=URL, headers={"authorization": header})
    assert not matches(call)


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


def caller_of(call: Call, *, nonces: Nonces | None = None, now: float = NOW) -> Caller:
    return authenticated(call, world=WORLD, nonces=nonces or Nonces(), now=now)


def refused_status(call: Call, *, nonces: Nonces | None = None, now: float = NOW) -> int:
    with pytest.raises(RefusedError) as refused:
        caller_of(call, nonces=nonces, now=now)
    return refused.value.answer.status


def test_a_signed_request_is_that_of_the_user_and_the_app() -> None:
    caller = caller_of(signed(ANALYST))
    assert caller.user == WORLD.users[ANALYST.user_id]
    assert caller.app == WORLD.apps[ANALYST.consumer_key]
    assert caller.pixel is None


def test_a_nonce_is_good_once() -> None:
    nonces = Nonces()
    call = signed(MANAGER)
    caller_of(call, nonces=nonces)
    assert refused_status(call, nonces=nonces) == 401
    caller_of(signed(MANAGER, nonce="n2"), nonces=nonces)


def test_a_nonce_with_a_wrong_signature_is_not_used_up() -> None:
    nonces = Nonces()
    wrong = signed(MANAGER, url=URL.replace("127.0.0.1", "localhost"))
    assert refused_status(Call(method="POST", url=URL, headers=wrong.headers), nonces=nonces) == 401
    caller_of(signed(MANAGER), nonces=nonces)


def test_a_nonce_is_forgotten_only_when_its_timestamp_is_too_old_anyway() -> None:
    nonces = Nonces()
    ahead = signed(MANAGER, timestamp=NOW + 300)
    caller_of(ahead, nonces=nonces)
    assert refused_status(ahead, nonces=nonces, now=NOW + 600) == 401
    assert not nonces.is_first((MANAGER.token, str(int(NOW + 300)), "n1"), now=NOW + 600)
    assert nonces.is_first((MANAGER.token, str(int(NOW + 300)), "n1"), now=NOW + 601)


@pytest.mark.parametrize("skew", [-300, 300])
def test_a_clock_may_be_off_by_five_minutes(skew: float) -> None:
    assert caller_of(signed(MANAGER, timestamp=NOW + skew)).user


@pytest.mark.parametrize("skew", [-301, 301, -86_400])
def test_a_clock_off_by_more_is_refused(skew: float) -> None:
    assert refused_status(signed(MANAGER, timestamp=NOW + skew)) == 401


@pytest.mark.parametrize(
    "call",
    [
        Call(method="POST", url=URL, headers={}),
        Call(method="POST", url=URL, headers={"authorization": "Bearer abc"}),
        Call(method="POST", url=URL, headers={"authorization": "OAuth oauth_token=1"}),
        Call(method="GET", url=URL, headers=signed(MANAGER).headers),
        Call(method="POST", url=f"{URL}?a=1", headers=signed(MANAGER).headers),
        signed(MANAGER, method="HMAC-SHA256"),
        signed(MANAGER, nonce=""),
        Call(method="POST", url=URL, headers={"x-pixel-token": "sim-unknown"}),
        Call(method="POST", url=URL, headers={"x-pixel-token": ""}),
    ],
)
def test_anything_else_is_not_authenticated(call: Call) -> None:
    assert refused_status(call) == 401


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1.5", "\u0661", "9" * 5000])
def test_a_timestamp_that_is_none_is_not_authenticated(timestamp: str) -> None:
    header = signed(MANAGER).headers["authorization"]
    changed = header.replace(f'"{int(NOW)}"', f'"{timestamp}"')
    call = Call(method="POST", url=URL, headers={"authorization": changed})
    assert changed != header
    assert refused_status(call) == 401


def test_the_token_of_one_app_is_not_good_for_another() -> None:
    header = signed(MANAGER).headers["authorization"]
    other = header.replace(MANAGER.consumer_key, WITH_UNAPPROVED_APP.consumer_key)
    call = Call(method="POST", url=URL, headers={"authorization": other})
    assert other != header
    assert refused_status(call) == 401


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
