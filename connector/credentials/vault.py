"""All credentials that this person can reach here, and how one is opened.

Of copies with one name that belong to one connection the newest revision holds, so that a move that
was cut off has either happened or not; a private one of another origin goes before a shared one.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from connector.credentials import keys, private_key
from connector.credentials.facts import PRIVATE, Connection, Kept, kind_of
from connector.credentials.private_key import Holders
from connector.credentials.shelves import Lock, PrivateShelf, Record, SharedShelf, Shelf
from connector.credentials.system_keyring import Keyring, system_keyring
from connector.errors import ConfigurationError, UnreachableError
from connector.state.database import Database

LOCK_SECONDS = 90.0
_PAUSE_SECONDS = 0.1
_TRIES = 5


def unheard(_step: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class Edges:
    """Time, chance and the desktop: replaced by tests. `reached` is told each step of a change."""

    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    new_identity: Callable[[], str] = lambda: secrets.token_hex(16)
    keyring: Callable[[], Keyring | None] = system_keyring
    reached: Callable[[str], None] = unheard


@dataclass(frozen=True, kw_only=True)
class Vault:
    """Where this person's credentials lie; `shared` is None where there is no state."""

    private: PrivateShelf
    shared: SharedShelf | None
    environment: Mapping[str, str] = field(repr=False)
    holders: Holders
    edges: Edges

    @property
    def shelves(self) -> tuple[Shelf, ...]:
        """The places in the order in which they are locked."""
        return (self.private,) if self.shared is None else (self.private, self.shared)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A record and where it is."""

    shelf: Shelf
    record: Record

    @property
    def connection(self) -> Connection:
        """Its facts."""
        return self.record.connection


EDGES = Edges()


def vault_of(
    folder: Path,
    database: Database | None,
    environment: Mapping[str, str],
    *,
    use_keyring: bool = False,
    edges: Edges = EDGES,
) -> Vault:
    """The credentials of a project.

    Args:
        folder: of the private ones, made when something is kept there.
        database: the open state that has the shared ones, None for none.
        environment: where keys may be.
        use_keyring: what is kept as private from now on has its key in the keyring alone, where
            cron can't read it.
        edges: time, chance and the desktop.
    """
    holders = Holders(
        folder=folder, environment=environment, use_keyring=use_keyring, keyring=edges.keyring,
        reached=edges.reached,
    )  # fmt: skip
    return Vault(
        private=PrivateShelf(folder=folder, reached=edges.reached),
        shared=SharedShelf(database=database) if database else None,
        environment=environment, holders=holders, edges=edges,
    )  # fmt: skip


def copies(vault: Vault, name: str) -> list[Found]:
    """The records of a name, the one that holds first."""
    found = [
        Found(shelf=shelf, record=record)
        for shelf in vault.shelves
        if (record := shelf.read(name)) is not None
    ]
    if len({each.connection.identity for each in found}) == 1:
        found.sort(key=lambda each: -each.connection.revision)
    return found


def find(vault: Vault, name: str) -> Kept | None:
    """A connection with its secret, None when nothing is kept under this name.

    Raises:
        ConfigurationError: its key is missing or another one, or others may read its file.
        UnreachableError: the place can't be read now.
    """
    found = copies(vault, name)
    return opened(vault, found[0]) if found else None


def kept(vault: Vault, name: str) -> Kept:
    """A connection with its secret.

    Raises:
        ConfigurationError: there is none, or as `find`.
    """
    one = find(vault, name)
    if one is None:
        raise unknown(name)
    return one


def unknown(name: str) -> ConfigurationError:
    """That nothing is kept under a name."""
    return ConfigurationError(
        f"no credentials are stored for connection {name}; `connector connect {name}` gets them"
    )


def listed(vault: Vault) -> list[Connection]:
    """The facts of all connections, by name; needs no key."""
    names = {record.connection.name for shelf in vault.shelves for record in shelf.records()}
    found = [copies(vault, name) for name in sorted(names)]
    return [each[0].connection for each in found if each]


def opened(vault: Vault, found: Found) -> Kept:
    """The secret of a record; one that is rotated meanwhile is read again.

    Raises:
        ConfigurationError: the key is missing or another one.
    """
    record = found.record
    for _ in range(_TRIES):
        facts = record.connection
        try:
            secret = keys.unseal(record.sealed, facts.identity, _keys_of(vault, record))
        except keys.WrongKeyError:
            newer = found.shelf.read(facts.name)
            if newer is None or newer.sealed == record.sealed:
                break
            record = newer
        else:
            return Kept(connection=facts, secret=secret)
    raise _wrong(vault, record)


def _keys_of(vault: Vault, record: Record) -> Sequence[bytes]:
    facts = record.connection
    if facts.visibility == PRIVATE:
        return private_key.keys_of(vault.holders, facts.name, record.sealed_with)
    return _shared_keys(vault, facts)


def _shared_keys(vault: Vault, facts: Connection) -> Sequence[bytes]:
    found = keys.keys_in(vault.environment, keys.variable_of(facts.visibility))
    if not found:
        raise keys.missing(facts.name, facts.visibility)
    return found


def _wrong(vault: Vault, record: Record) -> ConfigurationError:
    facts = record.connection
    if facts.visibility == PRIVATE and record.sealed_with != private_key.VARIABLE:
        return private_key.wrong(vault.holders, facts.name, record.sealed_with)
    return keys.wrong(facts.name, keys.variable_of(facts.visibility))


def shelf_of(vault: Vault, visibility: str) -> Shelf:
    """Where what has a visibility lies.

    Raises:
        ConfigurationError: there is no state to share it in.
    """
    if visibility == PRIVATE:
        return vault.private
    if vault.shared is None:
        raise ConfigurationError(
            "there is no state, in which credentials are shared; `connector state init` makes it"
        )
    return vault.shared


def put(vault: Vault, one: Kept, *, over: int | None, holder: str | None = None) -> bool:
    """Seal and keep a connection, durably; False when what is there is not of revision `over`.

    For who holds its lock. `holder` is what has the key of a private one, None for what new ones
    get: who only changes a credential leaves it readable for whoever could read it.

    Raises:
        ConfigurationError: the key of its visibility is missing.
    """
    facts = _described(one)
    shelf = shelf_of(vault, facts.visibility)
    if facts.visibility == PRIVATE:
        holder = holder or private_key.holder_for_new(vault.holders)
        found = private_key.keys_of(vault.holders, facts.name, holder)
    else:
        holder, found = facts.visibility, _shared_keys(vault, facts)
    sealed = keys.seal(one.secret, facts.identity, found)
    return shelf.write(Record(connection=facts, sealed=sealed, sealed_with=holder), over=over)


def _described(one: Kept) -> Connection:
    """The facts, with what the secret says of itself."""
    secret = one.secret
    facts = replace(one.connection, kind=kind_of(secret))
    return replace(
        facts,
        scopes=getattr(secret, "scopes", ()) or facts.scopes,
        expires_at=getattr(secret, "expires_at", facts.expires_at),
        renewable=getattr(secret, "refresh_token", None) is not None,
    )


def waited(vault: Vault, lock: Lock, seconds: float = LOCK_SECONDS) -> bool:
    """Whether the lock is this process's after waiting for it."""
    ends = vault.edges.monotonic() + seconds
    while not lock.take():
        if vault.edges.monotonic() >= ends:
            return False
        vault.edges.sleep(_PAUSE_SECONDS)
    return True


@contextmanager
def holding(vault: Vault, name: str, *, with_private: bool = False) -> Iterator[list[Found]]:
    """The copies of a connection, which nobody else changes as long as the block lasts.

    Every change takes the locks of all places in one order; a refresh takes its own place's alone.

    Raises:
        UnreachableError: somebody else is at it for too long, or was quicker.
    """
    before = copies(vault, name)
    identity = before[0].connection.identity if before else name
    there = with_private or vault.private.folder.exists()
    with ExitStack() as locks:
        for shelf in vault.shelves if there else vault.shelves[1:]:
            if not waited(vault, locks.enter_context(shelf.lock(identity))):
                raise UnreachableError(f"connection {name} is being changed by another process")
        found = copies(vault, name)
        if found and found[0].connection.identity not in {identity, ""} and before:
            raise UnreachableError(f"connection {name} was just replaced; try again")
        yield found
