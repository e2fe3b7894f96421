"""A shop on disk whose conversions go to a simulated X, by calls or by processes that can die."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from commands import Call, Command, started
from shop import Shell, clean_environment

from connector import api
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.state import database
from connector.state.place import place_of

# What one database does as the other; without SOAK=1 in the environment one is enough.
EITHER = pytest.mark.parametrize(
    "new_url", ["sqlite", *(["postgresql"] if os.environ.get("SOAK") else [])], indirect=True
)
MAPPING = """\
source: {{table: orders, cursor: {cursor}}}
destination: {{type: x_conversions, connection: x, pixel_id: o8z6j, event_id: {event}}}
identifiers: {{email: email, twclid: click_id}}
fields:
  conversion_time: paid_at
  conversion_id: {id}
  value: amount
  price_currency: currency
in_doubt: {in_doubt}
"""
ORDERS = """\
create or replace table orders as
select i as number, 'order-' || i as order_id, 'ada' || i || '@example.com' as email,
  cast(null as varchar) as click_id, now() - interval 1 minute as paid_at,
  now() - interval 1 minute * (i % 50) as updated_at, cast(i as decimal(9, 2)) as amount,
  'EUR' as currency, 'o87ne' as event
from range({rows}) t(i)
"""


@dataclass(kw_only=True)
class Shop:
    """A project, its X, and a clock that skips what it would wait."""

    shell: Shell
    skipped: timedelta = timedelta()
    said: list[str] = field(default_factory=list)

    def orders(self, rows: int, *then: str) -> None:
        self.shell.sql(ORDERS.format(rows=rows), *then)

    def mapping(
        self, name: str = "purchases", *, in_doubt: str = "resend", conversion_id: str = "order_id",
        cursor: str = "updated_at", event: str = "tw-o8z6j-o87ne",
    ) -> None:  # fmt: skip
        text = MAPPING.format(id=conversion_id, in_doubt=in_doubt, cursor=cursor, event=event)
        self.shell.write(f"mappings/{name}.yaml", text)

    @property
    def config(self) -> Path:
        return self.shell.folder / "config.yaml"

    def now(self) -> datetime:
        return datetime.now(UTC) + self.skipped

    def skip(self, seconds: float) -> None:
        self.skipped += timedelta(seconds=seconds)

    def edges(self) -> api.Edges:
        return api.Edges(now=self.now, pause=self.skip, random=lambda: 0.5)

    def sync(self, *names: str) -> dict[str, Any]:
        """A sync in this process; the summary of the run."""
        return api.sync(api.load(str(self.config)), api.Wanted(names=names), self.edges())

    def rows(self) -> dict[str, int]:
        """A sync of the one mapping; its outcomes that occurred."""
        [mapping] = self.sync()["mappings"]
        return {name: count for name, count in mapping["rows"].items() if count}

    def wire(self) -> dict[str, Any]:
        """What X counted."""
        with urlopen(f"{self.shell.address.url}/_simulator/conversions") as answer:
            counted: dict[str, Any] = json.load(answer)
        return counted

    def process(self) -> Command:
        """A sync in a process of its own."""
        folder, environment = str(self.shell.folder), clean_environment()
        return started(Call(words=["sync", "--quiet"], folder=folder, environment=environment))

    def until(self, what: str, count: int, process: Command) -> None:
        """Wait until X has so many receipts or has accepted so many, or the process has ended."""
        deadline = time.monotonic() + 20
        while self.wire()[what] < count and process.poll() is None:
            assert time.monotonic() < deadline, f"{what} never came to {count}"
            time.sleep(0.01)

    def accepted(self) -> set[str]:
        """What the ledger holds as accepted."""
        with database.opened(place_of(self.shell.state, self.shell.folder)) as state:
            rows = state.read(
                "select c.conversion_id from conversions c join batches b on b.id = c.batch"
                " where b.state = 'accepted'"
            )
        return {one for (one,) in rows}

    def receipts(self) -> dict[str, int]:
        """How often each conversion arrived."""
        arrived = self.shell.wire()["conversions"]
        return {each["conversion_id"]: each["receipts"] for each in arrived}


Open = Callable[..., Shop]


@pytest.fixture
def shop(tmp_path: Path, url: str) -> Iterator[Open]:
    """Open a shop with so many orders, whose X has these settings."""
    with ExitStack() as stack:

        def open_shop(rows: int = 12, *, in_doubt: str = "resend", **settings: Any) -> Shop:  # noqa: ANN401 - whatever the simulator can be told
            address: Address = stack.enter_context(running(Settings(**settings)))
            opened = Shop(shell=Shell(folder=tmp_path, address=address, state=url))
            (tmp_path / "mappings").mkdir()
            opened.shell.config()
            opened.mapping(in_doubt=in_doubt)
            opened.orders(rows)
            api.init_state(api.load(str(opened.config)))
            return opened

        yield open_shop
