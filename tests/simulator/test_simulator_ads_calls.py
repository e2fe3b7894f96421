"""Who is let in at the Ads API, how often, and what else may become of a call."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

import pytest
import requests
from requests_oauthlib import OAuth1Session

from connector.simulator.founding import make_world
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

SignedIn = Callable[..., OAuth1Session]
SentBack = Callable[..., dict[str, str]]

VERIFIER = "challenge"


@contextmanager
def in_mode(*modes: str) -> Iterator[Address]:
    with running(Settings(modes=frozenset(modes))) as address:
        yield address


def account_url(address: Address) -> str:
    return f"{address.url}/12/accounts/{next(iter(address.world.accounts))}"


def refusal(answer: requests.Response) -> tuple[int, object]:
    return answer.status_code, answer.json()["errors"][0]["code"]


@pytest.fixture
def bearer(sent_back: SentBack) -> Callable[..., dict[str, str]]:
    """Logs in by OAuth 2.0; the header its token makes."""

    def login(address: Address, scope: str = "ads.read ads.write") -> dict[str, str]:
        app = next(iter(address.world.apps.values()))
        callback = "http://localhost:8765/"
        url = (
            f"{address.url}/2/oauth2/authorize?response_type=code&client_id={app.client_id}"
            f"&redirect_uri={callback}&scope={scope}&code_challenge={VERIFIER}"
        )
        form = {
            "grant_type": "authorization_code", "code": sent_back(url)["code"],
            "redirect_uri": callback, "code_verifier": VERIFIER,
        }  # fmt: skip
        answer = requests.post(
            f"{address.url}/2/oauth2/token", data=form,
            auth=(app.client_id, app.client_secret), timeout=5,
        )  # fmt: skip
        return {"Authorization": f"Bearer {answer.json()['access_token']}"}

    return login


def test_a_call_without_credentials_is_a_bad_request(shared: Address) -> None:
    for headers in ({}, {"Authorization": "nonsense"}, {"Authorization": "OAuth a"}):
        answer = requests.get(account_url(shared), headers=headers, timeout=5)
        assert refusal(answer) == (400, 215)


def test_a_call_with_wrong_credentials_is_not_told_why(shared: Address) -> None:
    key, app = next(iter(shared.world.apps.items()))
    grant = next(iter(shared.world.grants.values()))
    for session in (
        OAuth1Session(key, app.consumer_secret, grant.token, "wrong"),
        OAuth1Session(key, "wrong", grant.token, grant.token_secret),
        OAuth1Session(key, app.consumer_secret, "sim-unknown", grant.token_secret),
    ):
        answer = session.get(account_url(shared))
        assert refusal(answer) == (401, "UNAUTHORIZED_ACCESS")
        assert answer.json()["request"] == {"params": {}}
    headers = {"Authorization": "Bearer sim-unknown"}
    answer = requests.get(account_url(shared), headers=headers, timeout=5)
    assert refusal(answer) == (401, "UNAUTHORIZED_ACCESS")


def test_the_gateways_codes_tell_why(signed_in: SignedIn) -> None:
    with in_mode("gateway_errors") as address:
        key, app = next(iter(address.world.apps.items()))
        grant = next(iter(address.world.grants.values()))
        wrong = OAuth1Session(key, app.consumer_secret, grant.token, "wrong")
        unknown = OAuth1Session(key, app.consumer_secret, "sim-unknown", "x")
        assert refusal(wrong.get(account_url(address))) == (401, 32)
        assert refusal(unknown.get(account_url(address))) == (401, 89)
        late = signed_in(address)
        late.auth.client.timestamp = "1000"
        assert refusal(late.get(account_url(address))) == (401, 135)
        url = f"{address.url}/12/measurement/conversions/o8z6j"
        assert refusal(requests.post(url, timeout=5)) == (400, 215)


def test_an_app_without_access_is_told_its_id(shared: Address, signed_in: SignedIn) -> None:
    answer = signed_in(shared, app=1).get(account_url(shared))
    assert refusal(answer) == (403, "UNAUTHORIZED_CLIENT_APPLICATION")
    assert "16489124" in answer.json()["errors"][0]["message"]
    with in_mode("no_ads_access") as address:
        first = signed_in(address).get(account_url(address))
        assert refusal(first) == (403, "UNAUTHORIZED_CLIENT_APPLICATION")


def test_old_tokens_must_be_made_again(signed_in: SignedIn, sent_back: SentBack) -> None:
    with in_mode("old_tokens") as address:
        old = signed_in(address)
        answer = old.get(account_url(address))
        assert refusal(answer) == (403, "INSUFFICIENT_USER_AUTHORIZED_PERMISSION")
        url = f"{address.url}/12/measurement/conversions/o8z6j"
        assert old.post(url, json={"conversions": [{}]}).status_code == 403
        app = next(iter(address.world.apps.values()))
        new = OAuth1Session(
            app.consumer_key, app.consumer_secret, callback_uri="http://127.0.0.1:1/"
        )
        new.fetch_request_token(f"{address.url}/oauth/request_token")
        back = sent_back(new.authorization_url(f"{address.url}/oauth/authorize"))
        new.fetch_access_token(f"{address.url}/oauth/access_token", verifier=back["oauth_verifier"])
        assert new.get(account_url(address)).status_code == 200


def test_an_oauth_2_token_reads_unless_it_is_not_taken(
    shared: Address, bearer: Callable[..., dict[str, str]]
) -> None:
    read = requests.get(account_url(shared), headers=bearer(shared), timeout=5)
    assert read.status_code == 200
    with in_mode("bearer_refused") as address:
        answer = requests.get(account_url(address), headers=bearer(address), timeout=5)
        assert refusal(answer) == (403, "UNAUTHORIZED_CLIENT_APPLICATION")


def test_an_oauth_2_token_needs_the_scope(
    shared: Address, bearer: Callable[..., dict[str, str]]
) -> None:
    headers = bearer(shared, "ads.write")
    answer = requests.get(account_url(shared), headers=headers, timeout=5)
    assert refusal(answer) == (403, "INSUFFICIENT_USER_AUTHORIZED_PERMISSION")


def test_an_oauth_2_token_sends_no_conversions(
    shared: Address, bearer: Callable[..., dict[str, str]]
) -> None:
    url = f"{shared.url}/12/measurement/conversions/o8z6j"
    answer = requests.post(url, headers=bearer(shared), json={"conversions": []}, timeout=5)
    assert refusal(answer) == (401, "UNAUTHORIZED_ACCESS")


@pytest.mark.parametrize(
    ("roles", "status"),
    [
        (("ACCOUNT_ADMIN",), 200), (("AD_MANAGER",), 200), (("ANALYST", "AD_MANAGER"), 200),
        (("CREATIVE_MANAGER",), 403), (("CAMPAIGN_ANALYST",), 403), (("ANALYST",), 403),
    ],
)  # fmt: skip
def test_conversions_take_a_role_that_may_send(
    signed_in: SignedIn,
    conversion: Callable[..., dict[str, object]],
    roles: tuple[str, ...],
    status: int,
) -> None:
    with running(Settings(roles=roles)) as address:
        answer = signed_in(address).post(
            f"{address.url}/12/measurement/conversions/o8z6j",
            data=json.dumps({"conversions": [conversion()]}),
            headers={"Content-Type": "application/json"},
        )
        assert signed_in(address).get(account_url(address)).status_code == 200
    assert answer.status_code == status


def rates(answer: requests.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if "rate-limit" in name}


def a_clock(now: list[float]) -> Callable[[], float]:
    return lambda: now[0]


def test_the_list_of_accounts_may_be_read_five_times(signed_in: SignedIn) -> None:
    with running() as address:
        session = signed_in(address)
        answers = [session.get(f"{address.url}/12/accounts") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == list("432100")
        assert not [name for name in rates(answers[0]) if name.startswith("x-account")]
        assert refusal(answers[-1]) == (429, "TOO_MANY_REQUESTS")
        others = signed_in(address, "analyst").get(f"{address.url}/12/accounts")
        assert others.status_code == 200


def test_each_read_that_names_no_account_may_be_done_five_times(signed_in: SignedIn) -> None:
    with running() as address:
        session = signed_in(address)
        for path in ("bidding_rules", "line_items/placements"):
            answers = [session.get(f"{address.url}/12/{path}") for _ in range(6)]
            assert [answer.status_code for answer in answers] == [200] * 5 + [429]


def test_a_window_ends_when_its_header_says(
    bearer: Callable[..., dict[str, str]],
) -> None:
    now = [1_000.0]
    with running(Settings(limits={"accounts": 1}, window_scale=0.1), clock=a_clock(now)) as address:
        headers, url = bearer(address), f"{address.url}/12/accounts"
        assert requests.get(url, headers=headers, timeout=5).status_code == 200
        refused = requests.get(url, headers=headers, timeout=5)
        assert (refused.status_code, refused.headers["x-rate-limit-reset"]) == (429, "1090")
        now[0] = 1089.9
        assert requests.get(url, headers=headers, timeout=5).status_code == 429
        now[0] = 1090.0
        assert requests.get(url, headers=headers, timeout=5).status_code == 200


def test_reads_of_an_account_are_counted_for_the_account_and_path(signed_in: SignedIn) -> None:
    with running(Settings(limits={"account_reads": 2}, further_accounts=1)) as address:
        session, other = signed_in(address), signed_in(address, "analyst")
        url = f"{account_url(address)}/web_event_tags"
        first, second = session.get(url), other.get(url)
        assert (first.status_code, second.status_code) == (200, 200)
        assert {k: v for k, v in rates(second).items() if not k.endswith("reset")} == {
            "x-rate-limit-limit": "2",
            "x-rate-limit-remaining": "0",
            "x-account-rate-limit-limit": "2",
            "x-account-rate-limit-remaining": "0",
        }
        refused = session.get(url)
        assert (refused.status_code, refused.json()["request"]) == (429, {"params": {}})
        assert session.get(account_url(address)).status_code == 200
        last = f"{address.url}/12/accounts/{list(address.world.accounts)[2]}/web_event_tags"
        assert session.get(last).status_code == 200


def test_a_total_has_a_limit_of_its_own(signed_in: SignedIn) -> None:
    with running(Settings(limits={"total_count": 1})) as address:
        session, url = signed_in(address), f"{account_url(address)}/web_event_tags"
        totals = [session.get(f"{url}?with_total_count=true") for _ in range(2)]
        assert [answer.status_code for answer in totals] == [200, 429]
        assert session.get(url).headers["x-rate-limit-limit"] == "2000"


def test_the_headers_can_be_kept_from_the_client(signed_in: SignedIn) -> None:
    with running(Settings(modes=frozenset({"no_rate_headers"}), limits={"accounts": 1})) as address:
        session = signed_in(address)
        taken, refused = (session.get(f"{address.url}/12/accounts") for _ in range(2))
    assert (taken.status_code, refused.status_code) == (200, 429)
    assert not rates(taken)
    assert not rates(refused)


def test_a_clock_that_is_ahead_shows_it_and_refuses_the_time(signed_in: SignedIn) -> None:
    with running(Settings(clock_skew_seconds=3600)) as address:
        answer = signed_in(address).get(account_url(address))
        assert refusal(answer) == (401, "UNAUTHORIZED_ACCESS")
        session = signed_in(address)
        seen = parsedate_to_datetime(answer.headers["date"]).timestamp()
        assert seen == pytest.approx(time.time() + 3600, abs=5)
        session.auth.client.timestamp = str(int(seen))
        assert session.get(account_url(address)).status_code == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [("unavailable", 503), ("rate_limited", 429), ("error_500_after_commit", 500)],
)
def test_a_fault_meets_reads_too(signed_in: SignedIn, fault: str, status: int) -> None:
    with running(Settings(faults={fault: 1})) as address:
        answer = signed_in(address).get(account_url(address))
    assert answer.status_code == status
    assert answer.headers["x-current-api-version"] == "12"


@pytest.mark.parametrize("fault", ["reset", "reset_after_commit"])
def test_a_connection_may_be_cut_and_that_is_counted(signed_in: SignedIn, fault: str) -> None:
    with running(Settings(faults={fault: 1})) as address:
        url = account_url(address)
        with pytest.raises(requests.ConnectionError):
            signed_in(address).get(url)
        counted = requests.get(f"{address.url}/_simulator/requests", timeout=5).json()
    path = url.removeprefix(address.url)
    assert counted["requests"] == [{"method": "GET", "path": path, "ended": fault, "count": 1}]


def test_two_simulators_of_a_seed_have_one_account() -> None:
    with running() as address:
        assert address.world == make_world()
