"""What accepted conversions are worth."""

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa

from connector.state.ledger import Amount


def amounts_of(rows: pa.RecordBatch) -> list[Amount]:
    """Conversions and value by day (UTC) and currency; without a value the currency is empty."""
    days: dict[tuple[str, str], tuple[int, Decimal]] = {}
    columns = (rows[name].to_pylist() for name in ("time_ms", "currency", "value"))
    for time_ms, currency, value in zip(*columns, strict=True):
        day = datetime.fromtimestamp(time_ms / 1000, UTC).date().isoformat()
        count, total = days.get((day, currency or ""), (0, Decimal(0)))
        days[day, currency or ""] = count + 1, total + Decimal(value or 0)
    return [
        Amount(day=day, currency=currency, conversions=count, amount=format(total, "f"))
        for (day, currency), (count, total) in days.items()
    ]
