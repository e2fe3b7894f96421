"""Connecting at a terminal: what is typed is not shown, and an account is picked."""

import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from canaries import Searcher
from desk import APP, Desk, MakeDesk, browse
from shop import clean_environment


@dataclass(kw_only=True)
class Screen:
    """A terminal with a command in it."""

    desk: Desk
    descriptor: int
    name: str
    shown: str = ""
    everything: str = ""

    def until(self, pattern: str) -> str:
        """Wait until something is shown; what was found."""
        ends = time.monotonic() + 30
        while not (found := re.search(pattern, self.shown)):
            assert time.monotonic() < ends, self.shown
            try:
                read = os.read(self.descriptor, 4096).decode()
            except OSError:  # the command has ended
                raise AssertionError(self.shown) from None
            self.shown += read
            self.everything += read
        self.shown = self.shown[found.end() :]
        return found[0]

    def type(self, line: str) -> None:
        os.write(self.descriptor, f"{line}\n".encode())


@pytest.fixture
def screen(make_desk: MakeDesk) -> Iterator[Screen]:
    descriptor, other = pty.openpty()
    desk = make_desk(further_accounts=2)
    yield Screen(desk=desk, descriptor=descriptor, name=os.ttyname(other))
    os.close(other)
    os.close(descriptor)


def started(screen: Screen, *words: str, **extra: str) -> "subprocess.Popen[bytes]":
    with Path(screen.name).open("r+b", buffering=0) as terminal:
        return subprocess.Popen(
            [sys.executable, "-m", "connector", *words], cwd=screen.desk.folder,
            env=clean_environment() | {"TERM": "dumb", **extra}, start_new_session=True,
            stdin=terminal, stdout=terminal, stderr=terminal,
        )  # fmt: skip


def test_secrets_are_not_shown_and_an_account_is_picked(screen: Screen) -> None:
    with started(screen, "connect", "x", "--flow", "oauth1", "--pin") as process:
        for prompt, typed in zip(
            ("Consumer key", "Consumer secret"), screen.desk.consumer, strict=True
        ):
            screen.until(rf"{prompt} \(not shown\): ")
            screen.type(typed)
        page = browse(screen.until(r"http://127\.0\.0\.1[^\s]+"))
        screen.until("The PIN that X shows: ")
        screen.type(page.text.partition("<code>")[2].partition("</code>")[0])
        screen.until(r"1  18ce54d4x5t  Garden shop \(in config\.yaml\)")
        third = screen.until(r"3  18ce7\w+").split()[1]
        screen.until(r"\(number or id\): ")
        screen.type("17")
        screen.until(r"\(number or id\): ")
        screen.type("3")
        screen.until(f"ad_account_id: {third}")
        assert "Consumer secret" in screen.everything
        for secret in screen.desk.consumer:
            assert secret not in screen.everything
        assert process.wait(30) == 0
    assert screen.desk.listed()["x"]["ad_account_ids"][0] == third


@pytest.mark.parametrize(
    ("words", "prompts"),
    [
        (("--flow", "pixel-token"), ["Token of the pixel"]),
        (("--flow", "oauth1", "--pin"), ["Consumer key", "Consumer secret"]),
    ],
)
def test_ctrl_c_at_a_secret_prompt_ends_it_and_shows_again_what_is_typed(
    screen: Screen, words: tuple[str, ...], prompts: list[str]
) -> None:
    with started(screen, "connect", "x", *words) as process:
        for prompt in prompts:
            screen.until(rf"{prompt} \(not shown\): ")
            if prompt != prompts[-1]:
                screen.type("sim-key")
        assert not echoes(screen)
        process.send_signal(signal.SIGINT)
        screen.until("stopped by the user")
        assert process.wait(30) == 7
        assert echoes(screen)


def echoes(screen: Screen) -> bool:
    local: int = termios.tcgetattr(screen.descriptor)[3]
    return bool(local & termios.ECHO)


def test_an_end_of_input_at_a_secret_prompt_says_so(screen: Screen) -> None:
    with started(screen, "connect", "x") as process:
        screen.until(r"Token of the pixel \(not shown\): ")
        os.write(screen.descriptor, b"\x04")
        screen.until("nothing came on standard input")
        assert process.wait(30) == 2


@pytest.mark.parametrize(("key", "code"), [(b"\x04", 2), (None, 7)])
def test_who_leaves_before_an_account_is_picked_leaves_no_token_behind(
    screen: Screen, key: bytes | None, code: int
) -> None:
    screen.desk.config(APP)
    with started(screen, "connect", "x", "--port", str(screen.desk.port)) as process:
        browse(screen.until(r"http://127\.0\.0\.1[^\s]+"))
        screen.until(r"\(number or id\): ")
        if key is None:
            process.send_signal(signal.SIGINT)
        else:
            os.write(screen.descriptor, key)
        screen.until(r"revoked there\s+again")
        assert process.wait(30) == code
    assert "/2/oauth2/revoke" in screen.desk.paths()
    assert screen.desk.listed()["x"]["status"] == "not_connected"


def test_without_a_desktop_the_address_is_printed(screen: Screen) -> None:
    screen.desk.config(APP)
    with started(screen, "connect", "x", "--port", str(screen.desk.port)) as process:
        screen.until("Open this in a browser:")
        browse(screen.until(r"http://127\.0\.0\.1[^\s]+"))
        screen.until(r"\(number or id\): ")
        screen.type("")
        screen.until("ad_account_id: 18ce54d4x5t")
        assert process.wait(30) == 0


BROWSER = """#!{python}
import os, sys
from pathlib import Path
place = Path({place!r})
for name in ("cmdline", "environ"):
    (place / name).write_bytes(Path(f"/proc/self/{{name}}").read_bytes())
(place / "done").touch()
"""


def test_a_browser_is_told_the_page_and_no_secret(screen: Screen, tmp_path: Path) -> None:
    program, place = tmp_path / "browser", tmp_path / "told"
    place.mkdir()
    program.write_text(BROWSER.format(python=sys.executable, place=str(place)), "utf-8")
    program.chmod(0o700)
    words = ("connect", "x", "--flow", "oauth1", "--port", str(screen.desk.port))
    with started(screen, *words, DISPLAY=":0", BROWSER=str(program)) as process:
        for prompt, typed in zip(
            ("Consumer key", "Consumer secret"), screen.desk.consumer, strict=True
        ):
            screen.until(rf"{prompt} \(not shown\): ")
            screen.type(typed)
        screen.until("A browser opens; if it does not, open:")
        address = screen.until(r"http://127\.0\.0\.1[^\s]+")
        while not (place / "done").exists():
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 7
    arguments = (place / "cmdline").read_bytes().split(b"\0")
    assert address.encode() in arguments
    searcher = Searcher()
    searcher.add(key=screen.desk.consumer[0], secret=screen.desk.consumer[1])
    told = ((each.name, each.read_bytes()) for each in place.iterdir())
    assert searcher.search(told) == []
    assert len(searcher.looked_at) == 3
