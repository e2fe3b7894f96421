"""Which files X takes: told from what they begin with, whatever they are called, and their size."""

from collections.abc import Mapping
from dataclasses import dataclass

MEGABYTE = 1024 * 1024
HEAD_BYTES = 32
SEGMENT_BYTES = 2 * MEGABYTE
"""Of a segment; X takes 5 MB and a thousand segments, a slow line likes them small."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of file.

    Attributes:
        media_type: of MIME.
        title: as sentences name one, with its article.
        categories: what it may be uploaded as, the usual one first.
    """

    media_type: str
    title: str
    categories: tuple[str, ...]
    most_bytes: int


_IMAGE, _GIF = ("tweet_image",), ("tweet_gif",)
# Promoted video needs the first.
_VIDEO = ("amplify_video", "tweet_video")
_LARGEST = {_IMAGE: 5 * MEGABYTE, _GIF: 15 * MEGABYTE, _VIDEO: 512 * MEGABYTE}


def _kind(media_type: str, title: str, categories: tuple[str, ...]) -> Kind:
    return Kind(
        media_type=media_type, title=title, categories=categories, most_bytes=_LARGEST[categories]
    )


_MP4 = _kind("video/mp4", "a video", _VIDEO)
_QUICKTIME = _kind("video/quicktime", "a video", _VIDEO)
_WEBP = _kind("image/webp", "an image", _IMAGE)
_BEGINNINGS: Mapping[bytes, Kind] = {
    b"\xff\xd8\xff": _kind("image/jpeg", "an image", _IMAGE),
    b"\x89PNG\r\n\x1a\n": _kind("image/png", "an image", _IMAGE),
    b"GIF87a": _kind("image/gif", "a GIF", _GIF),
    b"GIF89a": _kind("image/gif", "a GIF", _GIF),
}
# Of the many files that are made of boxes as a video is: QuickTime, and what is no video.
_QUICKTIME_BRAND = b"qt  "
_OLD_QUICKTIME = frozenset({b"moov", b"mdat", b"wide"})
_NO_VIDEOS = frozenset({
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis",
    b"M4A ", b"M4B ", b"M4P ", b"crx ", b"jp2 ",
})  # fmt: skip
CATEGORIES = (*_IMAGE, *_GIF, *_VIDEO)
TAKEN = "a JPEG, PNG or WebP image, a GIF, or a video as MP4 or QuickTime"


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins so, None for one that X does not take."""
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    box, brand = head[4:8], head[8:12]
    if box == b"ftyp" and brand not in _NO_VIDEOS and not brand.startswith(b"3g"):
        return _QUICKTIME if brand == _QUICKTIME_BRAND else _MP4
    return _QUICKTIME if box in _OLD_QUICKTIME else None


def checked(head: bytes, size: int, category: str | None) -> tuple[Kind, str]:
    """The kind of a file, and the category that it is uploaded as.

    Args:
        head: what it begins with, `HEAD_BYTES` at least.
        size: in bytes.
        category: the one that is wanted, None for the usual one.

    Raises:
        ValueError: X does not take it; the text goes on after the file's name.
    """
    if not size:
        raise ValueError("is empty")
    kind = kind_of(head)
    if kind is None:
        raise ValueError(f"is nothing that X takes, whatever it is called: that is {TAKEN}")
    if size > kind.most_bytes:
        most = kind.most_bytes // MEGABYTE
        raise ValueError(
            f"has {size / MEGABYTE:,.2f} MB, and X takes {kind.title} of {most} MB at most"
        )
    chosen = kind.categories[0] if category is None else category.lower()
    if chosen not in kind.categories:
        known = " or ".join(kind.categories)
        raise ValueError(f"is {kind.media_type}, which goes as {known}, not as {chosen}")
    return kind, chosen


def segments_of(size: int, segment_bytes: int) -> int:
    """How many segments a file is sent in."""
    return -(-size // segment_bytes)
