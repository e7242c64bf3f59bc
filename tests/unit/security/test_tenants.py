"""Tenants are kept apart, route by route: what one has makes no difference to what another is answered.

Every route that the API has must stand in `CASES`; each is asked by every kind of caller, then another project is
filled, and each is asked again. The answers must be the same to the last byte.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from litestar.routes import ASGIRoute, HTTPRoute

from firstframe.alerts.judge import Opened
from firstframe.api import livepeer, mux
from firstframe.api.pages import PAGES
from firstframe.beacon import view_id_of
from support_alert import make_rule, reading
from support_question import NOW_MS
from support_tenants import CID, LINKED, MARK, REJECTS, SITE, THEM, US, fill

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PUBLIC, NUMBERS, SECRET, KEYED = "public", "numbers", "secret", "keyed"
ALLOWED = {
    PUBLIC: ("secret", "session", "pages", "stranger", "share", "default", "nobody"),
    NUMBERS: ("secret", "session", "pages", "default"),
    SECRET: ("secret", "session", "default"),
}
"""Who gets in, but for share links, which get in where they were made for."""
BRIEFLY = {"session": 1, "default": 2, "pages": 3}
"""Who is asked only the first calls of a route: in how they are answered they are like the secret token."""
ASKING = ("secret", "session", "pages", "stranger", "share", "default", "nobody")

OURS_ID, THEIRS_ID = view_id_of(US, "native", "own-0"), view_id_of(THEM, "native", f"{MARK}-0")
THEIR_CURSOR = (
    base64.urlsafe_b64encode(json.dumps(["-view_start_ms", False, 2.0**42, THEIRS_ID]).encode())
    .decode()
    .rstrip("=")
)
RULE = {"name": "x", "metric": "attempts", "above": 0, "min_attempts": 0, "window_minutes": 60}
FIGURES = "attempts,plays,unique_viewers,watch_time,video_startup_time.median,error_percentage"
DAY = "from=-1d"


class Case(msgspec.Struct):
    """Who a route is for, what is asked of it, and whether it tells of views, so that an owner sees the mark."""

    kind: str
    calls: list[str]
    body: Any = None
    tells: bool = False
    changes: bool = False


def values(*names: str) -> list[str]:
    return [f"/v1/dimensions/{name}/values?{DAY}" for name in names]


CASES: dict[tuple[str, str], Case] = {
    ("GET", "/v1/metrics"): Case(NUMBERS, ["/v1/metrics"]),
    ("GET", "/v1/dimensions"): Case(NUMBERS, ["/v1/dimensions"]),
    ("GET", "/v1/dimensions/{dimension_id:str}/values"): Case(
        NUMBERS,
        [
            *values("project", "video_title", "page_host"),
            *values("viewer_id", "asset_id", "creator_id", "custom_1", "view_id"),
            *values(f"extra.{MARK}_key", "error_message"),
            f"/v1/dimensions/video_title/values?{DAY}&search={MARK}",
            f"/v1/dimensions/country/values?{DAY}&filters=project:eq:{THEM}",
        ],
        tells=True,
    ),
    ("GET", "/v1/query"): Case(
        NUMBERS,
        [
            f"/v1/query?{DAY}&metrics={FIGURES}&totals=true&compare=previous",
            f"/v1/query?{DAY}&metrics={FIGURES}&group_by=project,video_title",
            f"/v1/query?{DAY}&metrics=attempts&filters=project:eq:{THEM}",
            f"/v1/query?{DAY}&metrics={FIGURES}&group_by=project,video_title,asset_title,extra.{MARK}_key",
            f"/v1/query?{DAY}&metrics=attempts&filters=project:neq:{US}&group_by=view_id",
            f"/v1/query?{DAY}&metrics=attempts&group_by=viewer_id&group_limit=1&format=csv",
            "/v1/query?from=-10m&metrics=attempts,peak_concurrent_viewers&granularity=minute",
            LINKED[0],
        ],
        tells=True,
    ),
    ("POST", "/v1/query"): Case(
        NUMBERS,
        ["/v1/query"],
        {
            "metrics": FIGURES,
            "group_by": "project,video_title",
            "filters": {"or": [f"project:eq:{THEM}", {"not": f"project:eq:{THEM}"}]},
        },
        tells=True,
    ),
    ("GET", "/v1/views"): Case(
        SECRET,
        [
            "/v1/views",
            f"/v1/views?filters=project:eq:{THEM}",
            f"/v1/views?filters=video_title:contains:{MARK}",
            f"/v1/views?cursor={THEIR_CURSOR}",
            "/v1/views?order_by=viewer_id&limit=1",
        ],
        tells=True,
    ),
    ("GET", "/v1/views/{view_id:str}"): Case(
        SECRET, [f"/v1/views/{OURS_ID}", f"/v1/views/{THEIRS_ID}"], tells=True
    ),
    ("GET", "/v1/live"): Case(NUMBERS, ["/v1/live?group_by=video_title&interval=1&minutes=60"], tells=True),
    ("GET", "/v1/live/now"): Case(
        NUMBERS,
        [
            LINKED[1],
            f"/v1/live/now?minutes=60&group_by=project&filters=project:eq:{THEM}",
            "/v1/live/now?minutes=60&group_by=video_title",
        ],
        tells=True,
    ),
    ("GET", "/v1/assets"): Case(SECRET, ["/v1/assets", f"/v1/assets?search={MARK}"], tells=True),
    ("GET", "/v1/assets/{playback_id:str}"): Case(
        SECRET, ["/v1/assets/own-playback", f"/v1/assets/{MARK}-playback"], tells=True
    ),
    ("PUT", "/v1/assets/{playback_id:str}"): Case(
        SECRET, ["/v1/assets/mine-too"], {"title": "mine"}, changes=True
    ),
    ("PUT", "/v1/assets"): Case(SECRET, ["/v1/assets"], [{"playback_id": "mine-too"}], changes=True),
    ("GET", "/v1/refusals"): Case(
        SECRET, ["/v1/refusals", "/v1/refusals?dialect=native&from=-1d"], tells=True
    ),
    ("GET", "/v1/alerts"): Case(SECRET, ["/v1/alerts"], tells=True),
    ("POST", "/v1/alerts"): Case(SECRET, ["/v1/alerts"], RULE, changes=True),
    ("GET", "/v1/alerts/{alert_id:str}"): Case(SECRET, ["/v1/alerts/nothing"]),
    ("PUT", "/v1/alerts/{alert_id:str}"): Case(SECRET, ["/v1/alerts/nothing"], RULE, changes=True),
    ("DELETE", "/v1/alerts/{alert_id:str}"): Case(SECRET, ["/v1/alerts/nothing"], changes=True),
    ("POST", "/v1/alerts/{alert_id:str}/test"): Case(SECRET, ["/v1/alerts/nothing/test"], changes=True),
    ("POST", "/v1/alerts/preview"): Case(
        SECRET, ["/v1/alerts/preview"], {**RULE, "group_by": ["video_title"]}, tells=True
    ),
    ("GET", "/v1/incidents"): Case(
        SECRET,
        ["/v1/incidents", "/v1/incidents?status=open", f"/v1/incidents?cursor={NOW_MS + 1}-z"],
        tells=True,
    ),
    ("GET", "/v1/incidents/{incident_id:str}"): Case(SECRET, ["/v1/incidents/nothing"]),
    ("GET", "/v1/errors"): Case(
        SECRET, [f"/v1/errors?{DAY}", f"/v1/errors?{DAY}&filters=project:eq:{THEM}"], tells=True
    ),
    ("GET", "/v1/audience"): Case(
        NUMBERS, [f"/v1/audience?{DAY}", f"/v1/audience?{DAY}&filters=video_id:eq:{MARK}-video"]
    ),
    ("GET", "/v1/board"): Case(NUMBERS, ["/v1/board"]),
    ("GET", "/v1/setup"): Case(SECRET, ["/v1/setup"], tells=True),
    ("GET", "/v1/session"): Case(NUMBERS, ["/v1/session"]),
    ("POST", "/v1/session"): Case(PUBLIC, ["/v1/session"], {"token": "nobody's"}, changes=True),
    ("DELETE", "/v1/session"): Case(NUMBERS, ["/v1/session"], changes=True),
    ("GET", "/v1/share"): Case(NUMBERS, ["/v1/share"]),
    ("GET", "/v1/shares"): Case(SECRET, ["/v1/shares"]),
    ("POST", "/v1/shares"): Case(
        SECRET, ["/v1/shares"], {"path": "/", "calls": ["/v1/query?metrics=attempts"]}, changes=True
    ),
    ("DELETE", "/v1/shares/{share_id:str}"): Case(SECRET, ["/v1/shares/nothing"], changes=True),
    ("GET", "/v1/health"): Case(PUBLIC, ["/v1/health"]),
    ("GET", "/metrics"): Case(PUBLIC, ["/metrics"]),
    ("GET", "/schema"): Case(PUBLIC, ["/schema"]),
    ("GET", "/schema/openapi.json"): Case(PUBLIC, ["/schema/openapi.json"]),
    ("GET", "/schema/framework"): Case(NUMBERS, ["/schema/framework"]),
    ("GET", "/schema/framework/openapi.json"): Case(NUMBERS, ["/schema/framework/openapi.json"]),
    ("GET", "/schema/framework/{path:str}"): Case(NUMBERS, ["/schema/framework/swagger"]),
    **{("GET", path): Case(PUBLIC, [path]) for path in PAGES},
    ("GET", "/static/{name:str}"): Case(PUBLIC, ["/static/app-1.js", "/static/none"]),
    ("GET", "/favicon.svg"): Case(PUBLIC, ["/favicon.svg"]),
    ("MOUNT", "/data"): Case(
        KEYED,
        [
            "/data/views/query",
            f"/data/views/query?playbackId={MARK}-playback",
            "/data/views/query?breakdownBy[]=playbackId&breakdownBy[]=viewerId&breakdownBy[]=creatorId",
            f"/data/views/query?assetId={MARK}-asset",
            "/data/views/query/creator?assetId=own-asset&breakdownBy[]=viewerId",
            f"/data/views/query/creator?assetId={MARK}-asset",
            "/data/views/query/total/own-playback",
            f"/data/views/query/total/{MARK}-playback",
            "/data/views/now?breakdownBy[]=playbackId",
            f"/data/views/now?creatorId={MARK}-creator",
            "/data/usage/query",
            "/data/usage/query?breakdownBy[]=creatorId",
            "/data/views/own-asset/total",
            f"/data/views/{MARK}-asset/total",
        ],
        tells=True,
    ),
}
MUX = (
    "/data/v1/metrics/views/overall",
    "/data/v1/metrics/video_startup_time/breakdown?group_by=viewer_user_id",
    f"/data/v1/metrics/views/breakdown?group_by=asset_id&filters[]=viewer_user_id:{MARK}-viewer-0",
    "/data/v1/metrics/views/timeseries?timeframe[]=1:hours",
    "/data/v1/metrics/comparison",
    f"/data/v1/metrics/comparison?dimension=video_title&value={MARK}%20title",
    "/data/v1/metrics/video_startup_time/insights",
    "/data/v1/video-views",
    f"/data/v1/video-views?viewer_id={MARK}-viewer-0",
    "/data/v1/video-views?error_id=any&page=2&limit=2",
    f"/data/v1/video-views/{OURS_ID}",
    f"/data/v1/video-views/{THEIRS_ID}",
    "/data/v1/errors",
    "/data/v1/dimensions",
    "/data/v1/dimensions/video_title",
    "/data/v1/filters/custom_1",
    "/data/v1/incidents",
    "/data/v1/incidents/nothing",
    "/data/v1/incidents/nothing/related",
    f"/data/v1/engagement/videos/{MARK}-video/heatmap",
    "/data/v1/monitoring/metrics",
    "/data/v1/realtime/dimensions",
    "/data/v1/monitoring/metrics/current-concurrent-viewers/timeseries",
    "/data/v1/monitoring/metrics/playback-failure-percentage/breakdown?dimension=video_title",
    "/data/v1/monitoring/metrics/current-rebuffering-percentage/breakdown-timeseries?dimension=video_title",
    "/data/v1/realtime/metrics/video-startup-time/histogram-timeseries",
)
CASES["GET", "/data/v1/{path:path}"] = Case(KEYED, list(MUX), tells=True)
CASES["GET", "/data/v1"] = Case(KEYED, ["/data/v1"])
for method in mux.METHODS[1:]:
    CASES[method, "/data/v1/{path:path}"] = Case(KEYED, ["/data/v1/errors"])
    CASES[method, "/data/v1"] = Case(KEYED, ["/data/v1"])
CASES["MOUNT", "/api/data"] = Case(
    KEYED, [f"/api{call}" for call in CASES["MOUNT", "/data"].calls], tells=True
)


def routes_of(app: Any) -> set[tuple[str, str]]:
    """Every route of the application, from its own table."""
    found = set()
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            found |= {(method, route.path) for method in route.methods if method != "OPTIONS"}
        elif isinstance(route, ASGIRoute):
            found.add(("MOUNT", route.path))
        else:
            found.add(("SOCKET", route.path))
    return found


def ask(tenants: Any, caller: str, route: tuple[str, str]) -> list[tuple[str, int, str]]:
    """What a caller is answered by a route: each call with its status and its text."""
    case = CASES[route]
    method = "GET" if route[0] == "MOUNT" else route[0]
    given = {} if case.body is None else {"json": case.body}
    calls = case.calls[: BRIEFLY.get(caller)]
    answers = [(call, tenants.ask(caller, method, call, **given)) for call in calls]
    return [(call, answer.status_code, answer.text) for call, answer in answers]


READING = [route for route, case in CASES.items() if not case.changes]


@pytest.fixture(scope="module")
def before_and_after(tenants: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The answers to everybody while the other project is empty, and when it is full."""
    before = {(caller, route): ask(tenants, caller, route) for route in READING for caller in ASKING}
    fill(tenants.engine, THEM, MARK)
    tenants.refusals.append(
        {
            "at_ms": NOW_MS,
            "project": THEM,
            "dialect": "native",
            "reason": "x",
            "message": MARK,
            "sample": MARK,
        }
    )
    tenants.accounts.create_write_key(THEM, key=f"{MARK}-key", allowed_origins=[f"https://{MARK}.example"])
    tenants.accounts.create_share(THEM, label=MARK, scope={"path": "/", "calls": []})
    alert = tenants.alerts.create(THEM, make_rule(name=MARK, group_by=["video_title"]))
    wrong = reading(0.5, group={"video_title": f"{MARK} title"})
    tenants.alerts.record(alert, [Opened(wrong)], NOW_MS)
    after = {(caller, route): ask(tenants, caller, route) for route in READING for caller in ASKING}
    return before, after


