"""Signing in: an API token becomes a signed cookie that scripts cannot read and other sites cannot use.

The cookie names the token, not holds it, and is signed with a key of the data folder: a revoked token's sessions end
with it. A share link's secret is sent as ``Authorization: Share …`` instead and allows only the calls it was made for.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from litestar import Request, Response, delete, get, post
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from sqlalchemy.exc import SQLAlchemyError

from firstframe.accounts.account import Share, Token
from firstframe.accounts.store import Accounts
from firstframe.api.access import LOOKUPS, PUBLIC
from firstframe.api.fault import answers
from firstframe.api.query import read_json
from firstframe.api.share import allows, opened
from firstframe.disk import write_atomically
from firstframe.errors import BadRequest, Forbidden, Unauthenticated, Unavailable

log = structlog.get_logger()

COOKIE = "firstframe_session"
KEY_BYTES = 32
SESSION_SECONDS = 14 * 86_400
FRESH_SECONDS = 2.0
"""How long a look at the accounts is good for: a revoked token's session lives so much longer."""
_SAFE = ("GET", "HEAD", "OPTIONS")

Connection = ASGIConnection[Any, Any, Any, Any]


class Who(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    project: str
    label: str
    kind: str
    """``secret``, or ``share`` for who came by a share link."""


class WhoAnswer(msgspec.Struct, frozen=True):
    data: Who


class Sessions:
    """Makes cookies and knows them again. Thread-safe; nearly every method may ask the database."""

    def __init__(self, accounts: Accounts, key: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self.accounts = accounts
        self._key = key
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._looked_at = 0.0
        self._looking = threading.Lock()

    def begin(self, text: str) -> tuple[Token, str]:
        """The token that a person gave, and the cookie for it. Raises `Unauthenticated`, `Forbidden`."""
        token = self.accounts.check_token(text)
        if token is None:
            raise Unauthenticated("this API token is not known", expected="a token that was not revoked")
        if token.kind != "secret":
            raise Forbidden("this token is for pages, not for people", expected="secret", got=token.kind)
        until = int(self._clock()) + SESSION_SECONDS
        return token, f"{token.id}.{until}.{self._sign(token.id, until)}"

    def find(self, connection: Connection) -> Token | None:
        """Who a request comes from; None when neither cookie nor link says so. Raises `Refusal`."""
        scheme, _, text = connection.headers.get("authorization", "").partition(" ")
        if scheme and scheme.lower() != "share":
            return None
        try:
            if scheme:
                return self._by_share(connection, text.strip())
            token = self._by_cookie(connection.cookies.get(COOKIE, ""))
        except SQLAlchemyError as error:
            raise Unavailable("the accounts cannot be read now; try again") from error
        if token is not None and not is_same_origin(connection):
            raise Forbidden(
                "a session may change things only from the dashboard's own pages",
                code="cross_site",
                expected=connection.headers.get("host"),
                got=connection.headers.get("origin"),
            )
        return token

    def share_of(self, connection: Connection) -> Share | None:
        """The link that a request came by."""
        scheme, _, text = connection.headers.get("authorization", "").partition(" ")
        return self.accounts.check_share(text.strip()) if scheme.lower() == "share" else None

    def _by_share(self, connection: Connection, text: str) -> Token:
        share = self.accounts.check_share(text)
        if share is None:
            raise Unauthenticated("this link has expired or was withdrawn", code="share_over")
        if not allows(
            share, str(connection.scope.get("method", "")), connection.url.path, connection.url.query
        ):
            raise Forbidden("this link shows one view of the dashboard and nothing else", code="share_only")
        return Token(id=share.id, kind="secret", project=share.project, label=share.label)

    def _by_cookie(self, cookie: str) -> Token | None:
        token_id, _, rest = cookie.partition(".")
        until, _, signature = rest.partition(".")
        # A cookie may hold any bytes: digits that are no ASCII are none, and only bytes can be compared safely.
        if not (until.isascii() and until.isdigit()) or len(until) > 12 or int(until) <= self._clock():
            return None
        if not hmac.compare_digest(
            self._sign(token_id, int(until)).encode(), signature.encode("utf-8", "replace")
        ):
            return None
        return self._token(token_id)

    def _token(self, token_id: str) -> Token | None:
        with self._looking:  # one look is for all who wait for it, and an older one never comes after a newer
            now = self._clock()
            if not 0 <= now - self._looked_at < FRESH_SECONDS:
                self._tokens = {one.id: one for one in self.accounts.tokens() if one.revoked_ms is None}
                self._looked_at = now
            return self._tokens.get(token_id)

    def _sign(self, token_id: str, until: int) -> str:
        signed = hmac.digest(self._key, f"session {token_id} {until}".encode(), sha256)
        return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def is_same_origin(connection: Connection) -> bool:
    """Whether a request only reads, or comes from one of our own pages. A browser says so in one way or the other."""
    if connection.scope.get("method") in _SAFE:
        return True
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = connection.headers.get("origin")
    return origin is not None and _netloc(origin) == connection.headers.get("host")


def _netloc(origin: str) -> str | None:
    """Host and port of an origin; None of what is none, such as ``http://[``."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def session_key(file: Path) -> bytes:
    """The key that cookies are signed with, made on first use."""
    with suppress(FileNotFoundError):
        if len(key := file.read_bytes()) == KEY_BYTES:
            return key
        log.warning("the key of the cookies cannot be used, a new one is made: everybody signs in again")
    key = secrets.token_bytes(KEY_BYTES)
    write_atomically(file, key, 0o600, durable=True)
    return key


@post(
    "/v1/session",
    tags=["session"],
    summary="Sign in",
    opt={PUBLIC: True},
    security=[],
    status_code=200,
    responses=answers(400, 413),
)
async def sign_in(
    request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]
) -> Response[WhoAnswer]:
    """With `{"token": "…"}`, from the dashboard's own pages; answers with a cookie."""
    if not is_same_origin(request):
        raise Forbidden("sign in from the dashboard's own pages", code="cross_site")
    body = await read_json(request)
    text = body.get("token") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise BadRequest("token is missing", parameter="token", got=None, allowed="an API token")
    token, cookie = await LOOKUPS.ask(sessions.begin, text.strip())
    return Response(
        WhoAnswer(Who(project=token.project, label=token.label, kind=token.kind)),
        cookies=[_cookie(request, cookie, SESSION_SECONDS)],
    )


@get("/v1/session", tags=["session"], summary="Who is signed in", responses=answers())
async def get_session(
    request: Request[Any, Any, Any], caller: NamedDependency[Token], sessions: NamedDependency[Sessions]
) -> WhoAnswer:
    """The project and the label of the token."""
    kind = "share" if await LOOKUPS.ask(sessions.share_of, request) else caller.kind
    return WhoAnswer(Who(project=caller.project, label=caller.label, kind=kind))


@delete("/v1/session", tags=["session"], summary="Sign out", status_code=204, responses=answers())
async def sign_out(request: Request[Any, Any, Any]) -> Response[None]:
    """Forgets the cookie."""
    return Response(None, status_code=204, cookies=[_cookie(request, "", 0)])


@get("/v1/share", tags=["session"], summary="What a share link shows", responses=answers(404))
async def get_share(
    request: Request[Any, Any, Any], sessions: NamedDependency[Sessions]
) -> Response[dict[str, Any]]:
    """For who comes with ``Authorization: Share …``: the page, its state, and until when."""
    return Response({"data": opened(await LOOKUPS.ask(sessions.share_of, request))})


def _cookie(request: Request[Any, Any, Any], value: str, seconds: int) -> Cookie:
    proto = request.headers.get("x-forwarded-proto", request.url.scheme)
    return Cookie(
        key=COOKIE,
        value=value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="strict",
        secure=proto == "https",
    )
