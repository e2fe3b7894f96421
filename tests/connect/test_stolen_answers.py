"""Answers of X that are not this attempt's: stolen, replayed, or mixed up."""

import pytest
from desk import APP, Desk, browse, instead, led_to, query_of


def test_somebody_elses_state_is_refused_and_nothing_is_exchanged(desk: Desk) -> None:
    desk.config(APP)
    with desk.started("connect", "x", "--port", str(desk.port)) as running:
        page = browse(instead(led_to(running.address()), state="stolen"))
        ended = running.ended()
    assert page.status == 400
    assert "another attempt" in page.text
    assert ended.code == 5
    assert "state is another one" in ended.err
    assert not any(path == "/2/oauth2/token" for path in desk.paths())


def test_a_request_token_that_is_not_this_attempts_is_refused(desk: Desk) -> None:
    with desk.started("connect", "x", "--flow", "oauth1", "--port", str(desk.port)) as running:
        for line in desk.consumer:
            running.type(line)
        page = browse(instead(led_to(running.address()), oauth_token="stolen"))
        ended = running.ended()
    assert (page.status, ended.code) == (400, 5)
    assert not any(path == "/oauth/access_token" for path in desk.paths())


def test_a_verifier_of_oauth1_that_is_wrong_is_refused(desk: Desk) -> None:
    with desk.started("connect", "x", "--flow", "oauth1", "--paste-url") as running:
        for line in desk.consumer:
            running.type(line)
        running.type(instead(led_to(running.address()), oauth_verifier="wrong"))
        ended = running.ended()
    assert ended.code == 5
    assert "401 no code: the verifier or PIN is wrong" in ended.err
    assert desk.listed()["x"]["status"] == "not_connected"


@pytest.mark.parametrize(("flow", "path"), [("oauth1", "oauth/access_token"), ("pkce", "token")])
def test_an_answer_that_was_taken_before_is_not_one_to_the_next_attempt(
    desk: Desk, flow: str, path: str
) -> None:
    desk.config(APP)
    words = ("connect", "x", "--flow", flow, "--paste-url", "--port", str(desk.port))
    ends, back = [], ""
    for _ in range(2):
        with desk.started(*words) as running:
            for line in desk.consumer if flow == "oauth1" else ():
                running.type(line)
            address = running.address()
            back = back or led_to(address)
            running.type(back)
            ends.append(running.ended())
    assert [ended.code for ended in ends] == [0, 5]
    assert "its state is another one, such as that of an older attempt" in ends[1].err
    assert sum(one["count"] for one in desk.requests() if one["path"].endswith(path)) == 1


def test_an_answer_that_comes_twice_meets_nobody(desk: Desk) -> None:
    desk.config(APP)
    with desk.started("connect", "x", "--port", str(desk.port)) as running:
        back = led_to(running.address())
        assert browse(back).status == 200
        assert running.ended().code == 0
        with pytest.raises(OSError, match="refused"):
            browse(back)


def test_a_code_that_was_exchanged_before_is_refused(desk: Desk) -> None:
    desk.config(APP)
    words = ("connect", "x", "--paste-url", "--port", str(desk.port))
    with desk.started(*words) as running:
        used = query_of(led := led_to(running.address()))["code"]
        running.type(led)
        assert running.ended().code == 0
    with desk.started(*words) as running:
        running.type(instead(led_to(running.address()), code=used))
        ended = running.ended()
    assert ended.code == 5
    assert "invalid_request: the code is wrong, was used already" in ended.err


def test_another_attempts_code_does_not_fit_the_verifier(desk: Desk) -> None:
    desk.config(APP)
    words = ("connect", "x", "--paste-url", "--port", str(desk.port))
    with desk.started(*words) as first, desk.started(*words) as second:
        other = query_of(led_to(first.address()))["code"]
        second.type(instead(led_to(second.address()), code=other))
        ended = second.ended()
    assert ended.code == 5
    assert "its verifier does not match" in ended.err
    assert desk.listed()["x"]["status"] == "not_connected"
