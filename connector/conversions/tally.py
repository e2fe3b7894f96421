"""What became of the rows of a run, counted while it happens."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions.body import COVERAGE
from connector.errors import Exit
from connector.state.ledger import Amount

OUTCOMES = (
    "accepted", "deduplicated", "suppressed", "rejected", "refused", "in_doubt", "held", "pending",
)  # fmt: skip


@dataclass(kw_only=True)
class Tally:
    """Counts by outcome and reason; `unfinished_cursor` is the smallest of rows to read again.

    `combinations` of identifiers are counted by their bits, in the order of `COVERAGE`.
    `unseen` are rows the ledger had not met before and `newly_refused` those of them that X
    refused; `newly_held` is what this run holds, `held_before` and `changed` what it found.
    `endings` holds the codes of what happened, `planned_*` what a rehearsal would have sent.
    """

    read: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, Counter[str]] = field(
        default_factory=lambda: {outcome: Counter() for outcome in OUTCOMES[1:]}
    )
    rows_sent: int = 0
    combinations: Counter[int] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    hashed: Counter[str] = field(default_factory=Counter)
    value: dict[str, Decimal] = field(default_factory=dict)
    planned_value: dict[str, Decimal] = field(default_factory=dict)
    planned_by_destination: Counter[tuple[str, str]] = field(default_factory=Counter)
    unseen: int = 0
    newly_held: int = 0
    newly_refused: int = 0
    held_before: int = 0
    changed: int = 0
    requests_sent: int = 0
    requests_retried: int = 0
    unfinished_cursor: int | None = None
    endings: set[Exit] = field(default_factory=set)
    anomalies: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def count(self, outcome: str, rows: int, reason: str = "") -> None:
        """Count rows of an outcome."""
        if rows:
            self.rows[outcome] += rows
            if reason:
                self.reasons[outcome][reason] += rows

    def unfinished(self, outcome: str, rows: pa.RecordBatch, reason: str = "") -> None:
        """Count rows that the next run has to read again."""
        self.count(outcome, rows.num_rows, reason)
        if not rows.num_rows:
            return
        smallest = pc.min(rows["cursor"]).as_py()
        if smallest is not None:
            kept = self.unfinished_cursor
            self.unfinished_cursor = smallest if kept is None else min(kept, smallest)

    def unsent(self, rows: pa.RecordBatch, reason: str) -> None:
        """Count rows that did not leave: what was in doubt still is, the rest is pending."""
        doubtful = pc.is_valid(rows["doubt_since"])
        self.unfinished("in_doubt", rows.filter(doubtful), reason)
        self.unfinished("pending", rows.filter(pc.invert(doubtful)), reason)

    def sent(self, rows: pa.RecordBatch) -> None:
        """Count rows that are sent for the first time in this run, and their identifiers."""
        self.rows_sent += rows.num_rows
        numbers = np.bincount(rows["identifiers"].to_numpy())
        for bits, number in enumerate(numbers.tolist()):
            if number:
                self.combinations[bits] += number

    @property
    def identifiers(self) -> Counter[str]:
        """How many of the rows sent have which identifier; each is a bit of their combination."""
        return Counter(
            {
                name: sum(rows for bits, rows in self.combinations.items() if bits >> place & 1)
                for place, name in enumerate(COVERAGE if self.combinations else ())
            }
        )

    def nothing_was_sent(self) -> None:
        """Take back what a rehearsal counted as sent."""
        self.rows_sent = 0
        self.combinations.clear()

    def planned(self, rows: pa.RecordBatch) -> None:
        """Count rows that a live run would send now."""
        if rows.num_rows:
            destination = rows["pixel_id"][0].as_py(), rows["event_id"][0].as_py()
            self.planned_by_destination[destination] += rows.num_rows
        pairs = zip(rows["currency"].to_pylist(), rows["value"].to_pylist(), strict=True)
        for currency, value in pairs:
            if currency is not None:
                total = self.planned_value.get(currency, Decimal(0))
                self.planned_value[currency] = total + Decimal(value)

    def accepted(self, amounts: Iterable[Amount]) -> None:
        """Count accepted rows and their value by currency."""
        for amount in amounts:
            self.count("accepted", amount.conversions)
            if amount.currency:
                total = self.value.get(amount.currency, Decimal(0))
                self.value[amount.currency] = total + Decimal(amount.amount)

    def hold(self, rows: pa.RecordBatch, reason: str) -> None:
        """Count rows that are held from now on."""
        self.count("held", rows.num_rows, reason)
        self.newly_held += rows.num_rows

    def refuse(self, rows: pa.RecordBatch, reason: str, *, sign: int = 1) -> None:
        """Count rows that X refuses, or with a `sign` of -1 take that back."""
        self.count("refused", sign * rows.num_rows, reason)
        self.newly_refused += sign * rows["seen"].null_count
