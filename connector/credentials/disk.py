"""Files for their owner alone: whole or not there, and refused when others may read them."""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from connector.errors import ConfigurationError, UnreachableError

OTHERS = 0o077
LARGEST_FILE = 1_000_000

STEPS = {
    "drafted": "the new text is in a file beside the old one",
    "synced": "the new file is on disk, the old one still in its place",
    "renamed": "the new file is in the place of the old one",
    "settled": "and stays there, whatever happens",
}
"""The steps of writing a file: after each of them the process may die."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """What the file system raises, as an error that names the file."""
    try:
        yield
    except OSError as error:
        raise UnreachableError(f"{path} cannot be used now: {error.strerror}") from None


def make_folder(folder: Path) -> None:
    """Make a folder of mode 0700, and what is missing above it; git leaves it out."""
    with translated(folder):
        for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
            with suppress(FileExistsError):
                missing.mkdir(mode=0o700)
        refuse_open(folder)
        ignored = folder / ".gitignore"
        if not ignored.exists():
            ignored.touch(mode=0o600)
            ignored.write_text("*\n")


def refuse_open(path: Path) -> None:
    """Let a file or folder pass that is its owner's alone.

    Raises:
        ConfigurationError: others may use it; says what to do.
        OSError: it can't be looked at.
    """
    status = path.stat()
    if stat.S_IMODE(status.st_mode) & OTHERS:
        mode = 700 if stat.S_ISDIR(status.st_mode) else 600
        raise ConfigurationError(
            f"{path} is open to others (mode {stat.S_IMODE(status.st_mode):04o}): run"
            f" chmod {mode} {path}, and if others were on this machine connect again, since they"
            " may have read it"
        )


def read_own(path: Path) -> str | None:
    """The text of a file that is its owner's alone; None when there is none.

    Raises:
        ConfigurationError: others may read it.
        UnreachableError: it can't be read now.
    """
    with translated(path):
        try:
            refuse_open(path.parent)
            refuse_open(path)
            with path.open("rb") as stream:
                return stream.read(LARGEST_FILE).decode("utf-8", "replace")
        except FileNotFoundError:
            return None


def write_own(path: Path, text: str, *, reached: Callable[[str], None]) -> None:
    """Put a text in a file's place, mode 0600, so that a crash leaves the old or the new one.

    One writer at a time: the draft has one name, so that a crash leaves no second one behind.
    """
    draft = path.with_name(f".{path.name}.draft")
    with translated(path):
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        descriptor = os.open(draft, flags, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            os.fchmod(descriptor, 0o600)
            stream.write(text)
            stream.flush()
            reached("drafted")
            os.fsync(descriptor)
        reached("synced")
        draft.replace(path)
        reached("renamed")
        sync_folder(path.parent)
        reached("settled")


def move_own(path: Path, target: Path) -> None:
    """Give a file another name, in one step."""
    with translated(path):
        path.rename(target)
        sync_folder(path.parent)


def remove_own(path: Path) -> None:
    """Remove a file; none is none."""
    with translated(path):
        path.unlink(missing_ok=True)
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make what was renamed or removed in a folder stay so."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class FileLock:
    """A lock of the kernel on an open file; it dies with its process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def take(self) -> bool:
        """Whether it is this process's now."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def file_lock(path: Path) -> Iterator[FileLock]:
    """A lock that nobody has yet; its file, mode 0600, stays."""
    with translated(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield FileLock(descriptor)
    finally:
        os.close(descriptor)
