"""Who may call what."""

import asyncio

import pytest
from litestar.connection import ASGIConnection
from sqlalchemy.exc import OperationalError

from firstframe.api.access import Access
from firstframe.errors import Unavailable
from firstframe.metrics.dimension import DIMENSIONS, FILTERABLE

pytestmark = pytest.mark.engine

NUMBERS = (
    ("GET", "/v1/metrics"),
    ("GET", "/v1/dimensions"),
    ("GET", "/v1/dimensions/country/values"),
    ("GET", "/v1/query?metrics=attempts"),
    ("POST", "/v1/query"),
    ("GET", "/v1/live/now"),
)
SECRETS = (
    ("GET", "/v1/views"),
    ("GET", "/v1/views/abc"),
    ("GET", "/v1/assets"),
    ("GET", "/v1/assets/abc"),
    ("PUT", "/v1/assets/abc"),
    ("PUT", "/v1/assets"),
    ("GET", "/v1/refusals"),
)
PUBLIC = (("GET", "/v1/health"), ("GET", "/metrics"), ("GET", "/schema/openapi.json"), ("GET", "/schema"))
BODIES = {("POST", "/v1/query"): {"metrics": "attempts"}, ("PUT", "/v1/assets"): []}


def call(caller, route):
    """The answer to one route with a body that it takes."""
    method, path = route
    return caller.ask(path, method, **({"json": BODIES.get(route, {})} if method != "GET" else {}))


def test_every_route_is_listed_here(api) -> None:
    """A route that is added must say here who may call it."""
    paths = api.nobody.ask("/schema/openapi.json").json()["paths"]
    there = {(verb.upper(), path) for path, verbs in paths.items() for verb in verbs}
    shown = {
        (method, path.partition("?")[0].replace("/abc", "/{}").replace("/country/", "/{}/"))
        for method, path in (*NUMBERS, *SECRETS, *PUBLIC[:2])
    }
    plain = {
        (verb, "/".join("{}" if part.startswith("{") else part for part in path.split("/")))
        for verb, path in there
    }
    assert plain == {*shown, ("GET", "/v1/live")}


@pytest.mark.parametrize("route", PUBLIC)
def test_public(api, route) -> None:
    """A few routes need no token."""
    assert call(api.nobody, route).status_code == 200


@pytest.mark.parametrize("route", [*NUMBERS, *SECRETS, ("GET", "/v1/live")])
def test_without_a_token(api, route) -> None:
    """All others answer 401 in the one error shape, and say how to be known."""
    answer = call(api.nobody, route)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer wrong", "Basic abc", "bearer\twrong", "é"])
def test_bad_tokens(api, header) -> None:
    """An unknown token, another scheme or nonsense is 401, never a fault."""
    answer = api.nobody.ask("/v1/metrics", headers={"Authorization": header.encode()})
    assert answer.status_code == 401


def test_accounts_away() -> None:
    """While the accounts cannot be read nobody is let in, and nobody is told that their token is wrong."""

    class Away:
        def check_token(self, token):
            raise OperationalError("select", {}, Exception("away"))

    access = Access(None, Away())
    asking = ASGIConnection({"type": "http", "headers": [(b"authorization", b"Bearer x")]})
    with pytest.raises(Unavailable):
        asyncio.run(access.authenticate_request(asking))


@pytest.mark.parametrize("route", NUMBERS)
def test_pages_see_numbers(api, route) -> None:
    """A token for pages may ask for numbers, from its own origins only."""
    assert call(api.page, route).status_code == 200
    answer = call(api.stranger, route)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize("route", SECRETS)
def test_pages_see_no_single_views(api, route) -> None:
    """A token for pages stays out of what is the operator's."""
    assert call(api.page, route).status_code == 403


IDENTIFYING = [
    *("view_id", "native_view_id", "session_id", "viewer_id", "user_agent", "page_url", "source_url"),
    *("error_message", "city", "custom_1", "custom_20", "extra.user"),
    *("asset_id", "stream_id", "creator_id", "asset_title"),
]
COARSE = (
    "video_id",
    "video_title",
    "playback_id",
    "page_host",
    "country",
    "subdivision",
    "device_model",
    "error_code",
)


