"""`connector demo`: a made-up shop's conversions to a simulated X, and what ads cost, explained."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

from connector.cli import demo_shop, look, metrics, state
from connector.cli import sync as sync_command
from connector.cli.planning import plan
from connector.cli.terminal import Terminal
from connector.errors import Exit
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

CONFIG = """\
warehouse: {{url: "duckdb:///shop.duckdb"}}
state: {{url: "sqlite:///state/connector.db"}}
connections:
  x:
    platform: x_ads
    live: true
    ad_account_id: {ad_account_id}
    base_url: {url}
    auth:
      oauth1:
        consumer_key: {oauth1[consumer_key]}
        consumer_secret: {oauth1[consumer_secret]}
        token: {oauth1[token]}
        token_secret: {oauth1[token_secret]}
  tiktok:
    platform: tiktok_ads
    advertiser_id: "{tiktok[advertiser_id]}"
    base_url: {url}
    auth: {{access_token: {tiktok[access_token]}}}
"""


def run(terminal: Terminal) -> Exit:
    """Show the whole way of a row, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="connector-demo-") as name, _x_ads() as address:
        folder = Path(name)
        demo_shop.build(folder / "shop.duckdb", now=demo_shop.now())
        _write_project(folder, address)
        here = replace(terminal, config=str(folder / "config.yaml"), json=False, verbosity=-1)
        return _tour(terminal, here, folder, address)


def _tour(terminal: Terminal, here: Terminal, folder: Path, address: Address) -> Exit:
    say = terminal.line
    say("A made-up shop with orders from four time zones in three currencies, as messy as real")
    say("ones: repeated orders, wrong phone numbers, missing consent. X Ads and TikTok Ads are")
    say(f"simulated on this machine, at {address.url}. Nothing leaves it.\n")
    say("The mapping says which column is what; this is all an engineer writes:\n")
    say((folder / "mappings" / "purchases.yaml").read_text("utf-8"))
    say("$ connector state init")
    state.init(here)
    say("\n$ connector plan                # what would be sent, before anything is")
    plan(here)
    say("\n$ connector sync                # a first sync with a history asks before it sends")
    sync_command.sync(here)
    say("\n$ connector state begin purchases --send-history")
    state.begin(here, "purchases", send_history=True)
    say("\n$ connector sync                # each row has one outcome, and they add up")
    sync_command.sync(here)
    say("\n$ connector sync                # again: what was accepted is never sent again")
    sync_command.sync(here)
    demo_shop.more_orders(folder / "shop.duckdb", now=demo_shop.now())
    say("\nA quarter of an hour later: twelve new orders, and one old order has changed.\n")
    say("$ connector sync")
    code = sync_command.sync(here)
    say("\n$ connector status")
    look.status(here)
    with urlopen(f"{address.url}/_simulator/conversions") as answer:  # noqa: S310 - loopback
        wire = json.load(answer)
    say("\nWhat arrived at X, counted on the wire:")
    again = wire["receipts_after_acknowledgement"]
    say(f"  {wire['receipts']:,} conversions in {wire['requests']} requests,")
    say(f"  {wire['distinct']:,} of them distinct, {again} sent again after X had accepted them")
    _metrics(say, here)
    say("\nYour own project: `connector init`; a rehearsal against `connector simulator`.")
    return code


def _metrics(say: Callable[[str], None], here: Terminal) -> None:
    say("\nWhat the ads cost goes into the same warehouse, a row for each ad and day.\n")
    say("$ connector metrics import      # from X and TikTok, in each ad account's own days")
    metrics.import_metrics(here)
    say("\n$ connector metrics show --by campaign")
    metrics.show(here, by="campaign")


@contextmanager
def _x_ads() -> Iterator[Address]:
    with running(Settings()) as address:
        yield address


def _write_project(folder: Path, address: Address) -> None:
    facts = address.describe()
    (folder / "config.yaml").write_text(CONFIG.format(**facts), "utf-8")
    os.chmod(folder / "config.yaml", 0o600)  # noqa: PTH101 - it holds the simulator's tokens
    (folder / "mappings").mkdir()
    mapping = demo_shop.MAPPING.replace("PIXEL", str(facts["pixel_id"]))
    mapping = mapping.replace("EVENT", str(facts["event_id"]))
    (folder / "mappings" / "purchases.yaml").write_text(mapping, "utf-8")
