"""What claims conversions: one statement over many rows, which no two runs can both do."""

import json
from collections.abc import Sequence

from connector.state.database import Transaction
from connector.state.dialect import Bulk
from connector.state.facts import Claim, ClaimLostError, Fresh

# Only what is new, or what may be sent again and has not moved since the ledger was asked. A doubt
# stays with the conversion when it moves on, whatever the next answer is; an acceptance ends it.
# What was sent once more after it was accepted, and is in doubt now, falls back to the acceptance.
_STATE = "(select state from batches where id = conversions.{})"
_FALLS_BACK = f"{_STATE.format('batch')} = 'in_doubt' and {_STATE.format('previous')} = 'accepted'"
_MOVE = f"""
on conflict (destination, conversion_id) do update set
  doubt_since = case when {_STATE.format("batch")} <> 'accepted' then coalesce(
    conversions.doubt_since, (select doubt_since from batches where id = conversions.batch)
  ) end,
  previous = case when {_FALLS_BACK} then conversions.previous else conversions.batch end,
  previous_digest =
    case when {_FALLS_BACK} then conversions.previous_digest else conversions.digest end,
  batch = excluded.batch, digest = excluded.digest
where {_STATE.format("batch")} in
"""


def _taking(*states: str) -> Bulk:
    """What claims rows that are new, or in one of these states and where they were seen."""
    move = f"{_MOVE} ({', '.join(map(repr, states))}) and conversions.batch ="
    # Over all rows at once the batch that was seen travels in `previous`, of what is still there.
    return Bulk(
        sqlite="insert into conversions (destination, conversion_id, batch, digest)"
        f" values (?, ?, ?, ?) {move} ?",
        postgresql="insert into conversions (destination, conversion_id, batch, digest, previous)"
        " select destination, conversion_id, g.batch, g.digest,"
        "  case when c.batch is not null then seen end"
        " from unnest(?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::bigint[])"
        "  as g (destination, conversion_id, batch, digest, seen)"
        " left join conversions c using (destination, conversion_id)"
        f" order by destination, conversion_id {move} excluded.previous",
    )


TAKE = _taking("in_doubt", "refused")
TAKE_ACCEPTED_TOO = _taking("in_doubt", "refused", "accepted")
# In the order of the key, a page of the ledger is touched once. A piece of bytes is found at once,
# one of a text only by counting its characters.
_NEW = """
insert into conversions (destination, conversion_id, batch, digest)
select :destination, k.value, :first + k.key / :largest, {digest}
from listed(:conversion_ids) k where true {order} on conflict do nothing
"""
_PIECE = "substr(:digests, cast(k.key * :width + 1 as integer), :width)"
# Of rows that the ledger has never seen; fewer than asked for where another run was quicker.
TAKE_NEW, TAKE_NEW_IN_ORDER = (
    Bulk(
        sqlite=_NEW.format(digest=f"cast({_PIECE} as text)", order=order),
        postgresql=_NEW.format(digest=f"convert_from({_PIECE}, 'UTF8')", order=order),
    )
    for order in ("order by k.value", "")
)


def take(
    connection: Transaction, claims: Sequence[Claim], batches: Sequence[int], *, known: Bulk
) -> None:
    """Claim conversions for a batch each, those that were seen as `known` allows.

    Raises:
        ClaimLostError: one of them is not what it was.
    """
    moved = []
    for claim, batch in zip(claims, batches, strict=True):
        rows = list(zip(claim.conversion_ids, claim.digests, claim.seen, strict=True))
        seen = [row for row in rows if row[2] is not None]
        moved += [(claim.destination, key, batch, digest, was) for key, digest, was in seen]
        new = [row for row in rows if row[2] is None]
        if new:
            take_new(connection, _fresh(claim.destination, new), [batch])
    # In the order of the key, as below.
    if connection.for_each(known, sorted(moved)) != len(moved):
        raise ClaimLostError


def _fresh(destination: int, rows: Sequence[tuple[str, str, int | None]]) -> Fresh:
    return Fresh(
        destination=destination, conversion_ids=json.dumps([key for key, _, _ in rows]),
        digests="".join(digest for _, digest, _ in rows).encode(), rows=len(rows),
        largest=len(rows),
    )  # fmt: skip


def take_new(connection: Transaction, fresh: Fresh, batches: Sequence[int]) -> None:
    """Claim conversions that the ledger does not know for the batches of their requests.

    Raises:
        ClaimLostError: it knows one of them.
    """
    values = {
        "destination": fresh.destination, "first": batches[0], "largest": fresh.largest,
        "conversion_ids": fresh.conversion_ids, "digests": fresh.digests,
        "width": len(fresh.digests) // fresh.rows,
    }  # fmt: skip
    # In one transaction of the only writer numbers follow one another.
    follow = batches[-1] - batches[0] == len(batches) - 1
    bulk = TAKE_NEW_IN_ORDER if fresh.in_order else TAKE_NEW
    if not follow or connection.run(bulk, values) != fresh.rows:
        raise ClaimLostError
