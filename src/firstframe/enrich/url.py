"""What a media or page URL says: host, delivery's id, protocol. Any text is taken, nothing is raised."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from firstframe.enrich.dstorage import dstorage_id, dstorage_url

__all__ = ["dstorage_id", "dstorage_url", "host_of", "playback_id", "protocol_of", "without_query"]

_KEPT = 4096
"""URLs whose reading is kept: each view's is read anew with each version of its row, and many views share theirs."""

_PLUS_ID = re.compile(r"[A-Za-z]+\+([A-Za-z0-9_-]+)")
"""A MistServer stream name with its wildcard: ``video+ID``, ``videorec+ID``."""

_USUAL_ID = re.compile(r"[a-z0-9]{16}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""A playback id as Livepeer makes them: 16 characters, or a UUID for a recording."""

_MUX_HOSTS = ("stream.mux.com", "image.mux.com")

_PROTOCOL_OF_MIME = {
    "application/vnd.apple.mpegurl": "hls",
    "application/x-mpegurl": "hls",
    "application/mpegurl": "hls",
    "audio/mpegurl": "hls",
    "audio/x-mpegurl": "hls",
    "application/dash+xml": "dash",
    "application/vnd.ms-sstr+xml": "smooth",
    "video/x-flv": "flv",
    "application/sdp": "webrtc",
}

_PROTOCOL_OF_SUFFIX = {
    ".m3u8": "hls",
    ".mpd": "dash",
    ".ism": "smooth",
    ".isml": "smooth",
    ".flv": "flv",
    **dict.fromkeys(
        (
            ".mp4",
            ".m4v",
            ".mov",
            ".webm",
            ".ogv",
            ".ogg",
            ".avi",
            ".mkv",
            ".mp3",
            ".m4a",
            ".aac",
            ".wav",
            ".opus",
            ".flac",
        ),
        "progressive",
    ),
}

_PROTOCOL_OF_SCHEME = {"rtmp": "rtmp", "rtmps": "rtmp", "rtsp": "rtsp", "srt": "srt", "webrtc": "webrtc"}


@lru_cache(_KEPT)
def host_of(url: str | None) -> str | None:
    """The host a URL names, lower case and without port; for ``blob:`` the host of its page."""
    found = _split(url)
    return found[1] if found else None


@lru_cache(_KEPT)
def without_query(url: str | None) -> str | None:
    """A URL without query, fragment, user name and password; None for blanks and for ``data:`` URLs."""
    found = _split(url)
    if found is None:
        return (url or "").split("?", 1)[0].split("#", 1)[0].strip()[:2048] or None
    parts = found[0]
    if parts.scheme == "data":
        return None
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))[:2048] or None


@lru_cache(_KEPT)
def playback_id(url: str | None) -> str | None:
    """The delivery's own id of the video in a source URL (Livepeer's and Mux's addresses), else None."""
    found = _split(url)
    if found is None:
        return None
    parts, host = found
    segments = [unquote(part) for part in parts.path.split("/") if part]
    if host in _MUX_HOSTS and segments:
        return PurePosixPath(segments[0]).stem[:256] or None
    for segment in segments:
        if plus := _PLUS_ID.fullmatch(segment):
            return plus[1][:256]
    if "webrtc" in segments[:-1] or "flv" in segments[:-1]:
        return segments[-1][:256]
    return _of_playlist(segments)


def _of_playlist(segments: list[str]) -> str | None:
    for mark in ("hls", "recordings"):
        if mark in segments:
            inside = segments[segments.index(mark) + 1 : -1]
            usual = [part for part in inside if _USUAL_ID.fullmatch(part)]
            return (usual or inside[-1:] or [""])[0][:256] or None
    return None


@lru_cache(_KEPT)
def protocol_of(url: str | None, mime: str | None = None) -> str | None:
    """How the media comes: hls, dash, smooth, progressive, webrtc, flv, rtmp …; the MIME type goes first."""
    return _of_mime(mime) or _of_url(url)


def _of_mime(mime: str | None) -> str | None:
    kind = (mime or "").split(";", 1)[0].strip().lower()
    if kind.startswith(("video/", "audio/")):
        return _PROTOCOL_OF_MIME.get(kind, "progressive")
    return _PROTOCOL_OF_MIME.get(kind)


def _of_url(url: str | None) -> str | None:
    found = _split(url)
    if found is None:
        return None
    parts = found[0]
    if parts.scheme in _PROTOCOL_OF_SCHEME:
        return _PROTOCOL_OF_SCHEME[parts.scheme]
    segments = parts.path.lower().split("/")
    if "webrtc" in segments or "whep" in segments:
        return "webrtc"
    for segment in reversed(segments):  # a smooth manifest's suffix is not on its last segment
        if known := _PROTOCOL_OF_SUFFIX.get(PurePosixPath(segment).suffix):
            return known
    return None


def _split(url: str | None) -> tuple[SplitResult, str | None] | None:
    """A URL in parts, with its host; None when there is nothing to split."""
    text = (url or "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        inner = urlsplit(text[5:]) if parts.scheme == "blob" else parts
        return parts, (inner.hostname or "").lower() or None
    except ValueError:
        return None
