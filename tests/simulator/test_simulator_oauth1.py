"""OAuth 1.0a as requests-oauthlib speaks it, unchanged but for the address."""

import time
from collections.abc import Callable

import pytest
import requests
from requests_oauthlib import OAuth1Session
from requests_oauthlib.oauth1_session import TokenRequestDenied

from connector.simulator.oauth1_route import REQUEST_SECONDS
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

CALLBACK = "http://127.0.0.1:8765/callback"

Press = Callable[..., requests.Response]
SentBack = Callable[..., dict[str, str]]
SignedIn = Callable[..., OAuth1Session]


def client(address: Address, callback: str | None = CALLBACK) -> OAuth1Session:
    app = next(iter(address.world.apps.values()))
    return OAuth1Session(app.consumer_key, app.consumer_secret, callback_uri=callback)


def asked(address: Address, session: OAuth1Session, page: str = "authorize") -> str:
    session.fetch_request_token(f"{address.url}/oauth/request_token")
    return str(session.authorization_url(f"{address.url}/oauth/{page}"))


def connected(address: Address, sent_back: SentBack, **fields: str) -> OAuth1Session:
    session = client(address)
    back = sent_back(asked(address, session), **fields)
    session.fetch_access_token(f"{address.url}/oauth/access_token", verifier=back["oauth_verifier"])
    return session


def code(answer: requests.Response) -> object:
    return answer.json()["errors"][0]["code"]


def test_three_legs_end_in_a_token_that_works(shared: Address, sent_back: SentBack) -> None:
    session = client(shared)
    given = session.fetch_request_token(f"{shared.url}/oauth/request_token")
    assert given["oauth_callback_confirmed"] == "true"
    url = str(session.authorization_url(f"{shared.url}/oauth/authorize"))
    back = sent_back(url)
    assert back["oauth_token"] == given["oauth_token"]
    token = session.fetch_access_token(
        f"{shared.url}/oauth/access_token", verifier=back["oauth_verifier"]
    )
    user = next(iter(shared.world.users.values()))
    assert (token["user_id"], token["screen_name"]) == (user.id, "manager")
    for name in ("oauth_token", "oauth_token_secret"):
        assert token[name].startswith("sim-")
    account_id = next(iter(user.roles))
    access = session.get(f"{shared.url}/12/accounts/{account_id}/authenticated_user_access")
    assert access.json()["data"] == {"user_id": user.id, "permissions": ["AD_MANAGER"]}


def test_the_callback_keeps_its_own_query(shared: Address, sent_back: SentBack) -> None:
    back = sent_back(asked(shared, client(shared, f"{CALLBACK}?flow=7")))
    assert back["flow"] == "7"
    assert {"oauth_token", "oauth_verifier"} <= set(back)


def test_a_pin_of_seven_digits_stands_for_the_callback(shared: Address, press: Press) -> None:
    session = client(shared, "oob")
    page = press(asked(shared, session))
    assert page.status_code == 200
    pin = page.text.partition("<code>")[2].partition("</code>")[0]
    assert len(pin) == 7
    assert pin.isdigit()
    token = session.fetch_access_token(f"{shared.url}/oauth/access_token", verifier=pin)
    assert token["screen_name"] == "manager"


def test_a_person_who_cancels_sends_back_denied(shared: Address, sent_back: SentBack) -> None:
    session = client(shared)
    url = asked(shared, session)
    back = sent_back(url, "deny")
    assert set(back) == {"denied"}
    assert f"oauth_token={back['denied']}" in url
    assert requests.get(url, timeout=5).status_code == 403


def test_a_person_who_cancels_a_pin_sees_so(shared: Address, press: Press) -> None:
    page = press(asked(shared, client(shared, "oob")), "deny")
    assert page.status_code == 200
    assert "You have denied access" in page.text


def test_another_user_may_sign_in(shared: Address, sent_back: SentBack) -> None:
    session = connected(shared, sent_back, screen_name="analyst")
    account_id = next(iter(shared.world.accounts))
    access = session.get(f"{shared.url}/12/accounts/{account_id}/authenticated_user_access")
    assert access.json()["data"]["permissions"] == ["CAMPAIGN_ANALYST"]


def test_a_page_can_be_asked_to_sign_somebody_in(shared: Address) -> None:
    url = asked(shared, client(shared))
    page = requests.get(f"{url}&screen_name=analyst", timeout=5).text
    assert page.index('value="analyst"') < page.index('value="manager"')


@pytest.mark.parametrize(
    "callback", ["http://example.com/callback", "ftp://127.0.0.1/", "nonsense", "http://[oops/"]
)
def test_a_callback_that_is_not_registered_is_refused(shared: Address, callback: str) -> None:
    with pytest.raises(TokenRequestDenied) as denied:
        asked(shared, client(shared, callback))
    assert denied.value.status_code == 403
    assert code(denied.value.response) == 415


def test_a_callback_of_the_settings_is_registered(sent_back: SentBack) -> None:
    address = "https://example.com/callback"
    with running(Settings(callbacks=(address,))) as registered:
        assert "oauth_verifier" in sent_back(asked(registered, client(registered, address)))


def test_a_callback_is_required(shared: Address) -> None:
    with pytest.raises(TokenRequestDenied) as denied:
        asked(shared, client(shared, None))
    assert denied.value.status_code == 400
    assert code(denied.value.response) == 215


def test_a_request_with_a_wrong_consumer_secret_is_refused(shared: Address) -> None:
    key = next(iter(shared.world.apps))
    for session in (
        OAuth1Session(key, "wrong", callback_uri="oob"),
        OAuth1Session("sim-unknown", "wrong", callback_uri="oob"),
    ):
        with pytest.raises(TokenRequestDenied) as denied:
            asked(shared, session)
        assert denied.value.status_code == 401
        assert code(denied.value.response) == 32


