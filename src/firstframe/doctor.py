"""`firstframe doctor`: checks a set-up from the outside and says what is wrong, and what to do about it."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import msgspec
from rich.console import Console
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from firstframe.accounts.store import Accounts
from firstframe.alerts.mail import mail_of
from firstframe.edge.certificate import check_certificate
from firstframe.engine.client import Engine
from firstframe.engine.migrate import pending
from firstframe.errors import ConfigError, EngineError, FirstframeError
from firstframe.folder import Folder
from firstframe.journal import check_journal, is_kafka
from firstframe.journal.kafka.topic import read_topic
from firstframe.settings import Settings, address

FREE_BYTES_WANTED = 5 * 2**30
MARKS = {"good": ("✓", "green"), "note": ("·", "yellow"), "bad": ("✗", "bold red")}


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    verdict: Literal["good", "note", "bad"]
    what: str
    advice: str = ""


def examine(settings: Settings) -> int:
    """Print every finding; returns 1 when something is bad."""
    console = Console()
    findings = [finding for check in CHECKS for finding in _guarded(check, settings)]
    for finding in findings:
        mark, style = MARKS[finding.verdict]
        console.print(Text(f"{mark} {finding.what}", style), soft_wrap=True)
        if finding.advice:
            console.print(f"  {finding.advice}", soft_wrap=True, markup=False)
    return int(any(finding.verdict == "bad" for finding in findings))


def _guarded(check: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    try:
        yield from check(settings)
    except (FirstframeError, OSError, SQLAlchemyError) as error:
        yield Finding("bad", str(error).partition("\n")[0])


def data_folder(settings: Settings) -> Iterator[Finding]:
    """Writable, with room, on a file system that keeps what is synced."""
    folder = Path(settings.data).resolve()
    if not folder.exists():
        yield Finding("note", f"the data folder {folder} is not there yet", "the first start makes it")
        folder = next(parent for parent in folder.parents if parent.exists())
    if not os.access(folder, os.W_OK):
        yield Finding(
            "bad", f"{folder} cannot be written by this user", "change its owner, or name another with --data"
        )
        return
    Folder(folder).check_access()
    free = shutil.disk_usage(folder).free
    verdict: Literal["good", "bad"] = "good" if free >= FREE_BYTES_WANTED else "bad"
    advice = (
        ""
        if verdict == "good"
        else "the collector refuses beacons when the disk is full; free at least 5 GiB"
    )
    yield Finding(verdict, f"{free / 2**30:.1f} GiB are free at {folder}", advice)


def topic(settings: Settings) -> Iterator[Finding]:
    """Where the journal is a topic: it is there, and as wanted."""
    if not is_kafka(settings.journal):
        return
    if check_journal(settings):
        yield Finding("good", f"the journal is {read_topic(settings.journal)}, and a broker answers")
    else:
        yield Finding(
            "bad",
            f"no broker of {read_topic(settings.journal)} answers",
            "the collector answers 503 until one does",
        )


def listeners(settings: Settings) -> Iterator[Finding]:
    """Each address is free, or answers as firstframe does."""
    for name, where in (("collector", settings.collector), ("api", settings.api)):
        host, port = address(where, name)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.settimeout(2)
            taken = probe.connect_ex(("127.0.0.1" if host == "0.0.0.0" else host, port)) == 0  # noqa: S104
        yield Finding("good", f"{name} {where}: {'something answers' if taken else 'free'}")
        if name == "api" and host not in ("127.0.0.1", "::1", "localhost"):
            yield Finding(
                "note", f"the API listens on {host}", "it is private: put TLS and a firewall before it"
            )


def tls(settings: Settings) -> Iterator[Finding]:
    """The certificate and its key fit each other."""
    try:
        check_certificate(settings)
    except ConfigError as error:
        yield Finding("bad", str(error))
        return
    if settings.tls_cert:
        yield Finding("good", f"the certificate {settings.tls_cert} and its key fit")
    else:
        yield Finding(
            "note",
            "the collector speaks plain HTTP",
            "pages on https need --tls-cert and --tls-key, or a proxy",
        )


def accounts(settings: Settings) -> Iterator[Finding]:
    """Whether anybody may write, and somebody may read."""
    folder = Folder(settings.data)
    if not settings.accounts and not folder.is_made:
        yield Finding("note", "no keys yet", "the first start makes an API token and shows it once")
        return
    with closing(Accounts(settings.accounts or folder.accounts_url)) as store:
        if store.has_write_keys():
            yield Finding("good", f"{len(store.write_keys())} write keys")
        else:
            yield Finding(
                "note", "no write key yet: anybody may write", "firstframe keys create --kind write"
            )
        secret = [token for token in store.tokens() if token.kind == "secret" and token.revoked_ms is None]
        if secret or settings.api_token:
            yield Finding("good", "the API can be asked with a secret key")
        else:
            yield Finding("note", "no API key yet", "the first start makes one and shows it once")


def engine(settings: Settings) -> Iterator[Finding]:
    """It answers, and its tables are those of this version."""
    try:
        url = Folder(settings.data).engine_url(settings.engine)
    except ConfigError as error:
        yield Finding("note", str(error))
        return
    found = Engine.connect(url)
    try:
        version = found.query("SELECT version()").rows[0][0]
    except EngineError as error:
        where = f"{found.target.host}:{found.target.port}"
        yield Finding(
            "bad", f"the engine at {where} does not answer: {error}", "is it running? `firstframe serve`"
        )
        return
    yield Finding("good", f"the engine answers, version {version}")
    missing = pending(found)
    if missing:
        yield Finding("bad", f"{len(missing)} migrations are pending", "firstframe migrate")


def enrichment(settings: Settings) -> Iterator[Finding]:
    """The MMDB files named are there."""
    files = [part.strip() for part in settings.geo.split(",") if part.strip()]
    if not files:
        yield Finding(
            "note", "no MMDB file is named: places stay unknown", "see docs/operate.md for free sources"
        )
    for file in files:
        there = Path(file).is_file()
        yield Finding("good" if there else "bad", f"{file} {'is there' if there else 'is not there'}")


def mail(settings: Settings) -> Iterator[Finding]:
    """The mail server takes us, where there is one."""
    server = mail_of(settings.smtp, settings.mail_from)
    if server is None:
        yield Finding("note", "no mail server", "alerts tell webhooks and chats; mail needs --smtp")
        return
    server.greet()
    yield Finding("good", f"the mail server {server.host}:{server.port} takes us")


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    data_folder,
    topic,
    listeners,
    tls,
    accounts,
    engine,
    enrichment,
    mail,
)
"""In the order an operator meets the trouble."""
