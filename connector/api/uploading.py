"""A file for the media library: checked, brought to X, and put there once.

Whatever dies in between, the same command goes on where it ended.
"""

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from connector.api.managing import Manager, managed
from connector.api.projects import Edges
from connector.api.transferring import Facts, GoneError, Work, beginning, transferred
from connector.api.turns import alone
from connector.campaigns.fields import Row
from connector.campaigns.kinds import DRY
from connector.campaigns.requests import Status
from connector.campaigns.writes import Write, creating
from connector.errors import (
    ConfigurationError,
    UnreachableError,
)
from connector.project import Project
from connector.state.uploads import Kept
from connector.x import media
from connector.x.media_files import HEAD_BYTES, SEGMENT_BYTES, checked, segments_of

EXPIRES_MARGIN = 10 * 60
"""Seconds before X forgets an upload in which it is not gone on with."""
_BLOCK = 1_048_576
_LONGEST_NAME = 255
_STAND_IN = "0_0"
_WORDS = ("name", "title", "description")


@dataclass(frozen=True, kw_only=True)
class Offered:
    """A file that is to be in the media library.

    Attributes:
        category: X's, the usual one of its kind where None.
        owners: ids of users who may use it, too.
        texts: its name, title and description in the library, as far as they are said.
    """

    path: Path
    category: str | None = None
    owners: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """How an upload ended.

    Attributes:
        status: `adopted` was in the library before.
        media_key: made up in a rehearsal.
        segments: of the file; `sent` now, `before` by an earlier command.
        requests: of a rehearsal: what would be sent, and how often.
        rows: the library's.
    """

    connection: str
    live: bool
    status: Status
    media_key: str
    file: Facts
    segments: int
    sent: int = 0
    before: int = 0
    requests: tuple[Mapping[str, Any], ...] = ()
    rows: tuple[Row, ...] = ()
    remarks: tuple[str, ...] = ()


def upload(project: Project, name: str | None, offered: Offered, edges: Edges) -> Uploaded:
    """Bring a file to the media library of a connection's ad account.

    Raises:
        ConfigurationError: X would not take it, or does not.
        AlreadyRunningError: another process has been uploading to the account for too long.
        StoppedError: the user wants an end; the same command goes on.
        UnreachableError: X does not answer, or is not done with the file; likewise.
        ConnectorError: the state or the credentials are not to be had.
    """
    with _opened(offered) as stream, managed(project, name, edges) as manager:
        facts = _facts(offered, stream)
        # What is wrong with the words is told before anything leaves.
        words = {**offered.texts, **_file_name(facts.name), "media_key": _STAND_IN}
        write = creating("media", words)
        if not manager.live:
            return _rehearsed(manager, offered, facts, write)
        # Two uploads of one file at once would be two in the library.
        with alone(manager.state.place, manager.connection, edges, "upload"):
            manager.require_role()
            work = Work(
                manager=manager, edges=edges, stream=stream, facts=facts, owners=offered.owners
            )
            return _carried_out(work, write)


@contextmanager
def _opened(offered: Offered) -> Iterator[IO[bytes]]:
    path = offered.path
    for owner in offered.owners:
        if not (owner.isascii() and owner.isdigit()):
            raise ConfigurationError(f"{owner!r} is no id of a user, such as 1402998877")
    if not path.is_file():
        raise ConfigurationError(f"{path} is no file")
    try:
        stream = path.open("rb")
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    with stream:
        yield stream


def _facts(offered: Offered, stream: IO[bytes]) -> Facts:
    """What the file is, once it is known that X takes such a one."""
    path = offered.path
    try:
        size, head = path.stat().st_size, stream.read(HEAD_BYTES)
        kind, category = checked(head, size, offered.category)
        return Facts(
            name=path.name, media_type=kind.media_type, category=category, size=size,
            sha256=_digest(stream),
        )  # fmt: skip
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} {error}") from None


def _digest(stream: IO[bytes]) -> str:
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _file_name(name: str) -> dict[str, str]:
    """The file's name, where it is one that X takes."""
    return {"file_name": name} if name.isprintable() and len(name) <= _LONGEST_NAME else {}


def _rehearsed(manager: Manager, offered: Offered, facts: Facts, write: Write) -> Uploaded:
    """What would be sent, and a key that is made up."""
    made_up = f"{DRY}{secrets.token_hex(6)}"
    total = segments_of(facts.size, SEGMENT_BYTES)
    begin = beginning(facts, offered.owners)
    begun = {"json": json.loads(begin.body)}
    calls: tuple[tuple[media.Call, dict[str, Any]], ...] = (
        (begin, {**begun, "times": 1}),
        (media.append(made_up, index=0, segment=b""), {"times": total}),
        (media.finalize(made_up), {"times": 1}),
    )
    sent = [{"method": call.method, "path": call.path, **more} for call, more in calls]
    written = manager.write(replace(write, params={**write.params, "media_key": made_up}))
    return Uploaded(
        connection=manager.name, live=False, status="dry_run", media_key=made_up, file=facts,
        segments=total, requests=(*sent, {**written.request, "times": 1}),
    )  # fmt: skip


def _carried_out(work: Work, write: Write) -> Uploaded:
    """What the library has is left alone, and what X has is not sent again."""
    kept = work.kept()
    if kept is not None and kept.state == "ready":
        work.before = kept.segments
        rows = tuple(work.manager.rows("media", media_keys=kept.media_key))
        if rows:
            return _ended(work, kept, rows, status="adopted", remarks=(_known(write, rows[0]),))
    if kept is not None and kept.expires_at < (work.now() + EXPIRES_MARGIN) * 1000:
        kept = None
    if kept is None or kept.state != "ready":
        kept = _at_x(work, kept)
    try:
        written = work.manager.write(
            replace(write, params={**write.params, "media_key": kept.media_key})
        )
    except ConfigurationError as error:
        if "_NOT_FOUND" not in str(error):
            raise
        work.forget()
        raise ConfigurationError(f"{error}; the same command now sends the file anew") from None
    return _ended(work, kept, written.rows, status=written.status, remarks=written.remarks)


def _known(write: Write, row: Row) -> str:
    """That the file was there, and which of the words that were given it does not have."""
    others = [name for name in _WORDS if write.params.get(name, row.get(name)) != row.get(name)]
    known = "the file was sent before, and is in the library"
    if not others:
        return known
    return (
        f"{known} with another {', '.join(others)}: `connector media update {row['media_key']}`"
        " changes that"
    )


def _at_x(work: Work, kept: Kept | None) -> Kept:
    for so_far in (kept, None):
        try:
            return transferred(work, so_far)
        except GoneError:
            work.forget()
            work.edges.progress.warn("X does not have what was sent before; beginning anew")
        except ConfigurationError:
            work.forget()  # or every further command would meet the same upload
            raise
    raise UnreachableError(
        f"X Ads POST {media.UPLOAD}/:id/append: 404 no code: X forgets the file while it is sent;"
        " run the same command again later"
    )


def _ended(
    work: Work, kept: Kept, rows: tuple[Row, ...], *, status: Status, remarks: tuple[str, ...]
) -> Uploaded:  # fmt: skip
    return Uploaded(
        connection=work.manager.name, live=True, status=status, media_key=kept.media_key,
        file=work.facts, segments=segments_of(work.facts.size, kept.segment_bytes),
        sent=work.sent, before=work.before, rows=rows, remarks=remarks,
    )  # fmt: skip
