"""The demo's world: titles, places, clients, networks, CDNs, faults, and who speaks which dialect."""

from __future__ import annotations

from firstframe.demo.world import (
    Cdn,
    Client,
    Fault,
    Network,
    Place,
    Player,
    Rendition,
    Speech,
    Title,
    World,
)

MINUTE_MS = 60_000

TITLES = (
    Title(id="trailer-tide", name="Tide: trailer", weight=14, duration_ms=118_000, finish=0.6),
    Title(id="news-evening", name="Evening news", weight=16, duration_ms=6 * MINUTE_MS, finish=0.45, has_ads=True),
    Title(id="kitchen-1x01", name="Salt", series="The Long Kitchen", weight=12, duration_ms=24 * MINUTE_MS, finish=0.5),
    Title(id="kitchen-1x02", name="Smoke", series="The Long Kitchen", weight=9, duration_ms=25 * MINUTE_MS, finish=0.6),
    Title(id="kitchen-1x03", name="Sugar", series="The Long Kitchen", weight=7, duration_ms=23 * MINUTE_MS, finish=0.65),
    Title(id="film-harbour", name="The Harbour at Night", weight=8, duration_ms=96 * MINUTE_MS, finish=0.35,
          has_ads=True, barred_region="asia"),
    Title(id="archive-reel", name="Reel 17, from the archive", weight=5, duration_ms=11 * MINUTE_MS, finish=0.3,
          asset="ipfs/bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi/index.m3u8"),
    Title(id="channel-one", name="Channel One", weight=20, duration_ms=0, finish=0),
)  # fmt: skip

PLACES = (
    Place(city="Berlin", country="DE", continent="EU", region="europe", time_zone="Europe/Berlin",
          language="de-DE", address="84.128.14", weight=16),
    Place(city="Paris", country="FR", continent="EU", region="europe", time_zone="Europe/Paris",
          language="fr-FR", address="90.0.30", weight=12),
    Place(city="London", country="GB", continent="EU", region="europe", time_zone="Europe/London",
          language="en-GB", address="81.134.2", weight=14),
    Place(city="Zürich", country="CH", continent="EU", region="europe", time_zone="Europe/Zurich",
          language="de-CH", address="85.1.77", weight=6),
    Place(city="New York", country="US", continent="NA", region="americas", time_zone="America/New_York",
          language="en-US", address="73.10.4", weight=18),
    Place(city="Los Angeles", country="US", continent="NA", region="americas",
          time_zone="America/Los_Angeles", language="en-US", address="73.162.9", weight=10),
    Place(city="São Paulo", country="BR", continent="SA", region="americas", time_zone="America/Sao_Paulo",
          language="pt-BR", address="177.33.5", weight=9),
    Place(city="Tokyo", country="JP", continent="AS", region="asia", time_zone="Asia/Tokyo",
          language="ja-JP", address="126.3.60", weight=8),
    Place(city="Mumbai", country="IN", continent="AS", region="asia", time_zone="Asia/Kolkata",
          language="en-IN", address="49.36.8", weight=12),
    Place(city="Johannesburg", country="ZA", continent="AF", region="africa",
          time_zone="Africa/Johannesburg", language="en-ZA", address="105.224.1", weight=4),
)  # fmt: skip

_MOZILLA = "Mozilla/5.0"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_CHROME = '"Chromium";v="143", "Google Chrome";v="143", "Not A(Brand";v="24"'

