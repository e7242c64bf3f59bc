"""Share links: one state of the dashboard, read-only, for who has the link, until it expires.

A link remembers the calls that the page made in that state, and allows exactly these: nothing else of the project can
be asked for with it, whatever its holder types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlsplit

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from firstframe.accounts.account import Share, Token
from firstframe.accounts.store import Accounts
from firstframe.api.access import LOOKUPS, SECRET
from firstframe.api.fault import answers
from firstframe.api.pages import PAGES
from firstframe.api.query import read_json
from firstframe.api.service import Services
from firstframe.errors import BadRequest, NotFound

ALWAYS = ("/v1/metrics", "/v1/dimensions", "/v1/board", "/v1/share", "/v1/session")
"""What any link may call: what words mean, nothing about views."""
SHAREABLE = (
    "/v1/query",
    "/v1/live",
    "/v1/views",
    "/v1/errors",
    "/v1/audience",
    "/v1/dimensions",
    "/v1/assets",
)
MOST_CALLS = 60
LONGEST_CALL = 8_000
MOST_HOURS = 24 * 366
HOUR_MS = 3_600_000


class NewShare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a link is to show."""

    path: str
    """The page, ``/breakdown``."""
    search: str = ""
    """Its state, ``?from=-7d``."""
    calls: list[str]
    """The calls that the page makes in this state: paths with their query strings."""
    label: str = ""
    hours: float = 168
    """How long it is good for."""


class ShareEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A link as its owner sees it."""

    id: str
    label: str
    path: str
    search: str
    created_ms: int
    expires_ms: int | None
    is_over: bool


class ShareList(msgspec.Struct, frozen=True):
    data: list[ShareEntry]


class MadeShare(msgspec.Struct, frozen=True, kw_only=True):
    """A new link. Its secret is shown this once."""

    id: str
    secret: str
    path: str
    """Where the link leads: the dashboard's address, then this."""
    expires_ms: int


class MadeShareAnswer(msgspec.Struct, frozen=True):
    data: MadeShare


def canonical(path: str, query: str) -> str:
    """A call as it is compared: parameters in order, and the format of the answer is nobody's secret."""
    pairs = sorted(pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] != "format")
    return path + "?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in pairs)


def allows(share: Share, method: str, path: str, query: str) -> bool:
    """Whether a link was made for this call."""
    if method not in ("GET", "HEAD", "OPTIONS"):
        return False
    return path in ALWAYS or canonical(path, query) in share.scope.get("calls", ())


def opened(share: Share | None) -> dict[str, Any]:
    """What who follows a link sees of it. Raises `NotFound`."""
    if share is None:
        raise NotFound("there is no share link here", expected="Authorization: Share <secret>")
    return {
        "path": share.scope.get("path", "/"),
        "search": share.scope.get("search", ""),
        "label": share.label,
        "project": share.project,
        "expires_ms": share.expires_ms,
    }


@post(
    "/v1/shares",
    tags=["session"],
    summary="Make a share link",
    status_code=201,
    responses=answers(400, 413),
    opt={SECRET: True},
)
async def make_share(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    accounts: NamedDependency[Accounts],
) -> MadeShareAnswer:
    """For one state of the dashboard. Who has the link sees what these calls answer, and nothing else."""
    wanted = _read(await read_json(request))
    expires_ms = services.now_ms() + round(wanted.hours * HOUR_MS)
    scope = {
        "path": wanted.path,
        "search": wanted.search,
        "calls": sorted({_call(one) for one in wanted.calls}),
    }
    share, text = await LOOKUPS.ask(
        accounts.create_share, caller.project, label=wanted.label, scope=scope, expires_ms=expires_ms
    )
    # The secret stands after the #, which browsers keep to themselves.
    made = MadeShare(id=share.id, secret=text, path=f"/share#{text}", expires_ms=expires_ms)
    return MadeShareAnswer(made)


@get("/v1/shares", tags=["session"], summary="Every share link", responses=answers(), opt={SECRET: True})
async def list_shares(
    services: NamedDependency[Services], caller: NamedDependency[Token], accounts: NamedDependency[Accounts]
) -> ShareList:
    """The newest first; those that are over too."""
    found = await LOOKUPS.ask(accounts.shares, caller.project)
    return ShareList([_entry(one, services.now_ms()) for one in reversed(found)])


@delete(
    "/v1/shares/{share_id:str}",
    tags=["session"],
    summary="Withdraw a share link",
    status_code=204,
    responses=answers(404),
    opt={SECRET: True},
)
async def revoke_share(
    share_id: FromPath[str], caller: NamedDependency[Token], accounts: NamedDependency[Accounts]
) -> Response[None]:
    """Who has it sees nothing any more."""
    mine: Sequence[Share] = await LOOKUPS.ask(accounts.shares, caller.project)
    if share_id not in {one.id for one in mine}:
        raise NotFound(f"there is no share link {share_id[:64]!r}", parameter="share_id", got=share_id[:64])
    await LOOKUPS.ask(accounts.revoke_share, share_id)
    return Response(None, status_code=204)


def _read(body: Any) -> NewShare:
    try:
        wanted = msgspec.convert(body, NewShare)
    except msgspec.ValidationError as error:
        raise BadRequest(
            f"the body: {error}",
            parameter="the body",
            got=str(error),
            allowed=list(NewShare.__struct_fields__),
        ) from error
    if not 0 < wanted.hours <= MOST_HOURS:
        raise BadRequest(
            f"hours is {wanted.hours}, but up to {MOST_HOURS} is allowed",
            parameter="hours",
            got=wanted.hours,
            allowed=f"more than 0, up to {MOST_HOURS}",
        )
    # One of ours by name: //elsewhere.example begins with a slash too, and the list of links makes a link of it.
    if wanted.path not in PAGES or wanted.search[:1] not in ("", "?"):
        raise BadRequest(
            "path is no page of the dashboard", parameter="path", got=wanted.path[:100], allowed=list(PAGES)
        )
    if len(wanted.search) > LONGEST_CALL:
        raise BadRequest(
            "search is too long", parameter="search", got=len(wanted.search), allowed=f"up to {LONGEST_CALL}"
        )
    if not 1 <= len(wanted.calls) <= MOST_CALLS:
        raise BadRequest(
            f"calls holds {len(wanted.calls)}",
            parameter="calls",
            got=len(wanted.calls),
            allowed=f"1 to {MOST_CALLS}",
        )
    return wanted


def _call(text: str) -> str:
    parts = _parts(text) if len(text) <= LONGEST_CALL else None
    if parts is None or parts.netloc or not _is_shareable(parts.path):
        raise BadRequest(
            f"calls holds {text[:100]!r}, which cannot be shared",
            parameter="calls",
            got=text[:100],
            allowed=list(SHAREABLE),
        )
    return canonical(parts.path, parts.query)


def _parts(text: str) -> SplitResult | None:
    """The parts of an address; none of what cannot be one, such as ``//[``."""
    try:
        return urlsplit(text)
    except ValueError:
        return None


def _is_shareable(path: str) -> bool:
    return any(path == base or path.startswith(f"{base}/") for base in SHAREABLE)


def _entry(share: Share, now_ms: int) -> ShareEntry:
    return ShareEntry(
        id=share.id,
        label=share.label,
        path=str(share.scope.get("path", "/")),
        search=str(share.scope.get("search", "")),
        created_ms=share.created_ms,
        expires_ms=share.expires_ms,
        is_over=share.revoked_ms is not None or (share.expires_ms is not None and share.expires_ms <= now_ms),
    )
