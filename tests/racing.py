"""Processes that do the same at the same time."""

import subprocess
import time
from collections.abc import Sequence


def raced(processes: "Sequence[subprocess.Popen[str]]", seconds: float) -> list[str]:
    """What they print by so many seconds after all were ready; each is told when that is."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    ends = time.time() + seconds
    for process in processes:
        assert process.stdin is not None
        process.stdin.write(f"{ends}\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return told
