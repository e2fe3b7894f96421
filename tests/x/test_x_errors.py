import json

import pytest

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    TokenRefusedError,
    UnreachableError,
)
from connector.http import Answer, NoAnswer
from connector.x.errors import MEANINGS, refusal, skew_of, told_seconds

NOW = 1_772_452_800.0  # 2026-03-02 12:00:00 UTC
DATE = "Mon, 02 Mar 2026 12:00:00 GMT"


def answer(status: int, body: object, **headers: str) -> Answer:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Answer(status=status, headers=headers, body=raw)


def errors(*codes: object, message: str = "") -> dict[str, object]:
    return {"errors": [{"code": code, "message": message} for code in codes]}


@pytest.mark.parametrize(
    ("status", "body", "kind", "begins"),
    [
        (401, errors("UNAUTHORIZED_ACCESS"), TokenRefusedError, "401 UNAUTHORIZED_ACCESS: X does"),
        (401, errors(89), TokenRefusedError, "401 89: the token is not valid"),
        (401, errors("89"), TokenRefusedError, "401 89: the token is not valid"),
        (400, errors(215), CredentialsError, "400 215: the credentials are missing"),
        (401, errors(32), CredentialsError, "401 32: the consumer key"),
        (401, errors(135), CredentialsError, "401 135: the timestamp"),
        (403, errors(415), ConfigurationError, "403 415: the callback address"),
        (403, errors("ACCOUNT_NOT_FOUND"), CredentialsError, "403 ACCOUNT_NOT_FOUND: the user"),
        (403, errors("NEW_CODE", "ACCOUNT_NOT_FOUND"), CredentialsError, "403 ACCOUNT_NOT_FOUND"),
        (403, errors("NEW_CODE"), CredentialsError, "403 NEW_CODE: X refuses it"),
        (404, "<html>not found</html>", ConfigurationError, "404 no code: there is no such"),
        (404, b"\xff".decode("latin-1"), ConfigurationError, "404 no code: there is no such"),
        (404, [], ConfigurationError, "404 no code"),
        (404, {"errors": "odd"}, ConfigurationError, "404 no code"),
        (429, errors("TOO_MANY_REQUESTS"), UnreachableError, "429 TOO_MANY_REQUESTS: the limit"),
        (429, "", UnreachableError, "429 no code: the limit"),
        (503, errors("OVER_CAPACITY"), UnreachableError, "503 OVER_CAPACITY: X is not able"),
        (502, "<html>", UnreachableError, "502 no code: X is not able"),
        (302, "", ConfigurationError, "302 no code: the address redirects"),
        (418, "", CredentialsError, "418 no code: X answered something unknown"),
        (400, {"error": "invalid_scope"}, ConfigurationError, "400 invalid_scope: a scope"),
        (401, {"error": "unauthorized_client"}, ConfigurationError, "401 unauthorized_client"),
        (
            400,
            {
                "error": "invalid_request",
                "error_description": "Value passed for the code verifier did not match the code"
                " challenge.",
            },
            CredentialsError, "400 invalid_request: the code belongs to another attempt",
        ),
        (
            400,
            {
                "error": "invalid_request",
                "error_description": "Value passed for the token was invalid.",
            },
            TokenRefusedError, "400 invalid_request: the refresh token was used",
        ),
        (
            401, "Error processing your OAuth request: Invalid oauth_verifier parameter",
            CredentialsError, "401 no code: the verifier or PIN is wrong",
        ),
    ],
)  # fmt: skip
def test_a_refusal_says_what_it_means_and_what_to_do(
    status: int, body: object, kind: type[ConnectorError], begins: str
) -> None:
    error = refusal("GET accounts", answer(status, body), now=NOW)
    assert type(error) is kind
    assert str(error).startswith(f"X Ads GET accounts: {begins}")
    assert "; " in str(error)


@pytest.mark.parametrize(
    "text", ["Invalid oauth_verifier parameter", "Value passed for the token was invalid."]
)
def test_an_error_of_the_server_s_own_is_not_taken_for_a_refusal(text: str) -> None:
    for body in (text, {"error": "invalid_request", "error_description": text}, errors(89)):
        error = refusal("POST oauth2/token", answer(500, body), now=NOW)
        assert type(error) is UnreachableError


def test_no_answer_says_so() -> None:
    error = refusal("GET accounts", NoAnswer(left=False, why="the connection was refused"), now=NOW)
    assert isinstance(error, UnreachableError)
    assert "no answer: the connection was refused" in str(error)


def test_what_x_writes_is_not_repeated() -> None:
    body = errors("<script>", message="canary ada@example.com")
    told = str(refusal("GET accounts", answer(401, body), now=NOW))
    assert "canary" not in told
    assert "script" not in told


@pytest.mark.parametrize(("ahead", "told"), [(3600, "3,600 s behind X's"), (-90, "90 s ahead of")])
def test_a_clock_is_blamed_where_it_is_wrong(ahead: float, told: str) -> None:
    refused = answer(401, errors("UNAUTHORIZED_ACCESS"), date=DATE)
    error = refusal("GET accounts", refused, now=NOW - ahead)
    assert told in str(error)
    assert type(error) is CredentialsError


@pytest.mark.parametrize("ahead", [0, 59, -59])
def test_a_clock_that_is_near_enough_is_not_blamed(ahead: float) -> None:
    refused = answer(401, errors("UNAUTHORIZED_ACCESS"), date=DATE)
    assert "clock" not in str(refusal("GET accounts", refused, now=NOW + ahead))


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Mar 2026 12:00:00 GMT"])
def test_a_date_that_is_none_tells_no_skew(date: str) -> None:
    assert skew_of(answer(200, "", date=date), now=NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"x-rate-limit-reset": str(int(NOW) + 60)}, 60),
        ({"x-account-rate-limit-reset": str(int(NOW) + 9), "x-rate-limit-reset": "1"}, 9),
        ({"x-rate-limit-reset": str(int(NOW) + 60), "date": DATE}, 60),
        ({"x-rate-limit-reset": str(int(NOW) - 60)}, None),
        ({"x-rate-limit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_a_wait_is_read_from_the_headers(headers: dict[str, str], seconds: float | None) -> None:
    found = answer(429, "", **headers)
    assert told_seconds(found, now=NOW) == seconds
    if seconds:
        assert f"try again in {seconds} s" in str(refusal("GET accounts", found, now=NOW))


def test_every_meaning_says_what_to_do() -> None:
    for code, meaning in MEANINGS.items():
        assert meaning.means, code
        assert meaning.do, code
        assert not meaning.do.endswith("."), code
