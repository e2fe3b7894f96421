"""Commands as processes of their own, forked from one that has everything loaded.

A command spends most of its time in starting; forked, it is what it would be, ten times as soon.
It has nothing of the process it is forked from but what is loaded: no environment, folder, input,
terminal, open file or handler of signals. What `/proc` tells of its arguments and environment is
the other process's, so a test of these starts a process of its own.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, Self, TextIO

TESTS = Path(__file__).parent
_MOST_MESSAGE = 1_000_000
_UMASK = 0o022
_MOST_DESCRIPTORS = 1024
# Two that nobody can take, and two that Python ignores.
_LEFT_ALONE = {signal.SIGKILL, signal.SIGSTOP, signal.SIGPIPE, signal.SIGXFSZ}


@dataclass(frozen=True, kw_only=True)
class Call:
    """The words behind `connector`, and where and with what environment they are said.

    With `code` that is run in its place, and the words are its arguments.
    """

    words: Sequence[str]
    folder: str
    environment: Mapping[str, str]
    code: str = ""


def called(call: Call) -> tuple[int, str, str]:
    """The exit code of a command, and what it wrote."""
    with started(call) as command:
        out, err = command.communicate("")
    assert command.returncode is not None
    return command.returncode, out, err


@dataclass(kw_only=True)
class Command:
    """A command while it runs; it is used as a `subprocess.Popen` of text is."""

    pid: int
    stdin: TextIO
    stderr: TextIO
    returncode: int | None = None
    stdout: TextIO | None = None
    _out: IO[bytes] = field(repr=False)

    def __enter__(self) -> Self:
        """Use it for a block."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it, if it has not."""
        self.kill()
        self.wait()
        for stream in (self.stdin, self.stdout, self.stderr, self._out):
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit code, None while it runs."""
        if self.returncode is None and Path(f"/proc/{self.pid}/stat").read_text().split()[2] == "Z":
            self.wait()
        return self.returncode

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        if self.returncode is None:
            status = _asked({"pid": self.pid})
            self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def communicate(self, typed: str = "", timeout: float = 60) -> tuple[str, str]:
        """Type, close its input, and wait for its end; what it wrote."""
        with suppress(BrokenPipeError):
            self.stdin.write(typed)
            self.stdin.close()
        said: list[str] = []
        # Its end is the end of what it says; who waits for it in vain ends it.
        reader = threading.Thread(target=lambda: said.append(self.stderr.read()))
        reader.start()
        reader.join(timeout)
        if reader.is_alive():
            self.kill()
            reader.join()
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout, stderr=said[0])
        self.wait()
        if self.stdout is not None:
            return self.stdout.read(), said[0]
        self._out.seek(0)
        return self._out.read().decode(), said[0]


def started(call: Call, *, is_read: bool = False) -> Command:
    """A command that runs now; its output, if it is little, can be read while it runs."""
    (reads, typed), (said, writes) = os.pipe(), os.pipe()
    out = tempfile.TemporaryFile()  # noqa: SIM115 - the command's `with` closes it
    told, tells = os.pipe() if is_read else (None, os.dup(out.fileno()))
    try:
        pid = _asked(asdict(call), reads, tells, writes)
    finally:
        for each in (reads, tells, writes):
            os.close(each)
    return Command(
        pid=pid, stdin=os.fdopen(typed, "w", encoding="utf-8"),
        stdout=None if told is None else os.fdopen(told, encoding="utf-8"),
        stderr=os.fdopen(said, encoding="utf-8"), _out=out,
    )  # fmt: skip


def _asked(message: Mapping[str, object], *descriptors: int) -> int:
    channel = _server()
    socket.send_fds(channel, [json.dumps(message).encode() + b"\n"], descriptors)
    answer = b""
    while not answer.endswith(b"\n"):
        more = channel.recv(64)
        assert more, "the process that commands are forked from has ended"
        answer += more
    return int(answer)


@cache
def _server() -> socket.socket:
    path = os.pathsep.join((str(TESTS), str(TESTS.parent)))
    # One thread: a fork takes no others along.
    environment = os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"}
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        server = subprocess.Popen(
            [sys.executable, "-m", "commands", str(theirs.fileno())], env=environment,
            stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
        )  # fmt: skip
    atexit.register(_end, server, ours)
    return ours


def _end(server: "subprocess.Popen[bytes]", channel: socket.socket) -> None:
    channel.close()
    server.wait()


def _serve(channel: socket.socket) -> None:
    import duckdb  # noqa: F401, PLC0415 - what takes long to load
    import phonenumbers  # noqa: F401, PLC0415
    import pyarrow.compute  # noqa: F401, PLC0415
    from cryptography import fernet  # noqa: F401, PLC0415
    from oauthlib import oauth1  # noqa: F401, PLC0415

    from connector import api  # noqa: PLC0415
    from connector.cli.app import application  # noqa: PLC0415
    from connector.source import duckdb_file  # noqa: F401, PLC0415

    # What a command would load is here already.
    application()
    for name in api.__all__:
        getattr(api, name)
    gc.freeze()  # or each fork would copy what it collects
    while received := _received(channel):
        told, descriptors = received
        if "pid" in told:
            answer = os.waitpid(told["pid"], 0)[1]
        elif not (answer := os.fork()):
            _be(told, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        channel.sendall(f"{answer}\n".encode())


def _received(channel: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    text, descriptors, _, _ = socket.recv_fds(channel, _MOST_MESSAGE, 3)
    while text and not text.endswith(b"\n"):
        text += channel.recv(_MOST_MESSAGE)
    return (json.loads(text), descriptors) if text else None


def _be(told: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Be the command, to its end."""
    from connector.cli import main  # noqa: PLC0415 - in the fork alone

    _leave_all(told, descriptors)
    sys.argv = ["connector", *told["words"]]
    code = 1
    try:
        if told["code"]:
            exec(compile(told["code"], "code", "exec"), {"__name__": "__main__"})
        else:
            main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException as error:  # noqa: BLE001 - as the interpreter does
        traceback.print_exc()
        if isinstance(error, KeyboardInterrupt):
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _leave_all(told: Mapping[str, Any], descriptors: Sequence[int]) -> None:
    """Leave everything of the other process behind."""
    os.setsid()  # and with it the terminal
    for number in set(signal.Signals) - _LEFT_ALONE:
        first = number is signal.SIGINT  # which Python takes itself
        signal.signal(number, signal.default_int_handler if first else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    os.umask(_UMASK)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    time.tzset()
    for place, descriptor in enumerate(descriptors):
        os.dup2(descriptor, place)
    os.closerange(3, _MOST_DESCRIPTORS)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end of the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - likewise
    sys.stderr = open(2, "w", 1, "utf-8", "backslashreplace", closefd=False)  # noqa: SIM115 - likewise


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as made:
        _serve(made)
