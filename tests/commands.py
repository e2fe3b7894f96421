"""Commands as processes of their own, forked from one that has everything loaded.

A command spends most of its time in starting; forked, it is what it would be, ten times as soon.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Call:
    """The words behind `connector`, and where and with what environment they are said."""

    words: Sequence[str]
    folder: str
    environment: Mapping[str, str]


def called(call: Call) -> tuple[int, str, str]:
    """The exit code of a command, and what it wrote."""
    with tempfile.TemporaryDirectory() as made:
        out, err = Path(made) / "out", Path(made) / "err"
        server = _server()
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps({**asdict(call), "out": str(out), "err": str(err)}) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        code = os.waitstatus_to_exitcode(status)
        return code, out.read_text("utf-8"), err.read_text("utf-8")


@cache
def _server() -> "subprocess.Popen[str]":
    path = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    # One thread: a fork takes no others along.
    environment = os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    server = subprocess.Popen(
        [sys.executable, "-m", "commands"], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    atexit.register(_end, server)
    return server


def _end(server: "subprocess.Popen[str]") -> None:
    for pipe in (server.stdin, server.stdout):
        if pipe is not None:
            pipe.close()
    server.wait()


def _serve() -> None:
    import duckdb  # noqa: F401, PLC0415 - what takes long to load
    import phonenumbers  # noqa: F401, PLC0415
    import pyarrow.compute  # noqa: F401, PLC0415

    from connector import api  # noqa: F401, PLC0415
    from connector.cli.app import app  # noqa: F401, PLC0415

    for line in sys.stdin:
        child = os.fork()
        if not child:
            _be(json.loads(line))
        sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
        sys.stdout.flush()


def _be(told: Mapping[str, object]) -> None:
    """Be the command, to its end."""
    from connector.cli import main  # noqa: PLC0415 - in the fork alone

    os.chdir(str(told["folder"]))
    os.environ.clear()
    environment, words = told["environment"], told["words"]
    assert isinstance(environment, dict)
    assert isinstance(words, list)
    os.environ.update(environment)
    flags = os.O_WRONLY | os.O_CREAT
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(str(told[name]), flags, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdin, sys.argv = open(0, encoding="utf-8", closefd=False), ["connector", *words]  # noqa: SIM115 - to the end of the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - likewise
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - likewise
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
