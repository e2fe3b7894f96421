"""A command that is forked for a test is what it is when a shell starts it."""

import os
import signal
from pathlib import Path

import pytest
from commands import Call, called
from desk import Desk, Running

WORDS = ("connect", "x", "--flow", "oauth1", "--pin")


def standing(desk: Desk, running: Running) -> dict[str, object]:
    """What the kernel knows of a command that waits for a PIN."""
    for line in desk.consumer:
        running.type(line)
    running.address()
    process = Path(f"/proc/{running.process.pid}")
    lines = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines())
    return {
        **{name: lines[name] for name in ("SigBlk", "SigIgn", "SigCgt", "Umask")},
        "folder": (process / "cwd").readlink(),
        "files": {each.name for each in (process / "fd").iterdir()},
    }


def test_a_forked_command_stands_as_one_of_its_own_does(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    umask = os.umask(0o022)
    try:
        with desk.apart(*WORDS) as running:
            apart = standing(desk, running)
    finally:
        os.umask(umask)
    with desk.started(*WORDS) as running:
        assert standing(desk, running) == apart
        said = Path(f"/proc/{running.process.pid}/stat").read_text().rpartition(")")[2].split()
        session, terminal = said[3], said[4]
        assert (session, terminal) == (str(running.process.pid), "0")
        running.process.send_signal(signal.SIGINT)
        assert running.ended().code == 7


def test_a_forked_command_has_the_environment_it_is_given_and_no_other(desk: Desk) -> None:
    # The process that it is forked from has this variable.
    desk.config("{{pixel_token: '${{PYTHONPATH}}'}}")
    assert "PYTHONPATH" in desk.run("check").err
    assert desk.run("connections", "list", PYTHONPATH="sim-here").code == 0
    assert "PYTHONPATH" in desk.run("check").err


def test_forked_commands_run_beside_one_another(desk: Desk) -> None:
    with desk.started(*WORDS) as first, desk.started("connect", "x", "--flow", "oauth1") as second:
        first.process.kill()
        assert first.ended().code == -signal.SIGKILL
        assert second.ended("").code == 2


def test_a_command_that_fails_has_its_code_and_its_words(tmp_path: Path) -> None:
    call = Call(words=("check",), folder=str(tmp_path), environment={})
    code, out, err = called(call)
    assert (code, out) == (2, "")
    assert "config.yaml" in err
