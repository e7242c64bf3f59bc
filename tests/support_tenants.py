"""Two tenants on one API with all its routes, and everybody who may call: what tests of their separation share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from litestar.testing import TestClient

from firstframe.accounts.store import Accounts
from firstframe.alerts.courier import Courier
from firstframe.alerts.store import AlertStore
from firstframe.api import livepeer, mux
from firstframe.api.alert import alert_routes
from firstframe.api.app import make_app
from firstframe.api.dashboard import dashboard
from firstframe.api.pages import Site
from firstframe.api.session import COOKIE, Sessions
from firstframe.api.setup import Collector
from firstframe.beacon import Event
from firstframe.dialects import DIALECTS
from firstframe.engine.client import AsyncEngine, Engine
from firstframe.engine.rows import ASSET_COLUMNS, EVENT_COLUMNS, event_row
from firstframe.view.record import Outcome, State, ViewRecord
from support_question import MINUTE_MS, NOW_MS, make_view, spans, store

HOST = "dash.example"
OWN = {"Host": HOST, "Origin": f"http://{HOST}"}
SITE = "https://site.example"
US, THEM = "ours", "theirs"
MARK = "zzq"
"""Stands in every word of the other tenant, and nowhere else."""
CID = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKxRKG"
LINKED = ("/v1/query?metrics=attempts&group_by=video_title&from=-1d", "/v1/live/now?group_by=video_title")
"""What the share links may ask."""
REJECTS = ("received_at", "project", "dialect", "reason", "message", "sample")


class Stop:
    """Whether the process is to stop: not before a stream has said something once."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self.asked % 2 == 0


class Tenants(msgspec.Struct):
    """The API, and what each kind of caller says to be known."""

    client: Any
    app: Any
    engine: Engine
    accounts: Accounts
    alerts: AlertStore
    refusals: list[Any]
    callers: Mapping[str, Mapping[str, str]]
    tokens: Mapping[str, str]

    def ask(self, caller: str, method: str, path: str, **given: Any) -> Any:
        """The answer that a caller gets; redirects are not followed."""
        self.client.cookies.clear()
        headers = {**OWN, **self.callers[caller], **given.pop("headers", {})}
        return self.client.request(method, path, headers=headers, follow_redirects=False, **given)


