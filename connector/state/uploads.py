"""What X has of the files that are sent to it, so that the next process goes on there."""

from dataclasses import dataclass
from typing import Literal

from connector.state.database import Database

State = Literal["sending", "sent", "ready"]


@dataclass(frozen=True, kw_only=True)
class Meant:
    """Which file is meant to be there, and as what.

    Attributes:
        target: where to.
        digest: SHA-256 of the whole file, in hexadecimal.
        owners: ids of further users who may use it, joined by commas.
    """

    target: str
    account_id: str
    digest: str
    category: str
    owners: str = ""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """How far an upload is.

    Attributes:
        segment_bytes: of each segment but the last.
        segments: how many of them X has, from the first on.
        state: `sending` until X was told that it is whole, `ready` when X is done with it.
        expires_at: when X forgets what is not in use, in milliseconds since 1970 (UTC).
    """

    media_id: str
    media_key: str
    segment_bytes: int
    segments: int = 0
    state: State = "sending"
    expires_at: int


_KEY = ("target", "account_id", "digest", "category", "owners")
_KEPT = ("media_id", "media_key", "segment_bytes", "segments", "state", "expires_at")
_WHERE = " and ".join(f"{name} = :{name}" for name in _KEY)
_COLUMNS = (*_KEY, *_KEPT, "changed_at")
_PUT = (
    f"insert into uploads ({', '.join(_COLUMNS)}) values ({', '.join(f':{c}' for c in _COLUMNS)})"
    f" on conflict ({', '.join(_KEY)}) do update set"
    f" {', '.join(f'{name} = excluded.{name}' for name in (*_KEPT, 'changed_at'))}"
)


def kept(database: Database, meant: Meant) -> Kept | None:
    """How far the upload of a file is, None where nothing of it left."""
    rows = database.read(f"select {', '.join(_KEPT)} from uploads where {_WHERE}", **_values(meant))
    return Kept(**dict(zip(_KEPT, rows[0], strict=True))) if rows else None


def keep(database: Database, meant: Meant, now: Kept, *, changed_at: int) -> None:
    """Keep how far it is, on disk when this returns; `changed_at` in milliseconds since 1970."""
    values = {name: getattr(now, name) for name in _KEPT}
    with database.write() as transaction:
        transaction.execute(_PUT, {**_values(meant), **values, "changed_at": changed_at})


def forget(database: Database, meant: Meant) -> None:
    """Forget it: the next upload begins anew."""
    with database.write() as transaction:
        transaction.execute(f"delete from uploads where {_WHERE}", _values(meant))


def _values(meant: Meant) -> dict[str, object]:
    return {name: getattr(meant, name) for name in _KEY}
