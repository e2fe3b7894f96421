import json
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from raw_server import answering, serving

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    TokenRefusedError,
    UnreachableError,
)
from connector.http import Answer, NoAnswer, Request, Session
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.tiktok.accounts import advertisers, probe
from connector.tiktok.authorization import App, consent_address, exchange, revoke
from connector.tiktok.calling import Line, get, read

MakeLine = Callable[[str], Line]


@pytest.fixture
def line_to() -> Iterator[MakeLine]:
    with closing(Session()) as session:
        yield lambda url: Line(
            session=session, base_url=url, consent=url, pause=lambda _seconds: None
        )


def app_of(address: Address) -> App:
    app = next(iter(address.world.tiktok.apps.values()))
    return App(app_id=app.id, secret=app.secret)


def answer(body: object, status: int = 200) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, headers={}, body=raw)


@pytest.mark.parametrize(
    ("body", "kind", "about"),
    [
        ({"code": 40001}, CredentialsError, "200 40001: no permission"),
        ({"code": "40105"}, TokenRefusedError, "200 40105: the access token"),
        ({"code": 40002}, ConfigurationError, "200 40002"),
        ({"code": 40110}, CredentialsError, "200 40110: the code is wrong"),
        ({"code": 40100}, UnreachableError, "200 40100: the app's limit"),
        ({"code": 40133}, UnreachableError, "200 40133"),
        ({"code": 40101, "message": "Invalid secret"}, CredentialsError, "the app id or the"),
        ({"code": 40101, "message": "QPS limit"}, UnreachableError, "limit is used up"),
        ({"code": 40102, "message": "token expired"}, TokenRefusedError, "the access token"),
        ({"code": 40102, "message": "Too many requests"}, UnreachableError, "limit is used up"),
        ({"code": 50000}, UnreachableError, "200 50000: TikTok is not able"),
        ({"code": 51234}, UnreachableError, "200 51234"),
        ({"code": 60001}, UnreachableError, "200 60001"),
        ({"code": 12345}, CredentialsError, "200 12345: TikTok refuses it"),
        ({"message": "OK"}, UnreachableError, "200 no code"),
        ({"code": True}, UnreachableError, "200 no code"),
        ([], UnreachableError, "200 no code"),
        (b"<html>", UnreachableError, "200 no code"),
    ],
)
def test_the_code_decides_and_never_the_status(
    body: object, kind: type[ConnectorError], about: str
) -> None:
    with pytest.raises(kind) as raised:
        read("GET user/info", answer(body))
    assert str(raised.value).startswith("TikTok Ads GET user/info: 200 ")
    assert about in str(raised.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(502, UnreachableError), (504, UnreachableError), (429, UnreachableError),
     (404, ConfigurationError)],
)  # fmt: skip
def test_a_page_of_something_before_tiktok_goes_by_its_status(
    status: int, kind: type[ConnectorError]
) -> None:
    with pytest.raises(kind, match=f"{status} no code"):
        read("GET user/info", answer(b"<html>", status))


def test_no_answer_says_so() -> None:
    with pytest.raises(UnreachableError, match="no answer: no answer in time"):
        read("GET user/info", NoAnswer(left=True, why="no answer in time"))


def test_a_success_counts_whatever_its_status() -> None:
    assert read("GET x", answer({"code": 0, "data": {"a": 1}}, 500)).data == {"a": 1}
    assert read("GET x", answer({"code": 0, "data": None})).data == {}


def test_what_tiktok_writes_is_not_repeated() -> None:
    with pytest.raises(CredentialsError) as raised:
        read("GET x", answer({"code": 40001, "message": "canary ada@example.com"}))
    assert "canary" not in str(raised.value)


