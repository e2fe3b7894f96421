"""Every way in that has a page, by the command and a browser that somebody uses."""

import os
import pty
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from browser.chromium import Tab
from browser.people import EXCHANGES, WAYS, Way, connecting
from desk import APP, Desk
from shop import clean_environment

ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


@ways
def test_who_allows_it_is_told_to_go_back_and_is_connected(desk: Desk, tab: Tab, way: Way) -> None:
    with connecting(desk, way) as running:
        assert tab.open(running.address()) == 200
        assert tab.title.startswith("Authorize Connector")
        assert f"Afterwards you go to http://127.0.0.1:{desk.port}/callback" in tab.text
        assert tab.press("Allow") == 200
        ended = running.ended()
    assert tab.title == "You can go back now"
    assert f"{way.platform} has let the connector in" in tab.text
    assert tab.page.url.startswith(f"http://127.0.0.1:{desk.port}/callback?")
    assert tab.complaints == []
    assert ended.code == 0, ended.err
    assert desk.listed()[way.words[0]]["status"] == "connected"


@ways
def test_who_cancels_is_told_that_nothing_was_connected(desk: Desk, tab: Tab, way: Way) -> None:
    with connecting(desk, way) as running:
        tab.open(running.address())
        assert tab.press("Cancel") == 400
        ended = running.ended()
    assert tab.title == "Access was denied"
    assert "Nothing was connected. Run the command again" in tab.text
    assert ended.code == 5
    assert f"access was denied at {way.platform}" in ended.err
    assert not EXCHANGES & set(desk.paths())


def test_the_keyboard_is_enough(desk: Desk, tab: Tab) -> None:
    with connecting(desk, WAYS["pkce"]) as running:
        tab.open(running.address())
        tab.page.keyboard.press("Tab")
        tab.page.keyboard.press("Tab")
        assert tab.led(lambda: tab.page.keyboard.press("Enter")) == 200
        assert running.ended().code == 0
    assert tab.title == "You can go back now"


def test_whoever_is_chosen_on_the_page_is_signed_in(desk: Desk, tab: Tab) -> None:
    with connecting(desk, WAYS["oauth1"]) as running:
        tab.open(running.address())
        tab.page.get_by_label("Signed in as").select_option(label="analyst: CAMPAIGN_ANALYST")
        tab.press("Allow")
        ended = running.ended()
    assert ended.code == 0, ended.err
    assert "role CAMPAIGN_ANALYST" in ended.out


def test_a_pin_is_read_off_a_page(desk: Desk, tab: Tab) -> None:
    with connecting(desk, WAYS["oauth1"], "--pin") as running:
        tab.open(running.address())
        assert "Afterwards you go to a page with a PIN" in tab.text
        assert tab.press("Allow") == 200
        assert tab.title == "You have granted access"
        running.type(tab.page.locator("code").inner_text())
        ended = running.ended()
    assert ended.code == 0, ended.err


@pytest.mark.parametrize("name", ["oauth1", "pkce"])
def test_an_address_is_copied_off_a_page_that_does_not_load(
    desk: Desk, tab: Tab, name: str
) -> None:
    with connecting(desk, WAYS[name], "--paste-url") as running:
        tab.open(running.address())
        running.type(lost(tab, "Allow"))
        ended = running.ended()
    assert ended.code == 0, ended.err


def lost(tab: Tab, button: str) -> str:
    return tab.lost(lambda: tab.page.get_by_role("button", name=button).click())


@pytest.mark.parametrize("typed", ["code", "address"])
def test_a_code_is_copied_off_a_page_that_does_not_load(desk: Desk, tab: Tab, typed: str) -> None:
    with connecting(desk, WAYS["tiktok"], "--code") as running:
        tab.open(running.address())
        ended_at = lost(tab, "Allow")
        code = dict(parse_qsl(urlsplit(ended_at).query))["auth_code"]
        running.type(code if typed == "code" else ended_at)
        ended = running.ended()
    assert ended.code == 0, ended.err


def test_who_cancels_the_pin_gets_none(desk: Desk, tab: Tab) -> None:
    with connecting(desk, WAYS["oauth1"], "--pin") as running:
        tab.open(running.address())
        assert tab.press("Cancel") == 200
        ended = running.ended()
    assert tab.title == "You have denied access"
    assert ended.code == 2
    assert "The PIN that X shows: nothing came" in ended.err


def test_a_desktop_opens_its_browser_at_the_page(desk: Desk, tab: Tab, tmp_path: Path) -> None:
    desk.config(APP)
    opened, opener = tmp_path / "opened", tmp_path / "opener"
    os.mkfifo(opened)
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}\n', "utf-8")
    opener.chmod(0o700)
    environment = clean_environment() | {"DISPLAY": ":0", "BROWSER": str(opener), "TERM": "dumb"}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "connector", "connect", "x", "--port", str(desk.port)],
        cwd=desk.folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs,
    ) as process:  # fmt: skip
        tab.open(opened.read_text("utf-8"))
        assert tab.press("Allow") == 200
        assert process.wait(30) == 0
    assert b"A browser opens; if it does not, open:" in os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)


def test_a_token_of_a_pixel_needs_no_page(desk: Desk) -> None:
    ended = desk.run("connect", "x", typed=f"{desk.facts['pixel_token']}\n")
    assert ended.code == 0, ended.err
    assert "http" not in ended.err
