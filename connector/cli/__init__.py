"""The command line: arguments become one call of `connector.api`, errors a sentence and a code."""

import gc
import io
import os
import sys
from typing import NoReturn

# What a start makes are modules, which stay: Python would walk them all again and again.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


def main() -> None:
    """Run the command `connector`."""
    _prepare_streams()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Nothing here multiplies matrices, for which NumPy otherwise starts a thread on every core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Else pydantic reads what all installed packages offer, and a plugin would see each secret.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    from connector.cli.app import application

    try:
        _require_text(sys.argv[1:])
        application(sys.argv[1:])(prog_name="connector")
    except SystemExit as ending:
        _leave(ending)
    except OSError as error:  # of --help and --version, which are no commands
        _cannot_print(error)


def _prepare_streams() -> None:
    """Let nothing that is opened later, such as the state, be taken for a standard stream.

    What is printed is UTF-8 whatever the locale, as JSON is.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free, which is this one
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _require_text(words: list[str]) -> None:
    """End where a word is no text: no id or name that is kept could be it.

    Raises:
        SystemExit: with the code of a wrong usage.
    """
    from connector.errors import Exit

    for place, word in enumerate(words, 1):
        try:
            word.encode()
        except UnicodeEncodeError:
            sys.stderr.write(f"word {place} of this command is not a text in UTF-8\n")
            raise SystemExit(int(Exit.CONFIGURATION)) from None


def _leave(ending: SystemExit) -> None:
    """End now: nothing is open any more, and Python would free each object by itself."""
    if not isinstance(ending.code, int):
        raise ending
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(ending.code)


def _cannot_print(error: OSError) -> NoReturn:
    from connector.errors import Exit

    os.write(sys.stderr.fileno(), f"the result cannot be printed: {error.strerror}\n".encode())
    os._exit(Exit.UNREACHABLE)
