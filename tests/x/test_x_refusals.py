import json

import pytest

from connector.errors import ConfigurationError, CredentialsError, UnreachableError
from connector.http import Answer
from connector.x.refusals import Entry, first, refusal_of

NOW = 1_795_000_000.0


def answer(status: int, *errors: object, **more: object) -> Answer:
    return Answer(
        status=status, headers={}, body=json.dumps({"errors": list(errors), **more}).encode()
    )


def told(status: int, code: str, parameter: str = "name", sent: tuple[str, ...] = ("name",)) -> str:
    entry = {"code": code, "parameter": parameter, "message": "secret text", "value": "v"}
    error = refusal_of("POST accounts/:id/campaigns", answer(status, entry), now=NOW, sent=sent)
    assert "secret text" not in str(error)
    return str(error)


@pytest.mark.parametrize(
    ("status", "code", "means"),
    [
        (400, "INVALID_PARAMETER", "X does not take name; compare it with what X documents"),
        (400, "MISSING_PARAMETER", "name is missing; give it"),
        (400, "INVALID_DENOMINATION", "name is finer than the currency's smallest step; round it"),
        (400, "SPEND_EXCEEDS_BUDGET", "name is more than a budget allows; lower it, or raise that"),
        (400, "TOO_MANY_CAMPAIGNS", "the account has as many active campaigns as it may; end or"),
        (404, "CAMPAIGN_NOT_FOUND", "there is no such campaign, or it is deleted; compare the id"),
        (404, "WEB_EVENT_TAG_NOT_FOUND", "there is no such web event tag, or it is deleted"),
        (404, "TWEET_NOT_FOUND", "there is no such tweet; compare the tweet's id"),
        (400, "SOMETHING_NEW", "X refuses it; look the code up in X's documentation"),
        (405, "METHOD_NOT_ALLOWED", "X can't do this; delete it and create another one"),
    ],
)
def test_a_refusal_says_what_it_means_and_what_to_do(status: int, code: str, means: str) -> None:
    assert told(status, code).startswith(
        f"X Ads POST accounts/:id/campaigns: {status} {code}: {means}"
    )


def test_only_a_parameter_that_was_sent_is_repeated() -> None:
    assert "X does not take a parameter" in told(400, "INVALID_PARAMETER", "ada@example.com")
    assert "X does not take name" in told(400, "INVALID_PARAMETER", "name")


def test_who_must_act_is_told_by_the_kind_of_error() -> None:
    kinds = {
        400: ({"code": "INVALID_PARAMETER"}, ConfigurationError),
        403: ({"code": "ACTION_NOT_ALLOWED"}, CredentialsError),
        423: ({"code": "LOCK_ACQUISITION_TIMEOUT"}, UnreachableError),
        500: ({"code": "INTERNAL_ERROR"}, UnreachableError),
    }
    for status, (entry, kind) in kinds.items():
        error = refusal_of("PUT x", answer(status, entry), now=NOW, sent=())
        assert type(error) is kind, status


def test_the_account_that_is_not_reached_is_told_as_everywhere() -> None:
    assert "compare ad_account_id in config.yaml" in told(403, "ACCOUNT_NOT_FOUND")


def test_of_a_batch_the_first_operation_that_is_wrong_is_named() -> None:
    wrong = [[], [{"code": "INVALID_DENOMINATION", "parameter": "name"}], [{"code": "OTHER"}]]
    found = answer(400, {"code": "BATCH_ERROR"}, operation_errors=wrong)
    assert first(found) == Entry(code="INVALID_DENOMINATION", parameter="name", item=2)
    error = refusal_of("POST batch/x", found, now=NOW, sent=["name"])
    assert "400 INVALID_DENOMINATION: operation 2: name is finer" in str(error)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'{"errors":null}', b'{"errors":[5]}', b'{"errors":[{"code":["x"]}]}',
     b'{"operation_errors":5}', b'{"operation_errors":[5,null]}', b"[" * 100_000],
)  # fmt: skip
def test_an_answer_of_any_form_has_an_error(body: bytes) -> None:
    found = Answer(status=400, headers={}, body=body)
    assert first(found).code == "no code"
    error = refusal_of("POST x", found, now=NOW, sent=())
    assert str(error).startswith("X Ads POST x: 400 no code: ")


@pytest.mark.parametrize("code", ["a b", "x" * 81, "<script>", "ünd"])
def test_what_is_no_code_is_not_repeated(code: str) -> None:
    assert code not in told(400, code)


def test_numbers_are_codes_too() -> None:
    assert first(answer(401, {"code": 89})).code == "89"
