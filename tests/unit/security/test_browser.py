"""What a hostile page can make a browser do, and what every answer tells browsers and caches."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from litestar.routes import HTTPRoute

from firstframe.accounts.secret import new_id, new_secret
from firstframe.api import mux
from firstframe.api.session import COOKIE
from support_edge import Clerk
from support_tenants import HOST, LINKED, OWN, SITE, US

pytestmark = pytest.mark.engine

EVIL = "https://evil.example"
FOREIGN = (
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": f"http://{HOST}.evil.example"},
    {"Origin": f"https://{HOST}:444"},
    {"Origin": ""},
    {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "cross-site"},
    {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-site"},
    {"Origin": f"http://{HOST}@evil.example"},
)
KEPT_LONG = ("/static/app-1.js", "/favicon.svg")
PAGES = ("/", "/views", "/share", *KEPT_LONG)
EVERY_KIND = [
    ("secret", "GET", "/v1/metrics", 200),
    ("session", "GET", "/v1/views", 200),
    ("secret", "GET", "/v1/query?metrics=attempts&format=csv", 200),
    ("secret", "GET", "/v1/query?metrics=attempts&format=parquet", 200),
    ("secret", "GET", "/v1/live?interval=1", 200),
    ("share", "GET", LINKED[0], 200),
    ("secret", "GET", "/data/views/query", 200),
    ("nobody", "GET", "/data/views/query/total/x", 200),
    ("nobody", "GET", "/v1/health", 200),
    ("nobody", "GET", "/metrics", 200),
    ("nobody", "GET", "/schema/openapi.json", 200),
    ("secret", "GET", "/schema/framework", 200),
    ("secret", "GET", "/v1/query?metrics=none", 400),
    ("nobody", "GET", "/v1/metrics", 401),
    ("pages", "GET", "/v1/views", 403),
    ("secret", "GET", "/v1/views/none", 404),
    ("nobody", "GET", "/<script>alert(1)</script>", 404),
    ("nobody", "GET", "/schema/framework/<script>", 401),
    ("secret", "PATCH", "/v1/query", 405),
    ("nobody", "POST", "/v1/session", 400),
    *(("nobody", "GET", page, 200) for page in PAGES),
]


@pytest.mark.parametrize(("caller", "method", "path", "status"), EVERY_KIND)
def test_every_answer_says_how_it_may_be_used(tenants, caller, method, path, status) -> None:
    """No guessing of types, no frames, no script but ours, no address passed on; and nobody keeps what is personal."""
    answer = tenants.ask(caller, method, path)
    assert answer.status_code == status
    told = answer.headers
    assert told["x-content-type-options"] == "nosniff"
    assert told["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in told["content-security-policy"]
    assert told["referrer-policy"] in ("no-referrer", "same-origin")
    assert "server" not in told
    if path in KEPT_LONG:
        assert "max-age" in told["cache-control"]
    elif path in PAGES:
        assert told["cache-control"] == "no-cache"
    elif path.startswith("/v1/live"):
        assert told["cache-control"] in ("no-store", "no-cache")
    else:
        assert told["cache-control"] == "no-store"
        assert {"Authorization", "Origin"} <= {one.strip() for one in told["vary"].split(",")}


def test_no_page_of_the_framework_is_served(tenants) -> None:
    """Its documentation runs scripts from elsewhere; with a session of ours they could read everything."""
    for route in tenants.app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith("/schema"):
            for caller in ("session", "secret", "nobody"):
                answer = tenants.ask(caller, "GET", re.sub(r"{.*?}", "swagger", route.path))
                assert "<script" not in answer.text, route.path
                assert "//cdn" not in answer.text, route.path


def changing(app) -> Iterator[tuple[str, str]]:
    """Every route that may change something, but those of Mux's API, which knows no session and only reads."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and not route.path.startswith(mux.BEGINNING):
            for method in sorted(route.methods - {"GET", "HEAD", "OPTIONS"}):
                yield method, re.sub(r"{.*?}", "x", route.path)


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_other_site_changes_anything_with_a_session(tenants, headers) -> None:
    """Whatever the route, a request with the cookie that is not from our own page is refused before it is read."""
    asked = list(changing(tenants.app))
    assert len(asked) >= 6
    for method, path in asked:
        answer = tenants.ask("session", method, path, content=b"not even read", headers=headers)
        assert answer.status_code == 403, (method, path)
        assert answer.json()["error"]["code"] == "cross_site"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("method", ["GET", *mux.METHODS[2:]])
