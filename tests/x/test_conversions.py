import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from oauthlib.oauth1 import RequestValidator, ResourceEndpoint, rfc5849
from raw_server import Received, answering, serving

from connector.http import Answer, Session
from connector.x.conversions import ApiError, Credentials, Parsed, parse, request

# Public sample secrets of the OAuth documentation; the signatures are in the reference.
SAMPLE = (
    "xvz1evFS4wEEPTGEFPHBog",
    "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
)
CONVERSIONS = '{"conversion_id":"1"},{"conversion_id":"ü"}'.encode()


@pytest.fixture
def session() -> Iterator[Session]:
    opened = Session(connect=1, read=1)
    yield opened
    opened.close()


def answer(body: object, status: int = 200) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status=status, headers={}, body=raw)


def oauth_parameters(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    assert scheme == "OAuth"
    return dict(parse_qsl(rest.replace(", ", "&").replace('"', ""), strict_parsing=True))


def test_a_pixel_token_is_the_only_credential_of_its_request() -> None:
    made = request(
        base_url="https://ads-api.x.com", pixel_id="o8z6j", conversions=CONVERSIONS,
        credentials=Credentials(pixel_tokens={"o8z6j": "secret", "other": "another"}),
    )  # fmt: skip
    assert made is not None
    assert made.url == "https://ads-api.x.com/12/measurement/conversions/o8z6j"
    assert made.headers == {"X-Pixel-Token": "secret"}
    assert json.loads(made.body) == {
        "conversions": [{"conversion_id": "1"}, {"conversion_id": "ü"}]
    }


@pytest.mark.parametrize(
    ("tokens", "token"),
    [
        ({"o8z6j": "own", "": "any"}, "own"), ({"": "any"}, "any"), ({"other": "another"}, None),
        ({}, None), (None, None), ({"o8z6j": ""}, None), ({"o8z6j": "two\nlines"}, None),
        ({"o8z6j": "a b"}, None), ({"o8z6j": "…"}, None),
    ],
)  # fmt: skip
def test_a_pixel_without_a_usable_token_gets_no_request(
    tokens: dict[str, str] | None, token: str | None
) -> None:
    made = request(
        base_url="https://ads-api.x.com", pixel_id="o8z6j", conversions=CONVERSIONS,
        credentials=Credentials(pixel_tokens=tokens),
    )  # fmt: skip
    assert (made.headers if made else None) == ({"X-Pixel-Token": token} if token else None)


def sign(session: Session, base_url: str) -> None:
    made = request(
        base_url=base_url, pixel_id="o8z6j", conversions=CONVERSIONS,
        credentials=Credentials(oauth1=SAMPLE),
    )  # fmt: skip
    assert made is not None
    assert "X-Pixel-Token" not in made.headers
    session.post(made)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_signature_is_of_the_host_as_called_and_not_of_the_body(
    session: Session, host: str
) -> None:
    with serving(answering("200 OK")) as server:
        base_url = f"http://{host}:{server.port}"
        sign(session, base_url)
    [received] = server.received
    told = oauth_parameters(received.headers["authorization"])
    assert told.pop("oauth_signature")
    assert told.pop("oauth_nonce")
    assert abs(int(told.pop("oauth_timestamp")) - datetime.now(UTC).timestamp()) < 60
    assert told == {
        "oauth_consumer_key": SAMPLE[0], "oauth_token": SAMPLE[2],
        "oauth_signature_method": "HMAC-SHA1", "oauth_version": "1.0",
    }  # fmt: skip
    assert received.headers["host"] == f"{host}:{server.port}"
    assert is_signed(base_url, received)
    other = "localhost" if host == "127.0.0.1" else "127.0.0.1"
    assert not is_signed(f"http://{other}:{server.port}", received)


class Secrets(RequestValidator):
    """Knows the sample secrets and takes every nonce."""

    enforce_ssl = False
    allowed_signature_methods = ("HMAC-SHA1",)

    def check_client_key(self, client_key: str) -> bool:
        return client_key == SAMPLE[0]

    def check_nonce(self, nonce: str) -> bool:
        return bool(nonce)

    def check_access_token(self, request_token: str) -> bool:
        return request_token == SAMPLE[2]

    def validate_timestamp_and_nonce(self, *_: object, **__: object) -> bool:
        return True

    def validate_client_key(self, *_: object) -> bool:
        return True

    def validate_access_token(self, *_: object) -> bool:
        return True

    def validate_realms(self, *_: object, **__: object) -> bool:
        return True

    def get_access_token_secret(self, *_: object) -> str:
        return SAMPLE[3]

    def get_client_secret(self, *_: object) -> str:
        return SAMPLE[1]


def is_signed(base_url: str, received: Received) -> bool:
    """Whether oauthlib finds the signature right for this address."""
    url = f"{base_url}/12/measurement/conversions/o8z6j"
    header = {"Authorization": received.headers["authorization"]}
    endpoint = ResourceEndpoint(Secrets())
    valid, _ = endpoint.validate_protected_resource_request(url, "POST", None, header)
    return bool(valid)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("ads-api.x.com", "7iaI+laGCTHGiawtSB+Dd+WRYfc="),
        ("ads-api.twitter.com", "hZ4orWrrqLW7WmY2CIE86CuQwWw="),
    ],
)
def test_the_signatures_of_the_reference_come_out(
    monkeypatch: pytest.MonkeyPatch, host: str, expected: str
) -> None:
    nonce, timestamp = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg", "1318622958"
    monkeypatch.setattr(rfc5849, "generate_nonce", lambda: nonce)
    monkeypatch.setattr(rfc5849, "generate_timestamp", lambda: timestamp)
    made = request(
        base_url=f"https://{host}", pixel_id="o8z6j", conversions=CONVERSIONS,
        credentials=Credentials(oauth1=SAMPLE),
    )  # fmt: skip
    assert made is not None
    told = oauth_parameters(made.headers["Authorization"])
    assert (told["oauth_nonce"], told["oauth_timestamp"]) == (nonce, timestamp)
    assert told["oauth_signature"] == expected


