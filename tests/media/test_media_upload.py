"""Files on their way to a simulated X, which fails now and then."""

from pathlib import Path

import pytest
from campaigns.bureau import Bureau
from campaigns.conftest import MakeBureau
from media.files import (
    GIF,
    MP4,
    PNG,
    calls,
    digest,
    library,
    made,
    sent,
    upload,
    video,
    whole,
)

from connector.api import transferring
from connector.errors import (
    ConfigurationError,
    CredentialsError,
    StoppedError,
    UnreachableError,
)

REPEATED = ("reset", "reset_after_commit", "error_500_after_commit", "unavailable", "rate_limited")


def test_a_video_arrives_as_it_is_and_is_in_the_library_once(bureau: Bureau) -> None:
    path = video(bureau)
    uploaded = upload(bureau, path, texts={"name": "Pots", "title": "All pots"})
    [row] = library(bureau)
    assert whole(bureau) == [digest(path)]
    assert (uploaded.status, uploaded.segments, uploaded.sent) == ("created", 3, 3)
    assert (row["name"], row["title"]) == ("Pots", "All pots")
    assert row["media_key"] == uploaded.media_key
    assert row["media_status"] == "TRANSCODE_COMPLETED"


@pytest.mark.parametrize(
    ("head", "name", "category"),
    [
        (PNG, "photo.txt", "TWEET_IMAGE"), (GIF, "moves.png", "TWEET_GIF"),
        (MP4, "clip", "AMPLIFY_VIDEO"),
    ],
)  # fmt: skip
def test_a_file_goes_as_what_it_is_whatever_it_is_called(
    bureau: Bureau, head: bytes, name: str, category: str
) -> None:
    upload(bureau, made(bureau.folder / name, head, 1000))
    assert [one["media_category"] for one in sent(bureau)] == [category]
    assert [row["media_category"] for row in library(bureau, name)] == [category]


def test_an_image_is_not_asked_after(bureau: Bureau) -> None:
    upload(bureau, made(bureau.folder / "photo.png", PNG, 1000))
    assert calls(bureau) == {"initialize": 1, "append": 1, "finalize": 1}


def test_the_same_file_again_sends_nothing(bureau: Bureau) -> None:
    first = upload(bureau, video(bureau))
    before = calls(bureau)
    again = upload(bureau, video(bureau, name="other name.mp4"))
    assert calls(bureau) == before
    assert (again.status, again.media_key, again.sent) == ("adopted", first.media_key, 0)
    assert len(library(bureau)) == 1
    assert "in the library" in again.remarks[0]


def test_words_that_the_library_has_otherwise_are_not_dropped_in_silence(bureau: Bureau) -> None:
    upload(bureau, video(bureau), texts={"name": "Pots", "title": "All pots"})
    again = upload(bureau, video(bureau), texts={"name": "Pots", "title": "Others"})
    [row] = library(bureau)
    assert (row["name"], row["title"]) == ("Pots", "All pots")
    [remark] = again.remarks
    assert f"with another title: `connector media update {row['media_key']}`" in remark


def test_what_was_taken_out_of_the_library_comes_back_without_being_sent(bureau: Bureau) -> None:
    first = upload(bureau, video(bureau))
    bureau.stranger.done("DELETE", f"media_library/{first.media_key}")
    again = upload(bureau, video(bureau))
    assert (again.status, again.sent) == ("created", 0)
    assert calls(bureau)["append"] == 3
    assert len(library(bureau)) == 1


def test_another_file_and_another_category_are_others(bureau: Bureau) -> None:
    keys = {
        upload(bureau, video(bureau)).media_key,
        upload(bureau, video(bureau, seed=2)).media_key,
        upload(bureau, video(bureau), category="tweet_video").media_key,
        upload(bureau, video(bureau), owners=("1402998877",)).media_key,
    }
    assert len(keys) == 4


@pytest.mark.parametrize("fault", REPEATED)
def test_a_file_arrives_whatever_happens_to_each_call(bureau: Bureau, fault: str) -> None:
    path = video(bureau, segments=4.5)
    bureau.shares[fault] = 0.35
    uploaded = upload(bureau, path)
    bureau.shares.clear()
    assert whole(bureau) == [digest(path)]
    assert [row["media_key"] for row in library(bureau)] == [uploaded.media_key]


def test_what_x_asks_to_wait_is_waited(bureau: Bureau) -> None:
    faults = iter([{"unavailable": 1.0}, {}])

    def after(step: str) -> None:
        if step == "appended":
            bureau.shares.clear()
            bureau.shares.update(next(faults, {}))

    def pause(seconds: float) -> None:
        bureau.shares.clear()
        bureau.pause(seconds)

    bureau.telling.after = after
    upload(bureau, video(bureau, segments=2), pause=pause)
    assert 1.0 in bureau.waited