def test_muxs_api_knows_no_session(tenants, method) -> None:
    """Its clients send a key with each request; a cookie that the browser adds opens nothing."""
    for path in ("/data/v1", "/data/v1/video-views"):
        assert tenants.ask("session", method, path).status_code == 401


def test_a_form_without_an_origin_changes_nothing(tenants) -> None:
    """Old browsers send forms without an origin: with a session that is not enough."""
    for method, path in changing(tenants.app):
        tenants.client.cookies.clear()
        answer = tenants.client.request(
            method, path, headers={"Host": HOST, **tenants.callers["session"]}, content=b"a=b"
        )
        assert answer.status_code == 403, (method, path)


@pytest.mark.parametrize("origin", [EVIL, "null", SITE])
def test_no_page_reads_with_the_cookie(tenants, origin) -> None:
    """The answer to a page of another origin never says that it may be read with credentials."""
    for path in ("/v1/views", "/v1/session", "/v1/setup", "/data/views/query"):
        answer = tenants.ask("session", "GET", path, headers={"Origin": origin})
        assert "access-control-allow-credentials" not in answer.headers


def test_preflights_allow_no_more_than_reading(tenants) -> None:
    """A page may ask with a token; it may neither put nor delete, and cookies are not spoken of."""
    for method in ("PUT", "DELETE", "PATCH"):
        asked = {"Origin": EVIL, "Access-Control-Request-Method": method}
        answer = tenants.ask("nobody", "OPTIONS", "/v1/assets/x", headers=asked)
        assert method not in answer.headers.get("access-control-allow-methods", "")
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", [b"https://a.example\r\nX-Evil: 1", b"https://a.example\nb", b"\x00", b"a" * 600]
)
def test_the_collector_echoes_only_what_can_be_an_origin(tmp_path, origin) -> None:
    """Anything else is answered with a star and without credentials."""
    from firstframe.edge.cors import cors_headers, preflight_headers

    assert cors_headers(origin) == [(b"access-control-allow-origin", b"*")]
    asked = {b"origin": origin, b"access-control-request-headers": b"x\r\nSet-Cookie: a=b"}
    assert not any(b"\r" in value or b"\n" in value for _, value in preflight_headers(asked, ["POST"]))


def test_the_collector_has_no_cookies_to_steal(tmp_path) -> None:
    """It may echo origins with credentials because it neither sets nor reads a cookie."""
    clerk = Clerk(tmp_path)
    headers = {"Origin": EVIL, "Cookie": f"{COOKIE}=stolen; a=b"}
    for method, path in (("POST", "/v1/beacons"), ("GET", "/"), ("GET", "/nowhere"), ("POST", "/licensing")):
        answer = clerk.ask(method, path, content=b'{"views": ["v"]}', headers=headers)
        assert "set-cookie" not in answer.headers
        assert "stolen" not in answer.text
    assert all("cookie" not in beacon.headers for beacon in clerk.kept())


def test_its_refusals_are_not_taken_for_pages(tmp_path) -> None:
    """A path that is told back is JSON, and no browser guesses otherwise."""
    answer = Clerk(tmp_path).ask("GET", "/<script>alert(1)</script>")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["Host", "X-Forwarded-Host", "X-Forwarded-Server", "Forwarded", "X-Original-URL"]
)
def test_no_address_is_made_of_what_a_request_says(tenants, name) -> None:
    """Neither pages nor links nor snippets hold the host that the request names, so none can be poisoned with it."""
    evil = {name: "evil.example", "Sec-Fetch-Site": "same-origin"}
    link = {"path": "/", "calls": ["/v1/query?metrics=attempts"]}
    answers = [
        tenants.ask("nobody", "GET", "/", headers=evil),
        tenants.ask("secret", "GET", "/v1/setup", headers=evil),
        tenants.ask("secret", "POST", "/v1/shares", headers=evil, json=link),
        tenants.ask("nobody", "GET", "/schema/openapi.json", headers=evil),
        tenants.ask("nobody", "GET", "/v1/metrics", headers=evil),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 201, 200, 401]
    for answer in answers:
        assert "evil.example" not in answer.text + str(answer.headers)


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "//evil.example/..",
        "/%2f%2fevil.example",
        "/\\evil.example",
        "/views/",
        "/views//",
        "/static",
        "/share?next=//evil.example",
        "/v1/session?return=https://evil.example",
        "/data/https://evil.example",
    ],
)
def test_nobody_is_sent_elsewhere(tenants, path) -> None:
    """There is no redirect at all, so none that leads away."""
    answer = tenants.ask("session", "GET", path)
    assert answer.status_code not in range(300, 400)
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/x"]
)
def test_a_share_link_leads_to_a_page_of_ours(tenants, path) -> None:
    """Its page is one of the dashboard's by name: the list of links makes a link of it."""
    answer = tenants.ask("secret", "POST", "/v1/shares", json={"path": path, "calls": [LINKED[0]]})
    assert answer.status_code == 400
    assert answer.json()["error"]["detail"]["parameter"] == "path"


