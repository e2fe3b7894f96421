import shlex
import subprocess
import sys

import pytest
from shop import Shell, clean_environment


def shell(shop: Shell, line: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """What a line of a shell ends with, in the project's folder."""
    command = f"{shlex.quote(sys.executable)} -m connector"
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("connector", command)], cwd=shop.folder,
        env=clean_environment() | environment, capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_sync_sends_whatever_stream_is_closed(shop: Shell, closed: str) -> None:
    ran = shell(shop, f"connector sync {closed}")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert shop.wire()["distinct"] == 12


def test_who_has_no_standard_input_cannot_agree(shop: Shell) -> None:
    shop.run("sync")
    assert (
        b"nobody is here to agree"
        in shell(shop, "connector replay purchases --state new <&-").stderr
    )


@pytest.mark.parametrize("words", ["", "--json"])
def test_what_is_printed_is_in_utf_8_whatever_the_locale(shop: Shell, words: str) -> None:
    shop.sql("update orders set order_id = 'ordnung-ü', email = null where order_id = 'order-1'")
    shop.run("sync")
    ran = shell(
        shop, f"connector rejects {words}", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert "ordnung-ü" in ran.stdout.decode()


def test_a_folder_that_was_deleted_is_told(shop: Shell) -> None:
    (shop.folder / "release").mkdir()
    ran = shell(shop, "cd release && rmdir ../release && connector status")
    assert b"the current folder was deleted" in ran.stderr
    assert ran.returncode == 2
