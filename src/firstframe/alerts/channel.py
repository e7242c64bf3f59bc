"""Where notices go: a webhook, a chat that takes webhooks, a mailbox."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from firstframe.alerts.url import parts_of
from firstframe.errors import BadRequest

Kind = Literal["webhook", "chat", "email"]
MOST_TO = 2_000
_MAILBOX = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,253}", re.ASCII)


class Channel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One receiver.

    ``webhook`` gets the incident as JSON, signed; ``chat`` gets ``{"text": …}``, which Slack, Mattermost, Rocket.Chat
    and Google Chat take; ``email`` gets a letter.
    """

    kind: Kind
    to: str
    """A URL; for ``email`` an address."""

    @property
    def receiver(self) -> str:
        """Who may keep others waiting: one URL, and one mail server for all letters."""
        return "email" if self.kind == "email" else self.to


def check_channel(channel: Channel, *, has_mail: bool) -> None:
    """Raises `BadRequest`. Where a URL leads is looked at when something is sent: names change their addresses."""
    if channel.kind == "email":
        if not has_mail:
            raise _wrong(channel, "a webhook or a chat: there is no mail server (the setting smtp)")
        if not _MAILBOX.fullmatch(channel.to):
            raise _wrong(channel, "an address such as team@example.com")
        return
    parts = parts_of(channel.to)
    if (
        len(channel.to) > MOST_TO
        or not channel.to.isascii()
        or not channel.to.isprintable()
        or " " in channel.to
    ):
        raise _wrong(channel, f"a URL in ASCII of up to {MOST_TO} characters")
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong(channel, "a URL that begins with https:// or http://")
    if parts.username is not None or parts.fragment:
        raise _wrong(channel, "a URL without user, password and fragment")


def _wrong(channel: Channel, allowed: str) -> BadRequest:
    shown = channel.to[:100]
    return BadRequest(
        f"notify names {shown!r} for {channel.kind}, but {allowed} is wanted",
        parameter="notify",
        got=shown,
        allowed=allowed,
    )
