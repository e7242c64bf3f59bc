"""Letters by mail, through the operator's server."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from urllib.parse import unquote

import msgspec

from firstframe.alerts.notice import Letter
from firstframe.alerts.url import parts_of
from firstframe.errors import ConfigError

SECONDS = 20.0
_WANTED = "smtp://user:password@host:port (STARTTLS where the server has it) or smtps:// is wanted"
_PORTS = {"smtp": 587, "smtps": 465}
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server, and who the letters are from."""

    host: str
    port: int
    user: str
    password: str
    is_tls: bool
    sender: str

    def send(self, to: str, letter: Letter, notice_id: str) -> None:
        """Raises `OSError`, of which `smtplib.SMTPException` is one."""
        message = EmailMessage()
        message["Subject"] = letter.title
        message["From"] = self.sender
        message["To"] = to
        message["Date"] = formatdate()
        # The same at each try, so that mail servers can drop a repeat.
        message["Message-ID"] = f"<{notice_id}@{self.sender.rpartition('@')[2].rstrip('>')}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        with self._connected() as server:
            server.send_message(message)

    def greet(self) -> None:
        """Connect, and sign in where there is a user. Raises `OSError`."""
        with self._connected():
            pass

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        context = ssl.create_default_context()
        if self.is_tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        with server:
            server.ehlo()
            if not self.is_tls and server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif not self.is_tls and self.user and self.host not in _LOOPBACK:
                raise smtplib.SMTPException(
                    "the server has no STARTTLS, and the password is not sent in the open"
                )
            if self.user:
                server.login(self.user, self.password)
            yield server


def mail_of(url: str, sender: str) -> Mail | None:
    """The server that a URL names; None without one. Raises `ConfigError`, without the password in it."""
    if not url:
        return None
    parts = parts_of(url)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname:
        raise ConfigError(f"smtp is no URL of a mail server: {_WANTED}")
    if not _ADDRESS.fullmatch(parseaddr(sender)[1]) or not sender.isprintable():
        raise ConfigError(f"mail_from is {sender!r}, but an address such as firstframe@example.com is wanted")
    return Mail(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=parts.scheme == "smtps",
        sender=sender,
    )
