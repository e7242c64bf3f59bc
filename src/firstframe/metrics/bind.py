"""Values of a question on their way into SQL: always as the server's own parameters, never as text."""

from __future__ import annotations

from typing import Any, Literal

Type = Literal[
    "String",
    "Int64",
    "UInt64",
    "Float64",
    "Bool",
    "Array(String)",
    "Array(Int64)",
    "Array(Float64)",
    "Array(DateTime)",
]


class Binder:
    """Collects the parameters of one statement."""

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}

    def bind(self, value: Any, kind: Type) -> str:
        """The placeholder that stands for this value in the text of the statement."""
        name = f"p{len(self.params) + 1}"
        self.params[name] = value
        return f"{{{name}:{kind}}}"
