"""Connecting to X by the command, as a shell runs it."""

import re
import socket

import pytest
from desk import APP, Desk, MakeDesk, browse, led_to, query_of
from servers import free_port


def said(text: str) -> str:
    return " ".join(text.split())


def test_oauth1_comes_back_by_itself(desk: Desk) -> None:
    ended, page = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    assert ended.code == 0, ended.err
    assert page.status == 200
    assert "X has let the connector in" in page.text
    assert "ad_account_id: 18ce54d4x5t" in ended.out
    assert "auth: {stored: true}" in ended.out
    assert "role AD_MANAGER" in ended.out
    kept = desk.listed()["x"]
    assert (kept["status"], kept["visibility"], kept["role"]) == (
        "connected", "private", "AD_MANAGER",
    )  # fmt: skip
    assert kept["connected_at"]
    assert "@" in kept["connected_by"]


def test_oauth1_goes_by_pin(desk: Desk) -> None:
    with desk.started("connect", "x", "--flow", "oauth1", "--pin", "--json") as running:
        for line in desk.consumer:
            running.type(line)
        page = browse(running.address())
        running.type(page.text.partition("<code>")[2].partition("</code>")[0])
        ended = running.ended()
    assert ended.code == 0, ended.err
    assert ended.json["account"] == "18ce54d4x5t"
    assert ended.json["config"] == ["ad_account_id: 18ce54d4x5t", "auth: {stored: true}"]


@pytest.mark.parametrize(("pin", "code"), [("1234567", 5), ("not a pin", 2)])
def test_a_wrong_pin_connects_nothing(desk: Desk, pin: str, code: int) -> None:
    with desk.started("connect", "x", "--flow", "oauth1", "--pin") as running:
        for line in desk.consumer:
            running.type(line)
        browse(running.address())
        running.type(pin)
        ended = running.ended()
    assert ended.code == code
    assert "PIN" in ended.err
    assert desk.listed()["x"]["status"] == "not_connected"


def test_oauth1_goes_by_a_pasted_address(desk: Desk) -> None:
    with desk.started("connect", "x", "--flow", "oauth1", "--paste-url") as running:
        for line in desk.consumer:
            running.type(line)
        running.type(led_to(running.address()))
        ended = running.ended()
    assert ended.code == 0, ended.err


def test_pkce_comes_back_by_itself(desk: Desk) -> None:
    desk.config(APP)
    ended, page = desk.connect("x", "--json")
    assert ended.code == 0, ended.err
    assert page.status == 200
    assert ended.json["flow"] == "pkce"
    assert ended.json["scopes"] == ["ads.read", "ads.write", "offline.access"]
    assert ended.json["config"][1].endswith("stored: true}")
    assert any("no conversions by OAuth 2.0" in remark for remark in ended.json["remarks"])
    kept = desk.listed()["x"]
    assert kept["expires_at"]
    assert kept["scopes"] == ["ads.read", "ads.write", "offline.access"]


def test_a_public_app_needs_no_secret(make_desk: MakeDesk) -> None:
    desk = make_desk(modes=frozenset({"public_client"}))
    desk.config("{{client_id: {client_id}, stored: true}}")
    ended, _ = desk.connect("x")
    assert ended.code == 0, ended.err
    assert "client_secret" not in ended.out


def test_pkce_sends_a_challenge_of_its_own_each_time(desk: Desk) -> None:
    desk.config(APP)
    asked = []
    for _ in range(2):
        words = ("connect", "x", "--paste-url", "--port", str(desk.port))
        with desk.started(*words) as running:
            address = running.address()
            asked.append(query_of(address))
            running.type(led_to(address))
            assert running.ended().code == 0
    for one in asked:
        assert one["code_challenge_method"] == "S256"
        assert one["scope"] == "ads.read ads.write offline.access"
        assert one["redirect_uri"] == f"http://127.0.0.1:{desk.port}/callback"
        assert len(one["state"]) == len(one["code_challenge"]) == 43
    first, second = asked
    assert first["state"] != second["state"]
    assert first["code_challenge"] != second["code_challenge"]


@pytest.mark.parametrize("flow", ["oauth1", "pkce"])
def test_who_denies_is_told_on_the_page_and_at_the_desk(make_desk: MakeDesk, flow: str) -> None:
    desk = make_desk(consent="deny")
    desk.config(APP)
    typed = desk.consumer if flow == "oauth1" else ()
    ended, page = desk.connect("x", "--flow", flow, typed=typed)
    assert ended.code == 5
    assert "denied" in ended.err
    assert (page.status, "Access was denied" in page.text) == (400, True)


def test_no_answer_ends_with_a_sentence(desk: Desk) -> None:
    desk.config(APP)
    ended = desk.run("connect", "x", "--port", str(desk.port), "--timeout", "1")
    assert ended.code == 8
    assert "no answer came back" in ended.err
    assert "--paste-url" in ended.err


