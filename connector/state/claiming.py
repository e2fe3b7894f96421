"""What claims conversions: one statement over many rows, which no two runs can both do."""

from connector.state.dialect import Bulk

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
# Of rows that the ledger has never seen; fewer than asked for where another run was quicker.
TAKE_NEW = Bulk(
    sqlite="insert into conversions (destination, conversion_id, batch, digest) values {rows}"
    " on conflict do nothing",
    postgresql="insert into conversions (destination, conversion_id, batch, digest)"
    " select * from unnest(?::bigint[], ?::text[], ?::bigint[], ?::text[])"
    " order by 1, 2 on conflict do nothing",
)
