"""What the command line shows is whole, however narrow the terminal is."""

import re

from firstframe.console import collector_url, settings_table
from firstframe.settings import SETTINGS, Settings


def test_variables_of_the_settings_are_not_cut(capsys, monkeypatch) -> None:
    """In 80 columns each variable can still be read to its end, over as many lines as that takes."""
    monkeypatch.setenv("COLUMNS", "80")
    settings_table(Settings())
    rows = [line.split("│")[1:-1] for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    shown = re.sub(r"\s", "", "".join(row[2] for row in rows))
    assert all(setting.variable in shown for setting in SETTINGS)


def test_an_address_of_ipv6_is_in_brackets_in_a_url() -> None:
    """What is shown is to be pasted."""
    assert collector_url(Settings(collector="[::1]:8080")) == "http://[::1]:8080"
    assert collector_url(Settings(collector="2001:db8::1:8080")) == "http://[2001:db8::1]:8080"