def test_every_route_is_here(tenants: Any) -> None:
    """A route that is added must say here who it is for and how tenants are kept apart in it."""
    assert routes_of(tenants.app) == set(CASES)


def test_every_path_of_livepeers_api_is_asked() -> None:
    """The mounted application has a table of its own; each of its paths is among the calls."""
    calls = [call.partition("?")[0] for call in CASES["MOUNT", "/data"].calls]
    assert [
        one.path.pattern for one in livepeer.ENDPOINTS if not any(one.path.fullmatch(call) for call in calls)
    ] == []


def test_every_path_of_muxs_api_is_asked() -> None:
    """So has this one."""
    calls = [call.partition("?")[0] for call in MUX]
    assert [
        one.path.pattern for one in mux.ENDPOINTS if not any(one.path.fullmatch(call) for call in calls)
    ] == []


@pytest.mark.parametrize("route", READING, ids=" ".join)
def test_what_others_have_makes_no_difference(before_and_after: Any, route: tuple[str, str]) -> None:
    """To the last byte: no id, name, number or reason of another project reaches any caller."""
    before, after = before_and_after
    for caller in ASKING:
        if route == ("GET", "/metrics"):  # it counts the calls of this very test
            assert all(MARK not in text and THEM not in text for _, _, text in after[caller, route])
        elif route == ("GET", "/v1/setup"):  # the first write key of all closes the door of the first project
            assert all(MARK not in text for _, _, text in after[caller, route])
        else:
            assert after[caller, route] == before[caller, route], caller


