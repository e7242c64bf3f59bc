"""Delivering notices: to webhooks, chats and mailboxes, again and again until they are taken or given up."""

from __future__ import annotations

import asyncio
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import httpcore
import msgspec

from firstframe import __version__
from firstframe.alerts.channel import Channel
from firstframe.alerts.mail import Mail, mail_of
from firstframe.alerts.notice import Letter, for_chat
from firstframe.alerts.signature import signed_headers
from firstframe.alerts.target import GuardedNetwork
from firstframe.errors import Undelivered
from firstframe.settings import Settings

SECONDS = 15.0
"""For one delivery, from the name to the answer."""
MAIL_SECONDS = 30.0
MAILS_AT_ONCE = 4
_SAID = (("content-type", "application/json"), ("user-agent", f"firstframe/{__version__}"))


class Courier:
    """Takes letters to their receivers. Nothing is kept open between two of them."""

    def __init__(self, mail: Mail | None, *, private_targets: bool) -> None:
        self._mail = mail
        self._network = GuardedNetwork(private=private_targets)
        self._tls = ssl.create_default_context()
        # Threads of its own: a mail server that is slow holds them for longer than a letter is waited for.
        self._mailing = ThreadPoolExecutor(MAILS_AT_ONCE, thread_name_prefix="mail")

    @property
    def has_mail(self) -> bool:
        return self._mail is not None

    async def deliver(self, channel: Channel, letter: Letter, notice_id: str, signing_secret: str) -> None:
        """Raises `Undelivered`."""
        match channel.kind:
            case "email":
                await self._by_mail(channel.to, letter, notice_id)
            case "chat":
                await self._post(channel.to, msgspec.json.encode({"text": for_chat(letter.text)}), {})
            case "webhook":
                body = msgspec.json.encode(letter.data)
                signed = signed_headers(signing_secret, notice_id, int(time.time()), body)
                await self._post(channel.to, body, signed)

    async def _by_mail(self, to: str, letter: Letter, notice_id: str) -> None:
        if self._mail is None:
            raise Undelivered("there is no mail server any more (the setting smtp)")
        try:
            async with asyncio.timeout(MAIL_SECONDS):
                send = partial(self._mail.send, to, letter, notice_id)
                await asyncio.get_running_loop().run_in_executor(self._mailing, send)
        except TimeoutError as error:
            raise Undelivered(f"the mail server did not take it within {MAIL_SECONDS:.0f} seconds") from error
        except (OSError, ValueError) as error:
            raise Undelivered(f"the mail server: {_one_line(error)}") from error

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        try:
            async with asyncio.timeout(SECONDS), self._pool() as pool:
                said = [*_SAID, *headers.items()]
                # Only the status is read: what else a receiver says, however long and slowly, is nobody's business.
                async with pool.stream("POST", url, headers=said, content=body) as answer:
                    status = answer.status
        except TimeoutError as error:
            raise Undelivered(f"no answer within {SECONDS:.0f} seconds") from error
        except (*_FAILURES, OSError, ssl.SSLError) as error:
            raise Undelivered(_one_line(error) or type(error).__name__) from error
        if not 200 <= status < 300:
            raise Undelivered(
                f"answered with {status}" + (", and redirects are not followed" if status < 400 else "")
            )

    def _pool(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            network_backend=self._network,
            max_connections=1,
            max_keepalive_connections=0,
        )


def courier_of(settings: Settings) -> Courier:
    """Raises `ConfigError` for a mail server that is none."""
    return Courier(mail_of(settings.smtp, settings.mail_from), private_targets=settings.alert_private_targets)


_FAILURES: tuple[Any, ...] = (
    httpcore.ConnectError,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
