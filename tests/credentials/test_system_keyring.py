import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from vaults import ended, start

from connector.credentials.system_keyring import SERVICE, system_keyring, within


class Memory(KeyringBackend):
    """A backend in memory."""

    priority = 5.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class PlainFile(Memory):
    """A backend such as those that write files in the clear."""

    priority = 0.5


class Broken(Memory):
    """A backend whose bus is gone."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError

    set_password = delete_password = get_password  # type: ignore[assignment]


def use(backend: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


def test_a_real_backend_keeps_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Memory()
    use(backend, monkeypatch)
    found = system_keyring()
    assert found is not None
    assert found.read("a") is None
    assert found.write("a", "text")
    assert backend.kept == {(SERVICE, "a"): "text"}
    assert found.read("a") == "text"
    found.remove("a")
    assert backend.kept == {}


def test_a_backend_that_fails_or_forgets_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: tuple[Callable[[], object], ...] = (fail.Keyring, null.Keyring, PlainFile)
    for kind in kinds:
        use(kind(), monkeypatch)
        assert system_keyring() is None


def test_a_backend_that_breaks_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    use(Broken(), monkeypatch)
    found = system_keyring()
    assert found is not None
    assert not found.write("a", "text")
    assert found.read("a") is None
    found.remove("a")


def test_what_never_answers_is_left_behind() -> None:
    began = time.monotonic()
    assert within(lambda: time.sleep(60), 0.05) is None
    assert time.monotonic() - began < 5


BARE = """
import time
from connector.credentials.system_keyring import system_keyring
began = time.monotonic()
found = system_keyring()
print(found, time.monotonic() - began < 10)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the keyring needs no bus")
@pytest.mark.parametrize("bus", ["", "/nowhere/bus", "silent"])
def test_without_a_bus_that_answers_there_is_no_keyring_and_no_wait(
    tmp_path: Path, bus: str
) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        path = str(tmp_path / "bus") if bus == "silent" else bus
        if bus == "silent":
            listening.bind(path)
            listening.listen()
        environment = {"DBUS_SESSION_BUS_ADDRESS": f"unix:path={path}"} if bus else {}
        process = start(BARE, environment=environment)
        assert ended(process) == (0, "None True\n", "")
