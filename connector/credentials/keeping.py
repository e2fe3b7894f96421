"""Keeping, renaming, sharing, removing and resealing credentials.

Each is durable in its new place before it leaves the old one, so that a crash loses nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connector.credentials import disk, keys, private_key
from connector.credentials.facts import (
    PRIVATE,
    Connection,
    Kept,
    Secret,
    checked_name,
    checked_visibility,
)
from connector.credentials.shelves import Record, Shelf
from connector.credentials.vault import (
    Found,
    Vault,
    copies,
    holding,
    opened,
    put,
    shelf_of,
    unknown,
)
from connector.errors import ConfigurationError, UnreachableError

STEPS = {
    "placed": "the credential is durable in its new place",
    "cleared": "and gone from its old one",
    "keys_added": "the key file holds the new key before the old one",
    "resealed": "a private credential is sealed with the new key",
    "keys_trimmed": "the key file holds the new key alone",
}
"""The steps of a change: after each of them the process may die."""


@dataclass(frozen=True, kw_only=True)
class Rekeyed:
    """How many were resealed by visibility, and the visibilities whose key is not set here."""

    resealed: Mapping[str, int]
    skipped: tuple[str, ...]


def keep(vault: Vault, connection: Connection, secret: Secret) -> Connection:
    """Keep what a connection got, in the place of what was kept under its name; the facts as kept.

    Raises:
        ConfigurationError: name or visibility can't be, somebody else's connection has the name, or
            the key of the visibility is missing.
        UnreachableError: the place can't be written now.
    """
    name = checked_name(connection.name)
    visibility = checked_visibility(connection.visibility)
    with holding(vault, name, with_private=visibility == PRIVATE) as found:
        identity = found[0].connection.identity if found else vault.edges.new_identity()
        facts = replace(
            connection, visibility=visibility, identity=identity, status="connected",
            refresh_began_at=None,
        )  # fmt: skip
        return _place(vault, Kept(connection=facts, secret=secret), found)


def check_place(vault: Vault, name: str, visibility: str) -> str:
    """The visibility in its one form, when a connection can be kept with it now.

    Asked before a person consents to what then could not be kept.

    Raises:
        ConfigurationError: it is none, or there is no state, no key or no keyring for it, or the
            name is somebody else's there.
        UnreachableError: the place can't be written now.
    """
    checked = checked_visibility(visibility)
    shelf = shelf_of(vault, checked)
    variable = keys.variable_of(checked)
    if not keys.keys_in(vault.environment, variable):
        if checked != PRIVATE:
            raise ConfigurationError(f"{variable} must be set to share with {checked}; {keys.HOW}")
        private_key.check_new(vault.holders)
    shelf.check()
    found = copies(vault, checked_name(name))
    _refuse_taken(found[:1], next((each for each in found if each.shelf is shelf), None))
    return checked


def share(vault: Vault, name: str, visibility: str) -> Connection:
    """Move a connection to another visibility; the facts as kept.

    Raises:
        ConfigurationError: as `keep`, or there is no such connection, or it can't be opened here.
    """
    wanted = checked_visibility(visibility)
    with holding(vault, name, with_private=wanted == PRIVATE) as found:
        if not found:
            raise unknown(name)
        one = opened(vault, found[0])
        moved = replace(one.connection, visibility=wanted)
        return _place(vault, replace(one, connection=moved), found)


def _place(vault: Vault, one: Kept, found: list[Found]) -> Connection:
    """Put a connection where its visibility says, then clear its other copies."""
    target = shelf_of(vault, one.connection.visibility)
    own = [each for each in found if each.connection.identity == one.connection.identity]
    there = next((each for each in found if each.shelf is target), None)
    _refuse_taken(own, there)
    revision = max((each.connection.revision for each in own), default=0) + 1
    facts = replace(one.connection, revision=revision)
    over = there.connection.revision if there else None
    if not put(vault, replace(one, connection=facts), over=over):
        raise UnreachableError(f"connection {facts.name} was just changed; try again")
    vault.edges.reached("placed")
    _clear(own, target)
    for each in own:
        private_key.forget(vault.holders, each.record.sealed_with)
    vault.edges.reached("cleared")
    kept = target.read(facts.name)
    return kept.connection if kept else facts


def _refuse_taken(own: list[Found], there: Found | None) -> None:
    """Leave alone what is somebody else's: another connection by the same name."""
    identities = {each.connection.identity for each in own}
    if there is not None and there.connection.identity not in identities:
        raise taken(there.connection.name)