@pytest.mark.parametrize("route", [one for one in READING if CASES[one].tells], ids=" ".join)
def test_the_owner_sees_what_others_do_not(
    tenants: Any, before_and_after: Any, route: tuple[str, str]
) -> None:
    """The same calls show the mark to the project it belongs to: the test before would notice a leak."""
    found = ask(tenants, "other", route)
    assert any(status == 200 and MARK in text for _, status, text in found)


@pytest.mark.parametrize("route", [one for one, case in CASES.items() if case.kind != KEYED], ids=" ".join)
def test_who_may_call(tenants: Any, before_and_after: Any, route: tuple[str, str]) -> None:
    """Each route lets in the kinds of callers that it is for; the others get 401 or 403 and nothing else."""
    case = CASES[route]
    for caller in ASKING:
        if caller == "share" and case.kind != PUBLIC:
            continue
        found = before_and_after[1].get((caller, route)) or ask(tenants, caller, route)
        for call, status, text in found:
            is_in = status not in (401, 403)
            if route == ("POST", "/v1/session"):
                assert status in (401, 403), (caller, call)
                continue
            assert is_in == (caller in ALLOWED[case.kind]), (caller, call, status)
            if not is_in:
                assert set(json.loads(text)) == {"error"}


@pytest.mark.parametrize("route", [one for one, case in CASES.items() if case.kind in (NUMBERS, SECRET)])
def test_a_link_opens_what_it_was_made_for_and_no_more(
    tenants: Any, before_and_after: Any, route: tuple[str, str]
) -> None:
    """Of all calls a share link gets in with its own, and where words are explained."""
    words = ("/v1/metrics", "/v1/dimensions", "/v1/board", "/v1/share", "/v1/session")
    for call, status, _ in before_and_after[1].get(("share", route)) or ask(tenants, "share", route):
        is_its_own = route[0] == "GET" and (call in LINKED or call in words)
        assert (status == 200) == is_its_own, call
        if not is_its_own:
            assert status == 403, call


