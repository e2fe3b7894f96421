"""What accepted conversions are worth."""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa

from connector.state.ledger import Amount

_DAY_MS = 86_400_000


def amounts_of(rows: pa.RecordBatch) -> list[Amount]:
    """Conversions and value by day (UTC) and currency; without a value the currency is empty."""
    values: dict[tuple[int, str | None], list[str]] = defaultdict(list)
    days = (rows["time_ms"].to_numpy() // _DAY_MS).tolist()
    columns = (rows[name].to_pylist() for name in ("currency", "value"))
    for day, currency, value in zip(days, *columns, strict=True):
        values[day, currency].append(value or "0")
    return [
        Amount(
            day=datetime.fromtimestamp(day * _DAY_MS / 1000, UTC).date().isoformat(),
            currency=currency or "", conversions=len(each),
            amount=format(sum(map(Decimal, each), Decimal(0)), "f"),
        )
        for (day, currency), each in values.items()
    ]  # fmt: skip