def test_what_passes_by_itself_is_tried_again(line_to: MakeLine) -> None:
    busy = answering("200 OK", b'{"code":40100,"message":"QPS"}')
    gateway = answering("504 Gateway", b"<html>")
    fine = answering("200 OK", b'{"code":0,"data":{"a":1}}')
    turns = iter([busy, gateway, fine, busy, busy, busy])

    def handle(connection: socket.socket) -> None:
        next(turns)(connection)

    with serving(handle) as server:
        line = line_to(server.url)
        assert get(line, "token", "user/info/").data == {"a": 1}
        with pytest.raises(UnreachableError):
            get(line, "token", "user/info/")
    assert len(server.received) == 6
    first = server.received[0]
    assert first.headers["access-token"] == "token"
    assert "authorization" not in first.headers
    assert first.line == "GET /open_api/v1.3/user/info/ HTTP/1.1"


def test_a_refusal_is_not_tried_again(line_to: MakeLine) -> None:
    with (
        serving(answering("200 OK", b'{"code":40105}')) as server,
        pytest.raises(CredentialsError),
    ):
        probe(line_to(server.url), "token")
    assert len(server.received) == 1


def test_advertisers_are_read_and_a_token_is_given_back(line_to: MakeLine) -> None:
    with running(Settings(further_accounts=1)) as address:
        line, token, app = line_to(address.url), address.world.tiktok.token, app_of(address)
        probe(line, token)
        found = advertisers(line, app, token)
        assert [one.name for one in found] == ["Garden shop", "Garden shop 2"]
        assert found[0].id == "7001122334455667788"
        revoke(line, app, token)
        with pytest.raises(CredentialsError, match="40105"):
            probe(line, token)


def test_a_list_of_another_form_has_no_advertisers(line_to: MakeLine) -> None:
    body = b'{"code":0,"data":{"list":["odd", {"advertiser_id": 7}]}}'
    with serving(answering("200 OK", body)) as server:
        found = advertisers(line_to(server.url), App(app_id="1", secret="s"), "token")
    assert [one.id for one in found] == ["7"]


def test_an_exchange_carries_no_token_and_needs_one_back(line_to: MakeLine) -> None:
    good = b'{"code":0,"data":{"access_token":"t","scope":[4],"refresh_token":"x"}}'
    with serving(answering("200 OK", good)) as server:
        granted = exchange(line_to(server.url), App(app_id="1", secret="s"), "c")
    assert (granted.token, granted.scopes) == ("t", ("4",))
    [received] = server.received
    assert "access-token" not in received.headers
    assert json.loads(received.body)["auth_code"] == "c"
    with (
        serving(answering("200 OK", b'{"code":0,"data":{}}')) as server,
        pytest.raises(UnreachableError, match="holds no token"),
    ):
        exchange(line_to(server.url), App(app_id="1", secret="s"), "c")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [("86400", 86400), ("0", None), ("null", None), ('"1"', None), ("true", None)],
)
def test_a_token_that_has_an_end_says_so(
    line_to: MakeLine, told: str, seconds: float | None
) -> None:
    body = f'{{"code":0,"data":{{"access_token":"t","expires_in":{told}}}}}'.encode()
    with serving(answering("200 OK", body)) as server:
        granted = exchange(line_to(server.url), App(app_id="1", secret="s"), "c")
    assert granted.seconds == seconds


def test_the_page_of_consent_is_the_documented_one(line_to: MakeLine) -> None:
    line = line_to("https://business-api.tiktok.com")
    app = App(app_id="71", secret="canary")
    asked = consent_address(line, app, redirect_uri="http://127.0.0.1:8765/callback", state="s")
    assert asked == (
        "https://business-api.tiktok.com/portal/auth?app_id=71"
        "&redirect_uri=http%3A%2F%2F127.0.0.1%3A8765%2Fcallback&state=s"
    )
    assert "canary" not in repr(app)


def test_a_secret_in_a_query_is_in_no_repr() -> None:
    made = Request(url="https://business-api.tiktok.com/x?secret=canary", headers={}, method="GET")
    assert "canary" not in repr(made)
