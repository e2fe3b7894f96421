"""A project whose platforms are simulated, with a state."""

from pathlib import Path

from connector import api
from connector.project import Project
from connector.simulator.server import Address

CONFIG = """\
warehouse: {{url: "duckdb:///shop.duckdb"}}
state: {{url: "sqlite:///state/connector.db"}}
connections:
  x:
    platform: x_ads
    ad_account_id: {ad_account_id}
    base_url: {url}
    auth: {{oauth1: {oauth1}}}
  tok:
    platform: tiktok_ads
    advertiser_id: "{tiktok[advertiser_id]}"
    base_url: {url}
    auth: {{access_token: {tiktok[access_token]}}}
"""


def project_of(folder: Path, address: Address) -> Project:
    """A project in a folder; its state is not made yet."""
    (folder / "mappings").mkdir()
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(**address.describe()), "utf-8")
    return api.load(str(config))
