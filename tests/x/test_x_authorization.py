import base64
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
from oauthlib import oauth1
from raw_server import RawServer, answering, serving

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    TokenRefusedError,
    UnreachableError,
)
from connector.http import Session
from connector.x.authorization import (
    App,
    RequestToken,
    access_token,
    authorize_address,
    challenge_of,
    consent_address,
    end,
    exchange,
    invalidate,
    refresh,
    request_token,
    revoke,
    verifier_of,
)
from connector.x.calling import Consumer, Line, Signing, hosts_of

CONSUMER = Consumer(key="key", secret="secret")
TOKEN = RequestToken(token="request", secret="request-secret")
INVALID = b'{"error":"invalid_request","error_description":"%s"}'
PAIR = b'{"access_token":"a","refresh_token":"r","expires_in":7200,"scope":"ads.read"}'


@pytest.fixture
def session() -> Iterator[Session]:
    with closing(Session()) as opened:
        yield opened


def line(session: Session, server: RawServer) -> Line:
    return Line(session=session, hosts=hosts_of(server.url, own=False))


def test_the_challenge_is_that_of_the_reference() -> None:
    verifier = "n5Qd0Yp8Zk3TtR1wXv7LmB2cHf9JsGa6UeOiKrDqPxY"
    assert challenge_of(verifier) == "VJsIbbDPJ9H_lDJeX8X8nFjFDVoOyvLCOYT55z-GL-s"
    assert len(verifier_of(bytes(32))) == 43
    assert "=" not in verifier_of(bytes(32))


def test_x_is_asked_at_the_documented_addresses(session: Session) -> None:
    real = Line(session=session, hosts=hosts_of("https://ads-api.x.com", own=True))
    asked = authorize_address(
        real, App(client_id="id"), redirect_uri="http://127.0.0.1:8765/callback", state="s",
        verifier="v",
    )  # fmt: skip
    assert asked.startswith("https://x.com/i/oauth2/authorize?response_type=code&client_id=id&")
    assert "scope=ads.read%20ads.write%20offline.access" in asked
    assert "code_challenge_method=S256" in asked
    assert consent_address(real, TOKEN) == "https://api.x.com/oauth/authorize?oauth_token=request"


def test_a_request_token_must_be_confirmed(session: Session) -> None:
    good = b"oauth_token=t&oauth_token_secret=s&oauth_callback_confirmed=true"
    with serving(answering("200 OK", good)) as server:
        assert request_token(line(session, server), CONSUMER, callback="oob").token == "t"
    [received] = server.received
    assert received.line.startswith("POST /oauth/request_token ")
    assert 'oauth_callback="oob"' in received.headers["authorization"]
    for body, kind in (
        (good.replace(b"true", b"false"), ConfigurationError),
        (b"oauth_callback_confirmed=true", UnreachableError),
        (b"\xff\xfe", ConfigurationError),
    ):
        with serving(answering("200 OK", body)) as server, pytest.raises(kind):
            request_token(line(session, server), CONSUMER, callback="oob")


def test_the_verifier_travels_in_the_header_alone(session: Session) -> None:
    body = b"oauth_token=t&oauth_token_secret=s&user_id=1&screen_name=ana"
    with serving(answering("200 OK", body)) as server:
        granted = access_token(line(session, server), CONSUMER, TOKEN, "1234567")
    assert granted.screen_name == "ana"
    assert granted.signing.token_secret == "s"
    [received] = server.received
    assert received.line == "POST /oauth/access_token HTTP/1.1"
    assert 'oauth_verifier="1234567"' in received.headers["authorization"]
    with serving(answering("200 OK", b"")) as server, pytest.raises(UnreachableError):
        access_token(line(session, server), CONSUMER, TOKEN, "1234567")


def test_an_app_with_a_secret_shows_it_in_a_header_and_never_in_the_form(session: Session) -> None:
    app = App(client_id="id:1", client_secret="s/3")
    with serving(answering("200 OK", PAIR)) as server:
        pair = exchange(line(session, server), app, code="c", redirect_uri="u", verifier="v")
    assert (pair.access_token, pair.refresh_token, pair.seconds) == ("a", "r", 7200)
    assert pair.scopes == ("ads.read",)
    [received] = server.received
    assert received.headers["content-type"] == "application/x-www-form-urlencoded"
    shown = base64.b64decode(received.headers["authorization"].removeprefix("Basic "))
    assert shown == b"id%3A1:s%2F3"
    assert b"s%2F3" not in received.body
    assert b"client_id=id%3A1" in received.body
    assert b"code_verifier=v" in received.body


