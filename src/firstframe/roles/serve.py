"""The whole product on one machine."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from firstframe.accounts.first_token import first_token, take_given
from firstframe.accounts.store import Accounts
from firstframe.alerts.mail import mail_of
from firstframe.console import banner
from firstframe.disk import write_atomically
from firstframe.edge.serve import check
from firstframe.errors import ConfigError
from firstframe.folder import Folder
from firstframe.journal import check_journal
from firstframe.roles.port import engine_port
from firstframe.roles.supervisor import Supervisor, environment_of, roles_of
from firstframe.settings import Settings, address

log = structlog.get_logger()

_DIRECTLY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Without the proxy that ``http_proxy`` may name: it does not reach a loopback that is not its own."""

COUNTERS_PREFIX = "firstframe-"
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - not for files of ours alone: the folder in it is


def serve(settings: Settings) -> int:
    """Run every role under a supervisor until told to stop; returns the exit code.

    Raises `ConfigError` for what an operator must mend first.
    """
    folder = Folder(settings.data).make()
    folder.lock()
    # What is wrong with a setting is told of here, once, not by each role that dies of it again and again.
    check_journal(settings)
    check(settings)
    mail_of(settings.smtp, settings.mail_from)
    for name, where in (("collector", settings.collector), ("api", settings.api)):
        _check_free(name, where)
    _check_apart(settings)
    if not settings.accounts and folder.has_lost_accounts:
        log.warning(
            "keys and projects are gone, and begun anew: whoever sends is taken into the project `default`",
            advice="stop, restore accounts.db from a backup, and start again",
        )
    folder.forget_engine_face()
    # The port is chosen once, so that an engine that was restarted is found where it was.
    others = {address(settings.collector, "collector")[1], address(settings.api, "api")[1]}
    settings = msgspec.structs.replace(settings, engine_port=engine_port(settings.engine_port, others))
    with (
        closing(Accounts(settings.accounts or folder.accounts_url)) as accounts,
        _counters(folder) as counters,
    ):
        take_given(accounts, settings.api_token)
        supervisor = Supervisor(roles_of(settings), environment_of(settings, folder, counters))
        return supervisor.run(
            ready=lambda: _answers(settings.api),
            announce=lambda: _announce(settings, folder, accounts),
        )


def _announce(settings: Settings, folder: Folder, accounts: Accounts) -> None:
    """Say where everything is. Where nobody listens, or the disk is full, all goes on untold.

    A token is made up only now: a start that ends before this would have made one that nobody was shown.
    """
    try:
        banner(settings, folder, first_token(accounts), accounts)
    except (OSError, ValueError, SQLAlchemyError) as error:
        log.warning("it runs, but that could not be shown", error=str(error).partition("\n")[0])


@contextmanager
def _counters(folder: Folder) -> Iterator[str]:
    """A folder for the roles' counters, and the end of the one that a killed supervisor left.

    In memory where there is such a place: counters are mapped files, and a full disk must not end a role.
    """
    note = folder.run / "counters"
    # Of this data folder: in a copy of it stands what the original may be using.
    prefix = f"{COUNTERS_PREFIX}{folder.path.stat().st_ino:x}-"
    left = _noted(note)
    if left is not None and left.name.startswith(prefix):
        shutil.rmtree(left, ignore_errors=True)
    memory = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK | os.X_OK) else None
    with TemporaryDirectory(prefix=prefix, dir=memory) as made:
        # On a full disk it cannot be noted, which must not stop who came to make room.
        with suppress(OSError):
            write_atomically(note, made.encode())
        yield made


def _noted(note: Path) -> Path | None:
    try:
        return Path(note.read_text())
    except (OSError, ValueError):
        return None


def _check_free(name: str, where: str) -> None:
    """Say at once, by name, when a listener's address cannot be had."""
    host, port = address(where, name)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"--{name} {where} cannot be used: {error.strerror}; stop what listens there or choose another"
            ) from error


def _check_apart(settings: Settings) -> None:
    """The two listeners cannot share an address: whichever came second would die of it again and again."""
    collector, api = address(settings.collector, "collector"), address(settings.api, "api")
    hosts = {collector[0], api[0]}
    if collector[1] == api[1] != 0 and (len(hosts) == 1 or hosts & {"0.0.0.0", "::"}):  # noqa: S104 - compared
        raise ConfigError(
            f"--collector {settings.collector} and --api {settings.api} are one address, but two are wanted"
        )


def _answers(api: str) -> bool:
    host, port = address(api, "api")
    name = "127.0.0.1" if host == "0.0.0.0" else f"[{host}]" if ":" in host else host  # noqa: S104 - compared
    try:
        with _DIRECTLY.open(f"http://{name}:{port}/v1/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False
