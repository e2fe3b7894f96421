"""The keys that seal: from the environment, a file, or the keyring.

A shared credential is sealed with the key of its visibility: `CONNECTOR_SECRET_KEY` for the
workspace, `CONNECTOR_SECRET_KEY_<TEAM>` for a team. A variable may hold several keys with commas
between, newest first: the first one seals, all of them open. So a key is rotated by putting the new
one before the old one, resealing everything (`rekey`), and taking the old one away.

A private credential is always an encrypted file, and only its key has a choice of places:
`CONNECTOR_SECRET_KEY` when it is set, else a key file beside it, or, for who asks, the keyring.
The keyring is not where it lies by default, since a scheduled sync must read it: cron has no
session bus, and the keyring of somebody who is not logged in is locked. What a cron job of this
account reads, every program of this account reads, so a copy in the keyring beside one on disk
would protect nothing, and go stale with each token that rotates. Who connects for work at the desk
alone can ask for the keyring: then the key is there and nowhere else, and cron is told why.
"""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from connector.credentials.facts import PRIVATE, TEAM, Secret, secret_document, secret_of
from connector.errors import ConfigurationError

VARIABLE = "CONNECTOR_SECRET_KEY"
KEY_BYTES = 32

HOW = (
    "a key is 32 random bytes as base64, such as `openssl rand -base64 32` gives; several stand"
    " with commas between, newest first"
)


class WrongKeyError(Exception):
    """None of the keys opens it, or what was sealed is of another connection."""


def variable_of(visibility: str) -> str:
    """The environment variable whose key seals what has this visibility."""
    if not visibility.startswith(TEAM):
        return VARIABLE
    team = visibility.removeprefix(TEAM).upper().replace("-", "_")
    return f"{VARIABLE}_{team}"


def keys_in(environment: Mapping[str, str], variable: str) -> list[bytes]:
    """The keys that a variable holds, none when it is not set.

    Raises:
        ConfigurationError: it holds something that is no key; nothing of it is repeated.
    """
    parts = [part.strip() for part in environment.get(variable, "").split(",")]
    keys = [_key(part) for part in parts if part]
    if None in keys:
        raise ConfigurationError(f"{variable} does not hold a key: {HOW}")
    return [key for key in keys if key]


def keys_of_text(text: str) -> list[bytes]:
    """The keys of a key file or of the keyring, newest first; what is none is left out."""
    return [key for line in text.split() if (key := _key(line))]


def _key(text: str) -> bytes | None:
    """The one form of a key, from either alphabet of base64, with its padding or without."""
    plain = text.replace("+", "-").replace("/", "_").rstrip("=")
    try:
        raw = base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return base64.urlsafe_b64encode(raw) if len(raw) == KEY_BYTES else None


def new_key() -> bytes:
    """A key of random bytes."""
    return _fernet().Fernet.generate_key()  # type: ignore[no-any-return]


def new_account() -> str:
    """A name for a key in the keyring, like no other."""
    return secrets.token_hex(8)


def seal(secret: Secret, identity: str, keys: Sequence[bytes]) -> str:
    """The ciphertext of a secret under the first key, bound to its connection's identity."""
    text = json.dumps({"of": identity, **secret_document(secret)})
    sealed: bytes = _multi(keys).encrypt(text.encode())
    return sealed.decode()


def unseal(sealed: str, identity: str, keys: Sequence[bytes]) -> Secret:
    """The secret of a ciphertext, under any of the keys.

    Raises:
        WrongKeyError: none of them opens it, or it is of another connection.
    """
    library = _fernet()
    try:
        text = _multi(keys).decrypt(sealed.encode())
    except (library.InvalidToken, TypeError):
        raise WrongKeyError from None
    document = json.loads(text)
    if document.pop("of") != identity:
        raise WrongKeyError
    return secret_of(document)


def missing(name: str, visibility: str) -> ConfigurationError:
    """That a variable is not set, and which."""
    if visibility == PRIVATE:
        whose = "was stored while it was set"
    else:
        whose = f"is shared with {visibility.replace(':', ' ')}"
    return ConfigurationError(
        f"connection {name} {whose}: {variable_of(visibility)} must be set; {HOW}"
    )


def wrong(name: str, variable: str) -> ConfigurationError:
    """That a variable holds another key."""
    return ConfigurationError(
        f"{variable} does not open connection {name}, which was stored with another key; put that"
        f" key into {variable}, behind a new one if there is one"
        f" (NEW,OLD), or run `connector connect {name}` again"
    )


def _multi(keys: Sequence[bytes]) -> Any:  # noqa: ANN401 - the library's own
    library = _fernet()
    return library.MultiFernet([library.Fernet(key) for key in keys])


def _fernet() -> Any:  # noqa: ANN401 - the library's own
    # Cryptography is loaded by the first credential that needs it.
    from cryptography import fernet  # noqa: PLC0415 - see above

    return fernet
