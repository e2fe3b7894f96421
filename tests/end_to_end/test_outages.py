"""What a full or read-only disk, a lost file and a closed pipe do to a sync.

A limit on the size of files stands in for a full disk wherever nobody may mount one: writing fails
at the same places, and it can be set on a process that runs.
"""

import os
import resource
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from outages import MAPPING, goes_on, nothing_half_written, project, rows_of, started, told
from shop import Shell

# Root without its capabilities is held to the modes of files, as everybody is.
MODES_COUNT = ("setpriv", "--bounding-set=-all", "--inh-caps=-all") if os.geteuid() == 0 else ()
needs_modes = pytest.mark.skipif(
    bool(MODES_COUNT) and shutil.which("setpriv") is None, reason="root needs setpriv for this"
)


def files_up_to(size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def state_of(shell: Shell) -> Path:
    return shell.folder / "state" / "connector.db"


@contextmanager
def mode(path: Path, value: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(value)
    try:
        yield
    finally:
        path.chmod(before)


@contextmanager
def disk(folder: Path, size: str) -> Iterator[None]:
    """A small disk of its own, which only root can make."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"a disk that fills up needs a mount: {made.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_full_when_rows_are_claimed_lets_nothing_leave(tmp_path: Path) -> None:
    with project(tmp_path, 4000) as shell:
        with started(shell, "sync", "--json", preexec_fn=files_up_to(64_000)) as sync:
            ended = sync.ended()
        told(ended, 8, "the state")
        assert rows_of(ended) == {"read": 4000, "pending": 4000}
        assert shell.wire()["requests"] == 0
        nothing_half_written(shell)
        assert goes_on(shell, 4000) == {1: 4000}


def test_a_disk_that_fills_up_before_answers_are_kept_leaves_doubts_alone(tmp_path: Path) -> None:
    with project(tmp_path, 4000, latency_seconds=0.5) as shell:
        with started(shell, "sync", "--json") as sync:
            sync.until("receipts")
            resource.prlimit(sync.process.pid, resource.RLIMIT_FSIZE, (1, 1))
            ended = sync.ended()
        told(ended, 8, "the state")
        told(ended, 8, "the summary of this run cannot be kept")
        assert rows_of(ended)["read"] == 4000
        nothing_half_written(shell)
        in_flight = shell.wire()["receipts"]
        assert 0 < in_flight <= 2000
        assert goes_on(shell, 4000, unkept=in_flight) == _sent_twice(in_flight, 4000)


def _sent_twice(twice: int, rows: int) -> Counter[int]:
    return Counter({2: twice, 1: rows - twice})


def test_a_real_disk_that_fills_up_in_a_sync_is_told_and_the_next_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with disk(state, "4m"), project(tmp_path, 8000, latency_seconds=0.3) as shell:
        with started(shell, "sync", "--json") as sync:
            sync.until("receipts", 2000)
            filler = _fill(state)
            ended = sync.ended()
        told(ended, 8, "the state")
        nothing_half_written(shell)
        filler.unlink()
        before = shell.wire()["receipts"]
        receipts = goes_on(shell, 8000, unkept=before)
        assert set(receipts) <= {1, 2}
        assert receipts[2] <= 2000, "as many requests as there are senders"


def _fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return filler


def test_a_disk_too_small_for_the_rows_of_a_run_is_told_before_anything_leaves(
    tmp_path: Path,
) -> None:
    with project(tmp_path, 20_000) as shell:
        shell.write("mappings/purchases.yaml", MAPPING.replace("{conv", "{description: note, conv"))
        shell.sql("alter table orders add column note varchar default repeat('x', 2000)")
        with started(shell, "sync", "--json", preexec_fn=files_up_to(1_000_000)) as sync:
            ended = sync.ended()
        told(ended, 8, "the rows of this run cannot be kept in")
        assert shell.wire()["requests"] == 0
        nothing_half_written(shell)
        assert goes_on(shell, 20_000) == {1: 20_000}


@needs_modes
def test_a_summary_that_cannot_be_kept_is_told_and_printed_all_the_same(tmp_path: Path) -> None:
    with project(tmp_path, 600) as shell:
        kept = shell.folder / "state" / "runs"
        kept.mkdir(mode=0o700)
        with (
            mode(kept, 0o500),
            started(shell, "sync", "--json", under=MODES_COUNT) as sync,
        ):
            ended = sync.ended()
        told(ended, 8, "the summary of this run cannot be kept")
        assert (ended.json["status"], ended.json["exit_code"]) == ("unreachable", 8)
        assert rows_of(ended) == {"read": 600, "accepted": 600}
        nothing_half_written(shell)
        assert goes_on(shell, 600) == {1: 600}


@needs_modes
@pytest.mark.parametrize("name", ["connector.db", "."])
def test_a_state_that_may_only_be_read_lets_nothing_leave(tmp_path: Path, name: str) -> None:
    with project(tmp_path, 600) as shell:
        (shell.folder / "state" / "runs").mkdir(mode=0o700)
        with (
            mode(shell.folder / "state" / name, 0o500),
            started(shell, "sync", "--json", under=MODES_COUNT) as sync,
        ):
            ended = sync.ended()
        told(ended, 8, "the state")
        assert shell.wire()["requests"] == 0
        nothing_half_written(shell)
        assert goes_on(shell, 600) == {1: 600}


def test_a_state_that_is_deleted_under_a_sync_lets_nothing_more_leave(tmp_path: Path) -> None:
    with project(tmp_path, 4000, latency_seconds=0.5) as shell:
        with started(shell, "sync", "--json") as sync:
            sync.until("receipts")
            for file in state_of(shell).parent.glob("connector.db*"):
                file.unlink()
            ended = sync.ended()
        told(ended, 8, "the state")
        assert shell.wire()["receipts"] <= 2000
        nothing_half_written(shell)
        told(shell.run("sync"), 2, "connector state init")


def test_a_state_that_is_replaced_under_a_sync_is_left_as_it_is(tmp_path: Path) -> None:
    with project(tmp_path, 4000, latency_seconds=0.5) as shell:
        other = tmp_path / "other.db"
        shutil.copy(state_of(shell), other)
        with started(shell, "sync", "--json") as sync:
            sync.until("receipts")
            other.replace(state_of(shell))
            ended = sync.ended()
        told(ended, 8, "is another file than when this began")
        in_flight = shell.wire()["receipts"]
        assert in_flight <= 2000
        for log in state_of(shell).parent.glob("connector.db-*"):
            log.unlink()
        assert goes_on(shell, 4000, unkept=in_flight)[1] == 4000 - in_flight


def test_a_reader_who_leaves_changes_nothing(tmp_path: Path) -> None:
    with project(tmp_path, 600) as shell:
        reading, writing = os.pipe()
        os.close(reading)
        with started(shell, "sync", stdout=writing) as sync:
            os.close(writing)
            assert sync.process.wait(30) == 0
            assert sync.process.stderr is not None
            assert sync.process.stderr.read() == ""
        assert goes_on(shell, 600) == {1: 600}


def test_a_result_that_cannot_be_printed_is_told(tmp_path: Path) -> None:
    with project(tmp_path, 600) as shell:
        with Path("/dev/full").open("w") as full, started(shell, "sync", stdout=full) as sync:
            ended = sync.ended()
        told(ended, 8, "the result cannot be printed: No space left on device")
        assert goes_on(shell, 600) == {1: 600}


def test_a_log_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    with project(tmp_path, 600) as shell:
        with (
            Path("/dev/full").open("w") as full,
            started(shell, "sync", "-v", "--json", stderr=full) as sync,
        ):
            ended = sync.ended()
        assert ended.code == 0
        assert rows_of(ended) == {"read": 600, "accepted": 600}
