"""Files that come by X's old way, and by commands on the path of the new one."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from manager import UNLIMITED, Manager, managed

from connector.simulator.settings import Settings

OLD, NEW = "/1.1/media/upload.json", "/2/media/upload"
FILE = bytes(range(256)) * 40 + b"\r\n--x\r\n"


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """A simulator that works on files for no time at all."""
    with managed(Settings(processing_seconds=0, limits=UNLIMITED)) as one:
        yield one


def facts(category: str = "TWEET_IMAGE") -> dict[str, Any]:
    return {"media_type": "image/png", "total_bytes": len(FILE), "media_category": category}


def old(manager: Manager, *, media: bytes | None = None, **fields: object) -> requests.Response:
    """A call of the old way, its command in the query as X's examples have it."""
    files = None if media is None else {"media": media}
    return manager.session.post(
        manager.url(OLD), params={k: str(v) for k, v in fields.items()}, files=files, timeout=5
    )


def test_the_old_way_ends_in_the_same_library(manager: Manager) -> None:
    answer = old(manager, command="INIT", **facts())
    assert answer.status_code == 202
    media = answer.json()
    assert media["media_id_string"] == str(media["media_id"])
    id_ = media["media_id_string"]
    for index in range(2):
        piece = FILE[index * 5000 : 5000 if index == 0 else None]
        answer = old(manager, command="APPEND", media_id=id_, segment_index=index, media=piece)
        assert (answer.status_code, answer.content) == (204, b"")
    answer = old(manager, command="FINALIZE", media_id=id_)
    assert (answer.status_code, answer.json()["size"]) == (201, len(FILE))
    status = manager.session.get(
        manager.url(OLD), params={"command": "STATUS", "media_id": id_}, timeout=5
    )
    assert status.json()["media_key"] == media["media_key"]
    assert manager.done("POST", "media_library", media_key=media["media_key"])


def test_the_old_way_takes_its_command_in_the_body(manager: Manager) -> None:
    form = {"command": "INIT", **{k: str(v) for k, v in facts().items()}}
    media = manager.session.post(manager.url(OLD), data=form, timeout=5).json()
    answer = manager.session.post(
        manager.url(OLD), files={"media": FILE}, timeout=5,
        data={"command": "APPEND", "media_id": media["media_id_string"], "segment_index": "0"},
    )  # fmt: skip
    assert answer.status_code == 204


def test_a_key_is_told_only_where_a_category_was(manager: Manager) -> None:
    answer = old(manager, command="INIT", **facts(""))
    assert "media_key" not in answer.json()


def test_a_small_file_may_come_at_once(manager: Manager) -> None:
    media = old(manager, media=b"GIF89a", media_category="tweet_gif").json()
    assert media["media_key"].startswith("16_")
    assert media["size"] == 6
    assert old(manager, media_category="tweet_gif").status_code == 400


@pytest.mark.parametrize("command", ["BEGIN", "STATUS"])
def test_a_command_that_the_old_way_does_not_have_is_refused(
    manager: Manager, command: str
) -> None:
    answer = old(manager, command=command, media_id="1")
    assert answer.status_code == 400
    assert "command" in answer.json()["error"]


def commanded(manager: Manager, *, media: bytes | None = None, **form: object) -> requests.Response:
    """A call of X's quick start: the new path, all in a form."""
    files = None if media is None else {"media": media}
    data = {name: str(value) for name, value in form.items()}
    return manager.session.post(manager.url(NEW), data=data, files=files, timeout=5)


def test_the_new_path_takes_commands_and_answers_as_its_steps_do(manager: Manager) -> None:
    media = commanded(manager, command="INIT", **facts("tweet_image")).json()["data"]
    for index in range(2):
        piece = FILE[index * 5000 : 5000 if index == 0 else None]
        appended = commanded(
            manager, command="APPEND", media_id=media["id"], segment_index=index, media=piece
        )
        assert appended.status_code == 200
    whole = commanded(manager, command="FINALIZE", media_id=media["id"]).json()["data"]
    assert (whole["media_key"], whole["size"]) == (media["media_key"], len(FILE))
    assert manager.done("POST", "media_library", media_key=media["media_key"])


def test_the_new_path_takes_a_small_file_at_once(manager: Manager) -> None:
    data = commanded(manager, media=b"GIF89a", media_category="tweet_gif").json()["data"]
    assert (data["media_key"][:3], data["size"]) == ("16_", 6)


@pytest.mark.parametrize("form", [{"command": "BEGIN"}, {"media_category": "tweet_gif"}])
def test_what_the_new_path_does_not_take_is_refused_in_its_form(
    manager: Manager, form: dict[str, Any]
) -> None:
    answer = commanded(manager, **form)
    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid Request")


@pytest.mark.parametrize("path", [OLD, NEW, f"{NEW}/initialize"])
def test_an_upload_that_comes_too_often_is_told_by_number(path: str) -> None:
    with managed(Settings(faults={"rate_limited": 1.0})) as limited:
        answer = limited.session.post(limited.url(path), timeout=5)
    assert answer.status_code == 429
    assert answer.json() == {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
    assert int(answer.headers["x-rate-limit-reset"])
