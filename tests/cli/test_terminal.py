"""What is printed of texts that others wrote."""

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout

import pytest

from connector.cli.terminal import Terminal

HOSTILE = "\x1b]0;owned\x07Spring\rpots\x9b2K"
HARMLESS = "\\x1b]0;owned\\x07Spring\\x0dpots\\x9b2K"


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal() -> Terminal:
    return Terminal(config=None, json=False, log_json=False, verbosity=0)


def on_screen(say: Callable[[Terminal], None]) -> str:
    screen = Screen()
    with redirect_stdout(screen), redirect_stderr(screen):
        say(terminal())
    return screen.getvalue()


def test_a_terminal_obeys_nothing_of_a_line() -> None:
    printed = on_screen(lambda one: one.line(f"campaign é 😀\n{HOSTILE}\tis there"))
    assert printed == f"campaign é 😀\n{HARMLESS}\tis there\n"


def test_a_terminal_obeys_nothing_of_a_table() -> None:
    assert HARMLESS in on_screen(lambda one: one.table(("name",), [(HOSTILE,)]))


def test_a_terminal_obeys_nothing_of_a_log() -> None:
    assert on_screen(lambda one: one.warn(HOSTILE)).endswith(f"WARNING {HARMLESS}\n")


def test_off_a_terminal_a_line_is_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    terminal().line(HOSTILE)
    assert capsys.readouterr().out == f"{HOSTILE}\n"