def test_an_unsigned_request_has_no_credentials(shared: Address) -> None:
    for path in ("request_token", "access_token"):
        answer = requests.post(f"{shared.url}/oauth/{path}?oauth_callback=oob", timeout=5)
        assert (answer.status_code, code(answer)) == (400, 215)


def test_a_timestamp_that_is_off_is_refused() -> None:
    now = [1_000.0]
    with running(clock=lambda: now[0]) as address, pytest.raises(TokenRequestDenied) as denied:
        asked(address, client(address))
    assert code(denied.value.response) == 135


def test_a_recorded_request_is_good_once(shared: Address) -> None:
    first = client(shared).post(f"{shared.url}/oauth/request_token")
    assert first.status_code == 200
    header = first.request.headers["Authorization"]
    again = requests.post(
        f"{shared.url}/oauth/request_token", headers={"Authorization": header}, timeout=5
    )
    assert (again.status_code, code(again)) == (401, 32)


def test_a_wrong_verifier_is_refused_and_the_right_one_is_good_once(
    shared: Address, sent_back: SentBack
) -> None:
    session, url = client(shared), f"{shared.url}/oauth/access_token"
    back = sent_back(asked(shared, session))
    session.auth.client.verifier = "0000000"
    wrong = session.post(url)
    assert wrong.status_code == 401
    assert "Invalid oauth_verifier" in wrong.text
    session.auth.client.verifier = back["oauth_verifier"]
    assert session.post(url).status_code == 200
    used = session.post(url)
    assert (used.status_code, code(used)) == (401, 89)


def test_a_request_nobody_has_consented_to_has_no_verifier(shared: Address) -> None:
    session = client(shared)
    asked(shared, session)
    session.auth.client.verifier = ""
    assert session.post(f"{shared.url}/oauth/access_token").status_code == 401


def test_a_request_of_one_app_is_not_good_for_another(shared: Address, sent_back: SentBack) -> None:
    session = client(shared)
    back = sent_back(asked(shared, session))
    other = list(shared.world.apps.values())[1]
    thief = OAuth1Session(
        other.consumer_key,
        other.consumer_secret,
        resource_owner_key=session.token["oauth_token"],
        resource_owner_secret=session.token["oauth_token_secret"],
        verifier=back["oauth_verifier"],
    )
    answer = thief.post(f"{shared.url}/oauth/access_token")
    assert (answer.status_code, code(answer)) == (401, 89)


def test_a_request_token_is_short_lived() -> None:
    ahead = [0.0]
    with running(clock=lambda: time.time() + ahead[0]) as address:
        session = client(address)
        url = asked(address, session)
        ahead[0] = REQUEST_SECONDS + 1
        page = requests.get(url, timeout=5)
    assert page.status_code == 403
    assert "The request token for this page is invalid" in page.text


def test_a_page_without_a_known_token_is_invalid(shared: Address) -> None:
    for query in ("", "?oauth_token=sim-unknown"):
        assert requests.get(f"{shared.url}/oauth/authorize{query}", timeout=5).status_code == 403


def test_authenticate_asks_only_the_first_time(fresh: Address, press: Press) -> None:
    def opened(callback: str) -> requests.Response:
        url = asked(fresh, client(fresh, callback), "authenticate")
        return requests.get(url, timeout=5, allow_redirects=False)

    assert opened(CALLBACK).status_code == 200
    press(asked(fresh, client(fresh), "authenticate"))
    assert opened(CALLBACK).status_code == 302
    assert opened("oob").status_code == 200
    again = requests.get(asked(fresh, client(fresh)), timeout=5, allow_redirects=False)
    assert again.status_code == 200


@pytest.mark.parametrize(("consent", "name"), [("allow", "oauth_verifier"), ("deny", "denied")])
def test_a_simulator_may_decide_at_once(consent: str, name: str) -> None:
    with running(Settings(consent=consent)) as address:
        answer = requests.get(asked(address, client(address)), timeout=5, allow_redirects=False)
    assert answer.status_code == 302
    assert name in answer.headers["location"]


def test_an_invalidated_token_is_good_for_nothing(fresh: Address, sent_back: SentBack) -> None:
    session = connected(fresh, sent_back)
    kept = connected(fresh, sent_back)
    ended = session.post(f"{fresh.url}/1.1/oauth/invalidate_token.json")
    assert ended.json() == {"access_token": session.token["oauth_token"]}
    again = session.post(f"{fresh.url}/1.1/oauth/invalidate_token.json")
    assert (again.status_code, code(again)) == (401, 89)
    refused = session.get(f"{fresh.url}/12/accounts")
    assert (refused.status_code, code(refused)) == (401, "UNAUTHORIZED_ACCESS")
    assert kept.get(f"{fresh.url}/12/accounts").status_code == 200


def test_tokens_of_two_simulators_with_one_seed_are_not_the_same(sent_back: SentBack) -> None:
    with running() as first, running() as second:
        session = connected(first, sent_back)
        connected(second, sent_back)
        assert session.get(f"{second.url}/12/accounts").status_code == 401


def test_parameters_may_stand_in_the_query_and_in_the_form(shared: Address) -> None:
    app = next(iter(shared.world.apps.values()))
    for place in ("QUERY", "BODY"):
        session = OAuth1Session(
            app.consumer_key, app.consumer_secret, callback_uri="oob", signature_type=place
        )
        answer = session.post(f"{shared.url}/oauth/request_token", data={})
        assert answer.status_code == 200, place
