import os
import stat
from pathlib import Path

import pytest

from connector.credentials import disk
from connector.errors import ConfigurationError, UnreachableError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a" / "b"
    disk.make_folder(made)
    return made


def written(path: Path, text: str) -> list[str]:
    steps: list[str] = []
    disk.write_own(path, text, reached=steps.append)
    return steps


@pytest.mark.parametrize("umask", [0, 0o022, 0o777 & ~0o700])
def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        disk.make_folder(tmp_path / "a" / "b")
        written(tmp_path / "a" / "b" / "file", "text")
        with disk.file_lock(tmp_path / "a" / "b" / "lock"):
            pass
    finally:
        os.umask(before)
    made = [tmp_path / "a", tmp_path / "a" / "b"]
    assert [mode(path) for path in made] == [0o700, 0o700]
    assert {mode(path) for path in made[1].iterdir()} == {0o600}
    assert (made[1] / ".gitignore").read_text() == "*\n"


def test_a_text_takes_the_place_of_another_in_known_steps(folder: Path) -> None:
    assert written(folder / "file", "one") == list(disk.STEPS)
    written(folder / "file", "two")
    assert disk.read_own(folder / "file") == "two"
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "file"]


def test_a_draft_that_a_crash_left_is_written_over(folder: Path) -> None:
    draft = folder / ".file.draft"
    draft.write_text("something longer than the text")
    draft.chmod(0o644)
    written(folder / "file", "text")
    assert (disk.read_own(folder / "file"), mode(folder / "file")) == ("text", 0o600)
    assert not draft.exists()


def test_a_link_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    (folder / ".file.draft").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnreachableError):
        written(folder / "file", "text")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("open_mode", [0o640, 0o604, 0o644, 0o660, 0o602])
def test_a_file_that_others_may_use_is_refused_with_what_to_do(
    folder: Path, open_mode: int
) -> None:
    written(folder / "file", "text")
    (folder / "file").chmod(open_mode)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {folder}/file"):
        disk.read_own(folder / "file")


def test_a_folder_that_others_may_use_is_refused_with_what_to_do(folder: Path) -> None:
    written(folder / "file", "text")
    folder.chmod(0o750)
    with pytest.raises(ConfigurationError, match=f"chmod 700 {folder}"):
        disk.read_own(folder / "file")
    with pytest.raises(ConfigurationError, match=f"chmod 700 {folder}"):
        disk.make_folder(folder)


def test_what_is_not_there_is_none(folder: Path) -> None:
    assert disk.read_own(folder / "file") is None
    assert disk.read_own(folder / "none" / "file") is None
    disk.remove_own(folder / "file")


def test_what_cannot_be_written_is_out_of_reach(folder: Path) -> None:
    (folder / "file").mkdir()
    with pytest.raises(UnreachableError, match=f"{folder}/file cannot be used now"):
        written(folder / "file", "text")


def test_one_of_two_has_the_lock(folder: Path) -> None:
    with disk.file_lock(folder / "lock") as first, disk.file_lock(folder / "lock") as second:
        assert first.take()
        assert not second.take()
    with disk.file_lock(folder / "lock") as third:
        assert third.take()
