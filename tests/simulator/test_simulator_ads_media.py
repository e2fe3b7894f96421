"""Files on their way into the media library."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from manager import UNLIMITED, Manager, managed
from starlette.requests import Request

from connector.simulator.envelope import RefusedError
from connector.simulator.media_route import _begun, _fields, _problem, _upload
from connector.simulator.settings import Settings
from connector.simulator.simulation import new_simulation

V2 = "/2/media/upload"
JSON_HEADERS = [(b"content-type", b"application/json")]
FILE = bytes(range(256)) * 40 + b"\r\n--x\r\n"


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """A simulator that works on videos for no time at all."""
    with managed(Settings(processing_seconds=0, limits=UNLIMITED)) as one:
        yield one


def facts(category: str = "tweet_image", kind: str = "image/png", **more: object) -> dict[str, Any]:
    return {"media_type": kind, "total_bytes": len(FILE), "media_category": category, **more}


def begun(manager: Manager, **changes: object) -> dict[str, Any]:
    answer = manager.ask("POST", f"{V2}/initialize", json=facts() | changes)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def append(manager: Manager, id_: str, index: object, piece: bytes) -> requests.Response:
    return manager.session.post(
        manager.url(f"{V2}/{id_}/append"),
        files={"media": piece}, data={"segment_index": str(index)}, timeout=5,
    )  # fmt: skip


def finalized(manager: Manager, id_: str) -> requests.Response:
    return manager.ask("POST", f"{V2}/{id_}/finalize")


def uploaded(manager: Manager, **changes: object) -> dict[str, Any]:
    """A file that is whole, in two pieces that come the wrong way round."""
    media = begun(manager, **changes)
    for index in (1, 0):
        piece = FILE[index * 5000 : 5000 if index == 0 else None]
        assert append(manager, media["id"], index, piece).status_code == 200
    answer = finalized(manager, media["id"])
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


def arrived(manager: Manager, key: str) -> dict[str, Any]:
    files = requests.get(f"{manager.address.url}/_simulator/media", timeout=5).json()["files"]
    return next(one for one in files if one["media_key"] == key)


def test_a_file_arrives_as_it_was_and_goes_into_the_library(manager: Manager) -> None:
    media = uploaded(manager)
    assert media["media_key"] == f"3_{media['id']}"
    assert media["size"] == len(FILE)
    assert "processing_info" not in media
    assert arrived(manager, media["media_key"])["sha256"] == hashlib.sha256(FILE).hexdigest()
    row = manager.done("POST", "media_library", media_key=media["media_key"], name="pots")
    assert {
        "media_key": media["media_key"], "name": "pots", "media_type": "IMAGE",
        "media_category": "TWEET_IMAGE", "media_status": "TRANSCODE_COMPLETED", "tweeted": False,
        "deleted": False,
    }.items() <= row.items()  # fmt: skip
    assert row in manager.rows("media_library", q="pots", media_type="IMAGE")
    assert manager.rows("media_library", media_keys=media["media_key"]) == [row]


@pytest.mark.parametrize(
    ("category", "kind", "prefix"),
    [
        ("tweet_gif", "image/gif", "16_"),
        ("tweet_video", "video/mp4", "7_"),
        ("AMPLIFY_VIDEO", "video/quicktime", "13_"),
        ("", "video/mp4", "7_"),
    ],
)
def test_a_media_key_begins_with_its_category(
    manager: Manager, category: str, kind: str, prefix: str
) -> None:
    assert begun(manager, media_category=category, media_type=kind)["media_key"].startswith(prefix)


def test_an_upload_finalized_again_is_as_it_was(manager: Manager) -> None:
    media = uploaded(manager)
    assert finalized(manager, media["id"]).json()["data"] == media
    assert append(manager, media["id"], 2, b"late").status_code == 400


def test_a_piece_that_comes_again_takes_the_place_of_the_first(manager: Manager) -> None:
    media = begun(manager)
    for piece in (FILE[:10], FILE):
        append(manager, media["id"], 0, piece)
    assert finalized(manager, media["id"]).status_code == 200


@pytest.mark.parametrize("indices", [[0], [0, 2], [1]])
def test_a_file_that_lacks_a_piece_is_not_whole(manager: Manager, indices: list[int]) -> None:
    media = begun(manager)
    for index in indices:
        append(manager, media["id"], index, FILE[index * 5000 : (index + 1) * 5000])
    answer = finalized(manager, media["id"])
    assert answer.status_code == 400
    assert "egments" in answer.json()["detail"]
    assert not arrived(manager, media["media_key"])["is_whole"]
    refused = manager.refused("POST", "media_library", media_key=media["media_key"])
    assert refused == (404, "MEDIA_NOT_FOUND", "media_key")


@pytest.mark.parametrize(
    "changes",
    [
        {"media_type": None},
        {"total_bytes": None},
        {"total_bytes": "many"},
        {"total_bytes": 5 * 1024 * 1024 + 1},
        {"media_category": "poster"},
        {"media_type": "video/mp4"},
        {"media_type": "text/plain", "media_category": None},
    ],
)
def test_a_file_that_x_does_not_take_is_refused(
    manager: Manager, changes: dict[str, object]
) -> None:
    answer = manager.ask("POST", f"{V2}/initialize", json=facts() | changes)
    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid Request"


@pytest.mark.parametrize(
    ("index", "piece"),
    [("", b"x"), ("x", b"x"), (1000, b"x"), (0, b""), (0, b"x" * (5 * 1024 * 1024 + 1))],
    ids=["none", "no number", "too many", "empty", "too large"],
)
def test_a_piece_that_x_does_not_take_is_refused(
    manager: Manager, index: object, piece: bytes
) -> None:
    assert append(manager, begun(manager)["id"], index, piece).status_code == 400


def test_a_piece_without_a_file_is_refused(manager: Manager) -> None:
    path = f"{V2}/{begun(manager)['id']}/append"
    assert manager.ask("POST", path, json={"segment_index": 0}).status_code == 400


def test_what_was_not_begun_is_not_there(manager: Manager) -> None:
    assert append(manager, "1", 0, b"x").status_code == 404
    assert finalized(manager, "1").status_code == 404
    assert manager.ask("GET", V2, command="STATUS", media_id="1").status_code == 404
    assert manager.ask("GET", V2, command="INIT", media_id="1").status_code == 400
    stranger = manager.as_user("analyst")
    assert finalized(stranger, begun(manager)["id"]).status_code == 404


def test_a_video_is_in_the_works_for_a_while() -> None:
    with managed(Settings(processing_seconds=2, limits=UNLIMITED)) as slow:
        media = uploaded(slow, **facts("amplify_video", "video/mp4"))
        assert media["processing_info"]["state"] == "pending"
        assert media["processing_info"]["check_after_secs"] == 1
        slow.done("POST", "media_library", media_key=media["media_key"])
        path = f"media_library/{media['media_key']}"
        assert slow.done("GET", path)["media_status"] == "TRANSCODE_PENDING"
        params = {"as_user_id": slow.user_id, "media_keys": media["media_key"]}
        assert slow.refused("POST", "tweet", **params) == (400, "INVALID_MEDIA", "media_keys")
        states: list[str] = []
        while states[-1:] != ["succeeded"]:
            info = slow.done("GET", V2, command="STATUS", media_id=media["id"])["processing_info"]
            states.append(info["state"])
            time.sleep(0.2)
        assert set(states) == {"pending", "in_progress", "succeeded"}
        assert slow.done("GET", path)["media_status"] == "TRANSCODE_COMPLETED"
        assert slow.done("POST", "tweet", **params)


def test_a_video_that_cannot_be_processed_says_so() -> None:
    modes = frozenset({"processing_fails"})
    with managed(Settings(modes=modes, processing_seconds=0, limits=UNLIMITED)) as failing:
        media = uploaded(failing, **facts("tweet_video", "video/mp4"))
        time.sleep(1)
        told = failing.done("GET", V2, media_id=media["id"])["processing_info"]
        assert (told["state"], told["error"]["name"]) == ("failed", "InvalidMedia")
        row = failing.done("POST", "media_library", media_key=media["media_key"])
        assert row["media_status"] == "TRANSCODE_FAILED"
        image = uploaded(failing)
        row = failing.done("POST", "media_library", media_key=image["media_key"])
        assert row["media_status"] == "TRANSCODE_COMPLETED"


def test_the_library_is_changed_and_deleted_by_media_key(manager: Manager) -> None:
    key, poster = uploaded(manager)["media_key"], uploaded(manager)["media_key"]
    assert manager.refused("POST", "media_library")[1:] == ("MISSING_PARAMETER", "media_key")
    for one in (key, poster):
        manager.done("POST", "media_library", media_key=one)
    again = manager.done("POST", "media_library", media_key=key, name="again")
    assert again["name"] == "again"
    path = f"media_library/{key}"
    changed = manager.done("PUT", path, title="Pots", poster_media_key=poster)
    assert (changed["title"], changed["poster_media_key"]) == ("Pots", poster)
    assert manager.done("PUT", path, title="")["title"] is None
    assert manager.refused("PUT", path, poster_media_key="3_1")[:2] == (404, "MEDIA_NOT_FOUND")
    video = next(row for row in manager.rows("media_library") if row["media_type"] == "VIDEO")
    refused = manager.refused("PUT", path, poster_media_key=video["media_key"])
    assert refused == (400, "INVALID_MEDIA", "poster_media_key")
    assert manager.done("DELETE", path)["deleted"] is True
    assert manager.refused("DELETE", path)[:2] == (404, "MEDIA_NOT_FOUND")


def test_an_upload_needs_credentials(manager: Manager) -> None:
    answer = requests.post(manager.url(f"{V2}/initialize"), json=facts(), timeout=5)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 215)


def test_a_token_of_oauth_2_needs_the_scope_for_media(
    manager: Manager, sent_back: Callable[..., dict[str, str]]
) -> None:
    app = next(iter(manager.address.world.apps.values()))
    callback = "http://localhost:8765/"
    for scope, status in (("ads.read ads.write", 403), ("media.write", 200)):
        url = (
            f"{manager.address.url}/2/oauth2/authorize?response_type=code&scope={scope}"
            f"&client_id={app.client_id}&redirect_uri={callback}&code_challenge=x"
        )
        form = {
            "grant_type": "authorization_code", "code": sent_back(url)["code"],
            "redirect_uri": callback, "code_verifier": "x",
        }  # fmt: skip
        token = requests.post(
            f"{manager.address.url}/2/oauth2/token", data=form, timeout=5,
            auth=(app.client_id, app.client_secret),
        ).json()["access_token"]  # fmt: skip
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.post(
            manager.url(f"{V2}/initialize"), json=facts(), headers=headers, timeout=5
        )
        assert answer.status_code == status


def test_an_upload_is_forgotten_after_fifteen_days() -> None:
    now = [1_790_000_000.0]
    simulation = new_simulation(Settings(), clock=lambda: now[0])
    user = next(iter(simulation.world.users.values()))
    begin = Request({"type": "http", "query_string": b"", "headers": JSON_HEADERS})
    fields = _fields(begin, json.dumps(facts()).encode())
    upload = _begun(simulation, user, fields, refuse=_problem)
    now[0] += 1_295_998
    assert _upload(simulation, user, str(upload.id), refuse=_problem) is upload
    now[0] += 1
    with pytest.raises(RefusedError, match="404"):
        _upload(simulation, user, str(upload.id), refuse=_problem)
