"""Every failure firstframe speaks of, drawn once.

::

    FirstframeError
    ├── Refusal                 a request is answered with a 4xx or 503; nothing of it was kept
    │   ├── BadRequest          400  the body or a parameter cannot be understood
    │   ├── Unauthenticated     401  no key or token, or an unknown one
    │   ├── Forbidden           403  known, but not allowed here (origin, project, kind of key)
    │   ├── NotFound            404  no such route, view, project
    │   ├── MethodNotAllowed    405
    │   ├── TooLarge            413  over a limit of size, count or depth
    │   ├── UnsupportedMedia    415  a content encoding we do not read
    │   ├── TooMany             429  over the key's rate
    │   └── Unavailable         503  the journal or the engine cannot take it now; try again
    ├── ConfigError             a setting, file or folder is wrong; said at start
    ├── JournalError            the journal on disk is not what it should be
    ├── EngineError             the engine refused or did not answer
    └── Undelivered             a receiver did not take a notice of an alert
        └── NoTarget            nothing is sent to where it is
"""

from __future__ import annotations

from itertools import islice
from typing import Any, ClassVar, Self

import msgspec

TEXT_CHARS = 1_000
MANY = 1_000
"""Most that a refusal repeats of what came, of each text and of each list: it is sent back, and kept for a while."""


class ErrorBody(msgspec.Struct, frozen=True):
    """The JSON under ``error`` of every refusal: what went wrong, said for a person and for a program."""

    code: str
    message: str
    detail: dict[str, Any]


class FirstframeError(Exception):
    """The root: anything firstframe raises on purpose."""


class Refusal(FirstframeError):
    """A request that is answered with an error.

    ``code`` is one word for programs, ``message`` a sentence for people, ``detail`` says what was
    expected and what came.
    """

    status: ClassVar[int] = 400
    default_code: ClassVar[str] = "bad_request"
    project: str | None = None
    """Whose request it was, where that came out: for lists of refusals, not for the answer."""

    def __init__(self, message: str, *, code: str | None = None, **detail: Any) -> None:
        super().__init__(message)
        self.message: str = _cut(message)
        self.code = code or self.default_code
        self.detail: dict[str, Any] = _cut(detail)

    def of(self, project: str | None) -> Self:
        """The same, saying whose request it was."""
        self.project = project
        return self

    def body(self) -> dict[str, ErrorBody]:
        """The JSON answer: ``{"error": {code, message, detail}}``."""
        return {"error": ErrorBody(self.code, self.message, self.detail)}


class BadRequest(Refusal):
    status = 400
    default_code = "bad_request"


class Unauthenticated(Refusal):
    status = 401
    default_code = "unauthenticated"


class Forbidden(Refusal):
    status = 403
    default_code = "forbidden"


class NotFound(Refusal):
    status = 404
    default_code = "not_found"


class MethodNotAllowed(Refusal):
    status = 405
    default_code = "method_not_allowed"


class TooLarge(Refusal):
    status = 413
    default_code = "too_large"


class UnsupportedMedia(Refusal):
    status = 415
    default_code = "unsupported_media"


class TooMany(Refusal):
    status = 429
    default_code = "too_many"


class Unavailable(Refusal):
    status = 503
    default_code = "unavailable"


class ConfigError(FirstframeError):
    """A setting, file or folder is wrong; the message names it, its value and what is wanted."""


class JournalError(FirstframeError):
    """The journal on disk is not what it should be."""


class Undelivered(FirstframeError):
    """A receiver did not take a notice; the message says why, to whoever named it."""


class NoTarget(Undelivered):
    """A receiver at an address to which nothing is sent."""


_UNKNOWN_TABLE, _UNKNOWN_DATABASE = 60, 81


class EngineError(FirstframeError):
    """The engine refused a statement or did not answer. ``code`` is ClickHouse's, 0 when it was unreachable."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code

    @property
    def is_passing(self) -> bool:
        """Asking again may help: it does not answer, or is so new that its tables are still to be made."""
        return self.code in (0, _UNKNOWN_TABLE, _UNKNOWN_DATABASE)


def mistyped(error: msgspec.ValidationError, whole: str, kind: type[msgspec.Struct]) -> BadRequest:
    """The refusal of JSON that is no such struct: it names the field, or the whole where it is none of them."""
    message, _, path = str(error).partition(" - at `")
    field = path.rstrip("`").removeprefix("$").lstrip(".") or whole
    return BadRequest(
        f"{field}: {message[:1].lower()}{message[1:]}",
        parameter=field,
        got=message,
        allowed=[one.encode_name for one in msgspec.structs.fields(kind)],
    )


def _cut(value: Any) -> Any:
    match value:
        case str():
            return value if len(value) <= TEXT_CHARS else f"{value[:TEXT_CHARS]}…"
        case dict():
            return {_cut(key): _cut(item) for key, item in islice(value.items(), MANY)}
        case list() | tuple():
            return [_cut(item) for item in value[:MANY]]
        case _:
            return value
