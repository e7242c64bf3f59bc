"""Connections to addresses that other people name: only to such as they could reach without us.

Whoever may make an alert names a URL, and the server goes there: it must not be a way into the network that the server
stands in (SSRF). The address is looked at where the connection is made, after the name was resolved, so that no second
answer of the resolver can lead elsewhere.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import httpcore

from firstframe.errors import NoTarget

_NAT64 = ip_network("64:ff9b::/96")
_PRIVATE_TOO = tuple(map(ip_network, ("192.0.0.0/24", "fec0::/10", "3fff::/20")))
"""Networks that are nobody's, which this Python still takes for public."""
_CREDENTIALS = frozenset(
    map(ip_address, ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"))
)
"""Where AWS, Alibaba, Oracle and Azure answer their machines with credentials, beside the link-local address."""
NAMES_AT_ONCE = 16
Address = IPv4Address | IPv6Address


def is_allowed(address: Address, *, private: bool) -> bool:
    """Whether to connect there. ``private`` allows the machine's own and its networks, but nothing that is link-local,
    nor the other addresses at which clouds answer whoever asks with the machine's credentials.
    """
    address = _inner(address)
    if address in _CREDENTIALS:
        return False
    if address.is_loopback:
        return private
    if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
        return False
    return private or (address.is_global and not any(address in network for network in _PRIVATE_TOO))


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one leads to, for those that do."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """The network, of which only some addresses can be reached. Raises `NoTarget`."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._network = httpcore.AnyIOBackend()
        # A name server that does not answer holds a thread for long, and must not hold those that everything else uses.
        self._names = ThreadPoolExecutor(NAMES_AT_ONCE, thread_name_prefix="names")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """To the first address of a name that answers."""
        fault: Exception = NoTarget(f"{host} has no address")
        for address in await self._addresses(host, port):
            try:
                return await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
        raise fault

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise NoTarget("a URL does not lead to a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            ask = partial(socket.getaddrinfo, host.strip("[]"), port, type=socket.SOCK_STREAM)
            found = await loop.run_in_executor(self._names, ask)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
        addresses = [ip_address(str(where[0]).partition("%")[0]) for *_, where in found]
        allowed = [one for one in dict.fromkeys(addresses) if is_allowed(one, private=self._private)]
        if addresses and not allowed:
            raise NoTarget(
                f"{host} is {addresses[0]}, to which nothing is sent"
                + ("" if self._private else "; the setting alert_private_targets allows private networks")
            )
        return allowed
