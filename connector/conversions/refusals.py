"""X refuses a request as a whole: how to find the rows that are wrong, or that the mapping is."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.requests import Batch

SINGLES_THAT_CONDEMN = 16


def parted(rows: pa.RecordBatch, values: Collection[str]) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Two smaller requests out of a refused one: those X complains about last, else halves.

    `values` are what its errors quote. What they do not name goes first, since it may pass.
    """
    named = pa.array([False] * rows.num_rows)
    for value in values:
        quoted = json.dumps(value, ensure_ascii=False)
        named = pc.or_(named, pc.match_substring(rows["body"], quoted))
    found = pc.sum(named).as_py()
    if 0 < found < rows.num_rows:
        return rows.filter(pc.invert(named)), rows.filter(named)
    half = (rows.num_rows + 1) // 2
    return rows.slice(0, half), rows.slice(half)


@dataclass(kw_only=True)
class Standing:
    """How a destination fares in this run; `accepted` once anything passed."""

    accepted: bool = False
    _singles: dict[str, list[Batch]] = field(default_factory=dict)

    def refuse(self, single: Batch, reason: str) -> list[Batch]:
        """A single row is refused; the rows to take back when this condemns the mapping.

        That is so when the first sixteen single rows fail alike and nothing ever passed.
        """
        if self.accepted:
            return []
        alike = self._singles.setdefault(reason, [])
        alike.append(single)
        condemned = len(self._singles) == 1 and len(alike) == SINGLES_THAT_CONDEMN
        return alike if condemned else []
