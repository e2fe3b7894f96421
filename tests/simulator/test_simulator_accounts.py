"""What a client learns about its ad accounts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1Session

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.simulator.world import ROLES

SignedIn = Callable[..., OAuth1Session]
Get = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def large() -> Iterator[Address]:
    """A simulator with five ad accounts and no limit on reading their list."""
    with running(Settings(further_accounts=4, limits={"accounts": 0})) as address:
        yield address


@pytest.fixture
def get(large: Address, signed_in: SignedIn) -> Get:
    """Reads a path under the first account, or under `/12`."""

    def read(path: str = "", *, own: bool = True, **parameters: object) -> requests.Response:
        account = f"/accounts/{next(iter(large.world.accounts))}" if own else ""
        url = f"{large.url}/12{account}{path}"
        return signed_in(large).get(url, params={k: str(v) for k, v in parameters.items()})

    return read


def ids(answer: requests.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["id"] for row in answer.json()["data"]]


def first_error(answer: requests.Response) -> dict[str, Any]:
    entry: dict[str, Any] = answer.json()["errors"][0]
    return entry


def test_the_list_holds_the_accounts_of_the_user(large: Address, get: Get) -> None:
    answer = get("/accounts", own=False)
    mine = [a for a in large.world.accounts.values() if a.name.startswith("Garden shop")]
    assert ids(answer) == [account.id for account in mine]
    body = answer.json()
    assert body["request"] == {"params": {}}
    assert body["next_cursor"] is None
    row = body["data"][0]
    assert (row["name"], row["timezone"]) == ("Garden shop", "America/New_York")
    assert row["approval_status"] == "ACCEPTED"
    assert "currency" not in row
    assert answer.headers["x-current-api-version"] == "12"


def test_a_user_on_no_account_gets_an_empty_list(large: Address, signed_in: SignedIn) -> None:
    answer = signed_in(large, "stranger").get(f"{large.url}/12/accounts")
    assert (answer.status_code, answer.json()["data"]) == (200, [])


def test_pages_hold_every_account_once(get: Get) -> None:
    everyone = ids(get("/accounts", own=False))
    pages: list[list[str]] = []
    cursor: dict[str, object] = {}
    while True:
        answer = get("/accounts", own=False, count=2, **cursor)
        pages.append(ids(answer))
        if answer.json()["next_cursor"] is None:
            break
        cursor = {"cursor": answer.json()["next_cursor"]}
        assert answer.json()["request"]["params"]["count"] == 2
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [one for page in pages for one in page] == everyone


def test_filters_are_repeated_as_they_were_read(large: Address, get: Get) -> None:
    _, _, second, third, *_ = large.world.accounts
    answer = get(
        "/accounts", own=False, account_ids=f"{third},{second},zzzzz", with_deleted="false"
    )
    assert ids(answer) == [second, third]
    assert answer.json()["request"]["params"] == {
        "account_ids": [third, second, "zzzzz"],
        "with_deleted": False,
    }


def test_a_query_finds_by_name(get: Get) -> None:
    answer = get("/accounts", own=False, q="shop 3")
    assert [row["name"] for row in answer.json()["data"]] == ["Garden shop 3"]


def test_a_list_is_sorted_as_asked(get: Get) -> None:
    names = [row["name"] for row in get("/accounts", own=False, sort_by="name-desc").json()["data"]]
    assert names == sorted(names, reverse=True)
    assert len(names) == 5


def test_one_account_says_more(large: Address, get: Get) -> None:
    answer = get()
    account_id = next(iter(large.world.accounts))
    body = answer.json()
    assert body["request"] == {"params": {"account_id": account_id}}
    assert body["data"]["id"] == account_id
    assert "industry_type" in body["data"]
    assert "next_cursor" not in body


@pytest.mark.parametrize("path", ["", "/authenticated_user_access", "/web_event_tags"])
def test_an_account_out_of_reach_is_not_found(
    large: Address, signed_in: SignedIn, path: str
) -> None:
    for account_id in (list(large.world.accounts)[1], "zzzzz"):
        answer = signed_in(large).get(f"{large.url}/12/accounts/{account_id}{path}")
        assert answer.status_code == 403
        assert first_error(answer)["code"] == "ACCOUNT_NOT_FOUND"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_user_has_the_roles_of_the_settings(signed_in: SignedIn, role: str) -> None:
    roles = ("TWEET_COMPOSER", role) if role != "TWEET_COMPOSER" else (role,)
    with running(Settings(roles=roles)) as address:
        account_id = next(iter(address.world.accounts))
        url = f"{address.url}/12/accounts/{account_id}/authenticated_user_access"
        answer = signed_in(address).get(url)
    assert answer.json()["data"]["permissions"] == list(roles)


def test_what_pays_tells_the_currency(large: Address, get: Get) -> None:
    rows = get("/funding_instruments").json()["data"]
    account_id = next(iter(large.world.accounts))
    assert [(row["account_id"], row["currency"]) for row in rows] == [(account_id, "USD")]
    assert rows[0]["able_to_fund"] is True
    assert rows[0]["credit_limit_local_micro"] == 350_000_000


def test_events_and_pixels_belong_together(large: Address, get: Get) -> None:
    rows = get("/web_event_tags").json()["data"]
    facts = large.describe()
    first = rows[0]
    assert f"tw-{first['website_tag_id']}-{first['id']}" == facts["event_id"]
    assert first["website_tag_id"] == facts["pixel_id"]
    assert (first["type"], first["status"]) == ("PURCHASE", "TRACKING")
    assert len(rows) == 4
    for row in rows:
        assert large.world.pixels[row["website_tag_id"]].account_id == facts["ad_account_id"]


def test_another_account_has_events_of_its_own(large: Address, signed_in: SignedIn) -> None:
    account_id = list(large.world.accounts)[2]
    answer = signed_in(large).get(f"{large.url}/12/accounts/{account_id}/web_event_tags")
    assert answer.json()["data"] == []


@pytest.mark.parametrize("what", ["web_event_tags", "funding_instruments"])
def test_what_is_deleted_shows_only_when_asked_for(get: Get, what: str) -> None:
    shown, every = ids(get(f"/{what}")), ids(get(f"/{what}", with_deleted="true"))
    (deleted,) = set(every) - set(shown)
    missing = get(f"/{what}/{deleted}")
    assert missing.status_code == 404
    assert first_error(missing)["code"] == f"{what[:-1].upper()}_NOT_FOUND"
    found = get(f"/{what}/{deleted}", with_deleted="true").json()
    assert (found["data"]["id"], found["data"]["deleted"]) == (deleted, True)
    assert get(f"/{what}/{shown[0]}").json()["data"]["id"] == shown[0]
    assert get(f"/{what}/zzzzz").status_code == 404


def test_a_total_is_told_when_asked_for(get: Get) -> None:
    body = get("/web_event_tags", with_total_count="true", count=1).json()
    assert (body["total_count"], len(body["data"])) == (4, 1)
    assert "total_count" not in get("/web_event_tags").json()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", "0"), ("count", "1001"), ("count", "many"), ("count", ""),
        ("cursor", "c-1"), ("with_deleted", "yes"), ("sort_by", "name"),
        ("sort_by", "colour-asc"), ("account_ids", "A!"), ("account_ids", ""),
        ("account_ids", ",".join(["a"] * 201)),
    ],
)  # fmt: skip
def test_a_parameter_of_another_form_is_named(get: Get, name: str, value: str) -> None:
    answer = get("/accounts", own=False, **{name: value})
    entry = first_error(answer)
    assert answer.status_code == 400
    assert (entry["code"], entry["parameter"], entry["value"]) == ("INVALID_PARAMETER", name, value)
    assert entry["message"].startswith("Expected ")
    assert f'got "{value}" for {name}' in entry["message"]


def test_all_that_is_wrong_is_told_at_once(get: Get) -> None:
    answer = get("/web_event_tags", count="x", with_deleted="x", unknown="x")
    assert [entry["parameter"] for entry in answer.json()["errors"]] == ["count", "with_deleted"]
    assert answer.json()["request"]["params"]["account_id"]


def test_a_parameter_is_given_once(large: Address, signed_in: SignedIn) -> None:
    answer = signed_in(large).get(f"{large.url}/12/accounts?count=1&count=1")
    assert answer.status_code == 400


def test_a_total_and_a_cursor_exclude_each_other(get: Get) -> None:
    cursor = get("/accounts", own=False, count=1).json()["next_cursor"]
    answer = get("/accounts", own=False, cursor=cursor, with_total_count="true")
    assert (answer.status_code, first_error(answer)["code"]) == (400, "EXCLUSIVE_PARAMETERS")


def test_the_older_version_still_answers(large: Address, signed_in: SignedIn) -> None:
    assert signed_in(large).get(f"{large.url}/11/accounts").status_code == 200
    assert signed_in(large).get(f"{large.url}/10/accounts").status_code == 404