def test_livepeers_keys_are_judged_as_ours(tenants: Any) -> None:
    """Secret keys get all, keys of pages what is for pages and from their pages, nobody only totals; links nothing."""
    for prefix in ("", "/api"):
        everything, creators = (
            f"{prefix}/data/views/query",
            f"{prefix}/data/views/query/creator?assetId=own-asset",
        )
        total = f"{prefix}/data/views/query/total/own-playback"
        expected = {
            "secret": (200, 200, 200),
            "pages": (403, 200, 200),
            "stranger": (403, 403, 403),
            "nobody": (401, 401, 200),
            "share": (401, 401, 401),
            "session": (401, 401, 200),
        }
        for caller, statuses in expected.items():
            found = tuple(
                tenants.ask(caller, "GET", path).status_code for path in (everything, creators, total)
            )
            assert found == statuses, (prefix, caller)


def test_muxs_callers_have_a_secret_token(tenants: Any) -> None:
    """As the password of Basic, or as a bearer; tokens of pages, links, cookies and nobody get nothing at all."""
    expected = {"secret": 200, "default": 200, "pages": 403, "stranger": 403, "nobody": 401, "share": 401}
    for path in ("/data/v1/video-views", "/data/v1/metrics/views/overall", "/data/v1/dimensions"):
        for caller, status in {**expected, "session": 401}.items():
            assert tenants.ask(caller, "GET", path).status_code == status, (path, caller)
        word = base64.b64encode(f"id:{tenants.tokens['secret']}".encode()).decode()
        answer = tenants.ask("nobody", "GET", path, headers={"Authorization": f"Basic {word}"})
        assert answer.json() == tenants.ask("secret", "GET", path).json()


