"""`firstframe assets import`: into a project that is there, and told in plain words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import support_engine
from firstframe.accounts.store import Accounts
from firstframe.engine.client import Engine
from firstframe.errors import ConfigError, NotFound
from firstframe.folder import Folder
from firstframe.roles.store import import_assets
from firstframe.settings import Settings

pytestmark = pytest.mark.engine


@pytest.fixture
def settings(engine_url: str, tmp_path: Path) -> Iterator[Settings]:
    """An installation with the project ``default`` and an engine with tables."""
    folder = Folder(str(tmp_path / "data")).make()
    Accounts(folder.accounts_url).close()
    with support_engine.fresh(engine_url) as engine:
        database = engine.query("SELECT currentDatabase()").rows[0][0]
        yield Settings(data=str(folder.path), engine=f"{engine_url}/{database}")


def file_of(tmp_path: Path, *names: str) -> Path:
    """A file that tells of videos with these playback ids."""
    file = tmp_path / "assets.csv"
    file.write_text("\n".join(["playback_id,title", *(f"{name},Film" for name in names)]))
    return file


def kept(settings: Settings) -> list[str]:
    """The projects that assets are kept for."""
    engine = Engine.connect(settings.engine)
    try:
        return [row[0] for row in engine.query("SELECT project FROM assets FINAL").rows]
    finally:
        engine.close()


@pytest.mark.parametrize(
    ("names", "told"), [(("a",), "1 video is known"), (("a", "b"), "2 videos are known")]
)
def test_what_was_kept_is_told(settings: Settings, tmp_path: Path, capsys, names, told) -> None:
    """One video is one, two are two."""
    import_assets(settings, file_of(tmp_path, *names), "default")
    assert capsys.readouterr().out == f"{told} in project default\n"
    assert kept(settings) == ["default"] * len(names)


def test_a_project_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    """Nothing is kept for a project that was misspelt: nobody could ever ask for it."""
    with pytest.raises(NotFound, match="there is no project 'nosuch'"):
        import_assets(settings, file_of(tmp_path, "a"), "nosuch")
    assert kept(settings) == []


def test_an_installation_that_is_not_there(settings: Settings, tmp_path: Path) -> None:
    """A folder that was not named is told of, not begun."""
    elsewhere = Settings(data=str(tmp_path / "elsewhere"), engine=settings.engine)
    with pytest.raises(ConfigError, match="no firstframe installation"):
        import_assets(elsewhere, file_of(tmp_path, "a"), "default")
