"""Pages of a report: their rows as texts, and which of them were not there before."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.errors import UnreachableError
from connector.tiktok.calling import Reply

MISSING = "-"
MOST_ADS = 20_000
"""An answer is about so many ads at most, and says nothing of the others."""

_THROTTLE = "x-tt-ads-throttle"

# `ad_id`, the dimension of time, and metrics, all by name.
Row = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page; of how many, and of how many rows in all.

    `is_cut`: there are more ads than it is about.
    """

    rows: tuple[Row, ...]
    pages: int
    number: int
    is_cut: bool


@dataclass(kw_only=True)
class Seen:
    """Which ads were there at which times (`slot`, a day's or hour's number), in little memory."""

    number: int = 0
    slots: dict[str, int] = field(default_factory=dict)

    def is_new(self, ad_id: str, slot: int) -> bool:
        """Whether it was not there yet; now it is."""
        slots, bit = self.slots.get(ad_id, 0), 1 << slot
        if slots & bit:
            return False
        self.slots[ad_id] = slots | bit
        self.number += 1
        return True


def page_of(reply: Reply) -> Page:
    """The page that an answer holds.

    Raises:
        UnreachableError: it holds none.
    """
    listed, info = reply.data.get("list"), reply.data.get("page_info")
    if not isinstance(listed, list) or not isinstance(info, dict):
        raise UnreachableError(
            f"TikTok Ads GET report/integrated/get: {reply.answer.status} 0: the answer holds no"
            " page of a report; try again later"
        )
    return Page(
        rows=tuple(_rows(listed)),
        pages=_whole(info.get("total_page")),
        number=_whole(info.get("total_number")),
        is_cut=_THROTTLE in reply.answer.headers,
    )


def _rows(listed: list[Any]) -> Iterator[Row]:
    for entry in listed:
        of_row = entry if isinstance(entry, dict) else {}
        metrics, dimensions = of_row.get("metrics"), of_row.get("dimensions")
        if isinstance(metrics, dict) and isinstance(dimensions, dict):
            yield {name: text(value) for name, value in {**metrics, **dimensions}.items()}


def text(value: object) -> str:
    """A value as a text; TikTok's dash where there is none."""
    return MISSING if value is None or isinstance(value, dict | list) else str(value)


def known_text(row: Row, name: str) -> str | None:
    """A text of a row, None where it is missing."""
    value = row.get(name, MISSING).strip()
    return None if value in {"", MISSING} else value


def decimal(row: Row, name: str) -> Decimal | None:
    """A number of a row, None where it is missing or is none, such as `<5`."""
    value = known_text(row, name)
    try:
        number = Decimal(value.removesuffix("%")) if value else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def count(row: Row, name: str) -> int | None:
    """A whole number of a row, which TikTok may write with a point."""
    value = row.get(name, MISSING)
    if value.isdecimal():
        return int(value)
    number = decimal(row, name)
    return None if number is None else int(number.to_integral_value())


def day_of(row: Row, name: str) -> date | None:
    """The day of a time such as `2026-03-09 00:00:00`, None where it is none."""
    try:
        return date.fromisoformat(row.get(name, "")[:10])
    except ValueError:
        return None


def _whole(value: object) -> int:
    is_number = isinstance(value, int | str) and str(value).isdecimal()
    return int(str(value)) if is_number else 0
