"""Where notices may be sent, and where not."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address

import httpcore
import pytest

from firstframe.alerts.target import GuardedNetwork, is_allowed
from firstframe.errors import NoTarget
from support_receiver import receiving

EVERYBODY = ["93.184.216.34", "2606:4700::1111"]
PRIVATE = [
    *("127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a00:1"),
    *("fec0::1", "192.0.0.8", "3fff::1"),
]
NOBODY = [
    *(
        "169.254.169.254",
        "fe80::1",
        "0.0.0.0",  # noqa: S104 - not bound
        "::",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "ff02::1",
    ),
    *("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "64:ff9b::6464:64c8"),
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::"),
]


@pytest.mark.parametrize("address", EVERYBODY)
def test_public_addresses_are_for_everybody(address: str) -> None:
    assert is_allowed(ip_address(address), private=False)
    assert is_allowed(ip_address(address), private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_ones_are_for_who_allows_them(address: str) -> None:
    assert not is_allowed(ip_address(address), private=False)
    assert is_allowed(ip_address(address), private=True)


@pytest.mark.parametrize("address", NOBODY)
def test_others_are_for_nobody(address: str) -> None:
    assert not is_allowed(ip_address(address), private=False)
    assert not is_allowed(ip_address(address), private=True)


def connect(host: str, port: int, *, private: bool) -> None:
    """Open a connection, and close it."""

    async def run() -> None:
        stream = await GuardedNetwork(private=private).connect_tcp(host, port, timeout=5)
        await stream.aclose()

    asyncio.run(run())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::1]", "[::ffff:7f00:1]"]
)
def test_nobody_is_connected_to_this_machine_whatever_it_is_called(host: str) -> None:
    with receiving() as receiver, pytest.raises((NoTarget, httpcore.ConnectError)) as caught:
        connect(host, receiver.port, private=False)
    if isinstance(caught.value, NoTarget):
        assert "alert_private_targets" in str(caught.value)


def test_it_is_where_that_is_allowed() -> None:
    with receiving() as receiver:
        connect("localhost", receiver.port, private=True)


def test_a_name_without_an_address_is_told() -> None:
    with pytest.raises(httpcore.ConnectError, match="cannot be resolved"):
        connect("no-such-host.invalid", 80, private=True)


def test_sockets_of_the_machine_are_no_targets() -> None:
    with pytest.raises(NoTarget):
        asyncio.run(GuardedNetwork(private=True).connect_unix_socket("/run/x.sock"))