@contextmanager
def running(engine: Engine) -> Iterator[Tenants]:
    """The application with accounts for two projects besides ``default``; only the first has views."""
    with tempfile.TemporaryDirectory(prefix="tenants-") as name:
        folder = Path(name)
        site = folder / "site"
        (site / "static").mkdir(parents=True)
        (site / "index.html").write_text("<!doctype html><title>firstframe</title>")
        (site / "static" / "app-1.js").write_text("export {};")
        (site / "favicon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
        accounts = Accounts(f"sqlite:///{folder / 'accounts.db'}", now_ms=lambda: NOW_MS)
        sessions = Sessions(accounts, b"k" * 32, clock=lambda: NOW_MS / 1000)
        refusals: list[Any] = []
        alerts = AlertStore(f"sqlite:///{folder / 'accounts.db'}", now_ms=lambda: NOW_MS)
        wrapped = AsyncEngine(engine, threads=4)
        app = make_app(
            wrapped,
            accounts,
            fresh=lambda: NOW_MS - 1_000,
            refusals=lambda: refusals,
            session=sessions.find,
            stopping=Stop(),
            routes=[
                *livepeer.routes(wrapped, accounts, now_ms=lambda: NOW_MS),
                alert_routes(alerts, Courier(None, private_targets=False), "https://dash.example"),
                *mux.routes(wrapped, accounts, alerts, now_ms=lambda: NOW_MS),
                dashboard(
                    accounts, sessions, Collector(lambda: "https://collect.example", DIALECTS), Site(site)
                ),
            ],
            now_ms=lambda: NOW_MS,
        )
        tokens, callers = _callers(accounts, sessions)
        fill(engine, US, "own")
        with TestClient(app, base_url=f"http://{HOST}") as client:
            yield Tenants(client, app, engine, accounts, alerts, refusals, callers, tokens)
        alerts.close()
        accounts.close()


def _callers(accounts: Accounts, sessions: Sessions) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    for project in (US, THEM):
        accounts.create_project(project)
    secret = accounts.create_token(project=US)[1]
    pages = accounts.create_token("cors", US, allowed_origins=[SITE])[1]
    first = accounts.create_token()[1]
    scope = {"path": "/", "search": "", "calls": [_canonical(call) for call in LINKED]}
    share = accounts.create_share(US, scope=scope, expires_ms=NOW_MS + 1_000)[1]
    other = accounts.create_token(project=THEM)[1]
    callers = {
        "secret": {"Authorization": f"Bearer {secret}"},
        "session": {"Cookie": f"{COOKIE}={sessions.begin(secret)[1]}"},
        "pages": {"Authorization": f"Bearer {pages}", "Origin": SITE},
        "stranger": {"Authorization": f"Bearer {pages}", "Origin": "https://evil.example"},
        "share": {"Authorization": f"Share {share}"},
        "default": {"Authorization": f"Bearer {first}"},
        "nobody": {},
        "other": {"Authorization": f"Bearer {other}"},
    }
    tokens = {"secret": secret, "pages": pages, "default": first, "share": share, "other": other}
    return tokens, callers


def _canonical(call: str) -> str:
    from firstframe.api.share import canonical

    path, _, query = call.partition("?")
    return canonical(path, query)


def view_of(project: str, name: str, number: int = 0) -> ViewRecord:
    """A view that is known by a word in every text that it has."""
    start = NOW_MS - (3 + number) * MINUTE_MS
    return make_view(
        f"{name}-{number}",
        start,
        project=project,
        length_ms=2 * MINUTE_MS,
        spans=spans(start, (State.STARTUP, 1_000 + number), (State.PLAYING, MINUTE_MS)),
        outcome=Outcome.PLAYBACK_FAILED,
        error_count=1,
        error_code=f"{name}-code",
        error_message=f"{name} broke",
        fatal_error_code=f"{name}-code",
        watch_time_ms=60_000.0 + number,
        duration_ms=60_000.0,
        max_playhead_ms=30_000.0,
        played_ranges=[(0.0, 30_000.0)],
        video_startup_time_ms=1_000.0 + number,
        video_id=f"{name}-video",
        video_title=f"{name} title",
        playback_id=f"{name}-playback",
        dstorage_id=CID,
        viewer_id=f"{name}-viewer-{number}",
        page_host=f"{name}.example",
        page_url=f"https://{name}.example/",
        source_host=f"cdn.{name}.example",
        player_name=f"{name} player",
        country="DE" if name == "own" else "ZW",
        cdn=f"{name}-cdn",
        custom={"custom_1": f"{name} custom"},
        extra={f"{name}_key": f"{name} extra"},
    )


def fill(engine: Engine, project: str, name: str) -> None:
    """Views with events, assets and rejects of one project, all of them marked."""
    records = [view_of(project, name, number) for number in range(3)]
    store(engine, records)
    for record in records:
        event = Event(
            native_view_id=record.native_view_id,
            key=record.view_id,
            at_ms=record.view_start_ms,
            received_at_ms=record.view_start_ms,
            name=f"{name}-event",
            payload={"said": f"{name} payload"},
        )
        engine.insert("events", EVENT_COLUMNS, [event_row(project, "native", event, 1)])
    asset = (project, f"{name}-playback", f"{name}-asset", f"{name}-stream", f"{name}-creator")
    more = (f"{name} film", None, 60_000.0, {f"{name}": "tag"}, NOW_MS)
    engine.insert("assets", ASSET_COLUMNS, [(*asset, *more)])
    reject = (NOW_MS - MINUTE_MS, project, "native", "bad_event", f"{name} reject", f"{name} sample")
    engine.insert("rejects", REJECTS, [reject])
