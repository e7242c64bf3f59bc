"""What accounts hold: projects, keys that may write, tokens that may read, links that show a part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

DEFAULT_PROJECT = "default"
"""Where everything goes until the first write key exists."""

TokenKind = Literal["secret", "cors"]


class Project(msgspec.Struct, frozen=True):
    name: str
    title: str = ""
    allowed_origins: Sequence[str] = ()
    """Pages that may send; empty: all. A write key's own list goes before it."""
    created_ms: int = 0


class WriteKey(msgspec.Struct, frozen=True):
    """What a player sends with. Public by nature: it stands in pages."""

    key: str
    project: str
    label: str = ""
    allowed_origins: Sequence[str] = ()
    created_ms: int = 0
    revoked_ms: int | None = None


class Token(msgspec.Struct, frozen=True):
    """What an API client reads with. The token itself is shown once and never kept."""

    id: str
    kind: TokenKind
    project: str
    label: str = ""
    allowed_origins: Sequence[str] = ()
    """Pages that may use a ``cors`` token; it must name at least one."""
    created_ms: int = 0
    revoked_ms: int | None = None


class Share(msgspec.Struct, frozen=True):
    """A link that shows a part of a project to who has it, until it expires."""

    id: str
    project: str
    label: str = ""
    scope: Mapping[str, Any] = {}
    """What it shows; the API's business."""
    created_ms: int = 0
    expires_ms: int | None = None
    revoked_ms: int | None = None
