"""TikTok's authorisation: HTTP 200 whatever happens, and a code that says what did."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.simulator.tiktok_route import AUTH_CODE_SECONDS, CONSENT_PATHS

CALLBACK = "http://127.0.0.1:8765/callback"

SentBack = Callable[..., dict[str, str]]


def facts(address: Address) -> dict[str, str]:
    described = address.describe()["tiktok"]
    assert isinstance(described, dict)
    return described


def page(address: Address, path: str = CONSENT_PATHS[0], **changes: str) -> str:
    said = {"app_id": facts(address)["app_id"], "redirect_uri": CALLBACK, "state": "s 1"} | changes
    return str(requests.Request("GET", f"{address.url}{path}", params=said).prepare().url)


def app(address: Address) -> dict[str, str]:
    described = facts(address)
    return {"app_id": described["app_id"], "secret": described["app_secret"]}


def said(answer: requests.Response) -> dict[str, Any]:
    """The envelope of an answer, which is HTTP 200 always."""
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    assert set(body) == {"code", "message", "request_id", "data"}
    assert len(body["request_id"]) > 20
    return body


def post(address: Address, path: str, body: object) -> dict[str, Any]:
    url = f"{address.url}/open_api/v1.3{path}"
    return said(requests.post(url, json=body, timeout=5))


def get(address: Address, path: str, token: str | None = None, **query: str) -> dict[str, Any]:
    own = facts(address)["access_token"] if token is None else token
    return said(
        requests.get(
            f"{address.url}/open_api/v1.3{path}",
            params=query,
            headers={"Access-Token": own} if own else {},
            timeout=5,
        )
    )


def exchange(address: Address, code: str, **changes: object) -> dict[str, Any]:
    return post(address, "/oauth2/access_token/", {**app(address), "auth_code": code, **changes})


@pytest.mark.parametrize("path", CONSENT_PATHS)
def test_a_consent_ends_in_a_token_that_works(
    shared: Address, sent_back: SentBack, path: str
) -> None:
    back = sent_back(page(shared, path))
    assert back["state"] == "s 1"
    given = exchange(shared, back["auth_code"])
    assert (given["code"], given["message"]) == (0, "OK")
    data = given["data"]
    assert data["access_token"].startswith("sim-")
    assert data["advertiser_ids"] == [facts(shared)["advertiser_id"]]
    assert data["scope"] == [4, 5]
    listed = get(shared, "/oauth2/advertiser/get/", data["access_token"], **app(shared))
    assert listed["data"]["list"] == [
        {"advertiser_id": facts(shared)["advertiser_id"], "advertiser_name": "Garden shop"}
    ]


def test_the_ready_made_token_works_at_once(shared: Address) -> None:
    assert get(shared, "/oauth2/advertiser/get/", **app(shared))["code"] == 0
    assert get(shared, "/user/info/")["data"]["display_name"] == "manager"


def test_further_accounts_are_listed_too() -> None:
    with running(Settings(further_accounts=2)) as address:
        listed = get(address, "/oauth2/advertiser/get/", **app(address))["data"]["list"]
    assert len({row["advertiser_id"] for row in listed}) == 3


def test_a_person_who_cancels_sends_back_no_code(shared: Address, sent_back: SentBack) -> None:
    assert sent_back(page(shared), "deny") == {"error": "access_denied", "state": "s 1"}


def test_a_simulator_may_decide_at_once() -> None:
    with running(Settings(consent="allow")) as address:
        answer = requests.get(page(address), timeout=5, allow_redirects=False)
    assert answer.status_code == 302
    assert "auth_code=sim-" in answer.headers["location"]


@pytest.mark.parametrize(
    "changes", [{"app_id": "1"}, {"redirect_uri": "https://example.com/"}, {"redirect_uri": ""}]
)
def test_a_page_for_nobody_known_sends_the_browser_nowhere(
    shared: Address, changes: dict[str, str]
) -> None:
    answer = requests.get(page(shared, **changes), timeout=5, allow_redirects=False)
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_code_is_good_once(shared: Address, sent_back: SentBack) -> None:
    code = sent_back(page(shared))["auth_code"]
    token = exchange(shared, code)["data"]["access_token"]
    again = exchange(shared, code)
    assert (again["code"], again["data"]) == (40110, {})
    assert "Auth_code is used" in again["message"]
    assert get(shared, "/user/info/", token)["code"] == 0


def test_a_code_is_good_for_an_hour(sent_back: SentBack) -> None:
    ahead = [0.0]
    with running(clock=lambda: time.time() + ahead[0]) as address:
        late = sent_back(page(address))["auth_code"]
        ahead[0] = AUTH_CODE_SECONDS
        assert exchange(address, late)["code"] == 40110
        assert exchange(address, "sim-unknown")["code"] == 40110


def test_an_app_is_known_by_its_id_and_secret(shared: Address, sent_back: SentBack) -> None:
    code = sent_back(page(shared))["auth_code"]
    other = list(shared.world.tiktok.apps.values())[1]
    assert exchange(shared, code, secret="wrong")["code"] == 40101
    assert exchange(shared, code, app_id="1")["code"] == 40101
    assert exchange(shared, code, app_id=other.id, secret=other.secret)["code"] == 40110
    assert exchange(shared, code, app_id=int(app(shared)["app_id"]))["code"] == 0


@pytest.mark.parametrize("name", ["app_id", "secret", "auth_code"])
@pytest.mark.parametrize("value", ["", None, True, []])
def test_what_is_missing_is_named(shared: Address, name: str, value: object) -> None:
    answer = exchange(shared, "x", **{name: value})
    assert answer["code"] == 40002
    assert answer["message"].startswith(f"{name}:")


@pytest.mark.parametrize("body", ["[]", "nonsense", "", "[" * 100_000])
def test_a_body_that_is_no_object_is_refused(shared: Address, body: str) -> None:
    url = f"{shared.url}/open_api/v1.3/oauth2/access_token/"
    assert said(requests.post(url, data=body, timeout=5))["code"] == 40002


def test_the_advertisers_may_be_left_out(shared: Address, sent_back: SentBack) -> None:
    code = sent_back(page(shared))["auth_code"]
    given = exchange(shared, code, return_advertiser_ids=False)
    assert "advertiser_ids" not in given["data"]


@pytest.mark.parametrize("token", ["", "sim-unknown"])
def test_a_token_that_is_missing_or_wrong_is_told(shared: Address, token: str) -> None:
    for path in ("/oauth2/advertiser/get/", "/user/info/"):
        assert get(shared, path, token, **app(shared))["code"] == 40105


def test_a_bearer_header_is_no_access_token(shared: Address) -> None:
    headers = {"Authorization": f"Bearer {facts(shared)['access_token']}"}
    url = f"{shared.url}/open_api/v1.3/user/info/"
    assert said(requests.get(url, headers=headers, timeout=5))["code"] == 40105


def test_the_advertisers_take_the_apps_own_secret(shared: Address) -> None:
    path, own = "/oauth2/advertiser/get/", app(shared)
    other = list(shared.world.tiktok.apps.values())[1]
    assert get(shared, path, **{**own, "secret": "wrong"})["code"] == 40001
    assert get(shared, path, app_id=other.id, secret=other.secret)["code"] == 40001
    assert get(shared, path, app_id=own["app_id"])["code"] == 40002


def test_a_revoked_token_is_good_for_nothing(fresh: Address) -> None:
    token = facts(fresh)["access_token"]
    other = list(fresh.world.tiktok.apps.values())[1]
    stolen = {"app_id": other.id, "secret": other.secret, "access_token": token}
    assert post(fresh, "/oauth2/revoke_token/", stolen)["code"] == 40105
    assert get(fresh, "/user/info/")["code"] == 0
    ended = post(fresh, "/oauth2/revoke_token/", {**app(fresh), "access_token": token})
    assert ended["data"] == {
        "app_id": facts(fresh)["app_id"],
        "advertiser_ids": [facts(fresh)["advertiser_id"]],
    }
    assert get(fresh, "/user/info/")["code"] == 40105
    again = post(fresh, "/oauth2/revoke_token/", {**app(fresh), "access_token": token})
    assert again["code"] == 40105


@pytest.mark.parametrize(
    ("group", "calls", "ends"), [("tiktok_seconds", 3, 1.0), ("tiktok_minutes", 3, 60.0)]
)
def test_an_app_may_call_so_often(group: str, calls: int, ends: float) -> None:
    now = [1_000.4]
    with running(Settings(limits={group: calls}), clock=lambda: now[0]) as address:
        codes = [get(address, "/user/info/")["code"] for _ in range(calls + 1)]
        assert codes == [0] * calls + [40100]
        now[0] = 1_000 + ends
        assert get(address, "/user/info/")["code"] == 0


def test_the_basic_level_is_ten_calls_in_a_second() -> None:
    with running(clock=lambda: 1_000.0) as address:
        codes = [get(address, "/user/info/")["code"] for _ in range(11)]
    assert codes == [0] * 10 + [40100]


def test_a_path_or_method_there_is_not_has_a_code_too(shared: Address) -> None:
    assert get(shared, "/no/such/path/")["code"] == 40002
    assert get(shared, "/oauth2/access_token/")["code"] == 40002


@pytest.mark.parametrize(
    ("fault", "code"), [("rate_limited", 40100), ("error_500_after_commit", 50000)]
)
def test_a_fault_has_a_code_of_tiktoks(fault: str, code: int) -> None:
    with running(Settings(faults={fault: 1})) as address:
        assert get(address, "/user/info/")["code"] == code


def test_what_stands_before_tiktok_answers_in_html() -> None:
    with running(Settings(faults={"unavailable": 1})) as address:
        answer = requests.get(f"{address.url}/open_api/v1.3/user/info/", timeout=5)
    assert answer.status_code == 504
    assert answer.headers["content-type"].startswith("text/html")
