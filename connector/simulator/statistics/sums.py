"""Numbers added up: over ads, over hours, over placements."""

from collections.abc import Iterable, Mapping

import numpy as np

from connector.simulator.statistics.hours import Hours, Integers, bucket_starts
from connector.simulator.statistics.series import Column, Series


def added(parts: Iterable[Series]) -> Series:
    """The sum of several series over the same hours: null only where every part is."""
    whole: dict[str, Column] = {}
    for part in parts:
        for name, column in part.items():
            before = whole.get(name)
            whole[name] = column if before is None else _both(before, column)
    return whole


def bucketed(series: Series, hours: Hours, granularity: str) -> Series:
    """The series with an item for each bucket; null where every hour of a bucket is."""
    if granularity == "HOUR":
        return series
    starts = bucket_starts(hours, granularity)
    return {
        name: Column(_summed(column.values, starts), np.logical_or.reduceat(column.told, starts))
        for name, column in series.items()
    }


def listed(column: Column | None) -> list[int | None] | None:
    """The numbers as X lists them: null for those that are not told, or for the whole list."""
    if column is None or not column.told.any():
        return None
    if column.told.all():
        whole: list[int | None] = column.values.tolist()
        return whole
    numbers = column.values.astype(object)
    numbers[~column.told] = None
    found: list[int | None] = numbers.tolist()
    return found


def totals(series: Series, names: Iterable[str]) -> Mapping[str, int | None]:
    """The sum of each of `names` over all hours, null where nothing is told."""
    found: dict[str, int | None] = {}
    for name in names:
        column = series.get(name)
        is_told = column is not None and bool(column.told.any())
        found[name] = int(column.values.sum()) if column is not None and is_told else None
    return found


def _both(one: Column, other: Column) -> Column:
    return Column(one.values + other.values, one.told | other.told)


def _summed(values: Integers, starts: Integers) -> Integers:
    return np.add.reduceat(values, starts)
