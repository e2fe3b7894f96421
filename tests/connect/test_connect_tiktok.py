"""Connecting to TikTok by the command."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from desk import Desk, MakeDesk, browse, led_to


def test_it_comes_back_by_itself(desk: Desk) -> None:
    ended, page = desk.connect("tok", "--json")
    assert ended.code == 0, ended.err
    assert "TikTok has let the connector in" in page.text
    assert ended.json["account"] == "7001122334455667788"
    assert ended.json["config"] == [
        'advertiser_id: "7001122334455667788"',
        "auth: {app_id: ${TIKTOK_APP_ID}, app_secret: ${TIKTOK_APP_SECRET}, stored: true}",
    ]
    assert desk.listed()["tok"]["status"] == "connected"


@pytest.mark.parametrize("typed", ["code", "address"])
def test_a_code_can_be_typed_alone_or_with_its_address(desk: Desk, typed: str) -> None:
    words = ("connect", "tok", "--code", "--port", str(desk.port))
    with desk.started(*words) as running:
        back = led_to(running.address())
        code = dict(parse_qsl(urlsplit(back).query))["auth_code"]
        running.type(code if typed == "code" else back)
        ended = running.ended()
    assert ended.code == 0, ended.err


def test_a_code_is_good_once(desk: Desk) -> None:
    words = ("connect", "tok", "--code", "--port", str(desk.port))
    with desk.started(*words) as running:
        code = dict(parse_qsl(urlsplit(led_to(running.address())).query))["auth_code"]
        running.type(code)
        assert running.ended().code == 0
    with desk.started(*words) as running:
        running.address()
        running.type(code)
        ended = running.ended()
    assert ended.code == 5
    assert "TikTok Ads POST oauth2/access_token: 200 40110: the code is wrong" in ended.err


def test_another_state_is_refused(desk: Desk) -> None:
    with desk.started("connect", "tok", "--port", str(desk.port)) as running:
        running.address()
        page = browse(f"http://127.0.0.1:{desk.port}/callback?auth_code=stolen&state=stolen")
        ended = running.ended()
    assert (page.status, ended.code) == (400, 5)
    assert not any("access_token" in path for path in desk.paths())


def test_who_denies_is_told(make_desk: MakeDesk) -> None:
    ended, page = make_desk(consent="deny").connect("tok")
    assert ended.code == 5
    assert "Access was denied" in page.text


def test_a_wrong_secret_is_said(desk: Desk) -> None:
    desk.config(app_secret="sim-wrong")
    ended, _ = desk.connect("tok")
    assert ended.code == 5
    assert "40101: the app id or the secret is wrong" in ended.err