def _clear(own: list[Found], target: Shelf) -> None:
    for each in own:
        if each.shelf is not target:
            each.shelf.remove(each.connection.name)


def taken(name: str) -> ConfigurationError:
    """That a name belongs to somebody else's connection."""
    return ConfigurationError(
        f"there is another connection {name} already; rename or remove one of the two"
    )


def rename(vault: Vault, name: str, to: str) -> None:
    """Give a connection another name, in one step; config.yaml names it too.

    Raises:
        ConfigurationError: there is none, or the other name is taken or can't be one.
    """
    checked_name(to)
    with holding(vault, name) as found:
        if not found:
            raise unknown(name)
        if copies(vault, to):
            raise taken(to)
        _clear(_own(found), found[0].shelf)
        if not found[0].shelf.rename(name, to):
            raise taken(to)


def remove(vault: Vault, name: str) -> None:
    """Forget a connection; needs no key. What the platform can revoke is revoked before.

    Raises:
        ConfigurationError: there is none.
    """
    with holding(vault, name) as found:
        if not found:
            raise unknown(name)
        # What is out of date goes first, so that it does not come back.
        _clear(_own(found), found[0].shelf)
        found[0].shelf.remove(name)
        if found[0].shelf is vault.private:
            private_key.forget(vault.holders, found[0].record.sealed_with)


def _own(found: list[Found]) -> list[Found]:
    return [each for each in found if each.connection.identity == found[0].connection.identity]


def rekey(vault: Vault) -> Rekeyed:
    """Reseal what can be opened here with the newest keys.

    Shared ones with the first key of their variable, a visibility in one transaction; private ones
    likewise, or with a new key when no variable holds theirs. Nothing changes unless all of a
    visibility can be opened, and a crash leaves everything readable with both keys.

    Raises:
        ConfigurationError: something can't be opened; which, and what opens it.
    """
    resealed = {PRIVATE: _rekey_private(vault)} if vault.private.records() else {}
    skipped = []
    shared = vault.shared
    for visibility in _visibilities(vault):
        if shared is None or not keys.keys_in(vault.environment, keys.variable_of(visibility)):
            skipped.append(visibility)
            continue
        resealed[visibility] = shared.reseal(visibility, lambda record: _resealed(vault, record))
    return Rekeyed(resealed=resealed, skipped=tuple(skipped))


def _visibilities(vault: Vault) -> list[str]:
    records = vault.shared.records() if vault.shared else []
    return sorted({record.connection.visibility for record in records})


def _resealed(vault: Vault, record: Record) -> str:
    facts = record.connection
    found = keys.keys_in(vault.environment, keys.variable_of(facts.visibility))
    try:
        secret = keys.unseal(record.sealed, facts.identity, found)
    except keys.WrongKeyError:
        raise keys.wrong(facts.name, keys.variable_of(facts.visibility)) from None
    return keys.seal(secret, facts.identity, found)


def _rekey_private(vault: Vault) -> int:
    with holding(vault, "", with_private=True):
        records = vault.private.records()
        all_kept = [opened(vault, Found(shelf=vault.private, record=each)) for each in records]
        holder = _new_holder(vault)
        for one, record in zip(all_kept, records, strict=True):
            put(vault, one, over=one.connection.revision, holder=holder)
            private_key.forget(vault.holders, record.sealed_with)
            vault.edges.reached("resealed")
        _trim(vault, holder)
    return len(records)


def _new_holder(vault: Vault) -> str:
    """What holds the key from now on; a key file gets a new key before the old ones."""
    holders = vault.holders
    holder = private_key.holder_for_new(holders)
    if holder == private_key.FILE:
        old = private_key.keys_of(holders, "", holder)
        private_key.put_key_file(holders, [keys.new_key(), *old])
        vault.edges.reached("keys_added")
    return holder


def _trim(vault: Vault, holder: str) -> None:
    """Leave no key behind that opens nothing any more."""
    holders = vault.holders
    if holder == private_key.FILE:
        newest = private_key.keys_of(holders, "", holder)[:1]
        private_key.put_key_file(holders, newest)
        vault.edges.reached("keys_trimmed")
    elif holders.key_file.exists():
        disk.remove_own(holders.key_file)
