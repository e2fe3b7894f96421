"""The main job on rows nobody here made: the Chinook shop, 412 invoices of 59 customers."""

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest
from shop import Shell

CHINOOK = Path(__file__).parents[3] / "shared" / "data" / "chinook.sqlite"
COUNTRIES = {
    "Argentina": "AR", "Australia": "AU", "Austria": "AT", "Belgium": "BE", "Brazil": "BR",
    "Canada": "CA", "Chile": "CL", "Czech Republic": "CZ", "Denmark": "DK", "Finland": "FI",
    "France": "FR", "Germany": "DE", "Hungary": "HU", "India": "IN", "Ireland": "IE",
    "Italy": "IT", "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT",
    "Spain": "ES", "Sweden": "SE", "USA": "US", "United Kingdom": "GB",
}  # fmt: skip
CASES = " ".join(f"when '{name}' then '{code}'" for name, code in COUNTRIES.items())
MAPPING = f"""\
source:
  query: |
    select i.InvoiceId, i.InvoiceDate, i.Total, c.Email, c.Phone,
      case c.Country {CASES} end as region
    from Invoice i join Customer c on c.CustomerId = i.CustomerId
destination: {{type: x_conversions, connection: x, pixel_id: o8z6j, event_id: o87ne}}
identifiers:
  email: Email
  phone: {{column: Phone, region: {{column: region}}}}
fields:
  conversion_time: {{column: InvoiceDate, timezone: America/New_York}}
  conversion_id: InvoiceId
  value: Total
  price_currency: {{value: USD}}
limits: {{max_age: 3650 days}}
"""

pytestmark = pytest.mark.skipif(not CHINOOK.exists(), reason="the sample database is not here")


@pytest.fixture
def chinook(empty: Shell) -> Shell:
    (empty.folder / "mappings").mkdir()
    empty.write("mappings/invoices.yaml", MAPPING)
    empty.config()
    config = (empty.folder / "config.yaml").read_text()
    empty.write("config.yaml", config.replace("duckdb:///shop.duckdb", f"sqlite:///{CHINOOK}"))
    assert empty.run("state", "init").code == 0
    return empty


def copy_to_duckdb(file: Path) -> None:
    """The two tables with the types that the shop declares."""
    with sqlite3.connect(CHINOOK) as shop, duckdb.connect(str(file)) as warehouse:
        tables = {
            "Invoice": "InvoiceId integer, CustomerId integer, InvoiceDate timestamp,"
            " Total decimal(10, 2)",
            "Customer": "CustomerId integer, Email varchar, Phone varchar, Country varchar",
        }
        for name, columns in tables.items():
            names = ", ".join(column.split()[0] for column in columns.split(", ") if " " in column)
            names = names.replace(", 2)", "")
            rows = shop.execute(f"select {names} from {name}").fetchall()
            warehouse.execute(f"create table {name} ({columns})")
            marks = ", ".join("?" for _ in rows[0])
            warehouse.executemany(f"insert into {name} values ({marks})", rows)


def payloads(shell: Shell) -> dict[str, Any]:
    return {c["conversion_id"]: c["payload"] for c in shell.wire()["conversions"]}


def test_every_invoice_is_sent_once_after_a_person_has_said_so(chinook: Shell) -> None:
    stopped = chinook.run("sync", "--json")
    assert stopped.code == 4
    assert stopped.json["mappings"][0]["reasons"]["pending"] == {"first_sync": 412}
    assert chinook.wire()["receipts"] == 0
    chinook.run("state", "begin", "invoices", "--send-history")
    sent = chinook.run("sync", "--json").json["mappings"][0]
    assert sent["rows"]["accepted"] == 412
    assert sent["value"] == {"USD": "2328.60"}
    again = chinook.run("sync", "--json").json["mappings"][0]
    assert again["rows"]["deduplicated"] == 412
    assert again["requests"]["sent"] == 0
    wire = chinook.wire()
    assert (wire["receipts"], wire["distinct"]) == (412, 412)


def test_three_phone_numbers_are_dropped_and_a_missing_one_is_not(chinook: Shell) -> None:
    plan = chinook.run("plan", "--json").json["mappings"][0]
    # Customers 9, 57 and 58 have numbers that are none, customer 45 has no number: 7 invoices each.
    assert plan["dropped_identifiers"] == {"invalid_phone": 21}
    assert plan["identifiers"]["hashed_phone_number"] == 412 - 28
    assert plan["identifiers"]["hashed_email"] == plan["to_send"] == 412


def test_the_same_rows_from_duckdb_give_the_same_payloads(chinook: Shell) -> None:
    chinook.run("state", "begin", "invoices", "--send-history")
    chinook.run("sync")
    from_sqlite = payloads(chinook)
    copy_to_duckdb(chinook.folder / "chinook.duckdb")
    config = (chinook.folder / "config.yaml").read_text()
    config = config.replace(f"sqlite:///{CHINOOK}", "duckdb:///chinook.duckdb")
    chinook.write("config.yaml", config.replace("connector.db", "other.db"))
    chinook.run("state", "init")
    chinook.run("state", "begin", "invoices", "--send-history")
    assert chinook.run("sync", "--json").json["mappings"][0]["rows"]["accepted"] == 412
    assert payloads(chinook) == from_sqlite
    assert len(from_sqlite) == 412


def test_a_night_without_invoices_is_no_error(chinook: Shell) -> None:
    mapping = MAPPING.replace("value: Total", 'value: {sql: "Total / 100"}')
    nothing = " where i.InvoiceId < 0\ndestination:"
    chinook.write("mappings/invoices.yaml", mapping.replace("\ndestination:", nothing))
    ended = chinook.run("sync", "--json")
    assert ended.code == 0, ended.out + ended.err
    assert ended.json["mappings"][0]["rows"]["read"] == 0


def test_tests_of_a_mapping_pass_on_such_a_night(chinook: Shell) -> None:
    nothing = " where i.InvoiceId < 0\ndestination:"
    tests = """\
tests:
  - name: an invoice
    given: {InvoiceId: 7, InvoiceDate: "2026-11-02 09:30:00", Total: 3.96, Email: a@b.co}
    expect:
      conversion:
        conversion_time: 2026-11-02T14:30:00.000Z
        event_id: tw-o8z6j-o87ne
        identifiers:
          - hashed_email: DIGEST
        value: "3.96"
        price_currency: USD
        conversion_id: "7"
""".replace("DIGEST", hashlib.sha256(b"a@b.co").hexdigest())
    chinook.write("mappings/invoices.yaml", MAPPING.replace("\ndestination:", nothing) + tests)
    ended = chinook.run("test")
    assert ended.code == 0, ended.out + ended.err
