"""The base address of a platform: https, or http on loopback, and nothing behind the host."""

import re
from ipaddress import IPv4Address, ip_address

X_ADDRESS = "https://ads-api.x.com"
X_HOSTS = ("ads-api.x.com", "ads-api.twitter.com")
X_DOMAINS = (".x.com", ".twitter.com")
TIKTOK_ADDRESS = "https://business-api.tiktok.com"
TIKTOK_HOSTS = ("business-api.tiktok.com",)
TIKTOK_DOMAINS = (".tiktok.com",)

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9-]+(\.[a-z0-9-]+)*|\[::1\])(:(?P<port>[0-9]{1,5}))?/?"
)
_USUAL_PORTS = {"https": 443, "http": 80}
ADDRESS_RULE = (
    f"must be an address such as {X_ADDRESS}: https (http on loopback alone),"
    " without path, query, user name or password"
)


def _is_loopback(host: str) -> bool:
    if host in {"localhost", "[::1]"}:
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return isinstance(address, IPv4Address) and address.is_loopback


def parse_address(text: str) -> str:
    """A base address in its one form: lower case, without slash at the end or the usual port.

    Raises:
        ValueError: not an address this tool talks to; its text is for the user.
    """
    match = _ADDRESS.fullmatch(text.lower())
    if match is None:
        raise ValueError(ADDRESS_RULE)
    scheme, host = match["scheme"], match["host"]
    port = int(match["port"] or _USUAL_PORTS[scheme])
    if port not in range(1, 65_536):
        raise ValueError(ADDRESS_RULE)
    if scheme == "http" and not _is_loopback(host):
        raise ValueError("must begin with https://; http is for loopback alone")
    shown = "" if port == _USUAL_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{shown}"


def _host_of(address: str) -> str:
    """The host of an address that `parse_address` gave."""
    match = _ADDRESS.fullmatch(address)
    return match["host"] if match else ""


def belongs_to_x(address: str) -> bool:
    """Whether the host is one of X's own, be it the Ads API or not."""
    return f".{_host_of(address)}".endswith(X_DOMAINS)


def belongs_to_tiktok(address: str) -> bool:
    """Whether the host is one of TikTok's own, the sandbox's too."""
    return f".{_host_of(address)}".endswith(TIKTOK_DOMAINS)


def target_of(address: str) -> str:
    """What ledger, cursors and runs belong to: `x`, or the address of anything else."""
    return "x" if _host_of(address) in X_HOSTS else address


def tiktok_target_of(address: str) -> str:
    """What budgets and imports belong to: `tiktok`, or the address of anything else."""
    return "tiktok" if _host_of(address) in TIKTOK_HOSTS else address
