"""Calls that change something: what leaves, and what each answer means."""

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from manager import UNLIMITED, managed
from raw_server import Handle, RawServer, answering, resetting, serving

from connector.errors import ConfigurationError, TokenRefusedError, UnreachableError
from connector.http import Session
from connector.simulator.server import Address
from connector.simulator.settings import Settings
from connector.x import management
from connector.x.calling import Access, Bearer, Consumer, Line, Signing, hosts_of, signature
from connector.x.management import LARGEST_BATCH, Call, Reply, batch, send

ACCOUNT = "18ce54d4x5t"
BEARER = Bearer(token="t0ken")
CALL = Call(
    method="POST", path="campaigns", key="0a1b2c",
    params={"name": "It's 100 % (a test)!*, ü", "end_time": ""},
)  # fmt: skip


@contextmanager
def line(url: str, read: float = 5.0) -> Iterator[Line]:
    with closing(Session(read=read)) as session:
        hosts = hosts_of(url, own=False)
        yield Line(session=session, hosts=hosts, pause=lambda _seconds: None)


@contextmanager
def raw(handle: Handle) -> Iterator[tuple[Line, RawServer]]:
    with serving(handle) as server, line(server.url) as opened:
        yield opened, server


def signing(address: Address) -> Access:
    pair = address.describe()["oauth1"]
    assert isinstance(pair, dict)
    return Signing(
        consumer=Consumer(key=pair["consumer_key"], secret=pair["consumer_secret"]),
        token=pair["token"], token_secret=pair["token_secret"],
    )  # fmt: skip


def replied(handle: Handle, call: Call = CALL) -> Reply:
    with raw(handle) as (opened, _):
        return send(opened, BEARER, ACCOUNT, call)


