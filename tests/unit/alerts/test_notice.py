"""What notices say."""

from __future__ import annotations

import pytest

from firstframe.alerts.judge import close
from firstframe.alerts.notice import bounds, for_chat, letter_of, spell
from support_alert import MINUTE_MS, incident, make_alert, make_rule
from support_question import NOW_MS

URL = "https://stats.example"


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0512, "ratio", "5.12 %"),
        (0, "ratio", "0 %"),
        (950, "ms", "950 ms"),
        (2_340, "ms", "2.34 s"),
        (2_500_000, "bps", "2.5 Mbit/s"),
        (800_000, "bps", "800 kbit/s"),
        (1.25, "per_minute", "1.25 a minute"),
        (12_345, "count", "12,345"),
        (71.26, "score", "71.3"),
        (15_234.7, "count", "15,235"),
        (10, "ratio", "1,000 %"),
        (0.9996, "ratio", "100 %"),
        (3_600_000, "ms", "3,600 s"),
        (1_500_000_000, "bps", "1,500 Mbit/s"),
        (1_234.5, "per_minute", "1,234 a minute"),
        (None, "ratio", "unknown"),
    ],
)
def test_values_are_told_in_their_unit(value, unit, words) -> None:
    assert spell(value, unit) == words


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"above": 0.05}, "above 5 %"),
        ({"metric": "plays", "below": 10}, "below 10"),
        ({"metric": "video_startup_time.p95", "above": 3_000, "below": 100}, "above 3 s or below 100 ms"),
        ({"above": 0.5, "against": "day"}, "up by more than 50 % on a day before"),
        ({"below": -0.3, "against": "previous"}, "down by more than 30 % on the window before"),
        ({"below": 0.1, "against": "week"}, "below 10 % on a week before"),
        ({"above": -0.1, "against": "week"}, "above -10 % on a week before"),
    ],
)
def test_bounds_are_told_in_words(fields, words) -> None:
    assert bounds(make_rule(**fields)) == words


def test_a_beginning_says_what_where_how_much_and_what_to_do() -> None:
    alert = make_alert(name="Stalls", note="Call the CDN", severity="critical", group_by=["cdn", "country"])
    group = {"cdn": "wide", "country": None}
    letter = letter_of("opened", incident(alert, 0.0712, group=group), NOW_MS, URL)
    assert letter.title == "[CRITICAL] Stalls: CDN wide, Country unknown"
    assert letter.text.splitlines() == [
        letter.title,
        "",
        "Call the CDN",
        "",
        "Rebuffer percentage: 7.12 % over 10 minutes, 100 attempts",
        "Wrong when above 5 %",
        "Opened 2026-01-31T00:00:00Z",
        "",
        f"{URL}/alerts?incident=i1",
    ]


def test_an_end_says_how_long_how_bad_and_why() -> None:
    alert = make_alert(metric="video_startup_time.p95", above=0.5, against="day")
    over = incident(alert, 900, worst=4_000, value=880, reference=800.0)
    letter = letter_of("closed", close(over, "recovered", NOW_MS + 25 * MINUTE_MS), NOW_MS, URL)
    assert letter.title == "[Closed] Rebuffering"
    assert "Video startup time (p95): 880 ms" in letter.text
    assert "Before: 800 ms" in letter.text
    assert "after 25 minutes: it is right again" in letter.text
    assert "At worst 4 s" in letter.text
    assert letter.data["data"]["status"] == "closed"


def test_words_for_a_chat_call_nobody_together() -> None:
    assert for_chat("<!here> a & b @channel") == "&lt;!here&gt; a &amp; b @\u200bchannel"


def test_a_value_from_a_player_is_no_link_under_another_name_in_a_chat() -> None:
    """Mattermost and Rocket.Chat read Markdown."""
    assert for_chat("[your bank](https://x.example) ![](https://y.example)") == (
        "[your bank]\u200b(https://x.example) ![]\u200b(https://y.example)"
    )
