"""The address of a client behind proxies, and as much of it as may be kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from firstframe.errors import ConfigError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

KEPT_BITS = {4: 24, 6: 48}


def trusted_networks(text: str) -> tuple[Network, ...]:
    """The networks of the setting ``trusted_proxies``. Raises `ConfigError`."""
    try:
        return tuple(ip_network(part.strip(), strict=False) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ConfigError(
            f"trusted_proxies is {text!r}, but networks are wanted, such as 10.0.0.0/8,::1: {error}"
        ) from error


def client_address(
    peer: str | None, forwarded_for: Iterable[str], forwarded: Iterable[str], trusted: Sequence[Network]
) -> str | None:
    """The client's address: the peer's, or what trusted proxies say, read from the right.

    The first address that is not a trusted proxy's is the client: what stands left of it, anybody could have
    written. ``forwarded_for`` and ``forwarded`` are the values of these headers in order.
    """
    address = _read(peer)
    if address is None or not _is_trusted(address, trusted):
        return str(address) if address else None
    hops = [hop for value in forwarded_for for hop in value.split(",")]
    if not hops:
        hops = [_forwarded_hop(element) for value in forwarded for element in value.split(",")]
    for hop in reversed(hops):
        found = _read(hop)
        if found is None:
            break
        address = found
        if not _is_trusted(address, trusted):
            break
    return str(address)


def truncate(address: str) -> str | None:
    """The network part that may be kept: /24 or /48."""
    found = _read(address)
    if found is None:
        return None
    return str(ip_network(f"{found}/{KEPT_BITS[found.version]}", strict=False).network_address)


def _forwarded_hop(element: str) -> str:
    for pair in element.split(";"):
        name, _, value = pair.strip().partition("=")
        if name.lower() == "for":
            return value.strip('"')
    return ""


def _read(text: str | None) -> Address | None:
    """An address as headers spell it: with a port, in brackets, IPv4 in IPv6."""
    text = (text or "").strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)
