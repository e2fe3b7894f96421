import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import parse_qsl, urlsplit

import pytest
from raw_server import answering, serving

from connector.errors import CredentialsError, UnreachableError
from connector.http import Session
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.x import accounts
from connector.x.calling import Bearer, Consumer, Line, Signing, get, header, hosts_of

BEARER = Bearer(token="t0ken")


@pytest.fixture
def line_to() -> Iterator[Callable[[str], Line]]:
    with closing(Session()) as session:
        yield lambda url: Line(
            session=session, hosts=hosts_of(url, own=False), pause=lambda _seconds: None
        )


def signing(address: Address) -> Signing:
    grant = next(iter(address.world.grants.values()))
    app = address.world.apps[grant.consumer_key]
    return Signing(
        consumer=Consumer(key=app.consumer_key, secret=app.consumer_secret),
        token=grant.token, token_secret=grant.token_secret,
    )  # fmt: skip


def test_accounts_roles_and_events_are_read(line_to: Callable[[str], Line]) -> None:
    with running(Settings(further_accounts=2)) as address:
        line, access = line_to(address.url), signing(address)
        found = accounts.accounts(line, access)
        assert found[0].id == "18ce54d4x5t"
        assert len(found) == 3
        one = accounts.account(line, access, "18ce54d4x5t")
        assert one.name == "Garden shop"
        assert one.skew is not None
        assert abs(one.skew) < 5
        assert accounts.roles(line, access, one.id) == ("AD_MANAGER",)
        tags = {tag.id: tag for tag in accounts.event_tags(line, access, one.id)}
        assert (tags["o87ne"].pixel_id, tags["o87ne"].type) == ("o8z6j", "PURCHASE")
        assert sum(tag.deleted for tag in tags.values()) == 1


def test_what_passes_by_itself_is_tried_again_and_no_more_than_that(
    line_to: Callable[[str], Line],
) -> None:
    down = answering("503 Down", b'{"errors":[{"code":"OVER_CAPACITY"}]}')
    fine = answering("200 OK", b'{"data":[{"id":"a"}]}')
    turns = iter([down, down, fine, down, down, down])

    def handle(connection: socket.socket) -> None:
        next(turns)(connection)

    with serving(handle) as server:
        line = line_to(server.url)
        assert [one.id for one in accounts.accounts(line, BEARER)] == ["a"]
        with pytest.raises(UnreachableError, match="503 OVER_CAPACITY"):
            accounts.accounts(line, BEARER)
    assert len(server.received) == 6


def test_pages_are_followed_until_a_cursor_comes_again(line_to: Callable[[str], Line]) -> None:
    page = json.dumps({"data": [{"id": "a", "name": "A"}, "odd"], "next_cursor": "c-1"}).encode()
    with serving(answering("200 OK", page)) as server:
        found = accounts.accounts(line_to(server.url), BEARER)
    assert [one.id for one in found] == ["a", "a"]
    queries = [dict(parse_qsl(urlsplit(got.line.split()[1]).query)) for got in server.received]
    assert queries == [{"count": "1000"}, {"count": "1000", "cursor": "c-1"}]
    assert server.received[0].headers["authorization"] == "Bearer t0ken"
    assert "content-type" not in server.received[0].headers


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"data": 5}'])
def test_an_answer_of_another_form_is_no_account(
    line_to: Callable[[str], Line], body: bytes
) -> None:
    with serving(answering("200 OK", body)) as server:
        if body == b'{"data": 5}':
            assert accounts.accounts(line_to(server.url), BEARER) == []
            return
        with pytest.raises(UnreachableError, match="X Ads GET accounts: 200 no code"):
            accounts.accounts(line_to(server.url), BEARER)


def test_a_refusal_is_not_tried_again(line_to: Callable[[str], Line]) -> None:
    with (
        serving(answering("401 No", b'{"errors":[{"code":89}]}')) as server,
        pytest.raises(CredentialsError, match="X Ads GET accounts/:id: 401 89"),
    ):
        accounts.account(line_to(server.url), BEARER, "18ce54d4x5t")
    assert len(server.received) == 1


def test_nobody_there_is_out_of_reach(line_to: Callable[[str], Line]) -> None:
    with pytest.raises(UnreachableError, match="no answer"):
        get(line_to("http://127.0.0.1:9"), BEARER, "accounts", operation="accounts")


def test_x_has_three_hosts_and_anybody_else_one() -> None:
    own = hosts_of("https://ads-api-sandbox.x.com", own=True)
    assert (own.ads, own.api, own.pages) == (
        "https://ads-api-sandbox.x.com", "https://api.x.com", "https://x.com",
    )  # fmt: skip
    other = hosts_of("http://127.0.0.1:8490", own=False)
    assert {other.ads, other.api, other.pages} == {"http://127.0.0.1:8490"}


def test_each_request_is_signed_anew_and_no_repr_shows_a_secret() -> None:
    access = Signing(
        consumer=Consumer(key="canary-1", secret="canary-2"), token="canary-3",
        token_secret="canary-4",
    )  # fmt: skip
    url = "https://ads-api.x.com/12/accounts?account_ids=a%2Cb"
    first, second = (header(access, "GET", url)["Authorization"] for _ in range(2))
    assert first != second
    assert "canary" not in repr(access) + repr(Bearer(token="canary"))
