"""Livepeer: the player metrics of npm `@livepeer/core-web` and `@livepeer/react`, over HTTP and over WebSocket.

The SDK has no setting for its address. Either its hosts lead here (then its paths are at the collector's root), or
the page hands the reporting URL to the player's store, or posts the events of `onPlaybackEvents` itself.
"""

from __future__ import annotations

from firstframe.beacon import Beacon
from firstframe.dialects.base import Dialect, Envelope, Grant, Reading, Reply, Request, Route, fold_anew
from firstframe.dialects.livepeer.fold import fold
from firstframe.dialects.livepeer.history import heard_of
from firstframe.dialects.livepeer.parse import envelope, parse, parse_socket, socket_envelope

LOG = "/analytics/log"
INFO = "/json_video+{playback_id}.js"

_SNIPPET = """\
// Inside <Player.Root>, once (a page without React: addMediaMetrics(…).legacyMetrics.store):
const store = useMediaContext("metrics").store;
store.getState().__controlsFunctions.setMetricsReportingUrl("{url}");
"""


def _discovered(request: Request, grant: Grant) -> Reply:
    """The SDK takes the address that answered, whatever it said; it reads the body to its end."""
    return Reply(200, b"{}", "application/json")


def _envelope(request: Request) -> Envelope:
    return socket_envelope(request) if request.route == INFO else envelope(request)


def _parse(beacon: Beacon) -> Reading:
    return parse_socket(beacon) if beacon.route == INFO else parse(beacon)


def _snippet(collector_url: str, write_key: str) -> str:
    return _SNIPPET.replace("{url}", f"{collector_url.rstrip('/')}/livepeer/{write_key}".rstrip("/"))


LIVEPEER = Dialect(
    name="livepeer",
    title="Livepeer",
    routes=(
        Route(LOG, methods=("POST",), at_root=True),
        Route(LOG, kind="answer", methods=("GET",), at_root=True, answer=_discovered),
        Route("", methods=("POST",)),
        Route("", kind="answer", methods=("GET",), answer=_discovered),
        Route(INFO, kind="answer", methods=("GET",), at_root=True, answer=_discovered),
        Route(INFO, kind="socket", methods=("GET",), at_root=True),
    ),
    envelope=_envelope,
    parse=_parse,
    grow=fold_anew(heard_of, fold),
    snippet=_snippet,
)
"""One view is one session id; WebSocket tokens are the same ids."""
