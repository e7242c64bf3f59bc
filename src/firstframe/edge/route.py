"""Which route of which dialect a path means, and which write key it names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from firstframe.dialects.base import Dialect, Route

KEY_SEGMENT = "{write_key}"
SOCKET = "WEBSOCKET"
"""Stands for the method of a WebSocket, which has none."""


class Target(msgspec.Struct, frozen=True):
    """One route of one dialect."""

    dialect: Dialect
    route: Route


Methods = Mapping[str, Target]


class Match(msgspec.Struct, frozen=True):
    """What a path means: a target per method, the write key in it, its named segments."""

    methods: Methods
    write_key: str | None
    params: Mapping[str, str]


class Door(msgspec.Struct, frozen=True):
    """A route that keeps what is posted to it, and how it was addressed."""

    target: Target
    match: Match


class _Table:
    """The routes below one prefix: those that can be looked up, and those with named segments."""

    def __init__(self) -> None:
        self.exact: dict[str, dict[str, Target]] = {}
        self.patterns: dict[str, tuple[re.Pattern[str], dict[str, Target]]] = {}

    def add(self, path: str, target: Target) -> None:
        """Raises ValueError when two routes claim the same path and method."""
        path = path.rstrip("/")
        methods = self.exact.setdefault(path, {}) if "{" not in path else self._pattern(path)
        for method in (SOCKET,) if target.route.kind == "socket" else target.route.methods:
            if method in methods:
                owner = methods[method].dialect.name
                raise ValueError(f"{target.dialect.name} and {owner} both claim {method} {path or '/'}")
            methods[method] = target

    def find(self, path: str) -> tuple[Methods, Mapping[str, str]] | None:
        methods = self.exact.get(path)
        if methods is not None:
            return methods, {}
        for pattern, found in self.patterns.values():
            match = pattern.fullmatch(path)
            if match:
                return found, match.groupdict()
        return None

    def _pattern(self, path: str) -> dict[str, Target]:
        if path not in self.patterns:
            parts = re.split(r"\{(\w+)\}", path)
            names = (re.escape(part) if n % 2 == 0 else f"(?P<{part}>[^/]+)" for n, part in enumerate(parts))
            self.patterns[path] = (re.compile("".join(names)), {})
        return self.patterns[path][1]


class Router:
    """All routes of all dialects, compiled once."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        """Raises ValueError when two routes claim the same address."""
        self._root = _Table()
        self._mounts: dict[str, _Table] = {}
        for dialect in dialects:
            mount = self._mounts.setdefault(dialect.name, _Table())
            for route in dialect.routes:
                target = Target(dialect, route)
                if route.at_root:
                    self._root.add(route.path, target)
                if route.mounted:
                    mount.add(route.path, target)
        self._quick = {path: Match(methods, None, {}) for path, methods in self._addresses()}
        self.known = tuple(sorted(_known(dialects)))
        """Every address for people, ``POST /v1/beacons``."""

    def find(self, path: str) -> Match | None:
        """What this path means; a trailing slash means nothing. Literal segments win over the write key."""
        return self._quick.get(path) or self._find(path.rstrip("/"))

    def door(self, path: str) -> Door | None:
        """Where a POST to this path is kept; None where it is not."""
        match = self.find(path)
        target = match.methods.get("POST") if match else None
        return Door(target, match) if match and target and target.route.kind == "collect" else None

    def _addresses(self) -> list[tuple[str, Methods]]:
        plain: list[tuple[str, Methods]] = [
            (path or "/", methods) for path, methods in self._root.exact.items()
        ]
        for name, mount in self._mounts.items():
            plain.extend((f"/{name}{path}", methods) for path, methods in mount.exact.items())
        return plain

    def _find(self, path: str) -> Match | None:
        if path in self._quick:
            return self._quick[path]
        _, name, *segments = path.split("/", 3) if path.count("/") > 0 else ("", "")
        mount = self._mounts.get(name)
        if mount is not None:
            found = mount.find(path[len(name) + 1 :])
            if found:
                return Match(found[0], None, found[1])
            if segments:
                key = segments[0]
                found = mount.find(path[len(name) + len(key) + 2 :])
                if found and key:
                    return Match(found[0], key, found[1])
        found = self._root.find(path)
        return Match(found[0], None, found[1]) if found else None


def _known(dialects: Sequence[Dialect]) -> set[str]:
    known = set()
    for dialect in dialects:
        for route in dialect.routes:
            methods = "WebSocket" if route.kind == "socket" else "|".join(route.methods)
            path = route.path.rstrip("/")
            if route.at_root:
                known.add(f"{methods} {path or '/'}")
            if route.mounted:
                known.add(f"{methods} /{dialect.name}{path}")
                known.add(f"{methods} /{dialect.name}/{KEY_SEGMENT}{path}")
    return known
