"""The three that are compared: how each is set up in a fresh folder, and the command that it is.

All get the same orders and the same address; each sends 500 conversions in a request.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from shop import clean_environment

Case = Literal["email", "phone", "all"]
CASES: Mapping[Case, str] = {
    "email": "e-mail",
    "phone": "e-mail and phone",
    "all": "all fields, contents",
}
TOKEN = "token-of-a-benchmark"
CONNECTOR = (sys.executable, "-m", "connector")
PLAIN = Path(__file__).with_name("plain.py")

_CONFIG = """\
warehouse: {{url: "{warehouse}"}}
state: {{url: "{state}"}}
connections:
  x:
    platform: x_ads
    live: true
    ad_account_id: 18ce54d4x5t
    base_url: {address}
    auth: {{pixel_token: {token}}}
    rate_limits: {{conversion_events: 1000000000 per 1 minute}}
"""
_MAPPING = """\
source: {{table: orders, cursor: updated_at}}
destination: {{type: x_conversions, connection: x, pixel_id: o8z6j, event_id: tw-o8z6j-o87ne}}
identifiers: {{{identifiers}}}
fields:
  {{conversion_time: paid_at, conversion_id: order_id, value: amount, price_currency: currency
   {fields}}}
"""
_IDENTIFIERS: Mapping[Case, str] = {
    "email": "email: email",
    "phone": "email: email, phone: phone",
    "all": "twclid: click, email: email, phone: phone, ip_address: ip, user_agent: agent",
}
_ALL = ", number_items: quantity, description: note, event_source_url: page"
_CONTENTS = """\
contents:
  from: items
  fields: {content_id: sku, content_name: title, content_price: price, num_items: qty}
consent: {column: consent, granted: [granted]}
"""

# Its command line as it is, with another base address.
_DRT = (
    "import sys, drt.destinations.meta_conversions as meta; meta._BASE_URL = sys.argv.pop(1);"
    " from drt.cli.main import app; app()"
)
_DRT_PROFILE = 'local: {{type: duckdb, database: "{warehouse}"}}\n'
_DRT_PROJECT = "name: shop\nprofile: local\n"
_DRT_SYNC = """\
name: purchases
model: >
  select {columns}, cast(floor(epoch(paid_at)) as bigint) as event_time from orders
destination: {{type: meta_conversions, pixel_id: "123456789012345", access_token: {token},
  event_name: Purchase, event_time_field: event_time, event_id_field: order_id,
  value_field: amount, currency: EUR, {fields}}}
sync: {{mode: full, batch_size: 500, rate_limit: {{requests_per_second: 0}}}}
"""
_DRT_COLUMNS: Mapping[Case, str] = {
    "email": "order_id, amount, email",
    "phone": "order_id, amount, email, phone",
    "all": "order_id, amount, email, phone, click, ip, agent, page",
}
_OFFLINE, _WEBSITE = "action_source: system_generated", "action_source: website"
_DRT_FIELDS: Mapping[Case, str] = {
    "email": f"{_OFFLINE}, email_field: email",
    "phone": f"{_OFFLINE}, email_field: email, phone_field: phone",
    "all": f"{_WEBSITE}, email_field: email, phone_field: phone, client_ip_address_field: ip,"
    " client_user_agent_field: agent, event_source_url_field: page, fbc_field: click",
}


@dataclass(frozen=True, kw_only=True)
class Task:
    """What is to be sent where; `warehouse` and `state` are URLs."""

    case: Case
    warehouse: str
    address: str
    state: str = "sqlite:///state/connector.db"

    @property
    def file(self) -> str:
        """The DuckDB file of the warehouse."""
        return self.warehouse.removeprefix("duckdb:///")


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run in the folder."""

    words: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=clean_environment)


Prepare = Callable[[Path, Task], Command]


def connector(folder: Path, task: Task) -> Command:
    """This tool, with a state that is yet to be made."""
    everything = task.case == "all"
    (folder / "mappings").mkdir()
    (folder / "config.yaml").write_text(
        _CONFIG.format(
            warehouse=task.warehouse, state=task.state, address=task.address, token=TOKEN
        ),
        "utf-8",
    )
    mapping = _MAPPING.format(
        identifiers=_IDENTIFIERS[task.case], fields=_ALL if everything else ""
    )
    (folder / "mappings" / "purchases.yaml").write_text(
        mapping + (_CONTENTS if everything else ""), "utf-8"
    )
    return Command(words=[*CONNECTOR, "sync", "--json"])


def drt(python: Path) -> Prepare:
    """drt of that environment, with its destination for Meta's conversions; it has no contents."""

    def prepare(folder: Path, task: Task) -> Command:
        for name in ("syncs", ".drt"):
            (folder / name).mkdir()
        (folder / ".drt" / "profiles.yml").write_text(_DRT_PROFILE.format(warehouse=task.file))
        (folder / "drt_project.yml").write_text(_DRT_PROJECT)
        sync = _DRT_SYNC.format(
            columns=_DRT_COLUMNS[task.case], fields=_DRT_FIELDS[task.case], token=TOKEN
        )
        (folder / "syncs" / "purchases.yml").write_text(sync)
        environment = clean_environment() | {"HOME": str(folder)}
        return Command(words=[*drt_words(python, task.address), "run"], environment=environment)

    return prepare


def drt_words(python: Path, address: str = "") -> list[str]:
    """The command line of drt, up to its own arguments."""
    return [str(python), "-c", _DRT, address]


def plain(_folder: Path, task: Task) -> Command:
    """The script of an afternoon, in this tool's environment."""
    return Command(words=[sys.executable, str(PLAIN), task.file, task.address, TOKEN, task.case])
