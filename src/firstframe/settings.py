"""Everything an operator may set, from one registry: flag, environment variable and TOML key alike.

Order of precedence: a command-line flag, ``FIRSTFRAME_<NAME>``, the TOML file, the default.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import msgspec

from firstframe.errors import ConfigError


class Help(msgspec.Struct, frozen=True):
    """What a setting means, in one sentence, and under which heading the docs put it."""

    group: str
    text: str
    secret: bool = False


def _h(group: str, text: str, *, secret: bool = False) -> Help:
    return Help(group, text, secret)


MOST_PROCESSES = 64
"""Of one role on one machine."""
MOST_DAYS = 10_000
"""The engine counts seconds in 32 bits, which end in 2106: a row with an end beyond that would be gone at once."""
MOST_BODY_BYTES = 2**24
"""A record of the journal tells its length in 25 bits."""

RANGES: Mapping[str, tuple[float, float]] = {
    "edges": (1, MOST_PROCESSES),
    "journal_partitions": (1, MOST_PROCESSES),
    "journal_retention_hours": (24, MOST_DAYS * 24),
    "journal_limit_bytes": (1_000_000, 2**60),
    "journal_commit_ms": (0, 1_000),
    "engine_port": (0, 65_535),
    "engine_memory_bytes": (64 * 2**20, 2**50),
    "event_retention_days": (1, MOST_DAYS),
    "view_retention_days": (1, MOST_DAYS),
    "max_body_bytes": (1_000, MOST_BODY_BYTES),
    "max_expanded_bytes": (1_000, MOST_BODY_BYTES),
    "max_events": (1, 1_000_000),
    "max_depth": (1, 500),
    "max_view_events": (1, 10_000_000),
    "key_rate": (0, 1_000_000_000),
    "request_seconds": (0.1, 3_600),
    "query_seconds": (0.1, 86_400),
}
"""The least and the most of every number that may be set: what is outside would lose data, or serve nobody."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One frozen value, made once at start and passed down."""

    data: Annotated[str, _h("general", "folder of the journal, the embedded engine and the keys")] = "data"
    collector: Annotated[str, _h("listeners", "HOST:PORT of the public collector")] = "127.0.0.1:8080"
    api: Annotated[str, _h("listeners", "HOST:PORT of the private API and dashboard")] = "127.0.0.1:8090"
    collector_url: Annotated[
        str, _h("listeners", "public address of the collector, when it is behind a proxy; used in snippets")
    ] = ""
    dashboard_url: Annotated[
        str, _h("listeners", "public address of the dashboard, when it is behind a proxy; used in notices")
    ] = ""
    tls_cert: Annotated[str, _h("listeners", "certificate chain (PEM) for the collector")] = ""
    tls_key: Annotated[str, _h("listeners", "private key (PEM) for the collector")] = ""
    edges: Annotated[int, _h("listeners", "collector processes")] = 1
    api_token: Annotated[
        str, _h("keys", "a first secret API token; else one is generated and printed once", secret=True)
    ] = ""
    accounts: Annotated[
        str, _h("keys", "SQLAlchemy URL of projects and keys; empty: SQLite in the data folder", secret=True)
    ] = ""
    journal: Annotated[
        str,
        _h(
            "storage",
            "the journal: a folder, or `kafka://host:9092/topic`; empty: `journal/` in the data folder",
            secret=True,
        ),
    ] = ""
    journal_partitions: Annotated[
        int, _h("storage", "parts of the journal, each read by one fold worker; of a topic as many as it has")
    ] = 2
    journal_retention_hours: Annotated[
        float,
        _h(
            "storage",
            "how long folded segments are kept for replay, at least 24; a topic has its own retention",
        ),
    ] = 24
    journal_limit_bytes: Annotated[int, _h("storage", "size at which the collector answers 503")] = 20 * 2**30
    journal_commit_ms: Annotated[
        float,
        _h(
            "storage",
            "least time between two syncs of the journal, in ms, while fewer than 32 beacons wait for one",
        ),
    ] = 5
    engine: Annotated[
        str,
        _h(
            "storage",
            "clickhouse://user:pass@host:port/db; empty: the embedded engine",
            secret=True,
        ),
    ] = ""
    engine_port: Annotated[
        int, _h("storage", "loopback port of the embedded engine's HTTP face; 0: any free one")
    ] = 8123
    engine_memory_bytes: Annotated[int, _h("storage", "memory one query of the embedded engine may use")] = (
        2 * 2**30
    )
    event_retention_days: Annotated[
        int, _h("storage", "how long events are kept; until then a late one still corrects its view")
    ] = 30
    view_retention_days: Annotated[int, _h("storage", "how long views are kept")] = 730
    max_body_bytes: Annotated[int, _h("limits", "largest body as sent, in bytes")] = 1_000_000
    max_expanded_bytes: Annotated[int, _h("limits", "largest body after gzip or deflate, in bytes")] = (
        4_000_000
    )
    max_events: Annotated[int, _h("limits", "most events in one body")] = 5_000
    max_depth: Annotated[int, _h("limits", "deepest nesting in a body")] = 32
    max_view_events: Annotated[int, _h("limits", "most events used of one view")] = 20_000
    key_rate: Annotated[float, _h("limits", "beacons a second for one write key, 0: no limit")] = 0
    request_seconds: Annotated[float, _h("limits", "longest time for a request to arrive whole")] = 20
    query_seconds: Annotated[float, _h("limits", "longest time for one query")] = 30
    smtp: Annotated[
        str,
        _h("alerts", "mail server for notices: smtp://user:password@host:587 or smtps://", secret=True),
    ] = ""
    mail_from: Annotated[str, _h("alerts", "sender of the mails")] = "firstframe@localhost"
    alert_private_targets: Annotated[
        bool, _h("alerts", "webhooks may lead to this machine and to private networks")
    ] = False
    trusted_proxies: Annotated[
        str, _h("privacy", "proxies (networks) whose X-Forwarded-For is trusted, comma-separated")
    ] = ""
    keep_address: Annotated[bool, _h("privacy", "keep the truncated address (/24, /48)")] = False
    keep_page_query: Annotated[bool, _h("privacy", "keep the query string of page URLs")] = False
    geo: Annotated[str, _h("enrichment", "MMDB files (places, networks), comma-separated")] = ""
    log_level: Annotated[str, _h("general", "debug, info, warning or error")] = "info"
    log_json: Annotated[bool, _h("general", "logs as JSON lines")] = False

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:  # neither is "not a number"
                raise ConfigError(f"{name} is {value}, but {least} to {most} is wanted")
        if not self.data.strip():
            raise ConfigError("data is empty, but the name of a folder is wanted")


