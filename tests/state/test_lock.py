import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from connector.errors import AlreadyRunningError, UnreachableError
from connector.state.lock import sync_lock

HOLDER = """
import sys
from pathlib import Path
from connector.state.lock import sync_lock
with sync_lock(Path(sys.argv[1]), mapping="purchases", target="x", wait=False, sleep=None):
    print("held", flush=True)
    sys.stdin.read()
"""


def lock(
    path: Path, *, mapping: str = "purchases", target: str = "x", wait: bool = False,
    sleep: Callable[[float], None] = lambda _: None, stopping: Callable[[], bool] = lambda: False,
) -> AbstractContextManager[None]:  # fmt: skip
    return sync_lock(
        path, mapping=mapping, target=target, wait=wait, sleep=sleep, stopping=stopping
    )


@pytest.fixture
def holder(path: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_process_is_told_who_is_running(
    path: Path, holder: "subprocess.Popen[str]"
) -> None:
    with holder, pytest.raises(AlreadyRunningError, match=f"process {holder.pid}"), lock(path):
        pass


def test_a_killed_process_holds_nothing(path: Path, holder: "subprocess.Popen[str]") -> None:
    with holder:
        holder.send_signal(signal.SIGKILL)
    with lock(path):
        pass


def test_a_stopped_process_still_holds_it(path: Path, holder: "subprocess.Popen[str]") -> None:
    with holder:
        holder.send_signal(signal.SIGSTOP)
        with pytest.raises(AlreadyRunningError), lock(path):
            pass
        holder.send_signal(signal.SIGCONT)


def test_who_waits_gets_it_when_the_other_ends(path: Path, holder: "subprocess.Popen[str]") -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        holder.kill()
        holder.wait()

    with holder, lock(path, wait=True, sleep=sleep):
        assert len(slept) == 1


def test_who_waits_can_stop_waiting(path: Path) -> None:
    with (
        lock(path),
        pytest.raises(AlreadyRunningError),
        lock(path, wait=True, stopping=lambda: True),
    ):
        pass


@pytest.mark.parametrize(("mapping", "target"), [("refunds", "x"), ("purchases", "elsewhere")])
def test_another_mapping_or_target_is_free(path: Path, mapping: str, target: str) -> None:
    with lock(path), lock(path, mapping=mapping, target=target):
        pass


def test_the_lock_is_free_again_after_an_error(path: Path) -> None:
    with pytest.raises(KeyError), lock(path):
        raise KeyError
    with lock(path):
        [made] = path.parent.glob("*.lock-*")
        assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_a_lock_that_cannot_be_made_is_out_of_reach(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError), lock(tmp_path / "none" / "connector.db"):
        pass
