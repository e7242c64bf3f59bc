"""Settings from flags, variables and a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstframe.errors import ConfigError
from firstframe.settings import RANGES, SETTINGS, Settings, address, load


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(tmp_path: Path) -> None:
    """Each source is asked in its turn, setting by setting."""
    file = tmp_path / "firstframe.toml"
    file.write_text('data = "from-file"\nedges = 2\nlog_json = true\n')
    environ = {"FIRSTFRAME_EDGES": "3", "FIRSTFRAME_LOG_LEVEL": "debug"}
    found = load({"log_level": "error", "api": None}, file=file, environ=environ)
    assert (found.data, found.edges, found.log_json, found.log_level) == ("from-file", 3, True, "error")
    assert found.api == Settings().api


def test_the_file_may_be_named_by_a_variable(tmp_path: Path) -> None:
    """`FIRSTFRAME_CONFIG` names the file where no flag does."""
    file = tmp_path / "firstframe.toml"
    file.write_text("edges = 4\n")
    assert load(environ={"FIRSTFRAME_CONFIG": str(file)}).edges == 4


def test_the_folder_has_a_name() -> None:
    """An empty variable is no way to say the current folder."""
    with pytest.raises(ConfigError, match="data is empty"):
        load(environ={"FIRSTFRAME_DATA": ""})


@pytest.mark.parametrize(
    ("content", "environ", "flags", "words"),
    [
        ("edgse = 2\n", {}, {}, ("firstframe.toml", "edgse", "does not exist")),
        ('edges = "many"\n', {}, {}, ("firstframe.toml", "many", "edges wants int")),
        ("edges = \n", {}, {}, ("firstframe.toml", "not TOML")),
        ("", {"FIRSTFRAME_KEY_RATE": "fast"}, {}, ("FIRSTFRAME_KEY_RATE", "fast", "float")),
        ("", {}, {"edges": "two"}, ("--edges", "two", "int")),
    ],
)
def test_a_mistake_names_its_source_its_value_and_what_is_wanted(
    tmp_path: Path, content: str, environ: dict[str, str], flags: dict[str, str], words: tuple[str, ...]
) -> None:
    """Whoever made it can find it."""
    file = tmp_path / "firstframe.toml"
    file.write_text(content)
    with pytest.raises(ConfigError) as caught:
        load(flags, file=file, environ=environ)
    assert all(word in str(caught.value) for word in words)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """A file that was named must be there."""
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read"):
        load(file=tmp_path / "nowhere.toml", environ={})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        (":8080", ("0.0.0.0", 8080)),  # noqa: S104 - what an empty host means
        ("[::1]:9", ("::1", 9)),
    ],
)
def test_addresses(text: str, found: tuple[str, int]) -> None:
    """HOST:PORT, with brackets around IPv6 and an empty host for every interface."""
    assert address(text, "api") == found


@pytest.mark.parametrize("text", ["8080", "host", "host:port", "host:70000", ""])
def test_no_address(text: str) -> None:
    """Anything else is refused by the setting's name."""
    with pytest.raises(ConfigError, match="collector is"):
        address(text, "collector")


def test_every_setting_is_explained() -> None:
    """Each has a group and a sentence; secrets have no default."""
    for setting in SETTINGS:
        assert setting.help.group
        assert len(setting.help.text) > 10
        if setting.help.secret:
            assert setting.default == ""


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("view_retention_days", -5, "1 to 10000"),
        ("view_retention_days", 40_000, "1 to 10000"),
        ("event_retention_days", 0, "1 to 10000"),
        ("journal_retention_hours", 1.0, "24 to"),
        ("journal_commit_ms", "nan", "0 to 1000"),
        ("journal_commit_ms", -1.0, "0 to 1000"),
        ("journal_limit_bytes", -1, "1000000 to"),
        ("engine_memory_bytes", 1, "67108864 to"),
        ("engine_port", 65_536, "0 to 65535"),
        ("key_rate", "inf", "0 to"),
        ("key_rate", -0.1, "0 to"),
        ("request_seconds", 0.0, "0.1 to"),
        ("query_seconds", "nan", "0.1 to"),
        ("max_body_bytes", 0, "1000 to"),
        ("max_expanded_bytes", 2**31, "1000 to"),
        ("max_events", 0, "1 to"),
        ("max_depth", 0, "1 to"),
        ("max_view_events", 0, "1 to"),
    ],
)
def test_a_number_that_would_lose_data_or_serve_nobody_is_said(name, value, wanted):
    """The setting, its value and what is wanted are named, wherever it comes from."""
    with pytest.raises(ConfigError, match=f"{name} is {value}, but {wanted}"):
        load({name: value}, environ={})
    with pytest.raises(ConfigError, match=f"{name} is {value}, but {wanted}"):
        load(environ={f"FIRSTFRAME_{name.upper()}": str(value)})


def test_every_number_has_a_range():
    """A setting that is added is thought of."""
    assert RANGES.keys() == {setting.name for setting in SETTINGS if setting.type in (int, float)}


@pytest.mark.parametrize("name", ["edges", "journal_partitions"])
@pytest.mark.parametrize("value", [0, -1, 65])
def test_impossible_numbers_of_processes_are_said(name, value):
    """No processes, or absurdly many, are a mistake that is named."""
    with pytest.raises(ConfigError, match=f"{name} is {value}, but 1 to 64 is wanted"):
        load({name: value}, environ={})
