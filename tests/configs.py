"""Texts of config.yaml, and what is read in them."""

from connector.project import Config, TikTokConnection, XConnection
from connector.project.config import between_keys
from connector.project.judge import judge
from connector.project.tree import read_tree

AUTH_KEYS = "pixel_token, pixel_tokens, oauth1, stored, client_id, client_secret"
TOP = """\
warehouse: {url: "duckdb:///warehouse.duckdb"}
state: {url: "sqlite:///state/connector.db"}
"""


def with_connection(text: str) -> str:
    return f"{TOP}connections:\n  x:\n    {text}\n"


def connection_of(**keys: str) -> str:
    """A config with one connection, the keys of which stand from line 5 on, one a line."""
    given = {
        "platform": "x_ads",
        "ad_account_id": "18ce54d4x5t",
        "auth": "{pixel_token: t0ken}",
    } | keys
    return with_connection("\n    ".join(f"{key}: {value}" for key, value in given.items()))


def config_of(text: str) -> Config:
    config, faults = judge(Config, read_tree(text.encode()), between_keys=between_keys)
    assert faults == []
    assert config is not None
    return config


def x_of(text: str) -> XConnection:
    connection = config_of(text).connections["x"]
    assert isinstance(connection, XConnection)
    return connection


def faults_of(text: str) -> list[str]:
    _, faults = judge(Config, read_tree(text.encode()), between_keys=between_keys)
    return [f"{fault.mark.line}:{fault.mark.column} {fault.message}" for fault in faults]


def tiktok(**keys: str) -> str:
    """A config with one connection to TikTok, written as `connection_of` does."""
    given = {
        "platform": "tiktok_ads",
        "advertiser_id": '"7001234567890123456"',
        "auth": "{access_token: t0ken}",
    } | keys
    return with_connection("\n    ".join(f"{key}: {value}" for key, value in given.items()))


def tiktok_of(text: str) -> TikTokConnection:
    connection = config_of(text).connections["x"]
    assert isinstance(connection, TikTokConnection)
    return connection