def test_a_dead_network_ends_the_command_and_the_next_one_goes_on(bureau: Bureau) -> None:
    def after(step: str) -> None:
        if step == "appended":
            bureau.shares["reset"] = 1.0

    bureau.telling.after = after
    path = video(bureau, segments=3)
    with pytest.raises(UnreachableError, match="run the same command again"):
        upload(bureau, path)
    assert bureau.waited == list(transferring.WAITS)
    bureau.shares.clear()
    bureau.telling.after = lambda _step: None
    uploaded = upload(bureau, path)
    assert (uploaded.before, uploaded.sent) == (1, 2)
    assert whole(bureau) == [digest(path)]


def test_x_works_on_a_video_and_is_asked_as_seldom_as_it_says(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(processing_seconds=30)
    upload(bureau, video(bureau, segments=1))
    assert 29 <= len(bureau.waited) <= 31
    assert set(bureau.waited) == {1.0}


def test_a_video_that_x_works_on_for_ever_is_left_and_not_sent_again(
    make_bureau: MakeBureau,
) -> None:
    bureau = make_bureau(processing_seconds=transferring.WORKING_SECONDS + 60)
    path = video(bureau, segments=1)
    with pytest.raises(UnreachableError, match="still works on"):
        upload(bureau, path)
    assert library(bureau) == []
    uploaded = upload(bureau, path)
    assert (uploaded.status, uploaded.sent, uploaded.before) == ("created", 0, 1)


def test_a_video_that_x_can_not_process_is_not_in_the_library_and_may_be_sent_anew(
    make_bureau: MakeBureau,
) -> None:
    bureau = make_bureau(modes=frozenset({"processing_fails"}))
    for number in (1, 2):
        with pytest.raises(
            ConfigurationError, match=r"200 InvalidMedia: X can't process clip\.mp4"
        ):
            upload(bureau, video(bureau))
        assert calls(bureau)["append"] == 3 * number
    assert library(bureau) == []


def test_an_upload_that_x_forgot_begins_anew(bureau: Bureau) -> None:
    def after(step: str) -> None:
        if step == "appended":
            bureau.shares["reset"] = 1.0

    bureau.telling.after = after
    path = video(bureau)
    with pytest.raises(UnreachableError):
        upload(bureau, path)
    bureau.shares.clear()
    bureau.telling.after = lambda _step: None
    bureau.waited.append(1_295_999.0 - 600)  # X forgets it in less than ten minutes
    uploaded = upload(bureau, path)
    assert (uploaded.before, uploaded.sent) == (0, 3)
    assert len(sent(bureau)) == 2


def test_a_file_that_changes_while_it_is_sent_is_not_used(bureau: Bureau) -> None:
    path = video(bureau)

    def after(step: str) -> None:
        if step == "appended":
            with path.open("r+b") as stream:
                stream.seek(-1, 2)
                stream.write(b"!")

    bureau.telling.after = after
    with pytest.raises(ConfigurationError, match="changed while it was sent"):
        upload(bureau, path)
    assert library(bureau) == []
    bureau.telling.after = lambda _step: None
    assert upload(bureau, path).before == 0
    assert whole(bureau) == [digest(path)]


def test_a_user_who_may_not_write_sends_no_byte(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(roles=("CAMPAIGN_ANALYST",))
    with pytest.raises(CredentialsError, match="change campaigns"):
        upload(bureau, video(bureau))
    assert calls(bureau) == {}


def test_words_that_x_does_not_take_are_told_before_the_first_byte(bureau: Bureau) -> None:
    with pytest.raises(ConfigurationError, match="title: has 256 characters"):
        upload(bureau, video(bureau), texts={"title": "x" * 256})
    assert calls(bureau) == {}


@pytest.mark.parametrize(
    ("path", "words"),
    [("nothing.mp4", "is no file"), ("mappings", "is no file"), ("empty.mp4", "is empty")],
)
def test_what_is_no_file_for_x_is_told_before_the_first_byte(
    bureau: Bureau, path: str, words: str
) -> None:
    (bureau.folder / "empty.mp4").touch()
    with pytest.raises(ConfigurationError, match=words):
        upload(bureau, bureau.folder / path)
    assert calls(bureau) == {}


def test_a_user_who_wants_an_end_loses_nothing(bureau: Bureau) -> None:
    path = video(bureau)
    with pytest.raises(StoppedError, match="goes on where this one ended"):
        upload(bureau, path, stopping=lambda: "appended" in bureau.telling.steps)
    assert upload(bureau, path).before == 1
    assert whole(bureau) == [digest(path)]


def test_a_name_that_x_would_not_take_is_left_out(bureau: Bureau) -> None:
    upload(bureau, made(bureau.folder / "a\nb.png", PNG, 500))
    assert len(library(bureau, None)) == 1  # type: ignore[arg-type]


def test_a_rehearsal_asks_for_nothing_and_makes_up_a_key(bureau: Bureau, tmp_path: Path) -> None:
    bureau.configure(live="false")
    uploaded = upload(bureau, video(bureau))
    assert uploaded.status == "dry_run"
    assert uploaded.media_key.startswith("dry-")
    assert [one["times"] for one in uploaded.requests] == [1, 3, 1, 1]
    assert uploaded.requests[0]["json"]["media_type"] == "video/mp4"
    assert calls(bureau) == {}
