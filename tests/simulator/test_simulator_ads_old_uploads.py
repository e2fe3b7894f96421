"""Files that come by X's old way."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from manager import UNLIMITED, Manager, managed

from connector.simulator.settings import Settings

OLD = "/1.1/media/upload.json"
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
