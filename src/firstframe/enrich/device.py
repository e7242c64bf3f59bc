"""What a user agent and its client hints say of the browser, the system and the device."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from ua_parser import parse

CACHE_SIZE = 4096
USER_AGENT_LIMIT = 1024
"""Longer ones are noise, and patterns cost time by length."""


class Device(msgspec.Struct, frozen=True):
    """Unknown is None; ``device_type`` is one of the record's words."""

    browser: str | None = None
    browser_version: str | None = None
    browser_engine: str | None = None
    os: str | None = None
    os_version: str | None = None
    device_type: str | None = None
    device_vendor: str | None = None
    device_model: str | None = None
    bot: bool = False


BROWSERS: Mapping[str, str] = {
    "Mobile Safari": "Safari",
    "Mobile Safari UI/WKWebView": "Safari WebView",
    "Chrome Mobile": "Chrome",
    "Chrome Mobile iOS": "Chrome",
    "Chrome Mobile WebView": "Chrome WebView",
    "Firefox Mobile": "Firefox",
    "Firefox iOS": "Firefox",
    "Edge Mobile": "Edge",
    "Opera Mobile": "Opera",
    "Microsoft Edge": "Edge",
    "Google Chrome": "Chrome",
}
"""One name for a browser, whatever it runs on."""

BROWSERLESS = frozenset({"Android", "Other"})
"""What the parser says of an app's own client."""

SYSTEMS: Mapping[str, str] = {
    "Mac OS X": "macOS",
    "Mac OS": "macOS",
    "Web0S": "webOS",
    "WebOS": "webOS",
    "ATV OS X": "tvOS",
    "Chromecast Linux": "Chromecast",
    "CrOS": "ChromeOS",
    "Chrome OS": "ChromeOS",
    "Chromium OS": "ChromeOS",
    "Ubuntu": "Linux",
    "Fedora": "Linux",
    "Debian": "Linux",
}

ENGINES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("WebKit", re.compile(r"(iPhone|iPad|iPod).*AppleWebKit")),  # every browser there must use it
    ("EdgeHTML", re.compile(r"Edge/\d")),
    ("Presto", re.compile(r"Presto/")),
    ("Trident", re.compile(r"Trident/|MSIE ")),
    ("Blink", re.compile(r"(Chrome|Chromium|CrMo)/(2[89]|[3-9]\d|\d{3})")),
    ("WebKit", re.compile(r"AppleWebKit/")),
    ("Gecko", re.compile(r"Gecko/")),
)
"""The first that fits."""

KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("console", re.compile(r"PlayStation|Xbox|Nintendo", re.IGNORECASE)),
    ("headset", re.compile(r"OculusBrowser|Quest \d|Quest Pro|VisionOS|Pico Neo| VR Safari", re.IGNORECASE)),
    (
        "tv",
        re.compile(
            r"SMART-?TV|SmartTV|Web0S|NetCast|HbbTV|Apple ?TV|tvOS|Roku|BRAVIA|CrKey|\bAFT\w+|GoogleTV|Android ?TV"
            r"|Viera|VIDAA|Tizen.* TV |\bTV Safari|Chromecast|SHIELD|MIBOX|DTV|Opera TV",
            re.IGNORECASE,
        ),
    ),
    ("car", re.compile(r"Tesla/|QtCarBrowser|Android Automotive|CarPlay", re.IGNORECASE)),
    ("tablet", re.compile(r"iPad|Tablet|PlayBook|Silk/(?!.*Mobile)|Kindle|Nexus (7|9|10)\b", re.IGNORECASE)),
    ("phone", re.compile(r"iPhone|iPod|Mobile|Windows Phone|BlackBerry|Opera Mini", re.IGNORECASE)),
    (
        "phone",
        re.compile(r"Dalvik|ExoPlayer|CFNetwork(?!.*x86_64)", re.IGNORECASE),
    ),  # an app's own client
    ("tablet", re.compile(r"Android")),
    ("desktop", re.compile(r"Windows NT|Macintosh|X11|CrOS|Linux x86_64|Darwin/")),
)
"""The first that fits the user agent; robots have been told apart before."""

ROBOT = re.compile(r"bot\b|bot/|crawl|spider|slurp|lighthouse|phantomjs|pingdom|uptime|scrapy", re.IGNORECASE)
"""Those that call themselves robots."""

LIBRARY = re.compile(
    r"^(python|aiohttp|httpx|curl|wget|okhttp|go-http|axios|node|undici|java|apache-http|dart|ruby|php|guzzle|libwww|perl)",
    re.IGNORECASE,
)
"""Plain HTTP clients, which the parser takes for spiders: they may speak for a viewer (a set-top box, a server)."""

