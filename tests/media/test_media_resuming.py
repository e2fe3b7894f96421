"""Uploads are killed at each step and at any moment: the library has each file once."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from campaigns.bureau import Bureau, Killed, Telling
from campaigns.conftest import MakeBureau
from commands import Call, Command, started
from media.files import calls, digest, library, upload, video, whole
from shop import clean_environment
from taps import Tap, tapped

from connector import api
from connector.errors import ConfigurationError, StoppedError

STEPS = [
    *((step, 1) for step in api.UPLOAD_STEPS),
    ("appended", 2),
    ("appended", 3),
    *((step, 1) for step in ("planned", "sent", "answered", "done")),
]
PATIENCE_SECONDS = 60


@pytest.fixture
def kept_in(make_bureau: MakeBureau, url: str) -> Bureau:
    """A project whose state is in a file, then in PostgreSQL."""
    bureau = make_bureau()
    bureau.state = url
    return bureau.open()


@pytest.mark.parametrize(("step", "count"), STEPS)
def test_a_command_that_dies_at_a_step_is_gone_on_with(
    kept_in: Bureau, step: str, count: int
) -> None:
    path = video(kept_in)
    kept_in.killing(step, count)
    with pytest.raises(Killed):
        upload(kept_in, path)
    kept_in.telling = Telling()
    uploaded = upload(kept_in, path)
    assert whole(kept_in) == [digest(path)]
    assert [row["media_key"] for row in library(kept_in)] == [uploaded.media_key]
    assert calls(kept_in)["append"] == 3
    assert uploaded.before + uploaded.sent == 3


def test_a_segment_whose_answer_nobody_kept_is_sent_again(bureau: Bureau) -> None:
    path = video(bureau)

    def answered(step: str) -> None:
        if step == "begun":
            bureau.shares["reset_after_commit"] = 1.0

    def pause(_seconds: float) -> None:
        raise Killed

    bureau.telling.after = answered
    with pytest.raises(Killed):
        upload(bureau, path, pause=pause)
    bureau.shares.clear()
    uploaded = upload(bureau, path)
    assert (uploaded.before, uploaded.sent) == (0, 3)
    assert whole(bureau) == [digest(path)]


@contextmanager
def spoiling(bureau: Bureau) -> Iterator[Tap]:
    """What stands between the project and X."""
    real = bureau.address
    with tapped(real.url) as tap:
        bureau.address = replace(real, url=tap.url)
        bureau.configure()
        yield tap
    bureau.address = real


def test_an_upload_that_x_does_not_know_any_more_begins_anew(bureau: Bureau) -> None:
    path = video(bureau)
    with spoiling(bureau) as tap:
        with pytest.raises(StoppedError):
            upload(bureau, path, stopping=lambda: "appended" in bureau.telling.steps)
        refused = iter([True])
        tap.spoil = lambda heard: (
            (404, b"{}") if heard.path.endswith("/append") and next(refused, False) else None
        )
        uploaded = upload(bureau, path)
    assert (uploaded.before, uploaded.sent) == (0, 3)
    assert [one for one in bureau.telling.warnings if "beginning anew" in one]


def test_an_upload_that_x_refuses_to_go_on_with_begins_anew_with_the_next_command(
    bureau: Bureau,
) -> None:
    path = video(bureau)
    with spoiling(bureau) as tap:
        with pytest.raises(StoppedError):
            upload(bureau, path, stopping=lambda: "appended" in bureau.telling.steps)
        tap.spoil = lambda heard: (400, b"{}") if heard.path.endswith("/append") else None
        with pytest.raises(ConfigurationError, match="run the same command again: it begins anew"):
            upload(bureau, path)
        tap.spoil = lambda _heard: None
        uploaded = upload(bureau, path)
    assert (uploaded.before, uploaded.sent) == (0, 3)
    assert whole(bureau) == [digest(path)]


def test_a_file_that_the_library_does_not_know_is_sent_anew_by_the_next_command(
    bureau: Bureau,
) -> None:
    path, unknown = video(bureau), json.dumps({"errors": [{"code": "MEDIA_NOT_FOUND"}]}).encode()
    with spoiling(bureau) as tap:
        tap.spoil = lambda heard: (404, unknown) if heard.path.endswith("/media_library") else None
        with pytest.raises(ConfigurationError, match="the same command now sends the file anew"):
            upload(bureau, path)
        tap.spoil = lambda _heard: None
        uploaded = upload(bureau, path)
    assert (uploaded.before, uploaded.sent) == (0, 3)
    assert uploaded.media_key in {row["media_key"] for row in library(bureau)}


@contextmanager
def command(bureau: Bureau, *words: str) -> Iterator[Command]:
    call = Call(
        words=("media", "upload", *words), folder=str(bureau.folder),
        environment=clean_environment(),
    )  # fmt: skip
    with started(call) as running:
        yield running


def until(happens: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        assert time.monotonic() < ends
        time.sleep(0.005)


def test_a_process_that_is_killed_anywhere_is_gone_on_with(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(latency_seconds=0.02, processing_seconds=0)
    path = video(bureau, segments=9.5)
    for appended in (2, 5, 8):
        with command(bureau, path.name) as running:
            until(lambda least=appended: calls(bureau).get("append", 0) >= least)  # type: ignore[misc]
            running.kill()
            running.wait()
    with command(bureau, path.name, "--json") as running:
        out, err = running.communicate()
    assert running.returncode == 0, err
    assert '"status": "created"' in out
    assert "segments already; going on" in err
    assert whole(bureau) == [digest(path)]
    assert len(library(bureau)) == 1
    assert 10 <= calls(bureau)["append"] <= 13


def test_two_commands_at_once_send_a_file_once(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(latency_seconds=0.02, processing_seconds=0)
    path = video(bureau)
    with command(bureau, path.name, "--json") as one, command(bureau, path.name, "--json") as two:
        ends = [running.communicate() for running in (one, two)]
        codes = [running.returncode for running in (one, two)]
    assert codes == [0, 0], ends
    assert sorted('"adopted"' in out for out, _ in ends) == [False, True]
    assert calls(bureau)["append"] == 3
    assert len(library(bureau)) == 1
