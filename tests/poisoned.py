"""What it costs to find the rows that X refuses among those that it takes."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from shop import Ended, Shell

from connector.simulator.poison import NO_POISON, Poison
from connector.simulator.server import running
from connector.simulator.settings import Settings

MAPPING = """\
source: {{table: orders}}
destination: {{type: x_conversions, connection: x, pixel_id: {pixel}, event_id: {event}}}
identifiers: {{email: email, ip_address: ip, user_agent: ua}}
fields:
  {{conversion_time: paid_at, conversion_id: order_id, value: amount, price_currency: currency}}
"""
ORDERS = """\
create table orders as
select if(b.number is null, 'order-', 'bad-') || i as order_id,
  'ada' || i || '@example.com' as email, 'EUR' as currency, cast(i as decimal(9, 2)) as amount,
  now() - interval 1 minute as paid_at, if(b.number is null, null, '192.0.2.7') as ip,
  if(b.number is null, null, 'Mozilla/5.0') as ua
from range({rows}) t(i) left join bad b on b.number = i order by i
"""
LIMITS = "    rate_limits: {conversion_events: 100000000 per 1 minute}\n"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """So many orders, of which `bad` at random are refused when the simulator's `poison` fits.

    Those have ids that begin with `bad-`, and an address with a user agent.
    """

    rows: int
    bad: int
    poison: Poison = NO_POISON
    pixel: str = "o8z6j"
    event: str = "tw-o8z6j-o87ne"
    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How a sync ended, what X counted, and how often each conversion arrived."""

    ended: Ended
    wire: dict[str, Any]
    mapping: dict[str, Any] = field(repr=False)

    @property
    def rows(self) -> dict[str, int]:
        """The outcomes that occurred."""
        return {name: count for name, count in self.mapping["rows"].items() if count}

    @property
    def arrived(self) -> set[str]:
        """Which conversions X has, each of them once."""
        assert self.wire["receipts"] == self.wire["distinct"]
        return {each["conversion_id"] for each in self.wire["conversions"]}


def measured(folder: Path, scenario: Scenario) -> Figures:
    """One sync of a new project in an empty folder."""
    settings = Settings(events_per_window=None, poison=scenario.poison, keep_payloads=False)
    with running(settings) as address:
        shell = Shell(folder=folder, address=address)
        (folder / "mappings").mkdir()
        shell.config()
        config = (folder / "config.yaml").read_text("utf-8")
        shell.write("config.yaml", config + LIMITS)
        mapping = MAPPING.format(pixel=scenario.pixel, event=scenario.event)
        shell.write("mappings/purchases.yaml", mapping)
        chosen = random.Random(scenario.seed).sample(range(scenario.rows), scenario.bad)
        numbers = ", ".join(map(str, chosen))
        shell.sql(
            f"create table bad as select unnest(cast([{numbers}] as bigint[])) as number",
            ORDERS.format(rows=scenario.rows),
        )
        made = shell.run("state", "init")
        assert made.code == 0, made.err
        ended = shell.run("sync", "--json")
        return Figures(ended=ended, wire=shell.wire(), mapping=ended.json["mappings"][0])
