"""Which addresses a consent page may send a browser back to."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

# Where clients on this machine listen unless they are told otherwise.
REGISTERED_PORT = 8765

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def check_callbacks(addresses: Iterable[str]) -> None:
    """Refuse addresses that cannot be registered.

    Raises:
        ValueError: one is not an absolute address of http or https, or has a fragment.
    """
    for address in addresses:
        if _port(address) is None or urlsplit(address).fragment:
            raise ValueError(
                f"a callback is an address such as http://127.0.0.1:9000/, not {address}"
            )


def is_loopback(address: str) -> bool:
    """Whether an address is one of this machine's, on whatever port."""
    return _port(address) is not None and urlsplit(address).hostname in _LOOPBACK


def is_registered(address: str, *, registered: Iterable[str]) -> bool:
    """Whether an address is registered: word for word, or of the loopback port that always is."""
    if address in set(registered):
        return True
    return is_loopback(address) and _port(address) == REGISTERED_PORT and "#" not in address


def with_query(address: str, **parameters: str | None) -> str:
    """The address with parameters added to its query; those that are None are left out."""
    parts = urlsplit(address)
    added = [(name, value) for name, value in parameters.items() if value is not None]
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *added])
    return urlunsplit(parts._replace(query=query))


def _port(address: str) -> int | None:
    """The port of an absolute address of http or https, None for anything else."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return None
    if any(character.isspace() or not character.isprintable() for character in address):
        return None
    return port if port is not None else (443 if parts.scheme == "https" else 80)
