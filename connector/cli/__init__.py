"""The command line: arguments become one call of `connector.api`, errors a sentence and a code."""

import gc
import os
import sys
from typing import NoReturn

# What a start makes are modules, which stay: Python would walk them all again and again.
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


def main() -> None:
    """Run the command `connector`."""
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    # Nothing here multiplies matrices, for which NumPy otherwise starts a thread on every core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Else pydantic reads what all installed packages offer, and a plugin would see each secret.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    from connector.cli.app import application

    try:
        application(sys.argv[1:])(prog_name="connector")
    except SystemExit as ending:
        _leave(ending)
    except OSError as error:  # of --help and --version, which are no commands
        _cannot_print(error)


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
