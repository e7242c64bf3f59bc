"""The generic cases through the front door: posted to the collector, read from the API."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from e2e.support_product import Product
from support_cases import Case, load_cases, native_bodies

pytestmark = pytest.mark.e2e

RECEIPT_IS_FORGED = ("client_clock_three_days_ahead", "late_batch_completes_view")
"""Cases whose point is when a beacon came in."""
CLOCK_IS_FORGED = ("view_over_midnight",)
"""Cases that name a day which is not today."""
CASES = [case for case in load_cases("generic") if case["name"] not in (*RECEIPT_IS_FORGED, *CLOCK_IS_FORGED)]
MEASURED = {
    "video_startup_time_median_ms": "video_startup_time.median",
    "video_startup_time_p95_ms": "video_startup_time.p95",
    "watch_time_ms": "watch_time",
    "playing_time_ms": "playing_time",
}
"""What the cases call an aggregate, where the catalogue calls it otherwise."""
ONLY_SHOWS_THE_WRONG_WAY = "rebuffer_percentage_mean_of_views"


@pytest.fixture(scope="module")
def posted(product: Product) -> dict[str, int]:
    """Every case is sent; gives what was added to the times of each."""
    bases: dict[str, int] = {}
    for case in CASES:
        length = max(event["t_ms"] for event in case["events"])
        bases[case["name"]] = int(time.time() * 1000) - length - 2_000
        context = {"custom_1": case["name"]}
        for _, body in native_bodies(case, prefix="door-", base_ms=bases[case["name"]], context=context):
            assert product.post("/v1/beacons", body) == 202
    sent = datetime.now(UTC)
    product.wait_until(lambda: product.shows(sent), 60, "what was sent to be seen")
    return bases


def rows_of(product: Product, case: Case) -> list[dict[str, Any]]:
    views = {f"door-{case['name']}-{event.get('view', 'v')}" for event in case["events"]}
    query = [("filters", f"native_view_id:in:{','.join(sorted(views))}"), ("order_by", "native_view_id")]
    return list(product.get(f"/v1/views?{urlencode(query)}")["data"])


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_api_says_what_the_case_expects(product: Product, posted: dict[str, int], case: Case) -> None:
    """Each number of a case is read from the API as it was worked out by hand."""
    rows = rows_of(product, case)
    wrong = []
    for name, wanted in case["expect"].items():
        if name in ("aggregate", "concurrency"):
            wrong += aggregate_differences(product, case, wanted)
        else:
            found = len(rows) if name == "views" else rows[0][name]
            if name == "view_end_ms":
                found -= posted[case["name"]]
            if found != (pytest.approx(wanted, rel=1e-6, abs=1e-6) if isinstance(wanted, float) else wanted):
                wrong.append(f"{name}: wanted {wanted}, the API says {found}")
    assert not wrong


def aggregate_differences(product: Product, case: Case, wanted: dict[str, Any]) -> list[str]:
    """Compare the answer of one question with what a case expects of a set of views."""
    asked = {name: metric_of(name) for name in wanted if name != ONLY_SHOWS_THE_WRONG_WAY}
    query = [
        ("metrics", ",".join(asked.values())),
        ("filters", f"custom_1:eq:{case['name']}"),
        ("from", "-3h"),
        ("to", "now"),
    ]
    (found,) = product.get(f"/v1/query?{urlencode(query)}")["data"]
    return [
        f"{name}: wanted {wanted[name]}, the API says {found[metric]}"
        for name, metric in asked.items()
        if found[metric] != pytest.approx(wanted[name], rel=1e-6, abs=1e-6)
    ]


def metric_of(name: str) -> str:
    """The catalogue's name of an aggregate of the cases."""
    if name.startswith("peak_"):
        return f"{name.removeprefix('peak_')}.peak"
    return MEASURED.get(name, name)


def test_pages_read_public_totals_from_the_collector(product: Product) -> None:
    """The public listener answers a keyless total of a playback id, and nothing that needs a key."""
    playback_id = "abcdef0123456789"
    now = int(time.time() * 1000)
    body = {
        "view_id": "door-public",
        "context": {"playback_id": playback_id},
        "events": [
            {"type": "play", "at": now - 61_000},
            {"type": "playing", "at": now - 60_000},
            {"type": "end", "at": now},
        ],
    }
    assert product.post("/v1/beacons", json.dumps(body).encode()) == 202
    product.wait_for_view(native_view_id="door-public")
    for prefix in ("/data", "/api/data"):
        url = f"{product.collector_url}{prefix}/views/query/total/{playback_id}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert json.load(answer)["viewCount"] == 1
    assert status_of(f"{product.collector_url}/data/views/query") in (401, 403, 404)


def status_of(url: str) -> int:
    """The status of a GET without any key."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
