"""A project on disk, a simulated X, and the command as a shell runs it."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import duckdb
from commands import Call, called

from connector.simulator.server import Address

CONFIG = """\
warehouse: {{url: "duckdb:///shop.duckdb"}}
state: {{url: "{state}"}}
connections:
  x:
    platform: x_ads
    live: {live}
    ad_account_id: {ad_account_id}
    base_url: {url}
    auth: {{pixel_token: {pixel_token}}}
"""
MAPPING = """\
source: {table: orders, cursor: updated_at}
destination: {type: x_conversions, connection: x, pixel_id: o8z6j, event_id: tw-o8z6j-o87ne}
identifiers: {email: email}
fields: {conversion_time: paid_at, conversion_id: order_id, value: amount, price_currency: currency}
"""
ORDERS = """\
create table orders as
select 'order-' || i as order_id, 'ada' || i || '@example.com' as email,
  now() - interval 1 minute * i as paid_at, now() - interval 1 minute * i as updated_at,
  cast(i as decimal(9, 2)) as amount, 'EUR' as currency
from range(1, 13) t(i)
"""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the command printed
        return json.loads(self.out)


@dataclass(frozen=True, kw_only=True)
class Shell:
    """A folder with a project, and its X."""

    folder: Path
    address: Address
    state: str = "sqlite:///state/connector.db"

    def run(self, *words: str, environment: dict[str, str] | None = None) -> Ended:
        call = Call(
            words=words, folder=str(self.folder),
            environment=clean_environment() | (environment or {}),
        )  # fmt: skip
        code, out, err = called(call)
        return Ended(code=code, out=out, err=err)

    def sql(self, *statements: str) -> None:
        with duckdb.connect(str(self.folder / "shop.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            for statement in statements:
                connection.execute(statement)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, "utf-8")

    def config(self, *, live: bool = True, address: Address | None = None) -> None:
        facts = (address or self.address).describe()
        self.write("config.yaml", CONFIG.format(live=str(live).lower(), state=self.state, **facts))

    def wire(self) -> dict[str, Any]:
        with urlopen(f"{self.address.url}/_simulator/conversions?detail=1") as answer:
            found: dict[str, Any] = json.load(answer)
        return found


def clean_environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG")
    return {name: os.environ[name] for name in kept if name in os.environ}
