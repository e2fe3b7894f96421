import re
from collections.abc import Callable

import pytest
import requests
from oauthlib.oauth1 import Client
from requests_oauthlib import OAuth1Session

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.simulator.world import Grant

Make = Callable[..., dict[str, object]]
Send = Callable[..., requests.Response]
Arrived = Callable[..., dict[str, object]]

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")


def session(address: Address, grant: Grant) -> OAuth1Session:
    return OAuth1Session(
        grant.consumer_key,
        client_secret=address.world.apps[grant.consumer_key].consumer_secret,
        resource_owner_key=grant.token,
        resource_owner_secret=grant.token_secret,
    )


def path(pixel_id: str = "o8z6j", version: str = "12") -> str:
    return f"/{version}/measurement/conversions/{pixel_id}"


def test_a_sound_request_is_acknowledged_as_x_does_it(
    shared: Address,
    conversion: Make,
    send: Send,
) -> None:
    answer = send(shared, conversion(), conversion(conversion_id="order-2"))
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-current-api-version"] == "12"
    assert UUID.fullmatch(body["data"].pop("debug_id"))
    assert body == {
        "request": {"params": {"account_id": "18ce54d4x5t"}},
        "data": {"conversions_processed": 2},
    }


def test_each_acknowledgement_has_its_own_debug_id(
    shared: Address,
    conversion: Make,
    send: Send,
) -> None:
    debug_ids = {send(shared, conversion()).json()["data"]["debug_id"] for _ in range(2)}
    assert len(debug_ids) == 2


def test_requests_oauthlib_works_unchanged(shared: Address, conversion: Make) -> None:
    manager = next(iter(shared.world.grants.values()))
    with session(shared, manager) as signed:
        for called in (path(version="12"), path(version="11"), f"{path()}?a=It%27s%2C+b&empty="):
            answer = signed.post(
                f"{shared.url}{called}",
                json={"conversions": [conversion()]},
                timeout=5,
            )
            assert answer.status_code == 200


@pytest.mark.parametrize(("signed_host", "status"), [("localhost", 200), ("127.0.0.1", 401)])
def test_the_host_as_called_is_what_is_signed(
    shared: Address,
    conversion: Make,
    signed_host: str,
    status: int,
) -> None:
    grant = next(iter(shared.world.grants.values()))
    client = Client(
        grant.consumer_key,
        client_secret=shared.world.apps[grant.consumer_key].consumer_secret,
        resource_owner_key=grant.token,
        resource_owner_secret=grant.token_secret,
    )
    _, headers, _ = client.sign(f"http://{signed_host}:{shared.port}{path()}", "POST")
    answer = requests.post(
        f"http://localhost:{shared.port}{path()}",
        json={"conversions": [conversion()]},
        headers=headers,
        timeout=5,
    )
    assert answer.status_code == status