def test_only_the_total_of_public_content_is_over_all(tenants: Any, before_and_after: Any) -> None:
    """A dStorage id names content, not a tenant: its total is everybody's sum, as documented, and only a sum."""
    ours = tenants.ask("secret", "GET", f"/data/views/query/total/{CID}").json()
    assert set(ours) == {"dStorageUrl", "viewCount", "playtimeMins", "legacyViewCount"}
    assert ours["viewCount"] == 6
    rows = tenants.ask("secret", "GET", f"/data/views/query?playbackId={CID}").json()
    assert [row["viewCount"] for row in rows] == [3]


def test_nobody_changes_what_is_anothers(tenants: Any, before_and_after: Any) -> None:
    """Telling of a playback id, withdrawing a link or signing out touches one's own project alone."""
    theirs = tenants.ask("other", "GET", f"/v1/assets/{MARK}-playback").json()
    answer = tenants.ask("secret", "PUT", f"/v1/assets/{MARK}-playback", json={"title": "taken"})
    assert answer.status_code == 200
    many = tenants.ask("secret", "PUT", "/v1/assets", json=[{"playback_id": f"{MARK}-playback"}])
    assert many.status_code == 200
    assert tenants.ask("other", "GET", f"/v1/assets/{MARK}-playback").json() == theirs
    (link,) = [
        one for one in tenants.ask("other", "GET", "/v1/shares").json()["data"] if one["label"] == MARK
    ]
    assert tenants.ask("secret", "DELETE", f"/v1/shares/{link['id']}").status_code == 404
    assert tenants.ask("secret", "DELETE", "/v1/session").status_code == 204
    (link,) = [
        one for one in tenants.ask("other", "GET", "/v1/shares").json()["data"] if one["label"] == MARK
    ]
    assert not link["is_over"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "?as=incident")],
    ids=" ".join,
)
def test_nobody_reaches_anothers_alert(tenants: Any, before_and_after: Any, method: str, path: str) -> None:
    """Not even by its id: it is not there, in the words that are said of what never was."""
    (alert,) = tenants.alerts.alerts(THEM)
    (incident,) = tenants.alerts.incidents(THEM)
    theirs, base = (incident.id, "/v1/incidents/") if "incident" in path else (alert.id, "/v1/alerts/")
    ending = path.partition("?")[0]
    given = {"json": RULE} if method == "PUT" else {}
    for caller in ("secret", "session", "default"):
        answers = [
            tenants.ask(caller, method, f"{base}{one}{ending}", **given) for one in (theirs, "abcdefabcdef")
        ]
        assert [one.status_code for one in answers] == [404, 404]
        assert answers[0].text.replace(theirs, "") == answers[1].text.replace("abcdefabcdef", "")
    assert tenants.alerts.alerts(THEM) == [alert]
    assert tenants.alerts.incidents(THEM) == [incident]


