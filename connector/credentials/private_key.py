"""What holds the key of private credentials; `connector.credentials.keys` says why.

A record names its holder: `variable`, `file`, or `keyring:ACCOUNT`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connector.credentials import disk, keys
from connector.credentials.facts import PRIVATE
from connector.credentials.system_keyring import Keyring
from connector.errors import ConfigurationError

VARIABLE, FILE, KEYRING = "variable", "file", "keyring:"
KEY_FILE = "key"


@dataclass(frozen=True, kw_only=True)
class Holders:
    """Where a key may be, and whether new ones go to the keyring."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    use_keyring: bool
    keyring: Callable[[], Keyring | None]
    reached: Callable[[str], None]

    @property
    def key_file(self) -> Path:
        """The key file beside the credentials."""
        return self.folder / KEY_FILE


def keys_of(holders: Holders, name: str, holder: str) -> Sequence[bytes]:
    """The keys that a holder has, newest first.

    Raises:
        ConfigurationError: it can't be asked here, or others may read the key file.
    """
    if holder == VARIABLE:
        found = keys.keys_in(holders.environment, keys.VARIABLE)
        if not found:
            raise keys.missing(name, PRIVATE)
        return found
    file = holder == FILE
    text = disk.read_own(holders.key_file) if file else _of_keyring(holders, name, holder)
    found = keys.keys_of_text(text or "")
    if not found:
        raise wrong(holders, name, holder)
    return found


def _of_keyring(holders: Holders, name: str, holder: str) -> str:
    keyring = holders.keyring()
    text = keyring.read(holder.removeprefix(KEYRING)) if keyring else None
    if text is None:
        raise ConfigurationError(
            f"the key of connection {name} is in the keyring of the desktop it was stored at, which"
            " does not answer here (cron has none); run `connector connect"
            f" {name}` without the keyring, or share it"
        )
    return text


def wrong(holders: Holders, name: str, holder: str) -> ConfigurationError:
    """That a holder has no key that fits."""
    place = f"the key file {holders.key_file}" if holder == FILE else "the keyring"
    return ConfigurationError(
        f"{place} has no key that opens connection {name}; put the right one back, or run"
        f" `connector connect {name}` again"
    )


def holder_for_new(holders: Holders) -> str:
    """Where the key is that seals from now on; one is made where there is none.

    For who holds the lock of the folder.
    """
    if keys.keys_in(holders.environment, keys.VARIABLE):
        return VARIABLE
    if holders.use_keyring:
        return in_keyring(holders)
    if not keys.keys_of_text(disk.read_own(holders.key_file) or ""):
        put_key_file(holders, [keys.new_key()])
    return FILE


def check_new(holders: Holders) -> None:
    """Let pass where a key can be that seals from now on, without making one.

    Raises:
        ConfigurationError: there is no keyring, or others may read the key file.
    """
    if not holders.use_keyring:
        disk.read_own(holders.key_file)
    elif holders.keyring() is None:
        raise _no_keyring()


def _no_keyring() -> ConfigurationError:
    return ConfigurationError("no keyring answers here; without it the key is a file of mode 0600")


def in_keyring(holders: Holders) -> str:
    """A new key in the keyring.

    Raises:
        ConfigurationError: there is no keyring that keeps it.
    """
    account = keys.new_account()
    keyring = holders.keyring()
    if keyring is None or not keyring.write(account, keys.new_key().decode()):
        raise _no_keyring()
    return f"{KEYRING}{account}"


def put_key_file(holders: Holders, found: Sequence[bytes]) -> None:
    """Put keys into the key file, newest first."""
    disk.make_folder(holders.folder)
    text = "".join(f"{key.decode()}\n" for key in found)
    disk.write_own(holders.key_file, text, reached=holders.reached)


def forget(holders: Holders, holder: str) -> None:
    """Remove a key from the keyring that seals nothing any more."""
    if holder.startswith(KEYRING) and (keyring := holders.keyring()):
        keyring.remove(holder.removeprefix(KEYRING))