def test_an_app_without_a_secret_shows_its_id(session: Session) -> None:
    with serving(answering("200 OK", PAIR)) as server:
        refresh(line(session, server), App(client_id="id"), "old")
    [received] = server.received
    assert "authorization" not in received.headers
    assert received.body == b"grant_type=refresh_token&refresh_token=old&client_id=id"


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7200", 7200), ('"3600"', 3600), ("1.5", 1.5),
        # What is missing or makes no sense is the life that X documents.
        ("null", 7200), ("0", 7200), ("-1", 7200), ('"soon"', 7200), ("NaN", 7200),
        ("1e300", 7200), ("9" * 400, 7200), ("[]", 7200),
    ],
)  # fmt: skip
def test_a_pair_has_an_end_whatever_is_told(session: Session, told: str, seconds: float) -> None:
    body = f'{{"access_token":"a","expires_in":{told}}}'.encode()
    with serving(answering("200 OK", body)) as server:
        assert refresh(line(session, server), App(client_id="id"), "old").seconds == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (
            "400 Bad", INVALID % b"Value passed for the token was invalid.", TokenRefusedError,
        ),
        ("400 Bad", b'{"error":"invalid_grant"}', TokenRefusedError),
        # Not the token's: the app's, or that of something between.
        ("401 No", b'{"title":"Unauthorized"}', CredentialsError),
        ("401 No", b'{"errors":[{"code":"UNAUTHORIZED_ACCESS"}]}', CredentialsError),
        ("401 No", b'{"error":"unauthorized_client"}', ConfigurationError),
        ("403 No", b"<html>", CredentialsError),
        ("400 Bad", b'{"error":"invalid_request"}', ConfigurationError),
        ("429 Slow", b"", UnreachableError),
        ("500 Oh", b"Value passed for the token was invalid.", UnreachableError),
    ],
)  # fmt: skip
def test_a_refresh_token_is_refused_by_what_names_it_alone(
    session: Session, status: str, body: bytes, kind: type[ConnectorError]
) -> None:
    with serving(answering(status, body)) as server, pytest.raises(ConnectorError) as raised:
        refresh(line(session, server), App(client_id="id"), "old")
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"x", b'{"access_token": 5}', b'{"access_token": ""}']
)
def test_an_answer_without_a_token_is_none(session: Session, body: bytes) -> None:
    with serving(answering("200 OK", body)) as server, pytest.raises(UnreachableError):
        refresh(line(session, server), App(client_id="id"), "old")


def test_tokens_are_given_back(session: Session) -> None:
    signing = Signing(consumer=CONSUMER, token="t", token_secret="s")
    with serving(answering("200 OK", b"{}")) as server:
        invalidate(line(session, server), signing)
        revoke(line(session, server), App(client_id="id"), "r")
    first, second = server.received
    assert first.line.startswith("POST /1.1/oauth/invalidate_token.json ")
    assert second.body == b"token=r&client_id=id"
    with serving(answering("500 No", b"")) as server, pytest.raises(ConnectorError):
        invalidate(line(session, server), signing)


def test_a_pair_is_ended_by_its_refresh_token_first(session: Session) -> None:
    app = App(client_id="id")
    with serving(answering("200 OK", b"{}")) as server:
        end(line(session, server), app, access_token="a", refresh_token="r")
        end(line(session, server), app, access_token="alone", refresh_token=None)
    tokens = [received.body.partition(b"&")[0] for received in server.received]
    assert tokens == [b"token=r", b"token=a", b"token=alone"]


def test_what_matters_of_a_pairs_end_is_the_refresh_token(session: Session) -> None:
    app, answers = App(client_id="id"), ["200 OK", "400 Bad", "400 Bad"]

    def handle(connection: socket.socket) -> None:
        answering(answers.pop(0), b"{}")(connection)

    with serving(handle) as server:
        end(line(session, server), app, access_token="a", refresh_token="r")
        with pytest.raises(ConfigurationError):
            end(line(session, server), app, access_token="a", refresh_token=None)
    assert answers == []


def test_no_repr_shows_a_secret() -> None:
    shown = repr((CONSUMER, TOKEN, App(client_id="id", client_secret="s/3")))
    for secret in ("request-secret", "s/3", "'secret'"):
        assert secret not in shown


def test_the_signature_is_that_of_the_reference() -> None:
    """Public sample secrets of X's documentation."""
    signer = oauth1.Client(
        "xvz1evFS4wEEPTGEFPHBog", client_secret="kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        resource_owner_key="370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        resource_owner_secret="LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", timestamp="1318622958",
    )  # fmt: skip
    _, headers, _ = signer.sign("https://ads-api.x.com/12/accounts", http_method="GET")
    assert 'oauth_signature="fueB8KyCRQ8P2%2Bq7SjT%2FVBZw0JQ%3D"' in headers["Authorization"]
