"""`connector media upload` as a shell runs it."""

import os
import pty
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from campaigns.bureau import Bureau
from campaigns.conftest import MakeBureau
from commands import Call, called
from media.files import PNG, calls, digest, library, made, sent, video, whole
from media.test_media_resuming import command, until
from shop import Ended, clean_environment

from connector import api
from connector.http import Answer, Request, Session


def run(bureau: Bureau, *words: str) -> Ended:
    call = Call(
        words=("media", "upload", *words), folder=str(bureau.folder),
        environment=clean_environment(),
    )  # fmt: skip
    code, out, err = called(call)
    return Ended(code=code, out=out, err=err)


def test_a_file_is_told_as_a_document(bureau: Bureau) -> None:
    path = made(bureau.folder / "photo.png", PNG, 3000)
    ended = run(bureau, "photo.png", "--json", "--name", "Photo", "--title", "T")
    [row] = library(bureau, "photo.png")
    assert ended.code == 0, ended.err
    told = ended.json
    assert told.pop("data")[0]["name"] == "Photo"
    assert told == {
        "status": "created", "id": row["media_key"], "connection": "x", "live": True,
        "file": {
            "name": "photo.png", "media_type": "image/png", "category": "tweet_image",
            "size": 3000, "sha256": digest(path),
        },
        "segments": {"total": 1, "sent": 1, "before": 0}, "requests": [], "remarks": [],
    }  # fmt: skip
    assert run(bureau, "photo.png", "--json").json["status"] == "adopted"


def test_a_file_is_told_to_people_in_two_lines(bureau: Bureau) -> None:
    video(bureau)
    ended = run(bureau, "clip.mp4", "--media-category", "tweet_video")
    [row] = library(bureau)
    assert ended.out.splitlines() == [
        "clip.mp4: video/mp4, 6,291,456 bytes, tweet_video",
        f"media {row['media_key']} is in the library",
    ]


def test_each_step_is_told_to_whom_it_interests(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(processing_seconds=1)
    video(bureau, segments=1)
    err = run(bureau, "clip.mp4", "-v").err
    for text in (*api.UPLOAD_STEPS.values(), api.WRITE_STEPS["done"]):
        assert text in err


def test_owners_are_said_to_x_and_part_of_what_is_meant(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(processing_seconds=0)
    video(bureau)
    first = run(bureau, "clip.mp4", "--additional-owners", "12, 34", "--json")
    again = run(bureau, "clip.mp4", "--additional-owners", "12,34", "--json")
    assert (first.code, again.json["status"]) == (0, "adopted")
    assert run(bureau, "clip.mp4", "--json").json["status"] == "created"


@pytest.mark.parametrize("mode", [(), ("--json",)])
def test_a_rehearsal_says_so_first_and_last_and_sends_nothing(
    bureau: Bureau, mode: tuple[str, ...]
) -> None:
    bureau.configure(live="false")
    video(bureau)
    ended = run(bureau, "clip.mp4", *mode)
    lines = ended.err.splitlines()
    assert ended.code == 0
    assert "is not live" in lines[0]
    assert "is not live" in lines[-1]
    assert "dry-" in ended.out
    assert (calls(bureau), library(bureau)) == ({}, [])
    assert all(len(line) <= 100 for line in ended.out.splitlines() if not mode)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing.mp4",), "nothing.mp4 is no file"),
        (("large.png",), "large.png has 6.00 MB, and X takes an image of 5 MB at most"),
        (("config.yaml",), "config.yaml is nothing that X takes"),
        (("small.png", "--media-category", "tweet_gif"), "goes as tweet_image, not as tweet_gif"),
        (("small.png", "--title", "x" * 256), "title: has 256 characters"),
        (("small.png", "--additional-owners", "12,ada"), "'ada' is no id of a user"),
        (("small.png", "--connection", "y"), "there is no connection 'y' to X Ads"),
    ],
)
def test_what_the_user_must_change_ends_with_2_before_anything_leaves(
    bureau: Bureau, words: tuple[str, ...], said: str
) -> None:
    made(bureau.folder / "large.png", PNG, 6 * 1024 * 1024)
    made(bureau.folder / "small.png", PNG, 600)
    ended = run(bureau, *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert calls(bureau) == {}


def test_credentials_that_x_does_not_take_end_with_5(bureau: Bureau) -> None:
    facts = bureau.address.describe()["oauth1"]
    assert isinstance(facts, dict)
    secrets = ", ".join(f"{key}: sim-{key}" for key in facts)
    bureau.configure(auth=f"{{oauth1: {{{secrets}}}}}")
    video(bureau)
    assert run(bureau, "clip.mp4").code == 5
    assert sent(bureau) == []


def test_a_token_of_a_pixel_is_not_enough_and_says_what_is(bureau: Bureau) -> None:
    bureau.configure(auth="{pixel_token: sim-x}")
    video(bureau)
    ended = run(bureau, "clip.mp4")
    assert ended.code == 2
    assert "--flow oauth1" in ended.err


def test_a_signal_ends_with_7_and_the_next_command_goes_on(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(latency_seconds=0.03, processing_seconds=0)
    path = video(bureau, segments=8)
    with command(bureau, path.name) as running:
        until(lambda: calls(bureau).get("append", 0) >= 2)
        running.send_signal(signal.SIGTERM)
        _, err = running.communicate()
    assert running.returncode == 7, err
    assert "run the same command again" in err
    ended = run(bureau, path.name, "--json")
    assert ended.json["segments"]["before"] >= 2
    assert whole(bureau) == [digest(path)]


def test_a_bar_counts_kilobytes_on_a_terminal(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(latency_seconds=0.15, processing_seconds=1)
    video(bureau, segments=5)
    descriptor, other = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "connector", "media", "upload", "clip.mp4"], cwd=bureau.folder,
        env=clean_environment() | {"TERM": "xterm", "COLUMNS": "100"}, stdin=other, stdout=other,
        stderr=other,
    ) as process:  # fmt: skip
        os.close(other)
        shown = _all_of(descriptor)
    os.close(descriptor)
    assert process.returncode == 0, shown
    assert "Uploading clip.mp4" in shown
    assert "/10486" in shown
    assert "kB/s" in shown
    assert "X works on clip.mp4" in shown
    assert "rows" not in shown


def _all_of(descriptor: int) -> str:
    shown = b""
    while True:
        try:
            more = os.read(descriptor, 65_536)
        except OSError:  # how a terminal says that nobody writes any more
            return shown.decode()
        shown += more


def test_a_segment_takes_longer_than_a_block_of_it_may() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    size, got = 2_000_000, [0]

    def slowly() -> None:
        connection, _ = listener.accept()
        with connection:
            while got[0] < size:
                got[0] += len(connection.recv(32_768))
                time.sleep(0.012)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    thread = threading.Thread(target=slowly, daemon=True)
    thread.start()
    session = Session(connect=0.5)
    began = time.monotonic()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    answer = session.send(Request(url=url, headers={}, body=bytes(size)))
    took = time.monotonic() - began
    session.close()
    thread.join()
    listener.close()
    assert isinstance(answer, Answer)
    assert took > 0.6