def test_a_body_cannot_name_another_project(tenants: Any) -> None:
    """Whose an asset or a link is follows from the token; a field that says otherwise is refused."""
    asset = [{"playback_id": "x", "project": THEM}]
    assert tenants.ask("secret", "PUT", "/v1/assets", json=asset).status_code == 400
    link = {"path": "/", "calls": ["/v1/query?metrics=attempts"], "project": THEM}
    assert tenants.ask("secret", "POST", "/v1/shares", json=link).status_code == 400
    question = {"metrics": "attempts", "project": THEM}
    assert tenants.ask("secret", "POST", "/v1/query", json=question).status_code == 400


def test_of_what_belongs_to_nobody_only_the_kind_is_told(tenants: Any) -> None:
    """A refusal without a project may be a neighbour's: its words, page, address and sample are the operator's alone."""
    refused = {
        "at_ms": NOW_MS,
        "dialect": "bitmovin",
        "project": None,
        "status": 401,
        "reason": "unknown_key",
        "code": "unknown_key",
        "message": f"the write key {MARK} is not known here",
        "detail": {"got": MARK},
        "method": "POST",
        "path": f"/bitmovin/{MARK}/analytics",
        "origin": f"https://{MARK}.example",
        "user_agent": MARK,
        "sample": MARK,
    }
    tenants.refusals.append(refused)
    try:
        seen = tenants.ask("secret", "GET", "/v1/refusals").json()["data"]["refused"]
        assert [one["reason"] for one in seen] == ["unknown_key"]
        assert MARK not in json.dumps(seen)
        setup = tenants.ask("secret", "GET", "/v1/setup")
        assert MARK not in setup.text
        assert any(one["trouble"] for one in setup.json()["data"]["dialects"] if one["name"] == "bitmovin")
        assert MARK in tenants.ask("default", "GET", "/v1/refusals").text
    finally:
        tenants.refusals.remove(refused)


def test_rejects_go_to_the_project_they_name(tenants: Any) -> None:
    """What could not be used after it was accepted is shown to whose key it came with."""
    row = (0, "default", "native", "bad_event", f"{MARK} of the first", "")
    tenants.engine.insert("rejects", REJECTS, [row])
    asked = "/v1/refusals?from=1970-01-01&limit=1000"
    assert "of the first" in tenants.ask("default", "GET", asked).text
    assert "of the first" not in tenants.ask("secret", "GET", asked).text


def test_a_token_for_pages_is_bound_to_its_pages(tenants: Any) -> None:
    """From another origin, or the null one of a sandboxed frame, it opens nothing."""
    for origin in (
        "https://evil.example",
        "null",
        f"{SITE}.evil.example",
        "http://site.example",
        f"{SITE}:8443",
    ):
        answer = tenants.ask("pages", "GET", "/v1/metrics", headers={"Origin": origin})
        assert answer.status_code == 403, origin
