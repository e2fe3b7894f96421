"""What the ledger holds as accepted, by the day (UTC) on which the conversions happened."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from connector.state.database import Database


@dataclass(frozen=True, kw_only=True)
class AcceptedDay:
    """How many conversions of a pixel's event, of one day, were accepted."""

    day: date
    pixel_id: str
    event_id: str
    conversions: int


def accepted_by_day(
    database: Database, *, targets: Iterable[str], since: date, until: date
) -> list[AcceptedDay]:
    """What some targets accepted of some days, both ends included; what was pruned is not there."""
    rows = database.read(
        "select a.day, d.pixel_id, d.event_id, sum(a.conversions) from amounts a"
        " join batches b on b.id = a.batch join destinations d on d.id = b.destination"
        " where a.day between :since and :until"
        " and d.target in (select value from listed(:targets))"
        " group by a.day, d.pixel_id, d.event_id order by a.day, d.pixel_id, d.event_id",
        since=since.isoformat(),
        until=until.isoformat(),
        targets=json.dumps(sorted(set(targets))),
    )
    return [
        AcceptedDay(
            day=date.fromisoformat(day), pixel_id=pixel, event_id=event, conversions=int(count)
        )
        for day, pixel, event, count in rows
    ]
