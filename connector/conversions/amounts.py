"""What accepted conversions are worth."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connector.state.ledger import Amount

_EPOCH = date(1970, 1, 1)
_DAY_MS = 86_400_000
_CENTS = pa.decimal128(38, 2)
_DIGITS = 14  # the sums of a million such amounts fit into 64 bits


def amounts_of(rows: pa.RecordBatch) -> list[Amount]:
    """Conversions and value by day (UTC) and currency; without a value the currency is empty."""
    return amounts_by_request(rows, largest=rows.num_rows)[0] if rows.num_rows else []


def amounts_by_request(rows: pa.RecordBatch, *, largest: int) -> list[list[Amount]]:
    """The same of each `largest` rows."""
    currencies = pc.dictionary_encode(rows["currency"], null_encoding="encode")
    names = currencies.dictionary.to_pylist()
    requests, days = np.arange(rows.num_rows) // largest, rows["time_ms"].to_numpy() // _DAY_MS
    first = days.min()
    shape = (requests[-1] + 1, days.max() - first + 1, len(names))
    keys = np.ravel_multi_index((requests, days - first, currencies.indices.to_numpy()), shape)
    groups, group_of, counts = np.unique(keys, return_inverse=True, return_counts=True)
    sums = _sums(pc.fill_null(rows["value"], "0.00"), group_of, len(groups))
    amounts: list[list[Amount]] = [[] for _ in range(shape[0])]
    places = (each.tolist() for each in np.unravel_index(groups, shape))
    for request, day, name, number, amount in zip(*places, counts.tolist(), sums, strict=True):
        since_1970 = timedelta(days=int(first) + day)
        found = Amount(
            day=(_EPOCH + since_1970).isoformat(), currency=names[name] or "",
            conversions=number, amount=format(amount, "f"),
        )  # fmt: skip
        amounts[request].append(found)
    return amounts


def _sums(values: pa.StringArray, group_of: Any, groups: int) -> list[Decimal]:  # noqa: ANN401 - a numpy array
    """The sum of each group, exact; amounts are short and in cents but for few."""
    if len(values) and pc.max(pc.binary_length(values)).as_py() <= _DIGITS:
        try:
            decimals = pc.cast(values, _CENTS)
        except pa.ArrowInvalid:  # more decimals
            pass
        else:
            # The lower half of each of them.
            cents = np.frombuffer(decimals.buffers()[1], np.int64)[: 2 * len(values) : 2]
            totals = np.zeros(groups, np.int64)
            np.add.at(totals, group_of, cents)
            return [Decimal(total).scaleb(-2) for total in totals.tolist()]
    sums = [Decimal(0)] * groups
    for group, value in zip(group_of.tolist(), values.to_pylist(), strict=True):
        sums[group] += Decimal(value)
    return sums
