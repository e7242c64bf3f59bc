"""Routes about videos: what the operator tells us of them."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from firstframe.accounts.account import Token
from firstframe.api.access import SECRET
from firstframe.api.fault import answers
from firstframe.api.metric import clean
from firstframe.api.query import read_json
from firstframe.api.service import Services
from firstframe.errors import BadRequest, mistyped
from firstframe.metrics.asset import Asset, list_assets, one_asset, put_assets

MOST_ASSETS = 5_000
_LONGEST_ID = 256


class AssetAnswer(msgspec.Struct, frozen=True):
    data: Asset


class AssetListMeta(msgspec.Struct, frozen=True):
    """What is to be known about a page of assets."""

    next: str | None
    """``after`` of the next page; null on the last."""
    row_count: int


class AssetList(msgspec.Struct, frozen=True):
    data: list[Asset]
    meta: AssetListMeta


class AssetsKept(msgspec.Struct, frozen=True):
    """How many were kept."""

    kept: int


class AssetsAnswer(msgspec.Struct, frozen=True):
    data: AssetsKept


@get("/v1/assets", tags=["assets"], summary="List videos", responses=answers(400), opt={SECRET: True})
async def get_assets(
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
    search: Annotated[str, QueryParameter(description="in ids and titles, whatever the case")] = "",
    after: Annotated[str, QueryParameter(description="meta.next of the page before")] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=MOST_ASSETS)] = 100,
) -> AssetList:
    """By playback id."""
    found = await list_assets(
        services.engine, caller.project, search=clean(search), after=clean(after), limit=limit + 1
    )
    page = found[:limit]
    more = page[-1].playback_id if len(found) > limit else None
    return AssetList(page, AssetListMeta(more, len(page)))


@get(
    "/v1/assets/{playback_id:str}",
    tags=["assets"],
    summary="One video",
    responses=answers(400, 404),
    opt={SECRET: True},
)
async def get_asset(
    playback_id: FromPath[str], services: NamedDependency[Services], caller: NamedDependency[Token]
) -> AssetAnswer:
    """What was told of it last."""
    return AssetAnswer(await one_asset(services.engine, caller.project, clean(playback_id)))


@put(
    "/v1/assets/{playback_id:str}",
    tags=["assets"],
    summary="Tell of one video",
    responses=answers(400, 413),
    opt={SECRET: True},
)
async def put_asset(
    playback_id: FromPath[str],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    caller: NamedDependency[Token],
) -> AssetAnswer:
    """In the place of what was told before. Views are joined by their playback id when questions are asked."""
    body = await read_json(request)
    if isinstance(body, dict) and body.setdefault("playback_id", playback_id) != playback_id:
        raise BadRequest(
            "the body names another playback id than the path",
            parameter="playback_id",
            got=str(body["playback_id"])[:100],
            allowed=playback_id[:100],
        )
    asset = _convert(body, Asset)
    _check(asset)
    await put_assets(services.engine, caller.project, [asset], services.now_ms())
    return AssetAnswer(asset)


@put(
    "/v1/assets",
    tags=["assets"],
    summary="Tell of many videos",
    responses=answers(400, 413),
    opt={SECRET: True},
)
async def put_all_assets(
    request: Request[Any, Any, Any], services: NamedDependency[Services], caller: NamedDependency[Token]
) -> AssetsAnswer:
    """A list; all are kept or none."""
    assets = _convert(await read_json(request), list[Asset])
    if len(assets) > MOST_ASSETS:
        raise BadRequest(
            f"the body holds {len(assets)} assets, {MOST_ASSETS} are allowed",
            parameter="the body",
            got=len(assets),
            allowed=MOST_ASSETS,
        )
    for asset in assets:
        _check(asset)
    await put_assets(services.engine, caller.project, assets, services.now_ms())
    return AssetsAnswer(AssetsKept(len(assets)))


def _convert(body: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError as error:
        raise mistyped(error, "the body", Asset) from error


def _check(asset: Asset) -> None:
    if not 1 <= len(asset.playback_id) <= _LONGEST_ID:
        raise BadRequest(
            "playback_id is empty or too long",
            parameter="playback_id",
            got=len(asset.playback_id),
            allowed=f"1 to {_LONGEST_ID} characters",
        )
