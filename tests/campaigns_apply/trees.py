"""Files of campaigns, trees of plain values, and an X of plain values that obeys plans."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from connector.campaigns import file
from connector.campaigns.difference import difference
from connector.campaigns.fields import ENTITIES, EntityName
from connector.campaigns.kinds import Value
from connector.campaigns.naming import named
from connector.campaigns.plan import Planned, planned
from connector.campaigns.tree import BELOW, NAMED, PARENTS, Known, Node, Thing, thing
from connector.project.tree import Path

LINE_ITEM = """\
      - name: {name}
        objective: ENGAGEMENTS
        product_type: PROMOTED_TWEETS
        placements: [ALL_ON_TWITTER]
        start_time: 2027-03-10
        end_time: ''
        bid_amount_local: 1.50
"""


COUNTS = {"campaigns": 2, "items": 2, "ads": 2, "criteria": 2}


def text_of(
    funding: str, tweets: Sequence[str], *, status: str = "PAUSED", **counts: int
) -> str:  # fmt: skip
    """A file of so many campaigns, line items of each, and tweets and criteria of each of these."""
    many = COUNTS | counts
    lines = ["campaigns:\n"]
    for number in range(many["campaigns"]):
        lines += [
            f"  - name: spring {number}\n    funding_instrument_id: {funding}\n",
            f"    daily_budget_amount_local: 25.00\n    entity_status: {status}\n",
            "    line_items:\n",
        ]
        for item in range(many["items"]):
            places = ", ".join(
                f"{{targeting_type: LOCATION, targeting_value: place{one}}}"
                for one in range(many["criteria"])
            )
            promoted = ", ".join(tweets[(item + one) % len(tweets)] for one in range(many["ads"]))
            lines += [
                LINE_ITEM.format(name=f"pots {item}"),
                f"        entity_status: {status}\n",
                f"        targeting_criteria: [{places}]\n        promoted_tweets: [{promoted}]\n",
            ]
    return "".join(lines)


def nodes_of(text: str) -> tuple[Node, ...]:
    """The nodes of a file."""
    return file.read(text.encode(), "ads.yaml").campaigns


@dataclass(kw_only=True)
class PlainX:
    """What an X of plain values has, rows by kind and id; it does as it is told.

    `token` stands at the end of the names of what it makes, as this tool sends them.
    """

    rows: dict[EntityName, dict[str, dict[str, Any]]] = field(default_factory=dict)
    token: str | None = "c12345678"
    ids: "count[int]" = field(default_factory=count)

    def put(self, entity: EntityName, values: Mapping[str, Any]) -> str:
        """Something new; every field is told, as X does."""
        id_ = f"{entity[0]}{next(self.ids)}"
        empty: dict[str, Any] = {one.api: None for one in ENTITIES[entity].fields}
        parent = {PARENTS[entity]: None} if entity in PARENTS else {}
        row = {**empty, **parent, "currency": "EUR", **values, "id": id_}
        self.rows.setdefault(entity, {})[id_] = {
            name: list(value) if isinstance(value, tuple) else value for name, value in row.items()
        }
        return id_

    def things(self, entity: EntityName = "campaign", parent: str | None = None) -> list[Thing]:
        """All of one kind, or those below something, with what is below them."""
        return [
            thing(entity, row, {kind: self.things(kind, id_) for kind in BELOW.get(entity, ())})
            for id_, row in self.rows.get(entity, {}).items()
            if parent is None or row[PARENTS[entity]] == parent
        ]

    def obey(self, writes: Sequence[Planned], ids: Mapping[Path, str]) -> None:
        """Do some writes, one after the other."""
        known = dict(ids)
        for one in writes:
            write = one.write(known, None)
            if write.verb == "delete":
                del self.rows[one.entity][str(write.id)]
            elif write.verb == "update":
                self.rows[one.entity][str(write.id)].update(_plain(write.params))
            else:
                assert one.path is not None
                known[one.path] = self.put(one.entity, self._made(one, write.params))

    def _made(self, one: Planned, params: Mapping[str, Value]) -> dict[str, Any]:
        made = _plain(params)
        if one.entity in NAMED and self.token is not None:
            made["name"] = named(str(params["name"]), self.token)
        if one.entity == "promoted_tweet":
            made["tweet_id"] = made.pop("tweet_ids")[0]
        return made


def _plain(params: Mapping[str, Value]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in params.items()
    }


def applied(
    wanted: Sequence[Node], x: PlainX, *, prune: bool = False, known: Known | None = None
) -> None:
    """Let X be as some nodes have it."""
    found = difference(wanted, x.things(), known=known or {}, prune=prune)
    assert not found.faults
    x.obey(planned(found), {path: one.id for path, one in found.things.items()})
