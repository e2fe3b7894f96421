"""Connecting at a terminal: what is typed is not shown, and an account is picked."""

import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
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


def started(screen: Screen, *words: str) -> "subprocess.Popen[bytes]":
    with Path(screen.name).open("r+b", buffering=0) as terminal:
        return subprocess.Popen(
            [sys.executable, "-m", "connector", *words], cwd=screen.desk.folder,
            env=clean_environment() | {"TERM": "dumb"}, start_new_session=True,
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


def test_without_a_desktop_the_address_is_printed(screen: Screen) -> None:
    screen.desk.config(APP)
    with started(screen, "connect", "x", "--port", str(screen.desk.port)) as process:
        screen.until("Open this in a browser:")
        browse(screen.until(r"http://127\.0\.0\.1[^\s]+"))
        screen.until(r"\(number or id\): ")
        screen.type("")
        screen.until("ad_account_id: 18ce54d4x5t")
        assert process.wait(30) == 0
