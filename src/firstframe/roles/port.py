"""The embedded engine's port."""

from __future__ import annotations

import socket
from collections.abc import Collection

from firstframe.errors import ConfigError


def engine_port(wanted: int, avoid: Collection[int] = ()) -> int:
    """The wanted port, or any free one when something else has it: clients read the port, they do not guess it.

    ``avoid`` are ports that other listeners will want. Raises `ConfigError`.
    """
    for port in (wanted, *[0] * 20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
        if found not in avoid:
            return found
    raise ConfigError("no port of loopback is free for the engine")
