"""Credentials that are made up, in vaults of their own, and processes that use them."""

import base64
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from commands import Call, Command, started

from connector.credentials import (
    Connection,
    Issuer,
    OAuth1Tokens,
    OAuth2Tokens,
    PixelTokens,
    Secret,
    TikTokTokens,
    Vault,
    keep,
)
from connector.errors import TokenRefusedError, UnreachableError

ROOT = Path(__file__).parents[1]
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CANARY = "canary-7f3e1c"
KEY, OTHER_KEY, THIRD_KEY = (
    base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3)
)
SECRETS: dict[str, Secret] = {
    "pixel_tokens": PixelTokens(tokens={"o8z6j": f"{CANARY}-1", "": f"{CANARY}-2"}),
    "oauth1": OAuth1Tokens(
        consumer_key=f"{CANARY}-3", consumer_secret=f"{CANARY}-4", token=f"{CANARY}-5",
        token_secret=f"{CANARY}-6",
    ),
    "oauth2": OAuth2Tokens(
        access_token=f"{CANARY}-7", refresh_token=f"{CANARY}-8",
        expires_at=NOW + timedelta(hours=2), scopes=("ads.read", "offline.access"),
    ),
    "tiktok": TikTokTokens(access_token=f"{CANARY}-9"),
}  # fmt: skip
PAIR = OAuth2Tokens(access_token="access-0", refresh_token="refresh-0", expires_at=NOW)


def connection(name: str = "x", **facts: Any) -> Connection:  # noqa: ANN401 - facts of many types
    """What `connect` knows of a connection."""
    made = Connection(
        name=name, platform="x_ads", connected_at=NOW, connected_by="ana@host",
        roles=("AD_MANAGER",), ad_account_ids=("18ce54d4x5t",),
    )  # fmt: skip
    return replace(made, **facts)


def later(tokens: OAuth2Tokens) -> OAuth2Tokens:
    """The pair that follows one: `refresh-0` gives `refresh-1`, good for two hours."""
    number = int((tokens.refresh_token or "0").rpartition("-")[2]) + 1
    return OAuth2Tokens(
        access_token=f"access-{number}", refresh_token=f"refresh-{number}",
        expires_at=NOW + timedelta(hours=2),
    )  # fmt: skip


def start(
    code: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> "subprocess.Popen[str]":
    """A Python process, by default with no environment at all but where the code is."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", **(environment or {})},
    )  # fmt: skip


def forked(code: str, *arguments: object, environment: Mapping[str, str]) -> Command:
    """The same ten times as soon, forked from a process that has everything loaded."""
    call = Call(words=list(map(str, arguments)), folder=os.sep, environment=environment, code=code)
    return started(call, is_read=True)


def ended(process: "subprocess.Popen[str] | Command") -> tuple[int, str, str]:
    """Exit code, standard output and errors of a process."""
    with process:
        out, err = process.communicate("", timeout=120)
    return process.wait(), out, err


class Platform:
    """Rotates tokens as a platform does: each refresh token is good once."""

    def __init__(self, good: str = "refresh-0") -> None:
        self.good = good
        self.asked: list[str] = []
        self.ended: list[str] = []

    @property
    def issuer(self) -> Issuer:
        return Issuer(refresh=self.refresh, revoke=self.revoke)

    def refresh(self, tokens: OAuth2Tokens) -> OAuth2Tokens:
        self.asked.append(tokens.refresh_token or "")
        if tokens.refresh_token != self.good:
            raise TokenRefusedError(f"refused {tokens.refresh_token}")
        answer = later(tokens)
        self.good = answer.refresh_token or ""
        return answer

    def revoke(self, tokens: OAuth2Tokens) -> None:
        self.ended.append(tokens.refresh_token or "")


def by(refresh: Callable[[OAuth2Tokens], OAuth2Tokens]) -> Issuer:
    return Issuer(refresh=refresh, revoke=unheard)


def failing(error: Exception) -> Issuer:
    def refresh(_tokens: OAuth2Tokens) -> OAuth2Tokens:
        raise error

    return by(refresh)


def unheard(_tokens: OAuth2Tokens) -> None:
    raise AssertionError


SILENT = failing(UnreachableError("no answer in time"))
NEVER = failing(AssertionError())


def now() -> datetime:
    return NOW


def connected(vault: Vault, visibility: str = "private", **tokens: object) -> None:
    """Keep a pair as x."""
    pair = replace(PAIR, **tokens)  # type: ignore[arg-type]
    keep(vault, connection(visibility=visibility), pair)
