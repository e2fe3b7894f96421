"""Files on their way to X in pieces, and what becomes of them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

MEGABYTE = 1024 * 1024
MAX_SEGMENT_BYTES = 5 * MEGABYTE
MAX_SEGMENTS = 1000
EXPIRES_SECONDS = 1_295_999


@dataclass(frozen=True, kw_only=True)
class Category:
    """What a category holds.

    Attributes:
        media_type: what the library calls it.
        prefix: what its media keys begin with.
        content_types: of its files.
        max_bytes: of one file.
        works: whether X must work on a file before it can be used.
    """

    media_type: str
    prefix: int
    content_types: tuple[str, ...]
    max_bytes: int
    works: bool = True


_VIDEOS = ("video/mp4", "video/quicktime")

CATEGORIES: Mapping[str, Category] = {
    "TWEET_IMAGE": Category(
        media_type="IMAGE",
        prefix=3,
        content_types=("image/jpeg", "image/png", "image/webp"),
        max_bytes=5 * MEGABYTE,
        works=False,
    ),
    "TWEET_GIF": Category(
        media_type="GIF", prefix=16, content_types=("image/gif",), max_bytes=15 * MEGABYTE
    ),
    "TWEET_VIDEO": Category(
        media_type="VIDEO", prefix=7, content_types=_VIDEOS, max_bytes=512 * MEGABYTE
    ),
    "AMPLIFY_VIDEO": Category(
        media_type="VIDEO", prefix=13, content_types=_VIDEOS, max_bytes=512 * MEGABYTE
    ),
}


@dataclass(kw_only=True, repr=False)
class Upload:
    """One file.

    Attributes:
        id: its media id; `key` is its media key.
        named: whether it was said what category it is of: without, X tells no key.
        segments: its pieces by their index, until it is whole.
        size: bytes, once it is whole; `sha256` likewise, in hexadecimal.
        ready_at: when X is done with it (epoch seconds); 0 where there is nothing to do.
    """

    id: int
    category: str
    total_bytes: int
    user_id: str
    began_at: int
    named: bool = True
    segments: dict[int, bytes] = field(default_factory=dict)
    is_whole: bool = False
    size: int = 0
    sha256: str = ""
    ready_at: int = 0

    @property
    def key(self) -> str:
        """Its media key."""
        return f"{CATEGORIES[self.category].prefix}_{self.id}"

    def problem_with(self, index: int, piece: bytes) -> str | None:
        """Why a piece cannot be taken."""
        if self.is_whole:
            return "The upload is finalized"
        if not 0 <= index < MAX_SEGMENTS:
            return f"segment_index must be from 0 to {MAX_SEGMENTS - 1}"
        if not 0 < len(piece) <= MAX_SEGMENT_BYTES:
            return f"A segment has 1 to {MAX_SEGMENT_BYTES} bytes"
        return None

    def finalize(self, *, now: int, seconds: float) -> str | None:
        """Put the pieces together; what is wrong with them, in X's words.

        A second time changes nothing. X works on some files, for so many seconds from `now`.
        """
        if self.is_whole:
            return None
        if sorted(self.segments) != list(range(len(self.segments))):
            return "Segments are missing."
        if sum(map(len, self.segments.values())) != self.total_bytes:
            return "Segments do not add up to provided total file size."
        digest = hashlib.sha256()
        for index in range(len(self.segments)):
            digest.update(self.segments[index])
        self.size, self.sha256 = self.total_bytes, digest.hexdigest()
        self.is_whole = True
        self.segments.clear()
        if CATEGORIES[self.category].works:
            self.ready_at = now + max(round(seconds), 0)
        return None

    def processing(self, *, now: float, fails: bool) -> dict[str, object] | None:
        """How far X is with the file; None where there is nothing to do."""
        if not self.is_whole or not self.ready_at:
            return None
        if now < self.ready_at:
            left = self.ready_at - now
            state = {"state": "pending"} if left > 1 else {"state": "in_progress"}
            return {**state, "check_after_secs": 1, "progress_percent": 50 if left <= 1 else 0}
        if fails:
            reason = {"code": 1, "name": "InvalidMedia", "message": "Unsupported video format"}
            return {"state": "failed", "error": reason}
        return {"state": "succeeded", "progress_percent": 100}


def category_of(name: str, content_type: str) -> str:
    """The category that is meant, from its name or else from the type of the file.

    Raises:
        ValueError: there is none, or the file does not go with it.
    """
    found = name.upper()
    if not found:
        fitting = (one for one, facts in CATEGORIES.items() if content_type in facts.content_types)
        found = next(fitting, "")
    if found not in CATEGORIES:
        raise ValueError(f"media_category must be one of {', '.join(CATEGORIES).lower()}")
    if content_type not in CATEGORIES[found].content_types:
        raise ValueError(f"media_type {content_type} does not go with {found.lower()}")
    return found


def problem_with_size(category: str, total_bytes: int) -> str | None:
    """Why a file of that size cannot be taken."""
    limit = CATEGORIES[category].max_bytes
    if total_bytes < 1:
        return "total_bytes must be at least 1"
    return None if total_bytes <= limit else f"File size exceeds {limit} bytes."
