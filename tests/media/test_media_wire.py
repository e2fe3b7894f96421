"""The calls of an upload, as another reader of HTTP sees them, and what answers to them mean."""

import json
from email.message import Message
from email.parser import BytesParser
from typing import cast

import pytest

from connector.errors import ConfigurationError, CredentialsError
from connector.http import Answer, NoAnswer
from connector.x import media

NOW = 1_800_000_000.0
DATA: dict[str, object] = {
    "id": "1833000111222333444", "media_key": "13_1833000111222333444",
    "expires_after_secs": 1295999,
}  # fmt: skip
BEGIN = media.initialize(media_type="video/mp4", category="amplify_video", total_bytes=9)
APPEND = media.append("1833000111222333444", index=0, segment=b"abc")
STATUS = media.status("1833000111222333444")


def answer(status: int, body: object = None, **headers: str) -> Answer:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=names, body=json.dumps(body).encode())


def reply(
    call: media.Call, status: int, body: object = None, *, scopes: bool = False, **headers: str
) -> media.Reply:
    return media.reply(call, answer(status, body, **headers), now=NOW, has_scopes=scopes)


def told(**data: object) -> media.Told:
    found = reply(STATUS, 200, {"data": DATA | data}).told
    assert found is not None
    return found


def test_an_upload_begins_with_type_category_and_size() -> None:
    call = media.initialize(
        media_type="image/png", category="tweet_image", total_bytes=7, owners=("12", "34")
    )
    assert (call.method, call.path) == ("POST", "/2/media/upload/initialize")
    assert json.loads(call.body) == {
        "media_type": "image/png", "media_category": "tweet_image", "total_bytes": 7,
        "additional_owners": ["12", "34"],
    }  # fmt: skip
    assert "additional_owners" not in json.loads(BEGIN.body)


@pytest.mark.parametrize("segment", [b"", b"\r\n--\r\n\0\xff", bytes(range(256)) * 300])
def test_a_segment_is_a_form_that_any_reader_takes_apart(segment: bytes) -> None:
    call = media.append("77", index=12, segment=segment)
    head = f"Content-Type: {call.content_type}\r\n\r\n".encode()
    parts = cast("list[Message]", BytesParser().parsebytes(head + call.body).get_payload())
    fields = {part.get_param("name", header="content-disposition"): part for part in parts}
    assert call.path == "/2/media/upload/77/append"
    assert fields["segment_index"].get_payload() == "12"
    # The parser of mails would change line ends within: the bytes are compared as they stand.
    assert b"octet-stream\r\n\r\n" + segment + b"\r\n--" in call.body
    assert set(fields) == {"segment_index", "media"}


def test_a_status_is_asked_for_in_the_query() -> None:
    assert STATUS.path == "/2/media/upload?command=STATUS&media_id=1833000111222333444"
    assert media.finalize("77").path == "/2/media/upload/77/finalize"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_takes_a_segment(status: int) -> None:
    assert reply(APPEND, status).meaning == "done"


def test_an_answer_tells_where_the_upload_is() -> None:
    assert reply(BEGIN, 200, {"data": DATA}).told == media.Told(
        media_id="1833000111222333444", media_key="13_1833000111222333444", expires_seconds=1295999
    )
    assert told(size=5).is_whole


@pytest.mark.parametrize(
    ("info", "work", "seconds", "percent"),
    [
        ({"state": "pending", "check_after_secs": 5}, "working", 5.0, 0),
        ({"state": "in_progress", "progress_percent": 40}, "working", 1.0, 40),
        ({"state": "in_progress", "progress_percent": 400}, "working", 1.0, 100),
        ({"state": "pending", "check_after_secs": -1}, "working", 1.0, 0),
        ({"state": "thinking"}, "working", 1.0, 0),
        ({"state": "succeeded", "progress_percent": 100}, "done", 1.0, 100),
        ({"state": "failed", "error": {"name": "InvalidMedia", "code": 1}}, "failed", 1.0, 0),
    ],
)  # fmt: skip
def test_what_x_does_with_a_file_is_told(
    info: dict[str, object], work: str, seconds: float, percent: int
) -> None:
    found = told(processing_info=info)
    assert (found.work, found.check_seconds, found.percent) == (work, seconds, percent)
    assert found.is_whole


def test_of_a_failure_one_word_is_repeated_and_nothing_else() -> None:
    error = {"name": "InvalidMedia", "message": "of ada@example.com"}
    assert told(processing_info={"state": "failed", "error": error}).why == "InvalidMedia"
    error = {"name": "of ada@example.com"}
    assert told(processing_info={"state": "failed", "error": error}).why == "no code"


@pytest.mark.parametrize(
    "body",
    [
        None, [], {"data": []}, {"data": {}}, {"data": DATA | {"id": "../../12/accounts"}},
        {"data": DATA | {"media_key": "x"}}, {"data": DATA | {"media_key": None}},
    ],
)  # fmt: skip
def test_a_beginning_that_is_not_as_documented_is_tried_again(body: object) -> None:
    found = reply(BEGIN, 200, body)
    assert found.meaning == "passing"
    assert "not what X documents" in str(found.error)


def test_a_key_need_not_be_said_again() -> None:
    found = reply(STATUS, 200, {"data": {"id": DATA["id"]}})
    assert found.meaning == "done"
    assert found.told is not None
    assert found.told.media_key == ""


@pytest.mark.parametrize("status", [408, 423, 425, 429, 500, 502, 503, 504])
def test_what_passes_by_itself_may_be_sent_again(status: int) -> None:
    found = reply(APPEND, status, {"title": "x"}, retry_after="7")
    assert (found.meaning, found.seconds) == ("passing", 7.0)
    assert str(found.error).startswith(f"X Ads POST media/upload/:id/append: {status} no code: ")


def test_no_answer_may_be_sent_again_whether_it_left_or_not() -> None:
    for left in (True, False):
        found = media.reply(APPEND, NoAnswer(left=left, why="the connection failed"), now=NOW)
        assert found.meaning == "passing"


def test_an_upload_that_x_does_not_know_is_gone_and_a_beginning_is_refused() -> None:
    assert reply(APPEND, 404).meaning == "gone"
    assert reply(STATUS, 404).meaning == "gone"
    assert reply(BEGIN, 404).meaning == "refused"


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_file_that_x_refuses_is_the_users_to_change(status: int) -> None:
    found = reply(BEGIN, status, {"errors": [{"message": "of ada@example.com"}]})
    assert found.meaning == "refused"
    assert isinstance(found.error, ConfigurationError)
    assert "X does not take the file" in str(found.error)
    assert "ada" not in str(found.error)
    assert "again" not in str(found.error)
    assert "again: it begins anew" in str(reply(APPEND, status).error)


def test_a_token_without_the_scope_for_uploads_says_so() -> None:
    found = reply(BEGIN, 403, {"title": "Forbidden"}, scopes=True)
    assert isinstance(found.error, CredentialsError)
    assert "media.write; run `connector connect NAME --flow oauth1`" in str(found.error)
    assert "media.write" not in str(reply(BEGIN, 403, {"title": "Forbidden"}).error)


def test_credentials_that_x_knows_a_word_for_are_told_by_it() -> None:
    body = {"errors": [{"code": 215, "message": "Bad Authentication data."}]}
    assert "credentials are missing" in str(reply(BEGIN, 400, body).error)