def test_each_try_has_a_nonce_of_its_own(session: Session) -> None:
    with serving(answering("200 OK")) as server:
        for _ in range(3):
            sign(session, server.url)
    nonces = {oauth_parameters(r.headers["authorization"])["oauth_nonce"] for r in server.received}
    assert len(nonces) == 3


def test_nothing_secret_is_logged_or_shown(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(answering("200 OK")) as server:
        sign(session, server.url)
    made = Credentials(pixel_tokens={"o8z6j": "secret"}, oauth1=SAMPLE)
    told = caplog.text + repr(made)
    assert not [secret for secret in (*SAMPLE, "secret", "oauth_signature") if secret in told]
    assert "hidden" not in repr(ApiError(code="C", parameter="p", message="hidden", value="hidden"))


def test_an_acknowledgement_is_read() -> None:
    body = {
        "data": {"conversions_processed": 2, "debug_id": "b51c0d7e-93a4-4f0e-8a6d-2f17c40e9b35"}
    }
    parsed = parse(answer(body))
    assert parsed == Parsed(processed=2, debug_id="b51c0d7e-93a4-4f0e-8a6d-2f17c40e9b35")


def test_every_error_is_read() -> None:
    body = {
        "errors": [
            {"code": "NOT_FOUND", "message": "event_id (zz9) does …", "parameter": "event_id"},
            {"code": 32, "message": None, "value": 5},
            "nonsense",
        ]
    }
    assert parse(answer(body, 404)).errors == (
        ApiError(code="NOT_FOUND", parameter="event_id", message="event_id (zz9) does …"),
        ApiError(code="32", parameter="", message="", value="5"),
        ApiError(code="UNKNOWN", parameter="", message=""),
    )


@pytest.mark.parametrize(
    "body",
    [
        b"", b"<html>", b"\xff\xfe", b"null", b"[1]", b"5", b"[" * 100_000, b"9" * 5_000,
        {"data": None}, {"data": [1]}, {"data": {}}, {"errors": []}, {"errors": None},
        {"data": {"conversions_processed": "2", "debug_id": 5}},
        {"data": {"conversions_processed": True}}, {"data": {"conversions_processed": 2.0}},
        {"data": {"debug_id": "x" * 41}}, {"data": {"debug_id": "a@b.com"}},
    ],
)  # fmt: skip
def test_what_is_not_x_s_answer_says_nothing(body: object) -> None:
    assert parse(answer(body)) == Parsed()


@pytest.mark.parametrize("errors", [{"code": "X"}, "wrong", [[]]])
def test_errors_of_another_form_are_errors_all_the_same(errors: object) -> None:
    assert len(parse(answer({"errors": errors})).errors) == 1
