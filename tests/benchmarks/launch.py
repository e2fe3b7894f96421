"""What a command costs from the start of its process to its end.

A process counts as its peak what its parent held when it was made, so commands are started by a
small one: this file, run as a script.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Wall and processor time in seconds, the peak of resident memory, and what was printed."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    out: str


def launched(command: Sequence[str], *, folder: Path, environment: Mapping[str, str]) -> Spent:
    """Run a command to its end.

    Raises:
        RuntimeError: it ended with something else than 0.
    """
    starter = [sys.executable, "-I", "-S", __file__, *command]
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        done = subprocess.run(
            starter, cwd=folder, env=dict(environment), stdin=subprocess.DEVNULL,
            stdout=out, stderr=err, check=False,
        )  # fmt: skip
        out.seek(0)
        err.seek(0)
        printed, said = out.read(), err.read()
    told, _, figures = said.rpartition("\n\0")
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}\n{printed}\n{told}")
    return Spent(**json.loads(figures), out=printed)


def _start(command: Sequence[str]) -> int:
    begun = time.perf_counter()
    process = os.posix_spawnp(command[0], list(command), os.environ)
    _, status, usage = os.wait4(process, 0)
    figures = {
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }
    sys.stderr.write("\n\0" + json.dumps(figures))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(_start(sys.argv[1:]))
