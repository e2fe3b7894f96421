"""Reads of all kinds; run as a program, a process that makes its share of them."""

import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from pacing.virtual import VirtualClock

from connector import api
from connector.api.lines import tiktok_line, x_line
from connector.api.stored import tiktok_token, vault_opened, x_access
from connector.http import Answer, NoAnswer, Request, Session
from connector.project.config import TikTokConnection, XConnection
from connector.tiktok import accounts as tiktok_accounts
from connector.x import accounts as x_accounts
from connector.x.calling import Bearer, Signing, get

PATIENCE_SECONDS = 3_600.0
TIKTOK = "tiktok"


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one of several processes reads; `shares` is how often each kind of read comes."""

    config: str
    clock: str
    slot: int
    seed: int
    reads: int
    shares: Mapping[str, int]


def kinds(part: Part) -> list[str]:
    """The kinds of its reads, in order."""
    random = Random(f"{part.seed} {part.slot}")
    return random.choices(list(part.shares), weights=list(part.shares.values()), k=part.reads)


def count_refusals(refused: Counter[str]) -> None:
    """Count what the platforms refuse for a limit, as it comes over the wire."""
    send = Session.send

    def counting(session: Session, request: Request) -> Answer | NoAnswer:
        answer = send(session, request)
        if isinstance(answer, Answer):
            refused["x"] += answer.status == 429
            refused[TIKTOK] += b'"code":40100' in answer.body
        return answer

    setattr(Session, "send", counting)  # noqa: B010 - mypy knows that it is a method


def callables(part: Part, edges: api.Edges, stack: ExitStack) -> Mapping[str, Callable[[], Any]]:
    """How each kind is read."""
    project = api.load(part.config)
    x, tok = project.config.connections["x"], project.config.connections["tok"]
    assert isinstance(x, XConnection)
    assert isinstance(tok, TikTokConnection)
    lines = {"project": project, "patience": PATIENCE_SECONDS}
    line = stack.enter_context(x_line(x, edges, **lines))  # type: ignore[arg-type]
    other = stack.enter_context(tiktok_line(tok, edges, **lines))  # type: ignore[arg-type]
    with vault_opened(project) as vault:
        access = x_access(vault, "x", x, edges)
        token = tiktok_token(vault, "tok", tok, edges)
    assert isinstance(access, Signing | Bearer)
    account = x.ad_account_id
    return {
        "accounts": lambda: x_accounts.accounts(line, access),
        "account": lambda: x_accounts.account(line, access, account),
        "roles": lambda: x_accounts.roles(line, access, account),
        "event_tags": lambda: x_accounts.event_tags(line, access, account),
        "funding_instruments": partial(
            get, line, access, f"accounts/{account}/funding_instruments",
            operation="accounts/:id/funding_instruments",
        ),
        TIKTOK: lambda: tiktok_accounts.probe(other, token),
    }  # fmt: skip


def read(part: Part) -> dict[str, int]:
    """Read a part; what was refused for a limit."""
    clock, refused = VirtualClock(Path(part.clock), slot=part.slot), Counter[str]()
    count_refusals(refused)
    edges = api.Edges(now=clock.now, pause=clock.pause)
    try:
        with ExitStack() as stack:
            ways = callables(part, edges, stack)
            for kind in kinds(part):
                ways[kind]()
    finally:
        clock.end()
    return refused


def main(arguments: Sequence[str]) -> None:
    sys.stdout.write(json.dumps(read(Part(**json.loads(arguments[0])))))


if __name__ == "__main__":
    main(sys.argv[1:])