def test_a_signed_request_cannot_be_replayed(shared: Address, conversion: Make) -> None:
    manager = next(iter(shared.world.grants.values()))
    with session(shared, manager) as signed:
        first = signed.post(
            f"{shared.url}{path()}",
            json={"conversions": [conversion()]},
            timeout=5,
        )
    with requests.Session() as replaying:
        again = replaying.send(first.request, timeout=5)
    assert (first.status_code, again.status_code) == (200, 401)


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Pixel-Token": "sim-wrong"}, {"Authorization": "Bearer sim-token"}],
)
def test_an_unknown_caller_gets_401(
    shared: Address,
    conversion: Make,
    send: Send,
    headers: dict[str, str],
) -> None:
    answer = send(shared, conversion(), headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {
        "errors": [
            {
                "code": "UNAUTHORIZED_ACCESS",
                "message": "This request is not properly authenticated",
            },
        ],
        "request": {"params": {}},
    }


@pytest.mark.parametrize(
    ("place", "status", "code"),
    [
        (1, 403, "ACTION_NOT_ALLOWED"),
        (2, 404, "NOT_FOUND"),
        (3, 403, "UNAUTHORIZED_CLIENT_APPLICATION"),
    ],
)
def test_a_caller_without_the_right_is_refused(
    shared: Address,
    conversion: Make,
    place: int,
    status: int,
    code: str,
) -> None:
    grant = list(shared.world.grants.values())[place]
    with session(shared, grant) as signed:
        answer = signed.post(
            f"{shared.url}{path()}",
            json={"conversions": [conversion()]},
            timeout=5,
        )
    assert answer.status_code == status
    assert answer.json()["errors"][0]["code"] == code


def test_an_unknown_pixel_gets_404(shared: Address, conversion: Make) -> None:
    token = shared.world.pixels["o8z6j"].token
    answer = requests.post(
        f"{shared.url}{path('zzzzz')}",
        json={"conversions": [conversion()]},
        headers={"X-Pixel-Token": token},
        timeout=5,
    )
    assert answer.status_code == 404
    assert answer.json()["errors"] == [
        {"code": "ROUTE_NOT_FOUND", "message": "The requested resource could not be found"},
    ]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"event_id": "abc"}, 404),
        ({"event_id": "o8z6j"}, 400),
        ({"identifiers": []}, 400),
        ({"conversion_time": "2026-03-02T10:20:30.000"}, 400),
    ],
)
def test_one_faulty_conversion_fails_the_request_and_nothing_is_stored(
    fresh: Address,
    conversion: Make,
    send: Send,
    arrived: Arrived,
    changes: dict[str, object],
    status: int,
) -> None:
    answer = send(fresh, conversion(), conversion(**changes))
    assert answer.status_code == status
    assert answer.json()["request"] == {"params": {"account_id": "18ce54d4x5t"}}
    assert all(set(entry) == {"code", "message", "parameter"} for entry in answer.json()["errors"])
    counts = arrived(fresh)
    assert (counts["requests"], counts["receipts"]) == (1, 0)
    assert counts["by_status"] == {str(status): 1}


def test_integers_as_money_are_refused_where_asked(conversion: Make, send: Send) -> None:
    with running(Settings(modes=frozenset({"refuse_integers", "strict_formats"}))) as address:
        assert send(address, conversion(value=49)).status_code == 400
        assert send(address, conversion(value="49")).status_code == 200
        odd = conversion(identifiers=[{"twclid": "short"}])
        assert send(address, odd).status_code == 400


def test_500_conversions_are_taken_and_501_are_too_many(
    shared: Address,
    conversion: Make,
    send: Send,
) -> None:
    assert send(shared, *[conversion()] * 500).json()["data"]["conversions_processed"] == 500
    answer = send(shared, *[conversion()] * 501)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "code": "INVALID_PARAMETER",
            "message": "Conversion count limit is 500",
            "parameter": "conversions",
        },
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "INVALID_PARAMETER"),
        (b"{", "INVALID_PARAMETER"),
        (b"\xff\xfe\xff", "INVALID_PARAMETER"),
        (b'{"conversions": [{"value": NaN}]}', "INVALID_PARAMETER"),
        (b"[" * 100_000, "INVALID_PARAMETER"),
        (b"[]", "MISSING_PARAMETER"),
        (b"{}", "MISSING_PARAMETER"),
        (b'{"conversions": []}', "MISSING_PARAMETER"),
        (b'{"conversions": {}}', "MISSING_PARAMETER"),
    ],
)
def test_a_body_of_another_form_gets_400(shared: Address, body: bytes, code: str) -> None:
    answer = requests.post(
        f"{shared.url}{path()}",
        data=body,
        headers={"X-Pixel-Token": shared.world.pixels["o8z6j"].token},
        timeout=5,
    )
    assert answer.status_code == 400
    assert [entry["code"] for entry in answer.json()["errors"]] == [code]


def test_a_message_may_hold_any_text_that_was_sent(
    shared: Address,
    conversion: Make,
    send: Send,
) -> None:
    odd = 'é "quoted" \ud800 \x00'
    answer = send(shared, conversion(event_id=odd))
    assert answer.status_code == 404
    assert odd in answer.json()["errors"][0]["message"]


def test_an_idempotency_key_changes_nothing(
    fresh: Address,
    conversion: Make,
    send: Send,
    arrived: Arrived,
) -> None:
    headers = {
        "X-Pixel-Token": fresh.world.pixels["o8z6j"].token,
        "Idempotency-Key": "one",
    }
    for _ in range(2):
        assert send(fresh, conversion(), headers=headers).status_code == 200
    assert arrived(fresh)["receipts"] == 2
