import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from connector.errors import AlreadyRunningError, UnreachableError
from connector.state.lock import sync_lock
from connector.state.place import Place

HOLDER = """
import sys
from pathlib import Path
from connector.state.lock import sync_lock
from connector.state.place import place_of
place = place_of(sys.argv[1], Path())
with sync_lock(place, mapping="purchases", target="x", wait=False, sleep=None):
    print("held", flush=True)
    sys.stdin.read()
"""


def lock(
    place: Place, *, mapping: str = "purchases", target: str = "x", wait: bool = False,
    sleep: Callable[[float], None] = lambda _: None, stopping: Callable[[], bool] = lambda: False,
) -> AbstractContextManager[None]:  # fmt: skip
    return sync_lock(
        place, mapping=mapping, target=target, wait=wait, sleep=sleep, stopping=stopping
    )


@pytest.fixture
def holder(place: Place, url: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, url],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_who_is_running(
    place: Place, holder: "subprocess.Popen[str]"
) -> None:
    with holder, pytest.raises(AlreadyRunningError, match=f"process {holder.pid}"), lock(place):
        pass


def test_a_killed_process_holds_nothing(place: Place, holder: "subprocess.Popen[str]") -> None:
    with holder:
        holder.send_signal(signal.SIGKILL)
    # A server notices the end of a process some milliseconds later.
    ends = time.monotonic() + 10
    with lock(place, wait=True, sleep=lambda _: None, stopping=lambda: time.monotonic() > ends):
        pass


def test_a_stopped_process_still_holds_it(place: Place, holder: "subprocess.Popen[str]") -> None:
    with holder:
        holder.send_signal(signal.SIGSTOP)
        with pytest.raises(AlreadyRunningError), lock(place):
            pass
        holder.send_signal(signal.SIGCONT)


def test_who_waits_gets_it_when_the_other_ends(
    place: Place, holder: "subprocess.Popen[str]"
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        holder.kill()
        holder.wait()

    with holder, lock(place, wait=True, sleep=sleep):
        assert slept


def test_who_waits_can_stop_waiting(place: Place) -> None:
    with (
        lock(place),
        pytest.raises(AlreadyRunningError),
        lock(place, wait=True, stopping=lambda: True),
    ):
        pass


@pytest.mark.parametrize(("mapping", "target"), [("refunds", "x"), ("purchases", "elsewhere")])
def test_another_mapping_or_target_is_free(place: Place, mapping: str, target: str) -> None:
    with lock(place), lock(place, mapping=mapping, target=target):
        pass


def test_the_lock_is_free_again_after_an_error(place: Place) -> None:
    with pytest.raises(KeyError), lock(place):
        raise KeyError
    with lock(place):
        pass


def test_a_lock_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with lock(tmp_path / "connector.db"):
        [made] = tmp_path.iterdir()
        assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_a_lock_that_cannot_be_made_is_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError), lock(tmp_path / "none" / "connector.db"):
        pass