CLIENTS = (
    Client(name="Chrome on Windows", weight=30, slowness=1, screen=(1920, 1080), player=(1280, 720),
           user_agent=f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/143.0.0.0 Safari/537.36",
           hints={"sec-ch-ua": _CHROME, "sec-ch-ua-mobile": "?0", "sec-ch-ua-platform": '"Windows"'}),
    Client(name="Edge on Windows", weight=7, slowness=1, screen=(1920, 1080), player=(1280, 720),
           user_agent=f"{_MOZILLA} (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/143.0.0.0 Safari/537.36 "
           "Edg/143.0.0.0"),
    Client(name="Firefox on Linux", weight=6, slowness=1.05, screen=(2560, 1440), player=(1280, 720),
           user_agent=f"{_MOZILLA} (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
    Client(name="Safari on Mac", weight=13, slowness=0.9, screen=(1728, 1117), player=(1152, 648),
           user_agent=f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/26.1 Safari/605.1.15"),
    Client(name="Safari on iPhone", weight=18, slowness=1.1, screen=(393, 852), player=(393, 221),
           user_agent=f"{_MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_APPLE} Version/26.1 "
           "Mobile/15E148 Safari/604.1"),
    Client(name="Chrome on Android", weight=17, slowness=1.5, screen=(412, 915), player=(412, 232),
           user_agent=f"{_MOZILLA} (Linux; Android 10; K) {_WEBKIT} Chrome/143.0.0.0 Mobile Safari/537.36",
           hints={"sec-ch-ua": _CHROME, "sec-ch-ua-mobile": "?1", "sec-ch-ua-platform": '"Android"'}),
    Client(name="Safari on iPad", weight=4, slowness=1, screen=(1180, 820), player=(1180, 664),
           user_agent=f"{_MOZILLA} (iPad; CPU OS 16_6 like Mac OS X) {_APPLE} Version/16.6 Mobile/15E148 "
           "Safari/604.1"),
    Client(name="Samsung television", weight=5, slowness=2.2, screen=(1920, 1080), player=(1920, 1080),
           user_agent=f"{_MOZILLA} (SMART-TV; LINUX; Tizen 7.0) {_WEBKIT} 94.0.4606.31/7.0 TV Safari/537.36"),
)  # fmt: skip

NETWORKS = (
    Network(name="wired", bps=80_000_000, latency_ms=12, startup_ms=520, stalls_per_hour=0.6, weight=18),
    Network(name="wifi", bps=24_000_000, latency_ms=24, startup_ms=780, stalls_per_hour=2, weight=48),
    Network(name="cellular", bps=7_000_000, latency_ms=55, startup_ms=1400, stalls_per_hour=9, weight=28),
    Network(name="other", bps=2_200_000, latency_ms=140, startup_ms=3200, stalls_per_hour=26, weight=6),
)

CDNS = (
    Cdn(name="northlight", host="video.northlight.example", slowness=1, failures=0.004, weight=46),
    Cdn(name="meridian", host="cdn.meridian.example", slowness=1.15, failures=0.006, weight=34),
    Cdn(name="cheapstream", host="edge.cheapstream.example", slowness=1.9, failures=0.022, weight=20),
)

LADDER = (
    Rendition(400_000, 426, 240),
    Rendition(1_100_000, 640, 360),
    Rendition(2_600_000, 1280, 720),
    Rendition(5_400_000, 1920, 1080),
    Rendition(9_800_000, 2560, 1440),
)

FAULTS = {
    "network": Fault("network", False, {
        "native": ("NETWORK_TIMEOUT", "a segment did not arrive within 20 s"),
        "mux": ("2", "networkError: fragLoadTimeOut"),
        "bitmovin": ("2", "networkError: fragLoadTimeOut"),
        "pillarbox": ("MEDIA_ERR_NETWORK: 2", "A network error caused the media download to fail part-way."),
        "livepeer": ("unknown", "Error with HLS.js: fragLoadTimeOut"),
        "cmcd": ("fragLoadTimeOut", ""),
    }),
    "decode": Fault("decode", False, {
        "native": ("DECODE_FAILED", "the decoder gave up"),
        "mux": ("3", "mediaError: bufferAppendError"),
        "bitmovin": ("3", "mediaError: bufferAppendError"),
        "pillarbox": ("MEDIA_ERR_DECODE: 3", "The media playback was aborted due to a corruption problem."),
        "livepeer": ("unknown", "Error with HLS.js: bufferAppendError"),
        "cmcd": ("bufferAppendError", ""),
    }),
    "missing": Fault("missing", False, {
        "native": ("MANIFEST_404", "the manifest is not there"),
        "mux": ("4", "networkError: manifestLoadError"),
        "bitmovin": ("2", "networkError: manifestLoadError"),
        "pillarbox": ("MEDIA_ERR_SRC_NOT_SUPPORTED: 4", "No compatible source was found for this media."),
        "livepeer": ("unknown", "Unknown error loading video"),
        "cmcd": ("manifestLoadError", ""),
    }),
    "edge": Fault("edge", False, {
        "native": ("EDGE_504", "the edge answered 504 for a segment"),
        "mux": ("504", "networkError: the edge answered 504"),
        "bitmovin": ("504", "networkError: the edge answered 504"),
        "pillarbox": ("MEDIA_ERR_NETWORK: 504", "The edge answered 504."),
        "livepeer": ("unknown", "Error with HLS.js: the edge answered 504"),
        "cmcd": ("fragLoadError: 504", ""),
    }),
    "rights": Fault("rights", True, {
        "native": ("GEO_BLOCKED", "not available here"),
        "mux": ("GEO_BLOCKED", "not available here"),
        "pillarbox": ("MEDIA_ERR_ABORTED: 1", "This content is not available outside Switzerland."),
        "livepeer": ("access-control", "Shutting down since this session is not allowed to view this stream"),
    }),
}  # fmt: skip

SPEECHES = (
    Speech(dialect="native", weight=20, ads=True, business=True,
           player=Player(name="Demo player", version="4.2.0", software="hls.js", software_version="1.6.15",
                         sdk_version="0.1.0")),
    Speech(dialect="mux", weight=22, ads=True, business=True,
           player=Player(name="Main player", version="7.1.3", software="hls.js", software_version="1.6.15",
                         sdk_version="5.19.0")),
    Speech(dialect="bitmovin", weight=20, ads=False, business=False,
           player=Player(name="hlsjs", version="1.6.15", software="hlsjs", software_version="1.6.15",
                         sdk_version="2.51.0")),
    Speech(dialect="pillarbox", weight=20, ads=False, business=True,
           player=Player(name="Pillarbox", version="1.32.2", software="video.js", software_version="8.23.3",
                         sdk_version="1.32.2")),
    Speech(dialect="livepeer", weight=18, ads=False, business=True,
           player=Player(name="hls", version="4.3.4", software="hls", software_version="4.3.4",
                         sdk_version="@livepeer/react@4.3.4")),
    Speech(dialect="cmcd", weight=12, ads=False, business=False,
           player=Player(name="hls.js", version="1.7.4", software="hls.js", software_version="1.7.4",
                         sdk_version="2")),
)  # fmt: skip

DAY = (
    0.34, 0.22, 0.14, 0.10, 0.09, 0.11, 0.18, 0.27, 0.33, 0.36, 0.38, 0.42,
    0.50, 0.52, 0.47, 0.46, 0.50, 0.58, 0.70, 0.84, 0.96, 1.00, 0.88, 0.58,
)  # fmt: skip


def world() -> World:
    """The world on a good day."""
    return World(
        titles=TITLES,
        places=PLACES,
        clients=CLIENTS,
        networks=NETWORKS,
        cdns=CDNS,
        ladder=LADDER,
        faults=FAULTS,
        speeches=SPEECHES,
        day=DAY,
        experiments=("player-classic", "player-next"),
        plans=("free", "free", "premium"),
        page="https://tv.example/watch",
    )
