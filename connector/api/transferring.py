"""A file on its way to X, segment by segment; what X has is kept, so that nothing is sent twice."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import IO

from connector.api.managing import Manager
from connector.api.projects import Edges
from connector.errors import ConfigurationError, StoppedError, UnreachableError
from connector.state import uploads
from connector.state.uploads import Kept, Meant
from connector.x import media
from connector.x.media import Reply, Told
from connector.x.media_files import SEGMENT_BYTES, segments_of

UPLOAD_STEPS: dict[str, str] = {
    "begun": "X has a place for the file",
    "appended": "X has a segment more",
    "finalized": "X has all of the file, and works on it",
    "processed": "X is done with the file",
}
"""After each of them a process may die, and the same command goes on."""
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds between tries of a call that comes to nothing; after the last one the command ends."""
LONGEST_WAIT = 15 * 60.0
LONGEST_CHECK = 60.0
WORKING_SECONDS = 30 * 60.0
"""How long X may work on a file before the command ends; the next one looks again."""
AGAIN = "run the same command again: it goes on where this one ended"
_WORTH_TELLING_SECONDS = 5.0
_KB = 1000


class GoneError(Exception):
    """X does not know an upload any more."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a file is; `size` in bytes, `sha256` in hexadecimal."""

    name: str
    media_type: str
    category: str
    size: int
    sha256: str


@dataclass(kw_only=True)
class Work:
    """An upload that is under way.

    Attributes:
        owners: users who may use the file, too.
        sent: segments that left now; `before` were at X already.
    """

    manager: Manager
    edges: Edges
    stream: IO[bytes] = field(repr=False)
    facts: Facts
    owners: tuple[str, ...]
    sent: int = 0
    before: int = 0

    @property
    def meant(self) -> Meant:
        """What it is kept under."""
        return Meant(
            target=self.manager.connection.target, account_id=self.manager.account_id,
            digest=self.facts.sha256, category=self.facts.category, owners=",".join(self.owners),
        )  # fmt: skip

    def now(self) -> float:
        """The clock, in epoch seconds."""
        return self.edges.now().timestamp()

    def kept(self) -> Kept | None:
        """How far it is, None where nothing of it left."""
        return uploads.kept(self.manager.state, self.meant)

    def keep(self, kept: Kept, step: str) -> Kept:
        """Keep how far it is."""
        uploads.keep(self.manager.state, self.meant, kept, changed_at=int(self.now() * 1000))
        self.edges.progress.reached(step)
        return kept

    def forget(self) -> None:
        """Forget it: the same file begins anew."""
        uploads.forget(self.manager.state, self.meant)

    def called(self, call: media.Call) -> Reply:
        """Send a call until X has taken it; what passes by itself is waited for."""
        waits = iter(WAITS)
        while True:
            reply = self.manager.called(lambda line, access: media.send(line, access, call))
            if reply.meaning == "done":
                return reply
            if reply.meaning == "gone":
                raise GoneError
            error = reply.error or UnreachableError(f"X Ads {call.operation}: X does not answer")
            if reply.meaning == "refused":
                raise error
            usual = next(waits, None)
            seconds = max(reply.seconds or 0.0, usual or 0.0)
            if usual is None or seconds > LONGEST_WAIT:
                raise UnreachableError(f"{error}; {AGAIN}")
            if seconds >= _WORTH_TELLING_SECONDS:
                self.edges.progress.warn(f"{error}; trying again in {seconds:,.0f} s")
            self.wait(seconds)

    def asked(self, call: media.Call) -> Told:
        """What X says of the upload."""
        told = self.called(call).told
        if told is None:
            raise UnreachableError(f"X Ads {call.operation}: X says nothing of it; {AGAIN}")
        return told

    def wait(self, seconds: float) -> None:
        """Wait, unless the user wants an end."""
        self.edges.pause(seconds)
        self.stop_if_wanted()

    def stop_if_wanted(self) -> None:
        """End where the user wants it."""
        if self.edges.stopping():
            raise StoppedError(f"{self.facts.name}: stopped; {AGAIN}")

    def segments(self, segment_bytes: int) -> Iterator[tuple[int, bytes]]:
        """The segments of the file with their numbers."""
        for index in range(segments_of(self.facts.size, segment_bytes)):
            try:
                self.stream.seek(index * segment_bytes)
                segment = self.stream.read(segment_bytes)
            except OSError as error:
                why = error.strerror or "it can't be read"
                raise UnreachableError(f"{self.facts.name}: {why}; {AGAIN}") from error
            yield index, segment


