"""What config.yaml says of ad metrics."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from connector.project.scalars import STRICT, Text, matching, reader, refused, written
from connector.project.tree import Scalar

TABLE = re.compile(r"([a-z_][a-z0-9_]{0,54}\.)?[a-z_][a-z0-9_]{0,54}")
"""A table beside which there is room for others, whose names are longer by up to 8 letters."""
OTHERS = {"daily_ad_group_metrics", "hourly_ad_metrics"}
LONGEST_LOOKBACK = 365
_LOOKBACK = f"must be a whole number of days from 0 to {LONGEST_LOOKBACK}"

_EITHER = f"{_LOOKBACK}, or a block of them by platform such as {{x_ads: 14, tiktok_ads: 7}}"


def _table(scalar: Scalar) -> str:
    if not TABLE.fullmatch(scalar) or scalar.rpartition(".")[2] in OTHERS:
        raise ValueError
    return str(scalar)


def _days(scalar: Scalar) -> int:
    days = int(scalar) if re.fullmatch(r"[0-9]{1,3}", scalar) else -1
    if not 0 <= days <= LONGEST_LOOKBACK:
        raise ValueError
    return days


def _wait(scalar: Scalar) -> int:
    if scalar not in {"1", "3"}:
        raise ValueError
    return int(scalar)


LookbackDays = Annotated[int, reader(_days, _LOOKBACK)]


class Lookback(BaseModel):
    """How many days are read again each time, by platform."""

    model_config = STRICT
    x_ads: LookbackDays = 14
    tiktok_ads: LookbackDays = 7


def _for_both(raw: object) -> object:
    """The block of days that a single number stands for."""
    if isinstance(raw, dict):
        return raw
    scalar = written(raw, _EITHER)
    try:
        _days(scalar)
    except ValueError:
        raise refused(_EITHER) from None
    return {"x_ads": scalar, "tiktok_ads": scalar}


class Metrics(BaseModel):
    """Where ad metrics go, in which currency, and which days are read again.

    `exchange_rates` is a table of the warehouse.
    """

    model_config = STRICT
    table: Annotated[
        str,
        reader(
            _table,
            "must be a table's name such as daily_ad_metrics or ads.daily_ad_metrics, of small"
            " letters, digits and _, up to 55 long, and not daily_ad_group_metrics or"
            " hourly_ad_metrics, which are written beside it",
        ),
    ] = "daily_ad_metrics"
    currency: Annotated[
        str, matching(r"[A-Z]{3}", "must be a currency's code of three letters, such as USD")
    ] = "USD"
    wait_days: Annotated[int, reader(_wait, "must be 1 or 3")] = 1
    lookback_days: Annotated[Lookback, BeforeValidator(_for_both)] = Lookback()
    exchange_rates: Text | None = None