def errors(*codes: str, **more: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(
        {"errors": [{"code": code, "message": "m"} for code in codes], **more}
    ).encode()


def test_parameters_are_a_form_and_the_key_is_in_a_header() -> None:
    with raw(answering("200 OK", b'{"data":{"id":"k2v8c"}}')) as (opened, server):
        assert send(opened, BEARER, ACCOUNT, CALL).meaning == "done"
    [request] = server.received
    method, target, _ = request.line.split()
    assert (method, target) == ("POST", f"/12/accounts/{ACCOUNT}/campaigns")
    assert dict(parse_qsl(request.body.decode(), keep_blank_values=True)) == CALL.params
    assert request.headers["idempotency-key"] == "0a1b2c"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_other_methods_go_out_likewise(method: Any) -> None:  # noqa: ANN401 - one of a literal
    params = {"name": "x"} if method == "PUT" else {}
    call = Call(method=method, path="campaigns/k2v8c", key="0a1b2c", params=params)
    with raw(answering("200 OK", b'{"data":{"id":"k2v8c"}}')) as (opened, server):
        assert send(opened, BEARER, ACCOUNT, call).rows == ({"id": "k2v8c"},)
    [request] = server.received
    assert request.line.split()[:2] == [method, f"/12/accounts/{ACCOUNT}/campaigns/k2v8c"]
    assert request.body == (b"name=x" if params else b"")
    assert request.headers["content-length"] == str(len(request.body))
    assert call.operation == f"{method} accounts/:id/campaigns/:id"


@pytest.mark.parametrize("as_form", [True, False])
def test_the_documented_signature_of_a_change_comes_out(as_form: bool) -> None:  # noqa: FBT001 - a case
    params = "name=It%27s%20a%20%28test%29%21%2A&end_time="
    url = "https://ads-api.x.com/12/accounts/4m9tq7w2bzc/campaigns/k2v8c"
    found = signature(
        Consumer(
            key="xvz1evFS4wEEPTGEFPHBog", secret="kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"
        ),
        "PUT",
        url if as_form else f"{url}?{params}",
        form=params if as_form else "",
        resource_owner_key="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        resource_owner_secret="LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", timestamp="1318622958",
    )  # fmt: skip
    assert 'oauth_signature="njOasDzV7G7fQL0JECA7OnrQJd0%3D"' in found["Authorization"]


def test_a_name_of_any_characters_arrives_signed_and_whole() -> None:
    name = "It's 100 % (a test)!*, ü/?&=+ 🌱 ٣"
    with managed() as manager, line(manager.address.url) as opened:
        params = {
            "funding_instrument_id": manager.funding, "name": name, "entity_status": "PAUSED",
            "daily_budget_amount_local_micro": "25000000",
        }  # fmt: skip
        call = Call(method="POST", path="campaigns", key="k", params=params)
        reply = send(opened, signing(manager.address), ACCOUNT, call)
    assert reply.meaning == "done"
    assert reply.rows[0]["name"] == name


@pytest.mark.parametrize(
    ("answer", "meaning", "code"),
    [
        (answering("400 No", errors("INVALID_PARAMETER")), "refused", "INVALID_PARAMETER"),
        (answering("404 No", errors("CAMPAIGN_NOT_FOUND")), "refused", "CAMPAIGN_NOT_FOUND"),
        (answering("404 No", b"<html>"), "refused", "no code"),
        (answering("401 No", errors("UNAUTHORIZED_ACCESS")), "refused", "UNAUTHORIZED_ACCESS"),
        (answering("302 Found\nLocation: /"), "refused", "no code"),
        (answering("405 No", errors("METHOD_NOT_ALLOWED")), "refused", "METHOD_NOT_ALLOWED"),
        (answering("429 No", errors("TOO_MANY_REQUESTS")), "passing", "TOO_MANY_REQUESTS"),
        (answering("423 No", errors("LOCKED")), "passing", "LOCKED"),
        (answering("425 No"), "passing", "no code"),
        (answering("503 No\nRetry-After: 3", errors("OVER_CAPACITY")), "passing", "OVER_CAPACITY"),
        (answering("503 No", errors("OVER_CAPACITY")), "unclear", "OVER_CAPACITY"),
        (answering("500 No", errors("INTERNAL_ERROR")), "unclear", "INTERNAL_ERROR"),
        (answering("502 No", b"<html>"), "unclear", "no code"),
        (answering("408 No", errors("CANCELLED_REQUEST")), "unclear", "CANCELLED_REQUEST"),
        (answering("200 OK", b"<html>"), "unclear", "unreadable"),
        (answering("200 OK", b'{"data":[]}'), "unclear", "unreadable"),
        (answering("200 OK", b'{"data":"x"}'), "unclear", "unreadable"),
        (answering("200 OK", b'{"data":{"name":"x"}}'), "unclear", "unreadable"),
        (answering("204 No Content"), "unclear", "unreadable"),
        (resetting, "unclear", "no answer"),
    ],
)  # fmt: skip
def test_each_answer_has_one_meaning(answer: Handle, meaning: str, code: str) -> None:
    reply = replied(answer)
    assert (reply.meaning, reply.code) == (meaning, code)
    assert reply.error is not None
    assert str(reply.error).startswith("X Ads POST accounts/:id/campaigns: ")


def test_every_answer_of_success_is_done() -> None:
    one = replied(answering("201 Made", b'{"data":{"id":"a"}}'))
    assert (one.meaning, one.rows, one.error) == ("done", ({"id": "a"},), None)
    many = replied(answering("200 OK", b'{"data":[{"id":"a"},{"id":"b"}]}'))
    assert [row["id"] for row in many.rows] == ["a", "b"]


def test_who_refuses_a_connection_has_not_processed_it() -> None:
    with line("http://127.0.0.1:9") as opened:
        reply = send(opened, BEARER, ACCOUNT, CALL)
    assert reply.meaning == "passing"
    assert isinstance(reply.error, UnreachableError)


def test_no_answer_in_time_is_unclear() -> None:
    def late(_connection: object) -> None:
        time.sleep(0.4)

    with serving(late) as server, line(server.url, read=0.1) as opened:
        assert send(opened, BEARER, ACCOUNT, CALL).meaning == "unclear"


def test_what_was_not_to_leave_any_more_has_not_been_processed() -> None:
    with managed() as manager, line(manager.address.url) as opened:
        params = {
            "funding_instrument_id": manager.funding, "name": "late",
            "daily_budget_amount_local_micro": "25000000",
        }  # fmt: skip
        call = Call(method="POST", path="campaigns", key="k", params=params)
        access = signing(manager.address)
        late = send(opened, access, ACCOUNT, call, in_time=lambda: False)
        assert manager.rows("campaigns", q="late") == []
        assert send(opened, access, ACCOUNT, call, in_time=lambda: True).meaning == "done"
    assert late.meaning == "passing"


def test_what_x_says_is_left_and_how_long_to_wait_is_told() -> None:
    moment = int(time.time()) + 40
    head = f"x-rate-limit-limit: 450\nx-rate-limit-remaining: 0\nx-rate-limit-reset: {moment}"
    reply = replied(answering(f"429 No\n{head}", errors("TOO_MANY_REQUESTS")))
    assert reply.told is not None
    assert (reply.told.limit, reply.told.remaining) == (450, 0)
    assert reply.seconds == pytest.approx(40, abs=2)
    assert replied(answering("503 No\nRetry-After: 7")).seconds == 7


def test_a_token_that_is_not_taken_is_told_as_such() -> None:
    assert isinstance(replied(answering("401 No", errors("89"))).error, TokenRefusedError)


def test_lists_come_whole_with_the_account_they_are_of() -> None:
    with managed() as manager, line(manager.address.url) as opened:
        access = signing(manager.address)

        def ask(**how: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - whatever a list takes
            return list(management.rows(opened, access, ACCOUNT, "campaigns", **how))

        whole = ask(page=1000)
        assert {row["account_id"] for row in whole} == {ACCOUNT}
        assert ask(page=2) == whole
        assert ask(page=2, once=True) == whole[:2]
        assert len(ask(page=2, with_deleted="true")) > len(whole)
        one = management.row(opened, access, ACCOUNT, "campaigns", whole[0]["id"])
        assert one == whole[0]
        with pytest.raises(ConfigurationError, match="404 CAMPAIGN_NOT_FOUND"):
            management.row(opened, access, ACCOUNT, "campaigns", "zzzzz")


def test_a_cursor_that_comes_again_ends_a_list_and_odd_rows_are_left_out() -> None:
    page = b'{"data":[{"id":"a"},"odd",null],"next_cursor":"c-1"}'
    with raw(answering("200 OK", page)) as (opened, server):
        found = list(management.rows(opened, BEARER, ACCOUNT, "campaigns", page=50))
    assert found == [{"id": "a", "account_id": ACCOUNT}] * 2
    assert len(server.received) == 2


def test_one_row_of_another_form_is_none() -> None:
    with (
        raw(answering("200 OK", b'{"data":[]}')) as (opened, _),
        pytest.raises(UnreachableError, match="not what X documents"),
    ):
        management.row(opened, BEARER, ACCOUNT, "campaigns", "a")


def test_an_id_never_leads_out_of_its_path() -> None:
    with raw(answering("200 OK", b'{"data":{"id":"a"}}')) as (opened, server):
        management.row(opened, BEARER, ACCOUNT, "campaigns", "../accounts?x=y")
    assert "/campaigns/..%2Faccounts%3Fx%3Dy " in server.received[0].line


def operations(manager: Any, count: int) -> list[dict[str, object]]:  # noqa: ANN401 - of the tests
    return [
        {
            "operation_type": "Create",
            "params": {
                "funding_instrument_id": manager.funding, "name": f"batch {number}",
                "daily_budget_amount_local_micro": 25_000_000, "entity_status": "PAUSED",
            },
        }
        for number in range(count)
    ]  # fmt: skip


def test_a_batch_is_done_as_a_whole() -> None:
    with managed(Settings(limits=UNLIMITED)) as manager, line(manager.address.url) as opened:
        access = signing(manager.address)
        call = batch("campaigns", operations(manager, LARGEST_BATCH), key="k")
        reply = send(opened, access, ACCOUNT, call)
        assert [row["name"] for row in reply.rows] == [f"batch {n}" for n in range(LARGEST_BATCH)]
        wrong = operations(manager, 3)
        wrong[1]["params"] = {"name": "x", "daily_budget_amount_local_micro": 1}
        refused = send(opened, access, ACCOUNT, batch("campaigns", wrong, key="k"))
    assert refused.meaning == "refused"
    assert "400 MISSING_PARAMETER: operation 2: " in str(refused.error)
    assert (reply.item, refused.item) == (None, 2)


@pytest.mark.parametrize("count", [0, LARGEST_BATCH + 1])
def test_a_batch_has_no_more_than_x_takes(count: int) -> None:
    with pytest.raises(ConfigurationError, match="a batch has 1 to 40 operations"):
        batch("campaigns", [{}] * count, key="k")
