"""What the ledger knows of many conversions, asked for at once."""

import json
from collections.abc import Mapping, Sequence

from connector.state.database import Database
from connector.state.facts import Known, Past

# In the order of the columns below.
_FACTS = ("batch", "state", "mapping", "rules_digest", "digest", "doubt_since", "reason")
_ACCEPTED = "filter (where b.state = 'accepted')"
_PAST = f"""
select
  json_group_array(k.key) {_ACCEPTED}, json_group_array(b.id) {_ACCEPTED},
  json_group_array(c.digest) {_ACCEPTED}, json_group_array(b.mapping = :mapping) {_ACCEPTED},
  json_group_array(json_array(
    k.key, b.id, b.state, b.mapping, b.rules_digest, c.digest,
    coalesce(c.doubt_since, b.doubt_since), b.reason
  )) filter (where b.state <> 'accepted')
from listed(:ids) k cross join conversions c join batches b on b.id = c.batch
where c.destination = :destination and c.conversion_id = k.value
"""


def known_of(
    database: Database, destination: int, conversion_ids: Sequence[str]
) -> Mapping[int, Known]:
    """What is known, by position in `conversion_ids`."""
    # CROSS JOIN keeps SQLite from scanning the ledger for each id.
    rows = database.read(
        "select k.key, b.id, b.state, b.mapping, b.rules_digest, c.digest,"
        " coalesce(c.doubt_since, b.doubt_since), b.reason"
        " from listed(:ids) k cross join conversions c join batches b on b.id = c.batch"
        " where c.destination = :destination and c.conversion_id = k.value",
        ids=json.dumps(list(conversion_ids)), destination=destination,
    )  # fmt: skip
    return {position: Known(**dict(zip(_FACTS, facts, strict=True))) for position, *facts in rows}


def past_of(database: Database, destination: int, conversion_ids: str, *, mapping: str) -> Past:
    """What is known of a JSON list of conversions, gathered by the database in one row.

    `mapping` is the one that asks.
    """
    [gathered] = database.read(_PAST, ids=conversion_ids, destination=destination, mapping=mapping)
    # PostgreSQL gives lists, and None for an empty one.
    lists = [json.loads(each) if isinstance(each, str) else each or [] for each in gathered]
    places, batches, digests, own, others = lists
    return Past(
        places=places, batches=batches, digests=digests, own=[bool(each) for each in own],
        others={place: Known(**dict(zip(_FACTS, facts, strict=True))) for place, *facts in others},
    )  # fmt: skip
