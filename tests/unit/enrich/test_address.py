"""The client's address behind proxies, and what is kept of it."""

import pytest

from firstframe.enrich.address import client_address, truncate, trusted_networks
from firstframe.errors import ConfigError

TRUSTED = trusted_networks("10.0.0.0/8, ::1")

CASES = [
    # peer, X-Forwarded-For, Forwarded, client
    ("192.0.2.1", ["203.0.113.9"], [], "192.0.2.1"),
    ("10.0.0.1", ["203.0.113.9"], [], "203.0.113.9"),
    ("10.0.0.1", ["6.6.6.6, 203.0.113.9, 10.0.0.2"], [], "203.0.113.9"),
    ("10.0.0.1", ["6.6.6.6", "203.0.113.9"], [], "203.0.113.9"),
    ("10.0.0.1", ["unknown, 10.0.0.2"], [], "10.0.0.2"),
    ("10.0.0.1", [], ['for="[2001:db8::7]:4711";proto=https, for=10.0.0.2'], "2001:db8::7"),
    ("::1", ["203.0.113.9:55"], [], "203.0.113.9"),
    ("::ffff:10.0.0.1", ["203.0.113.9"], [], "203.0.113.9"),
    ("10.0.0.1", [], [], "10.0.0.1"),
    (None, ["203.0.113.9"], [], None),
    ("", ["203.0.113.9"], [], None),
]


@pytest.mark.parametrize(("peer", "through", "standard", "client"), CASES)
def test_client_is_the_first_untrusted_from_the_right(peer, through, standard, client):
    """Only what trusted proxies wrote is believed; what stands left of the client anybody could have written."""
    assert client_address(peer, through, standard, TRUSTED) == client


def test_truncated_addresses():
    """/24 and /48 are kept, nonsense is nothing."""
    assert truncate("203.0.113.9") == "203.0.113.0"
    assert truncate("2001:db8:1:2::7") == "2001:db8:1::"
    assert truncate("x") is None


def test_bad_networks_are_said():
    """A wrong network in the setting is named at start."""
    with pytest.raises(ConfigError, match="trusted_proxies"):
        trusted_networks("10.0.0.0/99")
