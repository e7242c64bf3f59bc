"""The journal's URL where it is a Kafka topic."""

import subprocess
import sys

import pytest

from firstframe.errors import ConfigError
from firstframe.journal import check_journal
from firstframe.journal.kafka.note import Bounds, Note, read_note, write_note
from firstframe.journal.kafka.topic import read_topic
from firstframe.settings import Settings


def test_url():
    """Brokers, topic, and the client's own settings."""
    topic = read_topic(
        "kafka://a:9092,b.example,[::1]:9093/beacons?security.protocol=SASL_SSL&group.id=other"
    )
    assert (topic.servers, topic.name, topic.group) == ("a:9092,b.example,[::1]:9093", "beacons", "other")
    settings = topic.client({"acks": "all", "linger.ms": 5})
    assert settings["bootstrap.servers"] == "a:9092,b.example,[::1]:9093"
    assert (settings["security.protocol"], settings["linger.ms"]) == ("SASL_SSL", 5)
    assert "group.id" not in settings


def test_login_is_the_clients_and_is_not_shown():
    """User and password of the URL are those of SASL; what is shown of the topic has neither."""
    topic = read_topic("kafka://me:s%40crt@host:9092/beacons?sasl.mechanism=PLAIN")
    assert topic.options == {"sasl.username": "me", "sasl.password": "s@crt", "sasl.mechanism": "PLAIN"}
    assert str(topic) == "kafka://host:9092/beacons"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("kafka://host:9092", "names the topic ''"),
        ("kafka://host:9092/", "names the topic ''"),
        ("kafka://host:9092/a/b", "names the topic 'a/b'"),
        ("kafka:///beacons", "names the brokers ''"),
        ("kafka://host:0/beacons", "names the brokers 'host:0'"),
        ("kafka://host:99999/beacons", "names the brokers"),
        ("kafka://a:1,,b:1/beacons", "names the brokers"),
        ("kafka://host:9092/beacons?acks=0", "sets 'acks', which firstframe sets itself"),
        ("kafka://host:9092/beacons?request.required.acks=1", "which firstframe sets itself"),
        ("kafka://host:9092/beacons?delivery.report.only.error=true", "which firstframe sets itself"),
        ("kafka://host:9092/beacons?error_cb=x", "cannot be set as text"),
        ("kafka://host:9092/beacons?default.topic.config=x", "cannot be set as text"),
        ("kafka://host:9092/beacons?group.id=", "an empty group.id"),
        ("kafka://127.0.0.1:1/beacons?retries=0", "`retries` must be set >= 1"),
        ("kafka://127.0.0.1:1/beacons?max.in.flight=10", "`max.in.flight` must be set <= 5"),
        ("kafka://host:9092/beacons?enable.idempotence=false", "sets 'enable.idempotence'"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url, said):
    """Before anything is started."""
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        check_journal(Settings(journal=url))


@pytest.mark.parametrize(
    "url",
    [
        "kafka://me:s3cr/t@host:9092/beacons",
        "kafka://me:12/s3cr@host:9092/beacons",
        "kafka://me:s3cr?t@host:9092/beacons",
        "kafka://me:s3cr@host:9092/",
        "kafka://me:s3cr@host:0/beacons",
        "KAFKA://me:s3cr@host:9092/beacons",
        "kafka:/me:s3cr@host:9092/beacons",
        "KAFKA://host:9092/beacons?sasl.password=s3cr",
        "kafkas://me:s3cr?t@host:9092/beacons",
    ],
)
def test_no_password_is_shown_of_a_url_that_is_not_right(url):
    """It would stand in the log."""
    with pytest.raises(ConfigError) as caught:
        check_journal(Settings(journal=url))
    assert "s3cr" not in str(caught.value)
    assert "me:" not in str(caught.value)


def test_a_setting_that_the_client_does_not_know_is_refused():
    """In its own words, at the start."""
    with pytest.raises(ConfigError, match="No such configuration property"):
        check_journal(Settings(journal="kafka://127.0.0.1:1/beacons?no.such=thing"))


def test_a_scheme_that_is_neither_is_refused():
    """And told which there are."""
    with pytest.raises(ConfigError, match="kafka://host:9092"):
        check_journal(Settings(journal="pulsar://host/topic"))


def test_note():
    """It says where each chunk begins that is not committed, in a few bytes."""
    note = Note("me", 7, 50, 40, (10, 1, 5))
    assert read_note(write_note(note)) == note
    assert list(note.bounds(100)) == [Bounds(5, 100, 110), Bounds(6, 110, 111), Bounds(7, 111, 116)]
    assert len(write_note(Note("12345678", 2**40, 2**41, 2**41, (5_000,) * 300))) < 4_096


@pytest.mark.parametrize("text", [None, "", "set by hand", "{}"])
def test_a_place_that_was_set_by_other_means_has_an_empty_note(text):
    """Kafka's own tools may set it."""
    assert read_note(text) == Note()


WITHOUT = """
import sys
sys.modules["confluent_kafka"] = None
import firstframe.cli
from firstframe.errors import ConfigError
from firstframe.journal import open_appender, open_consumer
from firstframe.roles import alert, api, edge, fold, history, serve
from firstframe.settings import Settings
try:
    open_appender(Settings(journal="kafka://host:9092/beacons"), "edge")
except ConfigError as error:
    print(error)
open_consumer(Settings(data=sys.argv[1]), 0).close()
"""


def test_the_kafka_client_is_an_extra(tmp_path):
    """Without it everything else works, and whoever wants it is told how to get it."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stdout == (
        "journal is kafka://host:9092/beacons, for which the Kafka client is wanted: pip install 'firstframe[kafka]'\n"
    ), done.stderr
