"""What looks for secrets finds them, wherever and however they are hidden."""

import base64
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from canaries import Leak, Searcher, descendants, in_folder, in_postgresql, in_process, said
from desk import Desk
from servers import Server
from taps import echoing, tapped

SECRET = 'canary/7f3e+1c"%&ü'


@pytest.fixture
def searcher() -> Searcher:
    made = Searcher()
    made.add(token=SECRET, other="another-canary")
    return made


DISGUISES = {
    "clear": SECRET,
    "percent": quote(SECRET, safe=""),
    "percent in lower case": quote(SECRET, safe="").lower(),
    "percent twice": quote(quote(SECRET, safe=""), safe=""),
    "each sign by percent": "".join(f"%{byte:02X}" for byte in SECRET.encode()),
    "hex": SECRET.encode().hex(),
    "HEX": SECRET.encode().hex().upper(),
    "json": json.dumps({"a": SECRET}),
    "json of wide signs": json.dumps({"a": SECRET}, ensure_ascii=False),
    "json in json": json.dumps({"a": json.dumps({"b": SECRET})}),
    "escapes": "".join(f"\\u{ord(sign):04X}" for sign in SECRET),
    "repr": repr({"a": SECRET}),
    **{
        f"base64 after {count}": base64.b64encode(b"x" * count + SECRET.encode() + b"yz").decode()
        for count in range(6)
    },
    "base64 for urls": base64.urlsafe_b64encode(f"id:{SECRET}".encode()).decode(),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_secret_is_found_in_any_disguise(searcher: Searcher, disguise: str) -> None:
    text = f"before {DISGUISES[disguise]} after"
    [leak] = searcher.search([("log", text.encode())])
    assert (leak.where, leak.name) == ("log", "token 0")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-32-le"])
def test_a_secret_is_found_in_wide_signs(searcher: Searcher, encoding: str) -> None:
    assert searcher.search([("log", f"x{SECRET}x".encode(encoding))])


def test_what_is_no_secret_is_not_found(searcher: Searcher) -> None:
    parts = [SECRET[:-1], SECRET[1:], "canary", base64.b64encode(SECRET[:-1].encode()).decode()]
    assert searcher.search([("log", "\n".join(parts).encode())]) == []
    assert searcher.looked_at == ["log"]


def test_digits_are_found_as_a_whole_number() -> None:
    searcher = Searcher()
    searcher.add(pin="1234567")
    assert searcher.search([("log", b"the PIN 1234567.")])
    assert searcher.search([("log", b"01234567")]) == []
    assert searcher.search([("log", b"12345678")]) == []


def test_a_secret_too_short_to_be_looked_for_is_refused() -> None:
    with pytest.raises(AssertionError, match="too short"):
        Searcher().add(token="12345")


def test_files_and_their_names_are_looked_at(searcher: Searcher, tmp_path: Path) -> None:
    (tmp_path / "a" / ".b").mkdir(parents=True)
    (tmp_path / "a" / ".b" / "file").write_bytes(b"\0" + SECRET.encode() + b"\0")
    (tmp_path / "another-canary.json").touch()
    (tmp_path / "key").write_text(SECRET)
    found = searcher.search(in_folder(tmp_path, leave_out=[tmp_path / "key"]))
    assert {(leak.where, leak.name) for leak in found} == {
        ("a/.b/file", "token 0"), ("the name another-canary.json", "other 1"),
    }  # fmt: skip


@pytest.mark.parametrize("value", [SECRET, json.dumps({"a": SECRET}), SECRET.encode()])
def test_rows_of_sqlite_are_looked_at(
    searcher: Searcher, tmp_path: Path, value: str | bytes
) -> None:
    with closing(sqlite3.connect(tmp_path / "state.db")) as connection:
        connection.execute("create table notes (text)")
        connection.execute("insert into notes values (?)", [value])
        connection.commit()
    found = {leak.where for leak in searcher.search(in_folder(tmp_path))}
    assert found == {"state.db", "state.db: table notes"}


def test_rows_of_postgresql_are_looked_at(searcher: Searcher, postgresql_server: Server) -> None:
    schema = "canaries"
    url = f"postgresql://postgres@127.0.0.1:{postgresql_server.port}/postgres"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create schema canaries")
        connection.execute("create table canaries.notes (number int, text jsonb)")
        connection.execute("insert into canaries.notes values (1, %s)", [json.dumps({"a": SECRET})])
    [leak] = searcher.search(in_postgresql(postgresql_server, schema))
    assert leak == Leak(where="canaries: table notes", name="token 0", form=leak.form)


def test_arguments_and_environment_of_processes_are_looked_at(searcher: Searcher) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()', sys.argv[1]])"
    given = {"GIVEN": SECRET}
    with subprocess.Popen(
        [sys.executable, "-c", code, "another-canary"], env=given, stdin=subprocess.PIPE
    ) as process:
        try:
            child = started_by(process.pid)
            places = [each for one in (process.pid, child) for each in in_process(one, given)]
            leaks = searcher.search(places)
            assert [(leak.where, leak.name) for leak in leaks] == [
                (f"arguments of {each}", "other 1") for each in (process.pid, child)
            ]
            leaks = searcher.search(in_process(child, {}))
            assert f"environment of {child}" in {leak.where for leak in leaks}
        finally:
            process.communicate(b"\n")


def started_by(process: int) -> int:
    """The one process that another one started, when it is what it is to be."""
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        for each in list(descendants(process))[1:]:
            if b"input()" in Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0"):
                return each
        time.sleep(0.01)
    raise AssertionError


def test_every_secret_that_crosses_the_wire_is_heard(desk: Desk) -> None:
    with tapped(desk.address.url) as tap:
        desk.config(url=tap.url)
        ended, _ = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
        assert ended.code == 0, ended.err
        heard = set(tap.secrets().values())
    assert heard == {
        "oauth_consumer_key", "oauth_signature", "oauth_token", "oauth_token_secret",
        "oauth_verifier",
    }  # fmt: skip
    searcher = Searcher()
    for value, name in tap.secrets().items():
        searcher.add(**{name: value})
    wire = searcher.search([("wire", said(tap.heard))])
    assert {leak.name for leak in wire} == set(searcher.secrets)


def test_a_spoilt_answer_repeats_what_was_asked(desk: Desk) -> None:
    with tapped(desk.address.url) as tap:
        tap.spoil = echoing("request_token")
        desk.config(url=tap.url)
        typed = "".join(f"{line}\n" for line in desk.consumer)
        ended = desk.run("connect", "x", "--flow", "oauth1", "--pin", typed=typed)
        assert ended.code == 8
        status, page = tap.spoil(tap.heard[0]) or (0, b"")
    assert status == 500
    assert desk.consumer[0].encode() in page