def transferred(work: Work, kept: Kept | None) -> Kept:
    """Bring all of the file to X, and wait until X is done with it.

    Args:
        work: which file.
        kept: how far an earlier command came, None for the beginning.

    Raises:
        GoneError: X does not know what was sent before.
        ConnectorError: X does not take it, or is out of reach; the user wants an end.
    """
    work.sent, work.before = 0, kept.segments if kept is not None else 0
    if kept is None:
        kept = _begun(work)
    if kept.state == "sending":
        kept = _sent(work, kept)
        told = _finalized(work, kept)
        if told.work == "working":
            kept = work.keep(replace(kept, state="sent"), "finalized")
    else:
        told = work.asked(media.status(kept.media_id))
    _wait_for(work, kept, told)
    return work.keep(replace(kept, state="ready"), "processed")


def beginning(facts: Facts, owners: tuple[str, ...]) -> media.Call:
    """The call that begins an upload."""
    return media.initialize(
        media_type=facts.media_type, category=facts.category, total_bytes=facts.size, owners=owners
    )


def _begun(work: Work) -> Kept:
    told = work.asked(beginning(work.facts, work.owners))
    kept = Kept(
        media_id=told.media_id, media_key=told.media_key, segment_bytes=SEGMENT_BYTES,
        expires_at=int((work.now() + told.expires_seconds) * 1000),
    )  # fmt: skip
    return work.keep(kept, "begun")


def _sent(work: Work, kept: Kept) -> Kept:
    """Send the segments that X lacks; what X has is read all the same, as it must not change."""
    size, progress, digest, shown = work.facts.size, work.edges.progress, hashlib.sha256(), 0
    if kept.segments:
        total = segments_of(size, kept.segment_bytes)
        progress.warn(f"X has {kept.segments:,} of {total:,} segments already; going on")
    progress.phase(f"Uploading {work.facts.name}", -(-size // _KB))
    for index, segment in work.segments(kept.segment_bytes):
        digest.update(segment)
        if index >= kept.segments:
            work.stop_if_wanted()
            work.called(media.append(kept.media_id, index=index, segment=segment))
            kept = work.keep(replace(kept, segments=index + 1), "appended")
            work.sent += 1
        done = -(-min((index + 1) * kept.segment_bytes, size) // _KB)
        progress.advance(done - shown)
        shown = done
    if digest.hexdigest() != work.facts.sha256:
        raise ConfigurationError(f"{work.facts.name} changed while it was sent; upload it again")
    return kept


def _finalized(work: Work, kept: Kept) -> Told:
    """Say that X has all of it, which an earlier command may have said already."""
    try:
        return work.asked(media.finalize(kept.media_id))
    except ConfigurationError:
        told = work.asked(media.status(kept.media_id))
        if not told.is_whole:
            raise
        return told


def _wait_for(work: Work, kept: Kept, told: Told) -> None:
    """Wait until X is done with the file, as long as X says between looks."""
    shown, ends = 0, work.now() + WORKING_SECONDS
    if told.work == "working":
        work.edges.progress.phase(f"X works on {work.facts.name}", 100)
    while told.work == "working":
        if work.now() > ends:
            raise UnreachableError(
                f"X Ads GET {media.UPLOAD}: 200 no code: X still works on {work.facts.name};"
                f" {AGAIN}"
            )
        work.edges.progress.advance(max(told.percent - shown, 0))
        shown = max(told.percent, shown)
        work.wait(min(told.check_seconds, LONGEST_CHECK))
        told = work.asked(media.status(kept.media_id))
    if told.work == "failed":
        raise ConfigurationError(
            f"X Ads GET {media.UPLOAD}: 200 {told.why}: X can't process {work.facts.name}; encode"
            " it anew (a video as H.264 with AAC), then upload it again"
        )
