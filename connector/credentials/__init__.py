"""Credentials of connections: where they lie, who can read them, how they rotate.

`private`: this person on this machine, an encrypted file in the project's folder of the state.
`workspace` and `team:NAME`: the state database, for all who reach it and hold the key.
"""

from connector.credentials.facts import (
    Connection,
    Kept,
    OAuth1Tokens,
    OAuth2Tokens,
    PixelTokens,
    Secret,
    TikTokTokens,
    public,
    status_at,
)
from connector.credentials.keeping import (
    Rekeyed,
    check_place,
    keep,
    rekey,
    remove,
    rename,
    share,
)
from connector.credentials.noting import learn_roles, learn_status, used
from connector.credentials.refreshing import Issuer, fresh
from connector.credentials.vault import Edges, Vault, find, kept, listed, vault_of

FOLDER = "credentials"
"""The folder of the private ones, beside the files of the state (`state.place.folder_beside`)."""

__all__ = [
    "FOLDER", "Connection", "Edges", "Issuer", "Kept", "OAuth1Tokens", "OAuth2Tokens",
    "PixelTokens", "Rekeyed", "Secret", "TikTokTokens", "Vault", "check_place", "find", "fresh",
    "keep", "kept", "learn_roles", "learn_status", "listed", "public", "rekey", "remove", "rename",
    "share", "status_at", "used", "vault_of",
]  # fmt: skip
