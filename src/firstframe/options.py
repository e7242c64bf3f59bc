"""Command-line options made from the registry of settings, so that no flag is written twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from firstframe.settings import SETTINGS, Setting, load


def with_settings(*groups: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command every setting of some groups (none: all) as a flag; it receives one `Settings` first.

    The command's own parameters stay; ``--config`` names the TOML file.
    """
    chosen = [setting for setting in SETTINGS if not groups or setting.help.group in groups]

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

        @wraps(command)
        def run(**given: Any) -> Any:
            flags = {setting.name: given.pop(setting.name) for setting in chosen}
            return command(load(flags, file=given.pop("config")), **given)

        run.__signature__ = inspect.Signature([*own, _config(), *map(_flag, chosen)])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in run.__signature__.parameters.values()}  # type: ignore[attr-defined]
        return run

    return decorate


def _config() -> inspect.Parameter:
    option = typer.Option("--config", help="TOML file of settings", rich_help_panel="settings: general")
    return _parameter("config", Annotated[Path | None, option])


def _flag(setting: Setting) -> inspect.Parameter:
    name = setting.name.replace("_", "-")
    shown = "" if setting.help.secret else f" (default: {_shown(setting.default)})"
    option = typer.Option(
        f"--{name}/--no-{name}" if setting.type is bool else f"--{name}",
        help=f"{setting.help.text}{shown}",
        metavar=None if setting.type is bool else setting.type.__name__.upper(),
        rich_help_panel=f"settings: {setting.help.group}",
    )
    return _parameter(setting.name, Annotated[setting.type | None, option])


def _shown(default: object) -> str:
    return {True: "yes", False: "no"}[default] if isinstance(default, bool) else str(default) or "none"


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
