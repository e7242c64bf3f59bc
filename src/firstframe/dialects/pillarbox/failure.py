"""What a Pillarbox ERROR is: a warning, a rule that forbids the content, or a technical failure and of which kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from firstframe.dialects.base import flag, text
from firstframe.dialects.pillarbox.report import Report
from firstframe.dialects.pillarbox.wire import ERROR, at

MESSAGE_LENGTH = 256
UNKNOWN = "UNKNOWN"
RESTRICTED = "MEDIA_ERR_ABORTED: 1"
"""The code the web player uses for content that may not be shown."""

PHRASES: dict[str, tuple[str, ...]] = {
    "GEOBLOCK": (
        "outside switzerland",
        "ausserhalb der schweiz",
        "en dehors de la suisse",
        "fuori dalla svizzera",
        "ordaifer la svizra",
    ),
    "VPNORPROXYDETECTED": (
        "vpn or a proxy",
        "vpn oder proxy",
        "vpn ou un proxy",
        "vpn o proxy",
        "vpn ni proxy",
    ),
    "AGERATING12": (
        "8pm and 6am",
        "20:00 und 06:00",
        "entre 20h et 6h",
        "fra le 20 e le 6",
        "tranter las 20.00 e las 06.00",
    ),
    "AGERATING18": (
        "10pm and 5am",
        "11pm and 5am",
        "23:00 und 05:00",
        "entre 23h et 5h",
        "fra le 23 le 5",
        "tranter las 23.00 e las 05.00",
    ),
    "COMMERCIAL": (
        "this commercial content",
        "die werbung wurde übersprungen",
        "contenuto commerciale",
        "medium commerzial",
    ),
    "JOURNALISTIC": (
        "journalistic reasons",
        "publizistischen gründen",
        "raisons éditoriales",
        "motivi editoriali",
        "motivs publicistics",
    ),
    "LEGAL": (
        "legal restrictions",
        "rechtlichen gründen",
        "raisons juridiques",
        "restrizioni legali",
        "perquai ch'el è scadì",
    ),
    "ENDDATE": (
        "not available anymore",
        "nicht mehr verfügbar",
        "n'est plus disponible",
        "non è più disponibile",
        "betg pli disponibel",
    ),
    "STARTDATE": (
        "not available yet",
        "noch nicht verfügbar",
        "pas encore disponible",
        "non è ancora disponibile",
        "betg anc disponibel",
    ),
}
"""Words of the players' localised messages (English, German, French, Italian, Romansh) that tell the restriction."""

NOT_AVAILABLE = (
    "this content is not available.",
    "dieser inhalt ist nicht verfügbar.",
    "ce contenu n'est actuellement pas disponible.",
    "questo media non è disponibile.",
    "quest cuntegn n'è betg disponibel.",
)
"""The whole message of a restriction without a reason; also that of a missing programme, which has a status."""

REASONS = (*PHRASES, UNKNOWN)

KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            "CONNECTION_ERROR",
            r"\b418\b|NSURLErrorDomain\(-(1005|1009)\)|UnknownHostException|ConnectException",
        ),
        (
            "DRM_NOT_SUPPORTED",
            r"UnsupportedDrm|DRM_NOT_SUPPORTED|requestMediaKeySystemAccess|keysystem.*not supported",
        ),
        ("DRM_ERROR", r"MEDIA_ERR_ENCRYPTED|Drm|KeyRequest|ContentKey"),
        ("PLAYBACK_UNSUPPORTED_MEDIA", r"SRC_NOT_SUPPORTED|UnrecognizedInputFormat|ParserException"),
        ("PLAYBACK_MEDIA_SOURCE_ERROR", r"MEDIA_ERR_DECODE|AVFoundation|CoreMedia|MediaCodec|Decoder"),
        (
            "PLAYBACK_NETWORK_ERROR",
            r"MEDIA_ERR_NETWORK|NSURLErrorDomain|HttpDataSource|SocketTimeout|IOException",
        ),
    )
)
"""The kinds of the official dashboards, by what the error's name and log say; the first that fits."""


class Failure(msgspec.Struct, frozen=True):
    """One error or warning of a session."""

    at_ms: int
    code: str | None
    message: str | None
    warning: bool
    block_reason: str | None
    """Why the content may not be shown; None for technical errors."""
    kind: str | None
    """In the words of the official dashboards; None for restrictions."""

    @property
    def business(self) -> bool:
        return self.block_reason is not None


def failures_of(reports: Iterable[Report]) -> list[Failure]:
    """The distinct errors and warnings, in order."""
    found: dict[tuple[object, ...], Failure] = {}
    for report in reports:
        if report.name == ERROR:
            failure = _failure(report)
            found.setdefault((failure.at_ms, failure.code, failure.message), failure)
    return list(found.values())


def _failure(report: Report) -> Failure:
    data = report.data
    code, message = text(data.get("name")), text(data.get("message"), MESSAGE_LENGTH)
    severity = text(data.get("severity")) or "Fatal"
    reason = _block_reason(report, code, message)
    return Failure(
        at_ms=report.at_ms,
        code=code,
        message=message,
        warning=severity.lower() == "warning",
        block_reason=reason,
        kind=None if reason else text(data.get("error_type"), 64) or _kind(report, code),
    )


def _block_reason(report: Report, code: str | None, message: str | None) -> str | None:
    """What a server before us classified, else the player's own word, else its message."""
    told, said = text(report.data.get("block_reason"), 64), flag(report.data.get("business_error"))
    if said is False:
        return None
    if said or told:
        return told or _by_words(code, message, None) or UNKNOWN
    kind = text(at(report.log, "errorType"), 64)
    has_status = at(report.log, "status") is not None
    if kind in PHRASES:
        return kind
    if kind and code == RESTRICTED and not has_status:
        return kind
    return _by_words(code, message, NOT_AVAILABLE if not has_status else None)


def _by_words(code: str | None, message: str | None, generic: Sequence[str] | None) -> str | None:
    words, plain = (code or "").replace("_", "").upper(), (message or "").strip().lower().replace("’", "'")
    for reason, phrases in PHRASES.items():
        if words == reason or plain.upper() == reason or any(phrase in plain for phrase in phrases):
            return reason
    if "BLOCKREASON" in words or (generic and plain in generic):
        return UNKNOWN
    return None


def _kind(report: Report, code: str | None) -> str:
    status, asked = at(report.log, "status"), text(at(report.log, "url")) or ""
    if (status == 404 and "mediaComposition" in asked) or (status == 404 and code == "MEDIA_ERR_CUSTOM: 0"):
        return "IL_NOT_FOUND_ERROR"
    said = f"{code or ''} {report.log if isinstance(report.log, str) else ''}"
    found = next((kind for kind, pattern in KINDS if pattern.search(said)), None)
    if found is None and isinstance(report.log, Mapping) and status is not None:
        return "IL_ERROR"
    return found or "UNKNOWN_ERROR"