def narrowing(dimension):
    """Calls that would tell a page of single values of a dimension: by groups, by filters, and by values."""
    tree = {"or": ["country:eq:DE", {"not": {"dimension": dimension, "op": "eq", "value": "x"}}]}
    filters = f"filters={dimension}:starts_with:a"
    yield "GET", f"/v1/query?metrics=plays&group_by=country,{dimension}", None
    yield "GET", f"/v1/query?metrics=plays&{filters}", None
    yield "POST", "/v1/query", {"metrics": "plays", "group_by": [dimension]}
    yield "POST", "/v1/query", {"metrics": "plays", "filters": [tree]}
    yield "GET", f"/v1/dimensions/{dimension}/values", None
    yield "GET", f"/v1/dimensions/country/values?{filters}", None
    yield "GET", f"/v1/live/now?group_by={dimension}", None
    yield "GET", f"/v1/live/now?{filters}", None
    yield "GET", f"/v1/live?{filters}", None


@pytest.mark.parametrize("dimension", IDENTIFYING)
def test_pages_single_nobody_out(api, dimension) -> None:
    """What tells one view, viewer or asset from all others is no group, no filter and no list for a page's token."""
    for method, path, body in narrowing(dimension):
        given = {} if body is None else {"json": body}
        answer = api.page.ask(path, method, **given)
        assert answer.status_code == 403, (path, answer.text)
        detail = answer.json()["error"]["detail"]
        assert detail == {"parameter": dimension, "expected": "secret", "got": "cors"}
        if not path.startswith("/v1/live?"):
            assert api.operator.ask(path, method, **given).status_code == 200


@pytest.mark.parametrize("dimension", COARSE)
def test_pages_tell_groups_apart(api, dimension) -> None:
    """What many views have in common is for pages too."""
    for method, path, body in narrowing(dimension):
        if not path.startswith("/v1/live?"):
            given = {} if body is None else {"json": body}
            assert api.page.ask(path, method, **given).status_code == 200


def test_what_identifies_is_told(api) -> None:
    """The list of dimensions says which are not for pages, so that a page need not try."""
    told = {one["id"] for one in api.page.data("/v1/dimensions") if one["identifying"]}
    assert told == {one.id for one in DIMENSIONS if one.identifying} >= set(IDENTIFYING) - {"extra.user"}
    assert not [one.id for one in FILTERABLE.values() if one.kind == "text" and one.id not in told | _SHARED]


_SHARED = {
    *("project", "dialect", "video_id", "video_title", "video_series", "playback_id", "dstorage_id"),
    *("stream_type", "source_host", "protocol", "video_codec", "audio_codec", "drm_type", "audio_language"),
    *("subtitle_language", "language", "experiment", "sub_property", "page_host", "application"),
    *("application_version", "player_name", "player_version", "player_software", "player_software_version"),
    *("sdk_name", "sdk_version", "browser", "browser_version", "browser_engine", "os", "os_version"),
    *("device_type", "device_vendor", "device_model", "continent", "country", "subdivision", "time_zone"),
    *("network", "cdn", "connection_type", "outcome", "end_reason", "fatal_error_code", "error_code"),
    *("error_class", "player_size", "video_size"),
}
"""Texts that many views have in common: a new one must be put here, or be told to identify."""


def test_preflight(api) -> None:
    """A browser may ask before it calls."""
    headers = {
        "Origin": "https://site.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = api.nobody.ask("/v1/query", "OPTIONS", headers=headers)
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("DELETE", "/v1/query", 405, "method_not_allowed"),
        ("GET", "/v1/views?limit=x", 400, "bad_request"),
        ("GET", "/v1/views?filter=country:eq:DE", 400, "bad_request"),
        ("GET", "/v1/views?limit=100000", 400, "bad_request"),
        ("POST", "/v1/query", 400, "bad_request"),
        ("GET", "/v1/views/%00", 404, "not_found"),
        ("GET", "/v1/dimensions/no/values", 400, "bad_request"),
    ],
)
def test_error_shape(api, method, path, status, code) -> None:
    """Whatever goes wrong is told in one shape."""
    answer = api.operator.ask(path, method)
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == code
    assert isinstance(error["message"], str)
    assert isinstance(error["detail"], dict)


def test_wrong_method_says_which_are_right(api) -> None:
    """A path asked with another method answers with those it takes, and with the one that came."""
    answer = api.operator.ask("/v1/query", "DELETE")
    detail = answer.json()["error"]["detail"]
    assert detail == {"expected": ["GET", "OPTIONS", "POST"], "got": "DELETE"}