VENDORLESS = frozenset({"Generic", "Generic_Android", "Generic_Android_Tablet", "Generic_Inettv", "Spider"})
MODELLESS = frozenset({"K", "Desktop", "Smartphone", "Feature Phone", "Other", "Android", "iOS-Device"})
"""`K` is what Chrome says of every device since it hides them."""


def prepare() -> None:
    """Read the parser's patterns, half a second that the first user agent would wait for."""
    parse("")


def describe(user_agent: str | None, client_hints: Mapping[str, str]) -> Device:
    """What is known of the device; client hints, where sent, are more exact than the frozen user agent."""
    agent = (user_agent or "").strip()[:USER_AGENT_LIMIT]
    hints = tuple(sorted((name, value[:256]) for name, value in client_hints.items()))
    return _describe(agent, hints) if agent or hints else Device()


@lru_cache(maxsize=CACHE_SIZE)
def _describe(agent: str, pairs: tuple[tuple[str, str], ...]) -> Device:
    hints = {name: _unquoted(value) for name, value in pairs}
    found = parse(agent)
    robot = bool(ROBOT.search(agent)) or (_is_spider(found.device) and not LIBRARY.match(agent))
    system, system_version = _system(found.os, agent, hints)
    browser, version = _browser(found.user_agent, hints)
    vendor, model = _maker(found.device, agent, hints)
    return Device(
        browser=browser,
        browser_version=version,
        browser_engine=_first(ENGINES, agent),
        os=system,
        os_version=system_version,
        device_type="bot" if robot else _kind(agent, hints, system),
        device_vendor=None if robot else vendor,
        device_model=None if robot else model,
        bot=robot,
    )


def _is_spider(device: Any) -> bool:
    return device is not None and device.brand == "Spider"


def _unquoted(value: str) -> str:
    return value.strip().strip('"')


def _first(table: tuple[tuple[str, re.Pattern[str]], ...], agent: str) -> str | None:
    return next((word for word, pattern in table if pattern.search(agent)), None)


def _version(*parts: str | None) -> str | None:
    known = []
    for part in parts:
        if part is None:
            break
        known.append(part)
    while len(known) > 1 and known[-1] == "0":
        known.pop()  # frozen user agents end in zeros, client hints leave them out
    return ".".join(known)[:32] or None


def _browser(found: Any, hints: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Brands in the hints tell apart the browsers that call themselves Chrome."""
    brand = _brand(hints.get("brands", ""))
    if brand:
        return brand
    if found is None or found.family in BROWSERLESS:
        return None, None
    return BROWSERS.get(found.family, found.family), _version(found.major, found.minor)


def _brand(brands: str) -> tuple[str, str | None] | None:
    listed = dict(re.findall(r'"?([^",;]+)"?;\s*v="?(\d+)', brands))
    named = [name for name in listed if "Brand" not in name and name.strip() != "Chromium"]
    real = [name for name in named if name != "Google Chrome"] or named
    return (BROWSERS.get(real[0], real[0].strip()), listed[real[0]]) if real else None


def _system(found: Any, agent: str, hints: Mapping[str, str]) -> tuple[str | None, str | None]:
    name = hints.get("platform") or (found.family if found else None)
    version = _version(found.major, found.minor) if found else None
    hinted = hints.get("platform-version")
    if name == "Windows" and hinted:
        return "Windows", _windows(hinted) or version
    if hinted:
        version = _version(*hinted.split(".")[:2])
    if name == "iOS" and "iPad" in agent:
        name = "iPadOS"
    return SYSTEMS.get(name, name) if name else None, version


def _windows(hinted: str) -> str | None:
    """The hint counts differently: 13 and more is Windows 11."""
    major = hinted.split(".", 1)[0]
    if not major.isdigit() or int(major) == 0:
        return None
    return "11" if int(major) >= 13 else "10"


def _kind(agent: str, hints: Mapping[str, str], system: str | None) -> str:
    kind = _first(KINDS, agent)
    if kind in (None, "tablet", "phone", "desktop") and hints.get("mobile") == "?1":
        return "phone"
    if kind is None and system in ("Windows", "macOS", "Linux", "ChromeOS"):
        return "desktop"
    return kind or "other"


def _maker(found: Any, agent: str, hints: Mapping[str, str]) -> tuple[str | None, str | None]:
    vendor = found.brand if found and found.brand not in VENDORLESS else None
    model = found.model if found and found.model not in MODELLESS else None
    if "Macintosh" in agent:
        vendor, model = "Apple", "Mac"
    return vendor, hints.get("model") or model
