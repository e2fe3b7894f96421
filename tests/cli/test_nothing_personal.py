"""No identifier, raw or hashed, and no secret leaves but in a request: not in errors either."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import raw_server
from shop import MAPPING, Ended, Shell

from connector.simulator.server import Address

EMAIL, PHONE, TOKEN = "ada.canary@example.com", "+351912345678", "token-canary-41"
DIGEST = hashlib.sha256(EMAIL.encode()).hexdigest()
PERSONAL = (EMAIL, "ada.canary", PHONE, "912345678", TOKEN, DIGEST, DIGEST.upper())
ORDERS = f"""\
create or replace table orders as
select 'order-' || i as order_id, '{EMAIL}' as email, '{PHONE}' as phone,
  now() - interval 1 minute as paid_at, now() as updated_at,
  cast(i as decimal(9, 2)) as amount, 'EUR' as currency
from range(3) t(i)
"""


@pytest.fixture
def shop(empty: Shell) -> Shell:
    (empty.folder / "mappings").mkdir()
    empty.sql(ORDERS)
    write(empty, empty.address.url)
    assert empty.run("state", "init").code == 0
    return empty


def write(shell: Shell, url: str, mapping: str = MAPPING, warehouse: str = "") -> None:
    shell.config()
    config = (shell.folder / "config.yaml").read_text()
    config = config.replace(str(shell.address.describe()["pixel_token"]), TOKEN)
    config = config.replace(shell.address.url, url)
    if warehouse:
        config = config.replace("duckdb:///shop.duckdb", warehouse)
    shell.write("config.yaml", config)
    with_phone = mapping.replace("{email: email}", "{email: email, phone: phone}")
    shell.write("mappings/purchases.yaml", with_phone)


def assert_nothing_personal(shell: Shell, ended: Ended) -> None:
    kept = [p for p in (shell.folder / "state").rglob("*") if p.is_file()]
    assert kept
    texts = {"stdout": ended.out, "stderr": ended.err}
    texts |= {p.name: p.read_bytes().decode("utf-8", "replace") for p in kept}
    for place, text in texts.items():
        assert [word for word in PERSONAL if word in text] == [], place


def synced(shell: Shell) -> Ended:
    ended = shell.run("sync", "-v", "--json", "--max-runtime", "3s")
    assert_nothing_personal(shell, ended)
    return ended


def test_nothing_personal_is_said_when_the_warehouse_fails_on_a_row(shop: Shell) -> None:
    query = 'query: "select *, cast(email as integer) as number from orders"'
    write(shop, shop.address.url, MAPPING.replace("table: orders", query))
    assert synced(shop).code == 2


def test_nothing_personal_is_said_when_an_expression_fails(shop: Shell) -> None:
    for expression in ("cast(email as integer)", "error(email)", "cast(phone as date)"):
        failing = MAPPING.replace("value: amount", f'value: {{sql: "{expression}"}}')
        write(shop, shop.address.url, failing)
        assert synced(shop).json["mappings"][0]["rows"]["accepted"] == 0


def test_nothing_personal_is_said_of_phones_that_are_none(shop: Shell) -> None:
    shop.sql("update orders set phone = phone || repeat('9', 300), email = null")
    ended = synced(shop)
    assert ended.json["mappings"][0]["dropped_identifiers"] == {"invalid_phone": 3}


def test_nothing_personal_is_said_when_the_network_fails(shop: Shell) -> None:
    write(shop, "http://127.0.0.1:9")
    assert synced(shop).code == 8
    with raw_server.serving(raw_server.resetting) as server:
        write(shop, server.url)
        assert synced(shop).code == 7


@pytest.fixture
def echoing() -> Iterator[str]:
    """An X that repeats what it does not like, as X does."""
    wrong = f"hashed_email ({DIGEST}) is not a valid SHA-256 hash of {EMAIL}"
    errors = [{"code": DIGEST, "message": wrong, "parameter": EMAIL, "value": PHONE}]
    body = json.dumps({"errors": errors}).encode()
    with raw_server.serving(raw_server.answering("400 Bad Request", body)) as server:
        yield server.url


def test_nothing_personal_is_kept_of_an_answer(shop: Shell, echoing: str) -> None:
    write(shop, echoing)
    ended = synced(shop)
    assert ended.json["mappings"][0]["rows"]["refused"] == 3
    for command in (("status",), ("runs",), ("rejects",), ("trace", "order-1")):
        assert_nothing_personal(shop, shop.run(*command))


def test_nothing_personal_is_said_by_postgresql(
    shop: Shell, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("postgresql_server")
    url = server.database(
        "create table orders as select 'o-1'::text as order_id,"
        f" '{EMAIL}'::text as email, '{PHONE}'::text as phone, now() as paid_at,"
        " now() as updated_at, 1.5::numeric(9,2) as amount, 'EUR'::text as currency",
        "grant select on all tables in schema public to reader",
    )
    query = 'query: "select *, cast(email as integer) as number from orders"'
    write(shop, shop.address.url, MAPPING.replace("table: orders", query), warehouse=url)
    ended = synced(shop)
    assert ended.code == 2
    assert "hunter2" not in ended.out + ended.err


def test_a_mapping_with_ten_mistakes_shows_each_with_its_line(shop: Shell, x_ads: Address) -> None:
    mistakes = """\
nam: purchases
enabled: perhaps
tags: [1 2, [x]]
source:
  tabel: orders
  cursor: [a]
destination:
  type: z_conversions
  connection: y
  pixel_id: O8Z6J
  event_id: tw-p3k9d-o87ne
identifiers:
  e-mail: email
  sufficient: [telepathy]
fields:
  conversion_time: {column: paid_at, timezone: Mars/Olympus}
  conversion_id: {column: a, sql: b}
limits: {max_age: soon, max_rejected: many}
in_doubt: never
"""
    shop.write("mappings/purchases.yaml", mistakes)
    ended = shop.run("check")
    assert ended.code == 2
    lines = {line.split(":")[1] for line in ended.err.splitlines() if "purchases.yaml:" in line}
    assert {"1", "2", "5", "8", "9", "10", "13", "14", "16", "17", "18", "19"} <= lines
    assert Path("mappings/purchases.yaml").name in ended.err
