"""What is noted about a connection: when it was used, its roles, whether the platform takes it.

A note is worth no waiting and no error: who can't be written to is used all the same.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from connector.credentials.facts import Connection, Status
from connector.credentials.vault import Vault, copies
from connector.errors import UnreachableError


def used(vault: Vault, name: str, now: datetime) -> None:
    """Note that a connection was used."""
    with suppress(UnreachableError):
        for found in copies(vault, name)[:1]:
            found.shelf.used(name, now)


def learn_roles(vault: Vault, name: str, roles: tuple[str, ...]) -> None:
    """Note what a connection's user is on the ad account now."""
    _note(vault, name, lambda facts: replace(facts, roles=roles))


def learn_status(vault: Vault, name: str, status: Status) -> None:
    """Note whether the platform takes tokens that can't be renewed; of others a refresh tells."""
    _note(vault, name, lambda facts: facts if facts.renewable else replace(facts, status=status))


def _note(vault: Vault, name: str, change: Callable[[Connection], Connection]) -> None:
    with suppress(UnreachableError):
        for seen in copies(vault, name)[:1]:
            if change(seen.connection) == seen.connection:
                return
            with seen.shelf.lock(seen.connection.identity) as lock:
                if lock.take():
                    _write(vault, name, change)


def _write(vault: Vault, name: str, change: Callable[[Connection], Connection]) -> None:
    """For who holds the lock."""
    for found in copies(vault, name)[:1]:
        before = found.connection
        noted = replace(change(before), revision=before.revision + 1)
        found.shelf.write(replace(found.record, connection=noted), over=before.revision)
