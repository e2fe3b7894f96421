"""Which line items are the variants of an experiment."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from connector.state.database import Database


@dataclass(frozen=True, kw_only=True)
class Named:
    """An experiment of an ad account at a target, by its name."""

    target: str
    account_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is known of an experiment.

    Attributes:
        digest: of the file it was started with.
        variants: the ids of line items by variant, the control first; as many as are made.
        started_at: when all of it was there, in milliseconds since 1970 (UTC); None before.
    """

    campaign_id: str
    digest: str
    variants: Mapping[str, str]
    started_at: int | None = None


_KEY = ("target", "account_id", "name")
_KEPT = ("campaign_id", "digest", "variants", "started_at")
_WHERE = " and ".join(f"{name} = :{name}" for name in _KEY)
_COLUMNS = (*_KEY, *_KEPT)
_PUT = (
    f"insert into experiments ({', '.join(_COLUMNS)})"
    f" values ({', '.join(f':{column}' for column in _COLUMNS)})"
    f" on conflict ({', '.join(_KEY)}) do update set"
    f" {', '.join(f'{name} = excluded.{name}' for name in _KEPT)}"
)


def kept(database: Database, named: Named) -> Kept | None:
    """What is known of an experiment, None where it never began."""
    rows = database.read(
        f"select {', '.join(_KEPT)} from experiments where {_WHERE}", **_values(named)
    )
    if not rows:
        return None
    values = dict(zip(_KEPT, rows[0], strict=True))
    return Kept(**{**values, "variants": json.loads(values["variants"])})


def keep(database: Database, named: Named, now: Kept) -> None:
    """Keep what is known, on disk when this returns."""
    values = {name: getattr(now, name) for name in _KEPT}
    values["variants"] = json.dumps(dict(now.variants))
    with database.write() as transaction:
        transaction.execute(_PUT, {**_values(named), **values})


def names(database: Database, *, target: str, account_id: str) -> list[str]:
    """The experiments of an ad account, in the order of their names."""
    rows = database.read(
        "select name from experiments where target = :target and account_id = :account_id"
        " order by name",
        target=target, account_id=account_id,
    )  # fmt: skip
    return [name for (name,) in rows]


def _values(named: Named) -> dict[str, object]:
    return {name: getattr(named, name) for name in _KEY}
