"""What a session's reports say beside its events, as dimensions of the record."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from firstframe.dialects.base import text
from firstframe.dialects.livepeer.history import History
from firstframe.enrich import url as urls

_PLAYER = re.compile(r"(audio|hls|video|webrtc|image|vtt|unknown)(?:-(.+))?", re.DOTALL)
_PACKAGE = re.compile(r"(@?[\w./-]+)@([\w.+-]+)")
_LEVEL = re.compile(r"\d+_\d+")
"""What the SDK takes for a playback id in the URL of a level playlist."""


def dimensions_of(history: History, origins: Collection[str | None]) -> dict[str, Any]:
    """Record fields by name; the latest report wins, key by key."""
    said: dict[str, Any] = {}
    for session in history.sessions:
        said |= {key: value for key, value in session.items() if value not in (None, "")}
    source = text(said.get("source_url"), 2048)
    found: dict[str, Any] = {
        "session_id": text(said.get("session_id"), 256),
        "viewer_id": text(said.get("uid"), 256),
        "playback_id": _playback_id(text(said.get("playback_id"), 256), source),
        "dstorage_id": urls.dstorage_id(source) or urls.dstorage_id(text(said.get("playback_id"))),
        "source_url": urls.without_query(source),
        "source_host": urls.host_of(source),
        "page_url": _page_url(said, origins),
        "protocol": _protocol(said, source),
        "user_agent": text(said.get("user_agent")),
        **_player(text(said.get("player")), text(said.get("version"))),
    }
    found["video_id"] = found["playback_id"]
    found["page_host"] = urls.host_of(found["page_url"])
    return found


def _playback_id(sent: str | None, source: str | None) -> str | None:
    if sent is None or _LEVEL.fullmatch(sent):
        return urls.playback_id(source) or sent
    return sent


def _page_url(said: dict[str, Any], origins: Collection[str | None]) -> str | None:
    """The page. The SDK splits it and leaves out scheme and port: the requests' origin has them."""
    if page := text(said.get("page_url"), 2048):
        return page
    domain = text(said.get("domain"), 256)
    if domain is None:
        return None
    its_own = (origin for origin in origins if origin and urls.host_of(origin) == domain.lower())
    origin = min(its_own, default=f"https://{domain}")
    rest = "".join(text(said.get(key)) or "" for key in ("path", "params", "hash"))
    return (origin + rest)[:2048]


def _protocol(said: dict[str, Any], source: str | None) -> str | None:
    mime = text(said.get("protocol"), 128)
    if mime == "video/h264" or str(said.get("player")).startswith("webrtc"):
        return "webrtc"
    return urls.protocol_of(source, mime)


def _player(player: str | None, version: str | None) -> dict[str, str | None]:
    """``hls``, or ``hls-10``, or ``video-@livepeer/core@3.3.1``: the player, its version, the SDK and its version."""
    known = _PLAYER.fullmatch(player or "")
    name, tail = (known[1], known[2]) if known else (player, None)
    package = _PACKAGE.fullmatch(version or tail or "")
    if package is None and tail is not None:
        name = player
    return {
        "player_name": name,
        "player_software": known[1] if known else None,
        "player_version": package[2] if package else version or tail,
        "sdk_name": package[1] if package else "@livepeer",
        "sdk_version": package[2] if package else version,
    }