class Setting(msgspec.Struct, frozen=True):
    """One entry of `SETTINGS`."""

    name: str
    type: type
    default: Any
    help: Help

    @property
    def variable(self) -> str:
        return f"FIRSTFRAME_{self.name.upper()}"


def _settings() -> tuple[Setting, ...]:
    hints = get_type_hints(Settings, include_extras=True)
    defaults = {field.name: field.default for field in msgspec.structs.fields(Settings)}
    return tuple(
        Setting(name, get_args(hint)[0], defaults[name], get_args(hint)[1]) for name, hint in hints.items()
    )


SETTINGS: tuple[Setting, ...] = _settings()
"""Every setting, in the order the docs show them."""


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from flags, environment and a TOML file, in that order of precedence.

    Raises `ConfigError` that names the setting, its source, its value and what is wanted.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("FIRSTFRAME_CONFIG", "")
    path = file or (Path(named) if named else None)
    values: dict[str, Any] = {}
    for name, value in (_read(path) if path else {}).items():
        values[name] = _cast(_known(name, str(path)), value, str(path))
    for setting in SETTINGS:
        if setting.variable in environ:
            values[setting.name] = _cast(setting, environ[setting.variable], setting.variable)
    for name, value in (flags or {}).items():
        if value is not None:
            values[name] = _cast(_known(name, "a flag"), value, f"--{name.replace('_', '-')}")
    return Settings(**values)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"the settings file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"the settings file {path} is not TOML: {error}") from error


def _known(name: str, source: str) -> Setting:
    for setting in SETTINGS:
        if setting.name == name:
            return setting
    raise ConfigError(f"{source} names the setting {name!r}, which does not exist; see `firstframe settings`")


def _cast(setting: Setting, value: Any, source: str) -> Any:
    try:
        return msgspec.convert(value, setting.type, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{source} is {value!r}, but {setting.name} wants {setting.type.__name__}: {setting.help.text}"
        ) from error


def address(text: str, name: str) -> tuple[str, int]:
    """``HOST:PORT`` as (host, port); an empty host means every interface. Raises `ConfigError`."""
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ConfigError(f"{name} is {text!r}, but HOST:PORT is wanted, such as 127.0.0.1:8080")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 - said in the help