def test_a_port_that_is_taken_is_said_before_anybody_is_sent_away(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        typed = "".join(f"{line}\n" for line in desk.consumer)
        ended = desk.run("connect", "x", "--flow", "oauth1", "--port", port, typed=typed)
    assert ended.code == 2
    assert f"port {port}" in ended.err
    assert "--port" in ended.err
    assert desk.paths() == []


def test_a_callback_that_is_not_registered_is_named(desk: Desk) -> None:
    desk.config(APP)
    with desk.started("connect", "x", "--port", str(free_port())) as running:
        assert browse(running.address()).status == 400


def test_something_else_than_an_address_is_refused(desk: Desk) -> None:
    desk.config(APP)
    with desk.started("connect", "x", "--paste-url", "--port", str(desk.port)) as running:
        running.address()
        running.type("hello")
        ended = running.ended()
    assert ended.code == 2
    assert "address bar" in ended.err


def test_an_app_without_access_says_where_to_ask(make_desk: MakeDesk) -> None:
    desk = make_desk(modes=frozenset({"no_ads_access"}))
    ended, _ = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    assert ended.code == 5
    assert "X Ads GET accounts: 403 UNAUTHORIZED_CLIENT_APPLICATION: " in ended.err
    assert "docs.x.com/forms/ads-api-access" in ended.err
    assert desk.listed()["x"]["status"] == "not_connected"


def test_bearer_tokens_that_are_refused_name_the_other_flow(make_desk: MakeDesk) -> None:
    desk = make_desk(modes=frozenset({"bearer_refused"}))
    desk.config(APP)
    ended, _ = desk.connect("x")
    assert ended.code == 5
    assert "--flow oauth1" in ended.err


def test_a_clock_that_is_wrong_is_named(make_desk: MakeDesk) -> None:
    desk = make_desk(clock_skew_seconds=3600)
    typed = "".join(f"{line}\n" for line in desk.consumer)
    ended = desk.run("connect", "x", "--flow", "oauth1", "--pin", typed=typed)
    assert ended.code == 5
    assert re.search(r"3,(599|600) s behind X's", ended.err)


def test_a_wrong_consumer_secret_is_said(desk: Desk) -> None:
    ended = desk.run(
        "connect", "x", "--flow", "oauth1", "--pin", typed=f"{desk.consumer[0]}\nsim-wrong\n"
    )
    assert ended.code == 5
    assert "401 32: the consumer key or the signature is wrong" in ended.err


def test_several_accounts_without_anybody_to_pick_take_the_one_of_the_config(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk(further_accounts=2)
    ended, _ = desk.connect("x", "--flow", "oauth1", "--json", typed=desk.consumer)
    assert len(ended.json["accounts"]) == 3
    assert ended.json["account"] == "18ce54d4x5t"


def test_an_account_can_be_asked_for(make_desk: MakeDesk) -> None:
    desk = make_desk(further_accounts=1)
    other = list(desk.address.world.accounts.values())[-1]
    ended, _ = desk.connect("x", "--flow", "oauth1", "--account", other.id, typed=desk.consumer)
    assert f"ad_account_id: {other.id}" in ended.out
    ended, _ = desk.connect("x", "--flow", "oauth1", "--account", "zzz", typed=desk.consumer)
    assert ended.code == 2
    assert "does not reach it" in ended.err


def test_accounts_of_which_none_is_configured_are_listed(make_desk: MakeDesk) -> None:
    desk = make_desk(further_accounts=1)
    desk.config(ad_account_id="18zzz")
    ended, _ = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    assert ended.code == 2
    assert "18ce54d4x5t  Garden shop" in ended.out
    assert "--account" in ended.err
    assert desk.listed()["x"]["status"] == "connected"


def test_what_cannot_be_tried_now_is_stored(make_desk: MakeDesk) -> None:
    desk = make_desk(limits={"accounts": 1})
    first, _ = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    again, _ = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    assert (first.code, again.code) == (0, 8)
    assert "429 TOO_MANY_REQUESTS: the limit is used up; try again in" in again.err
    assert "check --online" in again.err
    kept = desk.listed()["x"]
    assert (kept["status"], kept["role"]) == ("connected", None)


def test_a_pixel_token_is_read_from_standard_input(desk: Desk) -> None:
    ended = desk.run("connect", "x", typed=f"{desk.facts['pixel_token']}\n")
    assert ended.code == 0, ended.err
    assert "can't ask X for accounts" in said(ended.out)
    assert desk.paths() == []
    assert desk.listed()["x"]["status"] == "connected"


def test_each_pixel_has_a_token(desk: Desk) -> None:
    words = ("connect", "x", "--pixel", "aaaaa", "--pixel", "bbbbb")
    assert desk.run(*words, typed="one\n").code == 2
    assert desk.run(*words, typed="one\ntwo\n").code == 0
    assert desk.run("connect", "x", "--pixel", "ccccc", typed="three\n").code == 0


@pytest.mark.parametrize("typed", ["", "\n", "two words\n", "ünicode\n"])
def test_no_token_is_no_token(desk: Desk, typed: str) -> None:
    ended = desk.run("connect", "x", typed=typed)
    assert ended.code == 2
    assert "Token of the pixel" in ended.err


@pytest.mark.parametrize(
    ("words", "about"),
    [
        (("nowhere",), "no connection 'nowhere'"),
        (("x", "--pin"), "--pin is for --flow oauth1"),
        (("x", "--code"), "--code is for TikTok"),
        (("x", "--paste-url"), "--paste-url is for flows with a browser"),
        (("x", "--flow", "oauth1", "--pin", "--paste-url"), "only one of"),
        (("x", "--flow", "pkce"), "client_id"),
        (("x", "--visibility", "everybody"), "no visibility"),
        (("x", "--visibility", "workspace"), "state init"),
        (("tok", "--flow", "pkce"), "--flow is for connections of x_ads"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_asked(
    desk: Desk, words: tuple[str, ...], about: str
) -> None:
    ended = desk.run("connect", *words, typed="x\ny\n")
    assert ended.code == 2
    assert about in ended.err
    assert desk.paths() == []


def test_the_simulators_secrets_never_leave_for_x(desk: Desk) -> None:
    desk.config(url="https://ads-api.x.com", app_secret="real")
    typed = "".join(f"{line}\n" for line in desk.consumer)
    ended = desk.run("connect", "x", "--flow", "oauth1", "--pin", typed=typed)
    assert ended.code == 2
    assert "a secret of the simulator" in ended.err
    ended = desk.run("connect", "x", typed="sim-token\n")
    assert ended.code == 2