@pytest.mark.parametrize(
    "cookie",
    [
        b"a.\xb2.b",
        b"a.99999999999.\xc3\xa9",
        b"\xff\xfe.1.2",
        b"a.%C2%B2.b",
        b'"a.99999999999.x',
        b"." * 4_000,
    ],
)
def test_a_cookie_of_any_bytes_is_no_fault(tenants, cookie) -> None:
    """Whoever makes one up is nobody, and the server has nothing to complain of."""
    tenants.client.cookies.clear()
    answer = tenants.client.get(
        "/v1/metrics", headers=[(b"host", HOST.encode()), (b"cookie", COOKIE.encode() + b"=" + cookie)]
    )
    assert answer.status_code == 401


def test_a_session_is_made_by_us_and_for_one_token(tenants) -> None:
    """A cookie that was planted before signing in is not taken over, and a share link or page token makes none."""
    planted = f"{COOKIE}=planted.99999999999.abc"
    answer = tenants.ask(
        "nobody", "POST", "/v1/session", json={"token": tenants.tokens["secret"]}, headers={"Cookie": planted}
    )
    assert answer.status_code == 200
    assert "planted" not in answer.headers["set-cookie"]
    for kind, status in (("pages", 403), ("share", 401)):
        answer = tenants.ask("nobody", "POST", "/v1/session", json={"token": tenants.tokens[kind]})
        assert answer.status_code == status
        assert "set-cookie" not in answer.headers


def test_secrets_cannot_be_guessed_and_are_kept_as_hashes(tenants) -> None:
    """256 random bits for what reads, 128 for what writes; of the former the database holds no text."""
    for kind, characters in (("secret", 43), ("cors", 43), ("share", 43), ("write", 22)):
        made = {new_secret(kind) for _ in range(100)}
        assert len(made) == 100
        assert all(len(one.partition("_")[2]) == characters for one in made)
    assert len({new_id() for _ in range(100)}) == 100
    url = tenants.accounts._engine.url
    with open(url.database, "rb") as database:  # noqa: PTH123
        content = database.read()
    with open(f"{url.database}-wal", "rb") as wal:  # noqa: PTH123
        content += wal.read()
    assert US.encode() in content
    assert all(text.encode() not in content for text in tenants.tokens.values())


def test_what_is_secret_is_compared_in_constant_time() -> None:
    """Signatures and passwords go through `hmac.compare_digest`; tokens are found by their hash, which tells nothing."""
    import inspect

    from firstframe.accounts.store import Accounts
    from firstframe.api.session import Sessions
    from firstframe.engine import request

    for judge in (Sessions._by_cookie, Accounts._known, request.authenticated):
        source = inspect.getsource(judge)
        assert "compare_digest" in source
        assert not re.search(r"(signature|secret|digest|password)\s*[!=]=", source)


def test_the_dashboard_needs_its_own_origin_to_sign_in(tenants) -> None:
    """Another site cannot sign somebody in as somebody else."""
    for headers in FOREIGN:
        answer = tenants.ask(
            "nobody",
            "POST",
            "/v1/session",
            json={"token": tenants.tokens["secret"]},
            headers={**OWN, **headers},
        )
        assert answer.status_code == 403
