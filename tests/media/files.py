"""Files as cameras and programs begin them, and what X got of those that were sent."""

import hashlib
import json
import random
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from campaigns.bureau import Bureau

from connector import api

MEGABYTE = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"
GIF = b"GIF89a\x10\0\x10\0"
WEBP = b"RIFF\x24\0\0\0WEBPVP8 "
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
QUICKTIME = b"\0\0\0\x14ftypqt  \0\0\0\0qt  "


def made(path: Path, head: bytes, size: int, *, seed: int = 1) -> Path:
    """A file of so many bytes that begins so and goes on at random."""
    path.write_bytes(head + random.Random(seed).randbytes(size - len(head)))
    return path


def video(bureau: Bureau, *, segments: float = 3, name: str = "clip.mp4", seed: int = 1) -> Path:
    """A video of so many segments."""
    return made(bureau.folder / name, MP4, int(segments * 2 * MEGABYTE), seed=seed)


def upload(bureau: Bureau, path: Path, **more: Any) -> api.Uploaded:  # noqa: ANN401 - fields and edges
    """Upload a file; its words are those of `Offered`, all else belongs to the edges."""
    offered = {key: more.pop(key) for key in ("category", "owners", "texts") if key in more}
    known: dict[str, Any] = {
        "progress": bureau.telling, "pause": bureau.pause, "now": bureau.now,
    }  # fmt: skip
    edges = api.Edges(**(known | more))
    return api.upload(bureau.project, None, api.Offered(path=path, **offered), edges)


def sent(bureau: Bureau) -> list[dict[str, Any]]:
    """The files that X has been told of."""
    with urlopen(f"{bureau.address.url}/_simulator/media") as answer:
        found: list[dict[str, Any]] = json.load(answer)["files"]
    return found


def whole(bureau: Bureau) -> list[str]:
    """The digests of the files that X has all of."""
    return [one["sha256"] for one in sent(bureau) if one["is_whole"]]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def library(bureau: Bureau, file_name: str = "clip.mp4") -> list[dict[str, Any]]:
    """What the library has of a file."""
    rows = bureau.stranger.rows("media_library", count=50)
    return [row for row in rows if row["file_name"] == file_name]


def calls(bureau: Bureau) -> dict[str, int]:
    """How often each step of an upload was called, however it ended."""
    with urlopen(f"{bureau.address.url}/_simulator/requests") as answer:
        listed = json.load(answer)["requests"]
    found: dict[str, int] = {}
    for one in listed:
        if one["path"].startswith("/2/media/upload"):
            step = one["path"].rpartition("/")[2]
            found[step] = found.get(step, 0) + one["count"]
    return found
