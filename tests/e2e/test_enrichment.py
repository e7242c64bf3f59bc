"""What the product adds to a view, through its front door: place, robots, ids in URLs; and what it must not keep."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from e2e.support_product import Product
from firstframe.engine.client import Engine
from firstframe.folder import Folder
from support_mmdb import write_mmdb

pytestmark = pytest.mark.e2e

ADDRESS = "203.0.113.77"
FORGED = "198.51.100.9"
PLACE = {
    "continent": {"code": "EU"},
    "country": {"iso_code": "DE"},
    "city": {"names": {"en": "Berlin"}},
    "subdivisions": [{"iso_code": "BE"}],
    "location": {"time_zone": "Europe/Berlin"},
    "autonomous_system_number": 64_500,
}
ELSEWHERE = {"country": {"iso_code": "US"}}
CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
CID = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKxRKG"
TRANSACTION = "bNbA3TEQVL60xlgCcqdz4ZPHFZ711cZ3hmkpGttDt_U"
VIEWERS = 1_500


@pytest.fixture(scope="module")
def enriched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A product that knows places and believes the proxy on loopback, with some views."""
    folder = tmp_path_factory.mktemp("enriched")
    places = write_mmdb(folder / "places.mmdb", {"203.0.113.0/24": PLACE, "198.51.100.0/24": ELSEWHERE})
    product = Product(folder / "data", "--geo", str(places), "--trusted-proxies", "127.0.0.1")
    product.start()
    send(product, [view("placed")], {"X-Forwarded-For": f"{FORGED}, {ADDRESS}"})
    send(product, [view("robot")], {"User-Agent": ROBOT})
    send(
        product,
        [view("ipfs", source_url=f"https://dweb.example/ipfs/{CID}/film.mp4?token=1", custom_1="spring")],
    )
    send(product, [view("arweave", source_url=f"ar://{TRANSACTION}", custom_1="autumn")])
    send(product, [view(f"crowd-{n}", viewer_id=f"viewer-{n}") for n in range(VIEWERS)])
    sent = datetime.now(UTC)
    product.wait_until(lambda: product.shows(sent), 90, "the views to be seen")
    yield product
    product.stop()


def view(name: str, viewer_id: str | None = None, **context: Any) -> dict[str, Any]:
    """A view that is wanted, starts and is left, told as a native object."""
    now_ms = int(time.time() * 1000)
    events = [
        {"type": kind, "at": now_ms - back}
        for kind, back in (("play", 3_000), ("playing", 2_500), ("end", 500))
    ]
    return {
        "view_id": name,
        "viewer_id": viewer_id,
        "context": {"video_id": name.partition("-")[0], **context},
        "events": events,
    }


def send(product: Product, views: list[dict[str, Any]], headers: dict[str, str] | None = None) -> None:
    """As a page would, through a proxy."""
    request = urllib.request.Request(
        f"{product.collector_url}/v1/beacons",
        data=json.dumps(views).encode(),
        headers={"Content-Type": "application/json", "User-Agent": CHROME, **(headers or {})},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 202


def ask(product: Product, **question: Any) -> Any:
    return product.api_get("/v1/query", **{"from": "-1h", **question})["data"]


def test_the_place_of_the_address_is_a_dimension(enriched: Product) -> None:
    """The client behind the trusted proxy is looked up; what stands left of it in the header is not believed."""
    found = ask(enriched, metrics="plays", group_by="continent,country,subdivision,city,time_zone,asn")
    assert {
        "continent": "EU",
        "country": "DE",
        "subdivision": "BE",
        "city": "Berlin",
        "time_zone": "Europe/Berlin",
        "asn": 64_500,
        "plays": 1,
    } in found
    assert "US" not in {row["country"] for row in found}


def test_the_address_is_nowhere(enriched: Product) -> None:
    """Neither a file of the data folder nor a row of the engine holds the address, though both hold the view."""
    files = [path for path in enriched.data.rglob("*") if path.is_file()]
    assert any(b"placed" in path.read_bytes() for path in files if "journal" in path.parts)
    told = {path.name: path.read_bytes() for path in files}
    assert [name for name, content in told.items() if ADDRESS.encode() in content] == []
    assert [name for name, content in told.items() if FORGED.encode() in content] == []
    engine = Engine.connect(Folder(enriched.data).engine_face().url)
    try:
        for table in ("events", "views", "rejects"):
            rows = json.dumps(engine.query(f"SELECT * FROM {table}").rows, default=str)
            assert ADDRESS not in rows
            assert FORGED not in rows
            assert "placed" in rows or table == "rejects"
    finally:
        engine.close()


def test_robots_are_left_out_unless_asked_for(enriched: Product) -> None:
    """A robot's view is kept and flagged, and no number counts it until somebody wants it."""
    mine = {"metrics": "attempts", "filters": "video_id:eq:robot"}
    assert ask(enriched, **mine) == [{"attempts": 0}]
    assert ask(enriched, **mine, include_bots="true") == [{"attempts": 1}]
    assert ask(enriched, metrics="attempts", filters="bot:eq:true") == [{"attempts": 1}]
    (seen,) = enriched.api_get("/v1/views", filters="native_view_id:eq:robot")["data"]
    assert (seen["bot"], seen["device_type"]) == (True, "bot")


def test_ids_in_urls_and_custom_dimensions(enriched: Product) -> None:
    """The id of decentralised storage is found in a gateway's URL and in its own scheme; custom values are kept."""
    found = ask(
        enriched,
        metrics="plays",
        group_by="dstorage_id,custom_1",
        filters="dstorage_id:exists",
        order_by="custom_1",
    )
    assert found == [
        {"dstorage_id": TRANSACTION, "custom_1": "autumn", "plays": 1},
        {"dstorage_id": CID, "custom_1": "spring", "plays": 1},
    ]
    assert ask(enriched, metrics="plays", filters="custom_1:in:spring,winter") == [{"plays": 1}]
    (seen,) = enriched.api_get("/v1/views", filters="native_view_id:eq:ipfs")["data"]
    assert (seen["source_host"], seen["source_url"]) == (
        "dweb.example",
        f"https://dweb.example/ipfs/{CID}/film.mp4",
    )


def test_viewers_are_counted_or_estimated(enriched: Product) -> None:
    """Exact is exact; the sketch is within two per cent."""
    mine = {"metrics": "unique_viewers", "filters": "video_id:eq:crowd"}
    ((exact,), (sketched,)) = (
        [row["unique_viewers"] for row in ask(enriched, **mine, uniques=how)] for how in ("exact", "sketched")
    )
    assert exact == VIEWERS
    assert sketched == pytest.approx(VIEWERS, rel=0.02)
