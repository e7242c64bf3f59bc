"""Every failure as the one error shape, with the status it deserves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi import ResponseSpec

from firstframe.errors import (
    BadRequest,
    EngineError,
    ErrorBody,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    Refusal,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UnsupportedMedia,
)

log = structlog.get_logger()

RETRY_SECONDS = 2


class ErrorAnswer(msgspec.Struct, frozen=True):
    """What every refusal and failure is answered with."""

    error: ErrorBody


_REFUSALS: Mapping[int, type[Refusal]] = {
    kind.status: kind
    for kind in (
        *(BadRequest, Unauthenticated, Forbidden, NotFound, MethodNotAllowed),
        *(TooLarge, UnsupportedMedia, Unavailable),
    )
}
_DESCRIPTIONS = {
    400: "A parameter or the body cannot be understood; `detail` names it and what is allowed",
    401: "No token, or an unknown one",
    403: "The token may not do this, or not from this origin",
    404: "There is no such thing in this project",
    413: "The body is too large",
    429: "The project asks too much at once; come back after `Retry-After` seconds",
    500: "A fault of the server",
    503: "The engine does not answer; try again",
}


def answers(*statuses: int) -> dict[int, ResponseSpec]:
    """The documented failures of a route that wants a token, and those named."""
    known = sorted({401, 403, 429, 500, 503, *statuses})
    return {
        status: ResponseSpec(
            data_container=ErrorAnswer, description=_DESCRIPTIONS[status], generate_examples=False
        )
        for status in known
    }


def refuse(_: Request[Any, Any, Any], error: Refusal) -> Response[dict[str, ErrorBody]]:
    """A refusal, as it was raised."""
    return _response(error)


def engine_failed(request: Request[Any, Any, Any], error: EngineError) -> Response[dict[str, ErrorBody]]:
    """The engine is away (try again), or it refused a statement of ours (our fault)."""
    if error.is_passing:
        return _response(Unavailable("the engine does not answer; try again", code="engine_unavailable"))
    log.error(
        "the engine refused a statement", path=request.url.path, code=error.code, reason=str(error)[:2000]
    )
    return _fault(request)


def framework_failed(request: Request[Any, Any, Any], error: HTTPException) -> Response[dict[str, ErrorBody]]:
    """What the framework refuses: unknown routes, parameters of the wrong type, bodies that are no JSON."""
    if isinstance(error, ValidationException):
        return _response(_validation(error))
    kind = _REFUSALS.get(error.status_code)
    if kind is None:
        return _failed(request, error) if error.status_code >= 500 else _response(BadRequest(error.detail))
    if kind is NotFound:
        return _response(
            NotFound(f"there is nothing at {request.url.path[:200]}", got=request.url.path[:200])
        )
    headers = dict(error.headers or {})
    if kind is MethodNotAllowed:
        return _response(_wrong_method(request, headers), headers)
    return _response(kind(error.detail or kind.default_code), headers)


def nothing_there(
    page: Callable[[Request[Any, Any, Any]], Response[bytes] | None],
) -> Callable[[Request[Any, Any, Any], HTTPException], Response[Any]]:
    """For addresses that no route has: a page, where there is one for whoever asked, else what programs are told."""

    def answer(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        return page(request) or framework_failed(request, error)

    return answer


def _wrong_method(request: Request[Any, Any, Any], headers: Mapping[str, str]) -> MethodNotAllowed:
    told = next((value for name, value in headers.items() if name.lower() == "allow"), "")
    allowed = sorted(method.strip() for method in told.split(",") if method.strip())
    path = request.url.path[:200]
    return MethodNotAllowed(
        f"{request.method} is not for {path}; {', '.join(allowed)} is", expected=allowed, got=request.method
    )


def failed(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, ErrorBody]]:
    """A fault of ours: logged whole, told in one sentence."""
    return _failed(request, error)


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[dict[str, ErrorBody]]:
    log.error("a request failed", path=request.url.path, exc_info=error)
    return _fault(request)


def _fault(request: Request[Any, Any, Any]) -> Response[dict[str, ErrorBody]]:
    body = ErrorBody(
        "internal", "this is a fault of the server; it was logged", {"path": request.url.path[:200]}
    )
    return Response({"error": body}, status_code=500, media_type=MediaType.JSON)


def _validation(error: ValidationException) -> BadRequest:
    """The framework's list of complaints as one, the first; all of them in the detail."""
    found = error.extra if isinstance(error.extra, list) else []
    complaints = [one for one in found if isinstance(one, dict)]
    if not complaints:
        return BadRequest(error.detail)
    first = complaints[0]
    name = str(first.get("key") or "the body")
    message = str(first.get("message", "is not understood"))
    return BadRequest(f"{name}: {message[:1].lower()}{message[1:]}", parameter=name, problems=complaints)


def _response(refusal: Refusal, headers: dict[str, str] | None = None) -> Response[dict[str, ErrorBody]]:
    added = dict(headers or {})
    if isinstance(refusal, Unauthenticated):
        added["WWW-Authenticate"] = 'Bearer realm="firstframe"'
    if isinstance(refusal, Unavailable | TooMany):
        added["Retry-After"] = str(RETRY_SECONDS)
    return Response(refusal.body(), status_code=refusal.status, media_type=MediaType.JSON, headers=added)
