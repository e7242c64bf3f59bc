"""The topic that is the journal, as its URL names it: brokers, name, and what the client is told besides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

from firstframe.errors import ConfigError

SCHEME = "kafka://"
EXAMPLE = "kafka://host:9092,other-host:9092/topic"
GROUP = "firstframe"
"""Under which group the workers' places are kept, unless the URL names another with ``?group.id=``."""

_NAME = re.compile(r"[A-Za-z0-9._-]{1,249}")
_SERVER = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?")
_OURS = frozenset(
    {
        "acks",
        "auto.offset.reset",
        "bootstrap.servers",
        "delivery.report.only.error",
        "enable.auto.commit",
        "enable.idempotence",
        "enable.partition.eof",
        "metadata.broker.list",
        "request.required.acks",
        "transactional.id",
    }
)
"""What makes a beacon durable before it is answered, and read once: not to be chosen."""
_NO_TEXT = re.compile(r".*_cb|default\.topic\.config|interceptors|logger|on_commit|on_delivery|opaque")
"""What the client's Python takes, which is functions and the like: with a text in its place it fails, or dies."""


class Topic(msgspec.Struct, frozen=True):
    """Where the journal is."""

    servers: str
    """``host:port`` of some brokers, with commas: they tell of all others."""
    name: str
    group: str = GROUP
    options: dict[str, str] = {}
    """Further settings of the Kafka client, by librdkafka's names."""

    def client(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """What a client is made with; the URL's options go first."""
        return {"client.id": "firstframe", **settings, **self.options, "bootstrap.servers": self.servers}

    def __str__(self) -> str:
        """For people: without the password."""
        return f"{SCHEME}{self.servers}/{self.name}"


def is_kafka(journal: str) -> bool:
    """Whether the setting names a topic; anything else is a folder."""
    return journal.startswith(SCHEME)


def read_topic(journal: str) -> Topic:
    """``kafka://[user:password@]host[:port][,host…]/topic[?option=value…]``. Raises `ConfigError` that says what is wanted."""
    rest, _, query = journal.removeprefix(SCHEME).partition("?")
    place, _, name = rest.partition("/")
    login, _, servers = place.rpartition("@")
    if not all(map(_is_server, servers.split(","))):
        raise ConfigError(f"journal names the brokers {_shown(servers, journal)}, but {EXAMPLE} is wanted")
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise ConfigError(
            f"journal names the topic {_shown(name, journal)}, "
            f"but up to 249 of letters, digits, '.', '_' and '-' are wanted: {EXAMPLE}"
        )
    options = dict(parse_qsl(query, keep_blank_values=True))
    _check_options(options)
    if login:
        user, _, password = login.partition(":")
        options = {"sasl.username": unquote(user), "sasl.password": unquote(password), **options}
    return Topic(servers, name, options.pop("group.id", GROUP), options)


def _is_server(text: str) -> bool:
    found = _SERVER.fullmatch(text)
    return found is not None and (found[1] is None or 0 < int(found[1]) <= 65_535)


def _shown(part: str, journal: str) -> str:
    """A part of the URL that is not right; of one with a password nothing, for any part may be a piece of that."""
    if "@" not in journal:
        return repr(part)
    return "(not shown, for the password; in that '/' is %2F, '?' is %3F and '@' is %40)"


def _check_options(options: dict[str, str]) -> None:
    for name in options:
        if name in _OURS:
            raise ConfigError(
                f"journal sets {name!r}, which firstframe sets itself: no accepted beacon may be lost"
            )
        if _NO_TEXT.fullmatch(name):
            raise ConfigError(f"journal sets {name!r}, which cannot be set as text")
    if not options.get("group.id", GROUP):
        raise ConfigError("journal names an empty group.id: leave it out, or give the group a name")
