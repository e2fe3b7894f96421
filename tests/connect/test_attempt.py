import pytest

from connector.connecting.attempt import (
    OAUTH1,
    PKCE,
    STATE_SECONDS,
    TIKTOK,
    TOLD,
    Attempt,
    Expected,
    Outcome,
    answer_in,
    error_of,
)
from connector.errors import ConfigurationError, CredentialsError

STATE = "the-state"


def judged(expected: Expected, answer: dict[str, str], after: float = 0.0) -> Outcome:
    return Attempt(expected=expected, state=STATE, began=100.0).judge(answer, 100.0 + after)


@pytest.mark.parametrize(
    ("expected", "answer", "outcome"),
    [
        (PKCE, {"state": STATE, "code": "c"}, "granted"),
        (TIKTOK, {"state": STATE, "auth_code": "c"}, "granted"),
        (OAUTH1, {"oauth_token": STATE, "oauth_verifier": "v"}, "granted"),
        (PKCE, {"state": STATE, "error": "access_denied"}, "denied"),
        (TIKTOK, {"state": STATE, "error": "access_denied"}, "denied"),
        (OAUTH1, {"denied": STATE}, "denied"),
        (PKCE, {"state": STATE, "error": "invalid_scope"}, "refused"),
        (PKCE, {"state": "other", "code": "c"}, "wrong_state"),
        (PKCE, {"state": f"{STATE}x", "code": "c"}, "wrong_state"),
        (PKCE, {"state": "ü", "code": "c"}, "wrong_state"),
        (PKCE, {"state": "\udcff", "code": "c"}, "wrong_state"),
        (PKCE, {"error": "access_denied"}, "wrong_state"),
        (PKCE, {"code": "c"}, "wrong_state"),
        (PKCE, {}, "wrong_state"),
        (OAUTH1, {"denied": "other"}, "wrong_state"),
        (PKCE, {"state": STATE}, "incomplete"),
        (TIKTOK, {"state": STATE, "code": "not TikTok's"}, "incomplete"),
        (PKCE, {"state": STATE, "code": ""}, "incomplete"),
    ],
)
def test_an_answer_is_worth_what_it_repeats(
    expected: Expected, answer: dict[str, str], outcome: Outcome
) -> None:
    assert judged(expected, answer) == outcome


def test_a_state_is_good_for_ten_minutes() -> None:
    answer = {"state": STATE, "code": "c"}
    assert STATE_SECONDS == 600
    assert judged(PKCE, answer, after=600) == "granted"
    assert judged(PKCE, answer, after=601) == "expired"


def test_a_state_is_good_once_whatever_came_first() -> None:
    attempt = Attempt(expected=PKCE, state=STATE, began=0.0)
    assert attempt.judge({"state": "other"}, 0.0) == "wrong_state"
    assert attempt.judge({"state": STATE, "code": "c"}, 0.0) == "spent"


def test_a_state_is_in_no_repr() -> None:
    assert STATE not in repr(Attempt(expected=PKCE, state=STATE, began=0.0))


@pytest.mark.parametrize("outcome", [one for one in TOLD if one != "granted"])
def test_every_other_outcome_has_a_page_and_an_error(outcome: Outcome) -> None:
    error = error_of(outcome, PKCE, {"error": "invalid_scope"})
    kind = ConfigurationError if outcome == "refused" else CredentialsError
    assert isinstance(error, kind)
    assert "{" not in str(error)
    assert TOLD[outcome].page


def test_a_platforms_reason_is_repeated_when_it_is_a_word() -> None:
    assert "invalid_scope" in str(error_of("refused", PKCE, {"error": "invalid_scope"}))
    assert "script" not in str(error_of("refused", PKCE, {"error": "<script>"}))


def test_a_pasted_address_is_read_whole() -> None:
    pasted = "  http://127.0.0.1:8765/callback?state=a%20b&code=c&state=second \n"
    assert answer_in(pasted) == {"state": "a b", "code": "c"}


@pytest.mark.parametrize(
    "typed", ["", "hello", "http://127.0.0.1:8765/callback", "http://[oops/?code=c", "?code=\udcff"]
)
def test_what_is_no_address_with_an_answer_is_refused(typed: str) -> None:
    with pytest.raises(ConfigurationError, match="address bar"):
        answer_in(typed)
