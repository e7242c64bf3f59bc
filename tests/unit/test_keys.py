"""`firstframe keys`: on the installation that was named and no other, and whole however narrow the terminal is."""

from contextlib import closing

import pytest

from firstframe.doctor import examine
from firstframe.errors import BadRequest, ConfigError, Unavailable
from firstframe.keys import accounts_of, create, revoke, show
from firstframe.settings import Settings
from support_disk import fill, mounted


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Of a folder where nothing is yet, with listeners that nobody else has."""
    return Settings(data=str(tmp_path / "data"), collector="127.0.0.1:1", api="127.0.0.1:1")


@pytest.mark.parametrize("ask", [show, lambda settings: revoke(settings, "a-key")])
def test_an_installation_that_is_not_there_is_not_made(settings, tmp_path, ask) -> None:
    """Whoever forgot `--data` is told so, and nothing is left behind."""
    with pytest.raises(ConfigError, match=r"no firstframe installation at .*--data"):
        ask(settings)
    assert list(tmp_path.iterdir()) == []


def test_doctor_leaves_nothing_behind(settings, tmp_path, capsys) -> None:
    """It looks at a set-up before its first start, and does not begin one."""
    examine(settings)
    assert "is not there yet" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_the_first_key_begins_an_installation_and_says_so(settings, capsys) -> None:
    """Keys may be made before the first start; only the key itself is on standard output."""
    create(settings, "write", "default", label="", origins=(), key=None)
    told = capsys.readouterr()
    assert "a new one was begun" in told.err
    create(settings, "write", "default", label="", origins=(), key=None)
    assert "begun" not in capsys.readouterr().err
    assert told.out.startswith("ffw_")
    assert len(told.out.split()) == 1


def test_keys_are_listed_whole(settings, capsys, monkeypatch) -> None:
    """In 80 columns a key can still be copied in one piece, to revoke it."""
    monkeypatch.setenv("COLUMNS", "80")
    create(settings, "write", "default", label="the player on our own pages", origins=(), key=None)
    key = capsys.readouterr().out.strip()
    show(settings)
    assert key in capsys.readouterr().out
    revoke(settings, key)


def test_a_full_disk_is_told_in_a_line(tmp_path) -> None:
    """No traceback of the database; with room again the key can be made."""

    def add(*keys: str) -> None:
        for key in keys:
            create(settings, "write", "default", label="x" * 200, origins=(), key=key)

    with mounted(tmp_path / "disk", 8) as disk:
        settings = Settings(data=str(disk / "data"))
        add("before")
        with closing(accounts_of(settings)):  # as of a product that runs
            fill(disk / "ballast")
            with pytest.raises(Unavailable, match=r"cannot be read or changed now: .*full"):
                add(*(f"key-{number}" for number in range(100)))  # the database has some room within
            (disk / "ballast").unlink()
            add("after")


@pytest.mark.parametrize(
    ("kind", "origins", "key"),
    [
        *(("cors", (), None), ("secret", ("https://a.example",), None), ("secret", (), "mine")),
        *(("write", (), "a b"), ("write", (), "taken"), ("write", ("no origin",), None)),
    ],
)
def test_a_refused_key_leaves_no_project_behind(settings, kind, origins, key) -> None:
    """Nothing lists or removes a project without keys, and a misspelt one would be taken for known."""
    create(settings, "write", "default", label="", origins=(), key="taken")
    with pytest.raises((BadRequest, ConfigError)):
        create(settings, kind, "shoop", label="", origins=origins, key=key)
    with closing(accounts_of(settings)) as accounts:
        assert [project.name for project in accounts.projects()] == ["default"]
    create(settings, "secret", "shop", label="", origins=(), key=None)
    with closing(accounts_of(settings)) as accounts:
        assert [project.name for project in accounts.projects()] == ["default", "shop"]
