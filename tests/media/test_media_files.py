import pytest
from media.files import GIF, JPEG, MEGABYTE, MP4, PNG, QUICKTIME, WEBP

from connector.simulator.ads.uploads import CATEGORIES, MAX_SEGMENT_BYTES, MAX_SEGMENTS
from connector.x.media_files import SEGMENT_BYTES, checked, kind_of, segments_of

KINDS = {
    PNG: "image/png", JPEG: "image/jpeg", GIF: "image/gif", b"GIF87a": "image/gif",
    WEBP: "image/webp", MP4: "video/mp4", QUICKTIME: "video/quicktime",
    b"\0\0\0\x20ftypisom": "video/mp4", b"\0\0\0\x20ftypM4V ": "video/mp4",
    b"\0\0\0\x08wide\0\0": "video/quicktime", b"\0\0\x10\0moov": "video/quicktime",
}  # fmt: skip
OTHERS = [
    b"", b"G", b"GIF88a", b"\x89PNX\r\n\x1a\n", b"RIFF\x24\0\0\0WAVEfmt ", b"BM\x36\0\0\0",
    b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif", b"\0\0\0\x18ftypM4A ", b"\0\0\0\x18ftyp3gp4",
    b"\x1aE\xdf\xa3matroska", b"%PDF-1.7", b"<svg xmlns=", b"PK\x03\x04", b"ftypmp42",
]  # fmt: skip


@pytest.mark.parametrize(("head", "media_type"), KINDS.items(), ids=repr)
def test_a_kind_is_told_from_what_a_file_begins_with(head: bytes, media_type: str) -> None:
    kind = kind_of(head.ljust(32, b"\0"))
    assert kind is not None
    assert kind.media_type == media_type


@pytest.mark.parametrize("head", OTHERS, ids=repr)
def test_what_x_does_not_take_is_of_no_kind(head: bytes) -> None:
    assert kind_of(head) is None
    with pytest.raises(ValueError, match=r"^(is empty|is nothing that X takes)"):
        checked(head, len(head), None)


@pytest.mark.parametrize(("head", "megabytes"), [(PNG, 5), (GIF, 15), (MP4, 512)], ids=repr)
def test_a_file_may_be_as_large_as_is_documented_and_no_byte_more(
    head: bytes, megabytes: int
) -> None:
    most = megabytes * MEGABYTE
    assert checked(head, most, None)
    with pytest.raises(ValueError, match=f"{megabytes} MB at most"):
        checked(head, most + 1, None)


@pytest.mark.parametrize(
    ("head", "usual"),
    [(JPEG, "tweet_image"), (GIF, "tweet_gif"), (QUICKTIME, "amplify_video")], ids=repr,
)  # fmt: skip
def test_a_file_goes_as_the_usual_category_of_its_kind(head: bytes, usual: str) -> None:
    assert checked(head, 100, None)[1] == usual


def test_a_video_may_go_as_another_category_and_an_image_may_not() -> None:
    assert checked(MP4, 100, "TWEET_VIDEO")[1] == "tweet_video"
    with pytest.raises(ValueError, match="goes as tweet_image, not as tweet_gif"):
        checked(PNG, 100, "tweet_gif")


def test_the_largest_file_fits_into_the_segments_that_x_takes() -> None:
    largest = max(one.max_bytes for one in CATEGORIES.values())
    assert SEGMENT_BYTES <= MAX_SEGMENT_BYTES
    assert segments_of(largest, SEGMENT_BYTES) <= MAX_SEGMENTS


@pytest.mark.parametrize(("size", "count"), [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3)])
def test_segments_cover_a_file_without_an_empty_one(size: int, count: int) -> None:
    assert segments_of(size, 10) == count
