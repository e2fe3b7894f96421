"""What became of an experiment that was started, switched or stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import Exit


@dataclass(frozen=True, kw_only=True)
class Done:
    """What became of one variant.

    Attributes:
        status: of the write (`created`, `adopted`, `updated`, `dry_run`), `unchanged`, `deleted`
            or `failed`.
        entity_status: of the line item from now on, None where it is not known.
        error: why it failed.
    """

    variant: str
    line_item_id: str
    status: str
    entity_status: str | None
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an experiment.

    Attributes:
        status: `started`, `started_before`, `switched`, `stopped` or `dry_run`.
        requests: of a rehearsal, what would be sent.
    """

    experiment: str
    status: str
    connection: str
    live: bool
    campaign_id: str
    variants: tuple[Done, ...]
    requests: tuple[Mapping[str, Any], ...] = ()
    remarks: tuple[str, ...] = ()
    exit_code: Exit = Exit.DONE
