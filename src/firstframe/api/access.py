"""Who is asking: the token of a request, and what its kind may do.

A route is for tokens of both kinds unless it says otherwise: ``opt={"public": True}`` needs none,
``opt={"secret": True}`` a secret one. Tokens for pages (``cors``) see numbers, not single views: nor may they ask
for dimensions that tell one view, viewer or asset from all others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from firstframe.accounts.account import Token
from firstframe.accounts.lookup import Lookups
from firstframe.accounts.origin import is_allowed
from firstframe.errors import Forbidden, Unauthenticated
from firstframe.metrics.dimension import Dimension
from firstframe.metrics.filter import Filter, conditions

Connection = ASGIConnection[Any, Any, Any, Any]
Session = Callable[[Connection], Token | None]
"""Another way to be known than by a bearer token: a signed cookie, or a scheme of its own. It may ask the database."""

PUBLIC = "public"
SECRET = "secret"  # noqa: S105 - the name of an option

LOOKUPS = Lookups("api-accounts", threads=4, most=1_024)
"""Where a process asks who somebody is. One for all routes, for each of which the framework makes an `Access`."""


class TokenSource(Protocol):
    """As much of the accounts as is needed here."""

    def check_token(self, token: str) -> Token | None: ...


class Access(AbstractAuthenticationMiddleware):
    """Puts the caller's token on the connection, or refuses. Raises `Unauthenticated`, `Forbidden`, `Unavailable`."""

    def __init__(
        self,
        app: ASGIApp,
        accounts: TokenSource,
        session: Session | None = None,
        *,
        lookups: Lookups = LOOKUPS,
    ) -> None:
        super().__init__(app, exclude_from_auth_key=PUBLIC)
        self._accounts = accounts
        self._session = session
        self._lookups = lookups

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        token = await self._by_session(connection)
        if token is None:
            token = await self._bearer(connection)
        origin = connection.headers.get("origin")
        if token.kind == "cors" and not is_allowed(origin, token.allowed_origins):
            raise Forbidden(
                "this token may not be used by pages of this origin",
                expected=list(token.allowed_origins),
                got=origin,
            )
        # Streams outlive a token: they ask from time to time whether it still is one.
        return AuthenticationResult(user=token, auth=partial(self.authenticate_request, connection))

    async def _by_session(self, connection: Connection) -> Token | None:
        """Aside, because it may ask the database; a bearer token is no session's, and goes straight on."""
        scheme, _ = _credentials(connection)
        if self._session is None or scheme.lower() == "bearer":
            return None
        if not scheme and "cookie" not in connection.headers:
            return None
        return await self._lookups.ask(self._session, connection)

    async def _bearer(self, connection: Connection) -> Token:
        scheme, text = _credentials(connection)
        if scheme.lower() != "bearer" or not text:
            raise Unauthenticated(
                "an API token is wanted", expected="Authorization: Bearer <token>", got=scheme[:20] or None
            )
        token = await self._lookups.ask(self._accounts.check_token, text)
        if token is None:
            raise Unauthenticated(
                "this API token is not known", expected="a token that was not revoked", got="unknown"
            )
        return token


def _credentials(connection: Connection) -> tuple[str, str]:
    """Scheme and text of the Authorization header; both empty without it."""
    scheme, _, text = connection.headers.get("authorization", "").partition(" ")
    return scheme, text.strip()


def check_kind(connection: Connection, handler: BaseRouteHandler) -> None:
    """Tokens for pages stay out of routes for secret ones. Raises `Forbidden`."""
    if handler.opt.get(SECRET) and connection.user.kind != "secret":
        raise Forbidden("a secret token is wanted here", expected="secret", got=connection.user.kind)


def check_dimensions(caller: Token, found: Filter, groups: Iterable[Dimension] = ()) -> None:
    """Tokens for pages neither group by what identifies nor filter on it, by which it could be guessed.

    Raises `Forbidden` that names the dimension.
    """
    if caller.kind == "secret":
        return
    for dimension in (*groups, *(one.dimension for one in conditions(found))):
        if dimension.identifying:
            raise Forbidden(
                f"a token for pages may not ask for {dimension.id}, which can tell one view, viewer or asset from all"
                " others",
                parameter=dimension.id[:100],
                expected="secret",
                got=caller.kind,
            )
